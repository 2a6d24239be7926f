import { Injectable } from '@nestjs/common';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import type { Principal } from '../../common/access/principal.js';
import { RateLimiter } from '../rates/rate-limiter.js';

/** Questions of one user that are answered at once. */
const MAX_READS_PER_USER = 4;
/** Questions of one user that wait for those. */
const MAX_QUEUED_READS_PER_USER = 200;
const MAX_QUEUED_READS = 10_000;
const READ_WAIT_TIMEOUT_MS = 15_000;

const BYTES_PER_KILOBYTE = 1_000;

/**
 * What every question passes whose answer may be large: history, lists, sync. It keeps one user's questions from being
 * everybody's load: few are answered at once, the others wait, and each costs by how large its answer was.
 *
 * Never nested: a question that is let in and asks for another would wait for itself.
 */
@Injectable()
export class ReadGate {
  private readonly turns = new KeyedSemaphore({
    maxPerKey: MAX_READS_PER_USER,
    maxQueuedPerKey: MAX_QUEUED_READS_PER_USER,
    maxQueuedTotal: MAX_QUEUED_READS,
    waitTimeoutMs: READ_WAIT_TIMEOUT_MS,
  });

  constructor(private readonly limiter: RateLimiter) {}

  /** @throws DomainError RATE_LIMITED, OVERLOADED; and what `read` throws. */
  async run<Answer>({ userId }: Pick<Principal, 'userId'>, read: () => Promise<Answer>): Promise<Answer> {
    return this.turns.run(userId, async () => {
      // After the wait: what the questions before this one cost is known by now.
      await this.limiter.consume('readKilobytes', userId, 0);
      const answer = await read();
      await this.limiter.charge('readKilobytes', userId, approximateBytes(answer) / BYTES_PER_KILOBYTE);
      return answer;
    });
  }

  /**
   * A question whose answer is small, and always given in its turn: how much its user has read besides does not refuse it.
   * @throws DomainError RATE_LIMITED where too many wait, OVERLOADED; and what `read` throws.
   */
  runSmall<Answer>({ userId }: Pick<Principal, 'userId'>, read: () => Promise<Answer>): Promise<Answer> {
    return this.turns.run(userId, read);
  }
}

/** For the name of a field, quotes, a comma. */
const BYTES_PER_FIELD = 16;

/** About how many bytes an answer has as JSON, at a small part of the cost of making it. */
export function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  let bytes = 2;
  if (Array.isArray(value)) for (const item of value) bytes += approximateBytes(item) + 1;
  else for (const field of Object.values(value)) bytes += approximateBytes(field) + BYTES_PER_FIELD;
  return bytes;
}
