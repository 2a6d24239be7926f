import type { MessageItem } from '@parley/client';

export type Entry =
  | { type: 'day'; key: string; at: string }
  | { type: 'unread' }
  | { type: 'message'; item: MessageItem; isFirst: boolean; isLast: boolean };

/** Messages of one sender that follow each other within this belong together. */
const RUN_MS = 5 * 60_000;

/** One row has one key, from the moment it is written. */
export const keyOf = ({ clientId, senderId, id }: MessageItem): string =>
  clientId === null ? (id ?? '') : `${senderId}${clientId}`;

/** Messages with the headings of their days, the line above the unread ones, and where runs of one sender begin and end. */
export function layOut(items: readonly MessageItem[], firstUnreadSeq: number | null): Entry[] {
  const entries: Entry[] = [];
  let day = '';
  let previous: Extract<Entry, { type: 'message' }> | undefined;
  let isUnreadShown = firstUnreadSeq === null;
  /** Something that was read is held: what follows it is the first that was not. */
  let isReadHeld = false;
  for (const item of items) {
    if (firstUnreadSeq !== null && item.seq !== null && item.seq < firstUnreadSeq) isReadHeld = true;
    // Deleted by the reader for themselves: not even that there was one.
    if (item.hiddenAt !== undefined) continue;
    const itemDay = new Date(item.createdAt).toDateString();
    if (itemDay !== day) {
      day = itemDay;
      previous = undefined;
      entries.push({ type: 'day', key: `day ${itemDay}`, at: item.createdAt });
    }
    // Where what is held begins later, the first unread one is further above: no line then.
    const isUnread = firstUnreadSeq !== null && item.seq !== null && item.seq >= firstUnreadSeq;
    if (!isUnreadShown && isUnread && (isReadHeld || item.seq === firstUnreadSeq)) {
      isUnreadShown = true;
      previous = undefined;
      entries.push({ type: 'unread' });
    }
    const isRun = previous !== undefined && isTogether(previous.item, item);
    if (isRun && previous !== undefined) previous.isLast = false;
    previous = { type: 'message', item, isFirst: !isRun, isLast: true };
    entries.push(previous);
  }
  return entries;
}

function isTogether(before: MessageItem, item: MessageItem): boolean {
  if (before.kind === 'SYSTEM' || item.kind === 'SYSTEM' || before.senderId !== item.senderId) return false;
  return Date.parse(item.createdAt) - Date.parse(before.createdAt) < RUN_MS;
}
