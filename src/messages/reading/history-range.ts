import { invalidField } from '../../common/errors.js';

export interface HistoryPosition {
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  limit: number;
}

/** Sequence numbers, both ends included; empty where `to` is below `from`. */
export interface SequenceRange {
  from: number;
  to: number;
}

/** A page of history. Where its messages are too long for one answer, those nearest to `anchor` are the page. */
export interface HistoryRange extends SequenceRange {
  anchor: number;
}

/**
 * Which sequence numbers a page of history holds. They are dense, so a page is a range and no count is needed.
 * @param visible the numbers that the reader may see.
 * @throws DomainError VALIDATION_FAILED where more than one position is given.
 */
export function historyRange(position: HistoryPosition, visible: SequenceRange): HistoryRange {
  const { before, after, around, limit } = position;
  const given = [before, after, around].filter((part) => part !== undefined);
  if (given.length > 1) throw invalidField('before', 'at most one of before, after and around may be given');

  if (after !== undefined) {
    const from = Math.max(after + 1, visible.from);
    return { from, to: Math.min(from + limit - 1, visible.to), anchor: from };
  }
  if (around !== undefined) {
    const from = Math.max(visible.from, Math.min(around - Math.floor(limit / 2), visible.to - limit + 1));
    return { from, to: Math.min(from + limit - 1, visible.to), anchor: around };
  }
  const to = Math.min((before ?? visible.to + 1) - 1, visible.to);
  return { from: Math.max(to - limit + 1, visible.from), to, anchor: to };
}
