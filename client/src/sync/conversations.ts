import type { Conversation, ConversationBrief, Member, Message } from '../protocol/protocol.generated.js';
import { takeUser } from './people.js';
import type { ConversationRow, MemberRow, Timeline } from './state.js';
import { askSync, type Step, table, write } from './step.js';
import { NEW_WINDOW } from './message-rows.js';
import { isUnreadGuessed } from './timeline.js';

export function takeConversation(step: Step, view: Conversation | ConversationBrief, isEvent = false): void {
  const { state } = step;
  const { id, lastSeq } = view;
  const held = state.conversations.get(id);
  if (!('members' in view)) {
    if (held === undefined || lastSeq <= held.lastSeq) return;
    const { lastMessage, lastMessageAt } = view;
    return setConversation(step, { ...held, lastSeq, lastMessage, lastMessageAt });
  }
  const { me, members } = view;
  const { lastReadSeq, unreadCount } = me;
  // Whatever changes in a conversation is a message in it, so an older view knows nothing.
  if (held !== undefined && lastSeq < held.counted.lastSeq) return;
  for (const { user } of members) takeUser(step, user);
  if (held === undefined) {
    setConversation(step, {
      ...view,
      members: mergeMembers([], view),
      counted: { lastSeq, lastReadSeq, unreadCount },
    });
    // Nothing is held of it yet. A direct conversation that only an event knows has just begun.
    const floor = isEvent && view.type === 'DIRECT' ? 0 : lastSeq;
    return setTimeline(step, id, { coverage: [], start: 1, floor, rows: [] });
  }
  const { lastMessage, lastMessageAt, lastMessageBy, lastMessageKind } = held;
  const row: ConversationRow = {
    ...view,
    ...(held.lastSeq > lastSeq && {
      ...{ lastSeq: held.lastSeq, lastMessage, lastMessageAt, lastMessageBy, lastMessageKind },
    }),
    me: { ...me, lastReadSeq: Math.max(lastReadSeq, held.me.lastReadSeq), unreadCount: held.me.unreadCount },
    members: mergeMembers(held.members, view),
    counted: lastReadSeq < held.counted.lastReadSeq ? held.counted : { lastSeq, lastReadSeq, unreadCount },
  };
  // As each connection brings it of what is open.
  if (JSON.stringify(row) !== JSON.stringify(held)) setConversation(step, row);
}

export function setConversation(step: Step, row: ConversationRow): void {
  table(step, 'conversations').set(row.id, row);
  step.touched.add(row.id);
}

/** This user is not in it any more. */
export function dropConversation(step: Step, id: string): void {
  const { state, rows, dropped } = step;
  if (!table(step, 'conversations').delete(id)) return;
  table(step, 'timelines').delete(id);
  table(step, 'typing').delete(id);
  const window = state.windows.get(id);
  if (window !== undefined) table(step, 'windows').set(id, { ...NEW_WINDOW, viewers: window.viewers });
  write(step, 'conversations', id);
  write(step, 'coverage', id);
  for (const [name, [store, key]] of rows) if (store === 'messages' && key.startsWith(`${id}/`)) rows.delete(name);
  dropped.push(id);
}

/** How far somebody has read, and has got: both move forward only. */
export function moveCursor(
  step: Step,
  conversationId: string,
  userId: string | null,
  readSeq: number,
  deliveredSeq = 0,
): void {
  const row = step.state.conversations.get(conversationId);
  if (row === undefined || userId === null) return;
  const isOwn = userId === step.state.userId && readSeq > row.me.lastReadSeq;
  let hasMoved = isOwn;
  const members = row.members.map((member) => {
    const lastReadSeq = Math.max(member.lastReadSeq, readSeq);
    const lastDeliveredSeq = Math.max(member.lastDeliveredSeq, deliveredSeq, lastReadSeq);
    const isSame = lastReadSeq === member.lastReadSeq && lastDeliveredSeq === member.lastDeliveredSeq;
    if (member.userId !== userId || isSame) return member;
    hasMoved = true;
    return { ...member, lastReadSeq, lastDeliveredSeq };
  });
  if (hasMoved) setConversation(step, { ...row, members, me: isOwn ? { ...row.me, lastReadSeq: readSeq } : row.me });
}

/** This user's cursor is where the server has it, too: where what is unread cannot be counted here, the server says it. */
export function askUnread(step: Step, conversationId: string): void {
  const row = step.state.conversations.get(conversationId);
  if (row !== undefined && isUnreadGuessed(row, step.state.timelines.get(conversationId))) askSync(step);
}

export function setTimeline(step: Step, id: string, timeline: Timeline): void {
  const held = step.state.timelines.get(id);
  if (held === timeline || !step.state.conversations.has(id)) return;
  table(step, 'timelines').set(id, timeline);
  step.touched.add(id);
  if (held?.coverage !== timeline.coverage || held.start !== timeline.start) saveCoverage(step, id, timeline);
}

export function saveCoverage(step: Step, id: string, { coverage, start, floor }: Timeline): void {
  write(step, 'coverage', id, { intervals: coverage, start, floor });
}

/** Takes out of a large group, whose views are never whole, those who left it after the last view. */
export function withoutLeavers(row: ConversationRow, messages: readonly Message[]): ConversationRow {
  const gone = messages.flatMap(({ seq, system }) =>
    seq > row.counted.lastSeq && (system?.type === 'MEMBER_LEFT' || system?.type === 'MEMBER_REMOVED')
      ? system.userIds
      : [],
  );
  return gone.length === 0 ? row : { ...row, members: row.members.filter(({ userId }) => !gone.includes(userId)) };
}

/** A view of a large group carries only some members: they are added to those known. Cursors only move forward. */
function mergeMembers(held: readonly MemberRow[], { members, memberCount }: Conversation): readonly MemberRow[] {
  const known = new Map(held.map((member) => [member.userId, member]));
  const rows = members.map(({ user, ...member }: Member): MemberRow => {
    const before = known.get(user.id) ?? member;
    known.delete(user.id);
    return {
      ...member,
      userId: user.id,
      lastReadSeq: Math.max(member.lastReadSeq, before.lastReadSeq),
      lastDeliveredSeq: Math.max(member.lastDeliveredSeq, before.lastDeliveredSeq),
    };
  });
  return members.length >= memberCount ? rows : [...rows, ...known.values()];
}
