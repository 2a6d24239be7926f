import { Injectable } from '@nestjs/common';
import { KeyedMutex } from '../common/async/keyed-mutex.js';
import { KeyedSemaphore } from '../common/async/keyed-semaphore.js';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { poolSizes } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { type Cursors, type ReceiptKind, ReceiptsRepository } from './receipts.repository.js';

/** Cursors of one user that are stored at once: one user's receipts must not be all that waits for the database. */
const MAX_MOVES_PER_USER = 8;
const MAX_QUEUED_MOVES_PER_USER = 1_000;
const MAX_QUEUED_MOVES = 20_000;
const MOVE_WAIT_TIMEOUT_MS = 15_000;

interface PendingMove {
  seq: number;
  moved: Promise<Cursors>;
}

/**
 * The read and delivered cursors of members. They only move forward, never beyond the newest message, and reading
 * implies delivery (contract, sections 4 and 6).
 *
 * A fast reader does not flood: while one move of a cursor is being stored, all later ones of the same cursor wait
 * together and are stored as one, the farthest. Each caller is answered once its own position is stored.
 */
@Injectable()
export class Receipts {
  private readonly moves = new KeyedMutex();
  private readonly turns: KeyedSemaphore;
  /** By cursor: the move that is next, and takes all that come before its turn with it. */
  private readonly waiting = new Map<string, PendingMove>();

  constructor(
    private readonly repository: ReceiptsRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    const { commands } = poolSizes(configuration.databasePoolSize);
    this.turns = new KeyedSemaphore({
      maxPerKey: Math.max(1, Math.min(MAX_MOVES_PER_USER, commands - 1)),
      maxQueuedPerKey: MAX_QUEUED_MOVES_PER_USER,
      maxQueuedTotal: MAX_QUEUED_MOVES,
      waitTimeoutMs: MOVE_WAIT_TIMEOUT_MS,
    });
  }

  /** @throws DomainError NOT_FOUND where the caller is no member; RATE_LIMITED, OVERLOADED where too many wait. */
  move(principal: Principal, conversationId: string, kind: ReceiptKind, seq: number): Promise<Cursors> {
    const key = `${kind} ${principal.userId} ${conversationId}`;
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) {
      waiting.seq = Math.max(waiting.seq, seq);
      return waiting.moved;
    }
    const pending: PendingMove = {
      seq,
      moved: this.moves.run(key, async () => {
        const release = await this.turns.acquire(principal.userId).finally(() => this.waiting.delete(key));
        return this.store(principal, conversationId, kind, pending.seq).finally(release);
      }),
    };
    this.waiting.set(key, pending);
    return pending.moved;
  }

  private async store(principal: Principal, conversationId: string, kind: ReceiptKind, seq: number): Promise<Cursors> {
    const row = await this.repository.move(conversationId, principal.userId, kind, seq);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    // Moved farther by somebody else (a message of the same user's) after this statement had looked: it looks again.
    if (row.isOvertaken) return this.store(principal, conversationId, kind, seq);
    if (row.moved) {
      this.events.publish('receipt.moved', {
        conversationId,
        userId: principal.userId,
        kind,
        seq: kind === 'read' ? row.lastReadSeq : row.lastDeliveredSeq,
        at: new Date(this.clock.now()).toISOString(),
        isLarge: row.isLarge,
        hiddenFrom: row.hiddenFrom,
      });
    }
    return { lastReadSeq: row.lastReadSeq, lastDeliveredSeq: row.lastDeliveredSeq };
  }
}
