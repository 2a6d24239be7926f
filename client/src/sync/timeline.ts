import type { Message, MessagePage } from '../protocol/protocol.generated.js';
import { cover, covers } from './coverage.js';
import { isUnread, positionOf, rowAt, rowsBetween } from './message-rows.js';
import type { ConversationRow, PageQuery, SentMessage, Timeline } from './state.js';

/** The server counts no farther. */
const MAX_UNREAD = 1_000;

/**
 * Which of two copies of a message holds. The higher `version` does; what was deleted, if only for this user (which is no
 * new version), stays deleted. Among equals the later one has the fresher links.
 */
function newerOf(held: SentMessage | undefined, message: Message): SentMessage {
  if (held?.id === message.id) {
    if (message.version < held.version || (held.deletedAt !== null && message.deletedAt === null)) return held;
    const copy: SentMessage = { ...message, state: 'sent' };
    return JSON.stringify(copy) === JSON.stringify(held) ? held : copy;
  }
  return { ...message, state: 'sent' };
}

/** Joins messages to those that are held; `changed` are the ones that are new or newer. */
export function mergeMessages(
  timeline: Timeline,
  messages: readonly Message[],
): { timeline: Timeline; changed: SentMessage[] } {
  const changed: SentMessage[] = [];
  const rows: SentMessage[] = [];
  let { coverage } = timeline;
  let next = 0;
  for (const message of [...messages].sort((a, b) => a.seq - b.seq)) {
    coverage = cover(coverage, message.seq, message.seq);
    if (rows.length === 0) {
      next = positionOf(timeline.rows, message.seq);
      for (let index = 0; index < next; index += 1) rows.push(timeline.rows[index] as SentMessage);
    }
    for (let row = timeline.rows[next]; row !== undefined && row.seq < message.seq; row = timeline.rows[next]) {
      rows.push(row);
      next += 1;
    }
    const last = rows.at(-1);
    const isRepeated = last?.seq === message.seq;
    const held = isRepeated ? last : timeline.rows[next]?.seq === message.seq ? timeline.rows[next++] : undefined;
    const newer = newerOf(held, message);
    if (newer !== held) changed.push(newer);
    if (isRepeated) rows.pop();
    rows.push(newer);
  }
  if (changed.length === 0)
    return { timeline: coverage === timeline.coverage ? timeline : { ...timeline, coverage }, changed };
  for (; next < timeline.rows.length; next += 1) rows.push(timeline.rows[next] as SentMessage);
  return { timeline: { ...timeline, coverage, rows }, changed };
}

/** What a page says of numbers, beside its messages: all between those asked for are held now, and where history begins. */
export function coverPage(
  timeline: Timeline,
  { before, after }: PageQuery,
  { items, hasBefore }: MessagePage,
): Timeline {
  const [first, last] = [items[0]?.seq, items.at(-1)?.seq];
  let { coverage, start } = timeline;
  if (first !== undefined && last !== undefined)
    coverage = cover(
      coverage,
      after === undefined ? first : Math.min(after + 1, first),
      before === undefined ? last : Math.max(before - 1, last),
    );
  if (!hasBefore && after === undefined) start = Math.max(start, first ?? before ?? 1);
  return { ...timeline, coverage, start };
}

/** The conversation's newest message and its number of unread ones, as the server works them out from the same messages. */
export function derive(row: ConversationRow, timeline: Timeline | undefined, userId: string | null): ConversationRow {
  const last = timeline && rowAt(timeline.rows, row.lastSeq);
  const unreadCount = countUnread(row, timeline, userId);
  const lastMessage = last && asLast(last);
  const isSame =
    unreadCount === row.me.unreadCount &&
    (lastMessage === undefined ||
      (lastMessage.lastMessage === row.lastMessage &&
        lastMessage.lastMessageAt === row.lastMessageAt &&
        lastMessage.lastMessageKind === row.lastMessageKind &&
        lastMessage.lastMessageBy === row.lastMessageBy));
  return isSame ? row : { ...row, ...lastMessage, me: { ...row.me, unreadCount } };
}

/** A message as a conversation in the list shows it. */
export function asLast({
  deletedAt,
  content,
  createdAt,
  senderId,
  kind,
}: Message): Pick<ConversationRow, 'lastMessage' | 'lastMessageAt' | 'lastMessageBy' | 'lastMessageKind'> {
  return {
    lastMessage: content === null || deletedAt !== null ? null : shortened(content),
    lastMessageAt: createdAt,
    lastMessageBy: senderId,
    lastMessageKind: kind,
  };
}

/**
 * Whether the number of unread messages is a guess: the server counted from another place, and not all that are unread are held.
 */
export function isUnreadGuessed(
  { lastSeq, counted, me: { lastReadSeq } }: ConversationRow,
  timeline: Timeline | undefined,
): boolean {
  if (counted.unreadCount === 0 || lastReadSeq === counted.lastReadSeq || lastReadSeq >= counted.lastSeq) return false;
  return timeline === undefined || !covers(timeline.coverage, Math.max(lastReadSeq + 1, timeline.start), lastSeq);
}

function countUnread(
  { lastSeq, counted, me: { lastReadSeq, unreadCount } }: ConversationRow,
  timeline: Timeline | undefined,
  userId: string | null,
): number {
  // Its messages are not at hand: the number stands as it was worked out, or as the server has just said.
  if (timeline === undefined) return counted.lastSeq < lastSeq ? unreadCount : counted.unreadCount;
  const { rows, coverage, start } = timeline;
  const count = (after: number): number =>
    rowsBetween(rows, after + 1, lastSeq).filter((row) => isUnread(row, userId)).length;
  const after = Math.max(lastReadSeq, start - 1);
  // Where all are held they are counted; else what the server counted, and what came since.
  if (after >= counted.lastSeq || covers(coverage, after + 1, lastSeq)) return Math.min(MAX_UNREAD, count(after));
  const rest =
    lastReadSeq === counted.lastReadSeq ? counted.unreadCount : Math.min(counted.unreadCount, counted.lastSeq - after);
  return Math.min(MAX_UNREAD, rest + count(counted.lastSeq));
}

/** The first 200 characters, as the server counts them: code points. */
export const shortened = (text: string): string => (/[^]{0,200}/u.exec(text) as RegExpExecArray)[0];
