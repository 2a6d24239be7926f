import { Injectable } from '@nestjs/common';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { Configuration } from '../../config/configuration.js';
import { poolSizes } from '../../database/database.js';
import type { Principal } from '../../common/access/principal.js';

/** Changes of one user that are made at once; always fewer than the process has connections for commands, if it has several. */
const MAX_WRITES_PER_USER = 4;
/** Changes of one user that wait for those. */
const MAX_QUEUED_WRITES_PER_USER = 200;
const MAX_QUEUED_WRITES = 2_000;
const WRITE_WAIT_TIMEOUT_MS = 15_000;

/**
 * What one user's changes pass, but for sends, uploads and receipts, which have their own bounds. Changes of the same thing wait
 * for each other in PostgreSQL, each with a connection: without the gate one user would hold all those that sends need.
 *
 * Never nested: a change that is let in and asks for another would wait for itself.
 */
@Injectable()
export class WriteGate {
  private readonly turns: KeyedSemaphore;

  constructor(configuration: Configuration) {
    const { commands } = poolSizes(configuration.databasePoolSize);
    this.turns = new KeyedSemaphore({
      maxPerKey: Math.max(1, Math.min(MAX_WRITES_PER_USER, commands - 1)),
      maxQueuedPerKey: MAX_QUEUED_WRITES_PER_USER,
      maxQueuedTotal: MAX_QUEUED_WRITES,
      waitTimeoutMs: WRITE_WAIT_TIMEOUT_MS,
    });
  }

  /** @throws DomainError RATE_LIMITED, OVERLOADED; and what `write` throws. */
  run<Answer>({ userId }: Pick<Principal, 'userId'>, write: () => Promise<Answer>): Promise<Answer> {
    return this.turns.run(userId, write);
  }
}
