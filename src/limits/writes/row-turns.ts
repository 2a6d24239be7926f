import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';

const MAX_QUEUED_OF_A_ROW = 1_000;
const MAX_QUEUED = 2_000;
const WAIT_TIMEOUT_MS = 15_000;

/**
 * Transactions that lock the same row, such as the reactions of many users to one message: within this process one of them at
 * a time. In PostgreSQL each of the others would wait for the row with a connection, until sends found none.
 *
 * Never nested.
 */
export class RowTurns {
  private readonly turns = new KeyedSemaphore({
    maxPerKey: 1,
    maxQueuedPerKey: MAX_QUEUED_OF_A_ROW,
    maxQueuedTotal: MAX_QUEUED,
    waitTimeoutMs: WAIT_TIMEOUT_MS,
  });

  /** @throws DomainError RATE_LIMITED where too many wait for this row, or for too long, OVERLOADED; and what `change` throws. */
  run<Answer>(rowId: string, change: () => Promise<Answer>): Promise<Answer> {
    return this.turns.run(rowId, change);
  }
}
