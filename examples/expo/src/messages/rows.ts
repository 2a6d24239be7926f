import type { MessageItem, Receipt } from '@parley/client';
import { client } from '../chat/client';
import { isOwn } from '../chat/names';
import { isSameDay } from '../chat/words';
import type { IconName } from '../design/controls';

export type Row =
  | { type: 'day'; key: string; at: string }
  | { type: 'unread'; key: string }
  | { type: 'message'; key: string; item: MessageItem; isFirst: boolean; isLast: boolean };

/** Messages of one sender that follow each other within this belong together. */
const RUN_MS = 5 * 60_000;

/** One row has one key from the moment it is written, whatever becomes of it. */
const keyOf = ({ clientId, senderId, id }: MessageItem): string =>
  clientId === null ? (id ?? '') : `${senderId} ${clientId}`;

const isRun = (before: MessageItem | undefined, item: MessageItem): boolean =>
  before !== undefined &&
  before.kind !== 'SYSTEM' &&
  item.kind !== 'SYSTEM' &&
  before.senderId === item.senderId &&
  isSameDay(before.createdAt, item.createdAt) &&
  Date.parse(item.createdAt) - Date.parse(before.createdAt) < RUN_MS;

/** The newest first, as an inverted list wants them, with the headings of days and the line above what is new. */
export function rowsOf(held: readonly MessageItem[], firstUnreadSeq: number | null): Row[] {
  const rows: Row[] = [];
  // What the reader deleted for themselves is gone: not even that there was one is shown.
  const items = held.filter(({ hiddenAt }) => hiddenAt === undefined);
  const after = (seq: number | null): boolean => seq !== null && firstUnreadSeq !== null && seq >= firstUnreadSeq;
  // Where what is held begins later, the first unread one is further up: no line then.
  const isLineHeld = held.some(({ seq }) => seq !== null && (seq === firstUnreadSeq || !after(seq)));
  const firstUnread = isLineHeld ? items.find(({ seq }) => after(seq)) : undefined;
  const isFirstUnread = (item: MessageItem): boolean => item === firstUnread;
  items.forEach((item, index) => {
    const [before, next] = [items[index - 1], items[index + 1]];
    // A day may have two headings: what was refused yesterday stands after what was sent today.
    if (before === undefined || !isSameDay(before.createdAt, item.createdAt))
      rows.push({ type: 'day', key: `day ${keyOf(item)}`, at: item.createdAt });
    if (isFirstUnread(item)) rows.push({ type: 'unread', key: 'unread' });
    const isFirst = isFirstUnread(item) || !isRun(before, item);
    const isLast = next === undefined || isFirstUnread(next) || !isRun(item, next);
    rows.push({ type: 'message', key: keyOf(item), item, isFirst, isLast });
  });
  return rows.reverse();
}

export type Tick = 'pending' | 'sent' | 'delivered' | 'read' | 'rejected';

export const MARKS: Record<Tick, { icon: IconName; label: string }> = {
  pending: { icon: 'time-outline', label: 'Waiting to be sent' },
  sent: { icon: 'checkmark', label: 'Sent' },
  delivered: { icon: 'checkmark-done', label: 'Delivered' },
  read: { icon: 'checkmark-done', label: 'Read' },
  rejected: { icon: 'alert-circle-outline', label: 'Not sent' },
};

/** How far one's own message has come: what all others have. */
export function tickOf(item: MessageItem, receipts: readonly Receipt[], memberCount: number): Tick | undefined {
  if (!isOwn(item) || item.kind === 'SYSTEM' || item.deletedAt !== null) return undefined;
  const { seq, state } = item;
  if (state === 'rejected') return 'rejected';
  if (seq === null) return 'pending';
  const others = receipts.filter(({ userId }) => userId !== client.userId);
  // Of large groups only some are known.
  if (others.length === 0 || others.length + 1 < memberCount) return 'sent';
  if (others.every(({ lastReadSeq }) => lastReadSeq >= seq)) return 'read';
  return others.every(({ lastDeliveredSeq }) => lastDeliveredSeq >= seq) ? 'delivered' : 'sent';
}
