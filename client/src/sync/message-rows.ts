import type { Message } from '../protocol/protocol.generated.js';
import type { SentMessage, Window } from './state.js';

/** Messages that are fetched at once, and shown at first. */
export const PAGE_SIZE = 50;

/** One that shows the newest messages, as soon as there are some. */
export const NEW_WINDOW: Window = {
  from: 1,
  to: 0,
  follows: true,
  wish: null,
  loading: null,
  isPaused: false,
  unreachable: 0,
  viewers: 1,
  unread: null,
};

/** The place of the first row that is not before `seq`. */
export function positionOf(rows: readonly SentMessage[], seq: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as SentMessage).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function rowsBetween(rows: readonly SentMessage[], from: number, to: number): readonly SentMessage[] {
  return rows.slice(positionOf(rows, from), positionOf(rows, to + 1));
}

export function rowAt(rows: readonly SentMessage[], seq: number): SentMessage | undefined {
  const row = rows[positionOf(rows, seq)];
  return row?.seq === seq ? row : undefined;
}

/** Whether it counts as unread for somebody who has not read so far. */
export function isUnread(message: Message, userId: string | null): boolean {
  return message.senderId !== userId && message.deletedAt === null && message.kind !== 'SYSTEM';
}
