import type { Message } from '../protocol/protocol.generated.js';
import { orderedKey, type StoredValue } from '../ports/storage.js';
import { moveCursor, saveCoverage, setConversation, setTimeline, withoutLeavers } from './conversations.js';
import { covers, uncoverBelow } from './coverage.js';
import { setTyping } from './people.js';
import type { Timeline } from './state.js';
import { askAgain, askSync, type Step, table, write } from './step.js';
import { isUnread, rowAt } from './message-rows.js';
import { asLast, mergeMessages } from './timeline.js';
import { setWindow } from './windows.js';

/** So many conversations' messages are held at least; more as long as they are few, since a catch-up goes through all in turns. */
const HELD_TIMELINES = 40;
const MAX_HELD_ROWS = 8_000;
/** A conversation that is not looked at keeps no more messages than the first, and then the second, newest. */
const MAX_ROWS = 1_000;
const KEPT_ROWS = 500;

/** One that may be late. */
export function receiveMessage(step: Step, message: Message): void {
  const { conversationId, seq } = message;
  const timeline = step.state.timelines.get(conversationId);
  const held = timeline && rowAt(timeline.rows, seq);
  if (timeline !== undefined && seq <= timeline.floor && held === undefined) {
    settle(step, message);
    // A reply that is held quotes it, or a page that is under way may bring it as it was: sync says for certain what it is now.
    const isLoading = step.state.windows.get(conversationId)?.loading != null;
    if (isLoading || timeline.rows.some(({ replyTo }) => replyTo?.id === message.id)) askSync(step);
  } else takeMessages(step, conversationId, [message]);
  const row = step.state.conversations.get(conversationId);
  if (row === undefined || timeline === undefined) return;
  if (held === undefined && seq === row.lastSeq && seq <= timeline.floor) {
    // It is not held, and shown in the list. Nor has that a version: an answer that is under way may be the older one.
    setConversation(step, { ...row, ...asLast(message) });
    askAgain(step.state);
  }
  if (message.deletedAt === null || seq <= row.me.lastReadSeq) return;
  // The server counted it among those that are unread; now it does not. Where all of them are held they are counted here.
  const isCounted = held === undefined || (seq <= row.counted.lastSeq && isUnread(held, step.state.userId));
  const isUncertain =
    held === undefined || !covers(timeline.coverage, Math.max(row.me.lastReadSeq + 1, timeline.start), row.lastSeq);
  if (isCounted && isUncertain) askSync(step);
}

/** One of this user's own leaves the outbox; not before its conversation is there: the screen would show neither. */
function settle({ state, settled }: Step, message: Message): void {
  const { senderId, clientId, conversationId } = message;
  if (senderId !== state.userId || clientId === null) return;
  if (state.timelines.has(conversationId)) settled.push({ clientId, message });
  else state.unplaced = [...state.unplaced, { clientId, message }];
}

export function groupedByConversation(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const { conversationId } = message;
    const group = groups.get(conversationId);
    if (group === undefined) groups.set(conversationId, [message]);
    else group.push(message);
  }
  return groups;
}

export function takeMessages(step: Step, conversationId: string, messages: readonly Message[]): void {
  const { state } = step;
  const { userId } = state;
  for (const message of messages) settle(step, message);
  let timeline = state.timelines.get(conversationId);
  // A conversation that is not known: sync brings it, with its messages.
  if (timeline === undefined) return askSync(step);
  for (const { id, seq, system } of messages) {
    // No two messages of a conversation have one number: the server's database was put back, and it does not know that.
    if ((rowAt(timeline.rows, seq)?.id ?? id) !== id) step.isContradicted = true;
    if (system?.type !== 'MEMBERS_ADDED' || userId === null) continue;
    const { userIds, userCount = 0 } = system;
    // A new membership: what was seen under a former one may not be there any more. Of very many not all are named.
    if ((userIds.includes(userId) || userCount > userIds.length) && rowAt(timeline.rows, seq) === undefined)
      timeline = forgetBelow(step, conversationId, timeline, seq);
  }
  const merged = mergeMessages(timeline, messages);
  setTimeline(step, conversationId, merged.timeline);
  let lastSeq = 0;
  const moved = new Map<string, number>();
  for (const { state: _, ...message } of merged.changed) {
    lastSeq = message.seq;
    write(step, 'messages', orderedKey(conversationId, lastSeq), message as unknown as StoredValue);
    moved.set(message.senderId, lastSeq);
  }
  const row = state.conversations.get(conversationId);
  const isNews = row !== undefined && lastSeq > row.lastSeq;
  if (isNews) setConversation(step, { ...withoutLeavers(row, merged.changed), lastSeq });
  for (const [sender, seq] of moved) {
    // The sender has stopped typing.
    if (isNews) setTyping(step, conversationId, sender, false);
    moveCursor(step, conversationId, sender, seq, seq);
  }
}

function forgetBelow(step: Step, id: string, timeline: Timeline, seq: number): Timeline {
  const isGone = (row: Message): boolean => row.seq < seq;
  setWindow(step, id, { loading: null, renewed: undefined });
  for (const row of timeline.rows) if (isGone(row)) write(step, 'messages', orderedKey(id, row.seq));
  return {
    ...timeline,
    rows: timeline.rows.filter((row) => !isGone(row)),
    coverage: uncoverBelow(timeline.coverage, seq),
    floor: Math.max(timeline.floor, seq - 1),
  };
}

/** Lets go of the messages of conversations that nobody looks at; they rest in storage. */
export function evictTimelines(step: Step): void {
  const { timelines, windows } = step.state;
  let surplus = timelines.size - HELD_TIMELINES;
  if (surplus <= 0) return;
  let held = 0;
  for (const { rows } of timelines.values()) held += rows.length + 1;
  for (const [id, timeline] of timelines) {
    if (surplus <= 0 || held <= MAX_HELD_ROWS) return;
    if (windows.has(id) || step.touched.has(id)) continue;
    const { rows } = timeline;
    surplus -= 1;
    held -= rows.length + 1;
    const first = rows.at(-KEPT_ROWS);
    if (rows.length > MAX_ROWS && first !== undefined)
      saveCoverage(step, id, forgetBelow(step, id, timeline, first.seq));
    table(step, 'timelines').delete(id);
  }
}
