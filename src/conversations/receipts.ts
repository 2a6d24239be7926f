import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { MAX_LIVE_AUDIENCE } from './conversation-access.js';

export type ReceiptKind = 'read' | 'delivered';

export interface Cursors {
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

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
  private readonly running = new Map<string, Promise<Cursors>>();
  private readonly waiting = new Map<string, PendingMove>();

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError NOT_FOUND where the caller is no member. */
  move(principal: Principal, conversationId: string, kind: ReceiptKind, seq: number): Promise<Cursors> {
    const key = `${kind} ${principal.userId} ${conversationId}`;
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) {
      waiting.seq = Math.max(waiting.seq, seq);
      return waiting.moved;
    }
    const running = this.running.get(key);
    if (running === undefined) return this.run(key, () => this.store(principal, conversationId, kind, seq));

    const pending: PendingMove = {
      seq,
      moved: running
        .catch(() => undefined)
        .then(() => {
          this.waiting.delete(key);
          return this.run(key, () => this.store(principal, conversationId, kind, pending.seq));
        }),
    };
    this.waiting.set(key, pending);
    return pending.moved;
  }

  private run(key: string, store: () => Promise<Cursors>): Promise<Cursors> {
    const running = store().finally(() => {
      if (this.running.get(key) === running) this.running.delete(key);
    });
    this.running.set(key, running);
    return running;
  }

  private async store(principal: Principal, conversationId: string, kind: ReceiptKind, seq: number): Promise<Cursors> {
    const column = kind === 'read' ? 'last_read_seq' : 'last_delivered_seq';
    const [row] = await this.database.query<
      Cursors & { moved: boolean; isOvertaken: boolean; isLarge: boolean; hiddenFrom: string[] }
    >(
      `WITH target AS (
         SELECT m.last_read_seq, m.last_delivered_seq, c.member_count, LEAST($3::integer, c.last_seq) AS seq
         FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.left_at IS NULL
       ), moved AS (
         UPDATE conversation_members m SET
           last_read_seq = CASE WHEN $4 THEN target.seq ELSE m.last_read_seq END,
           last_delivered_seq = GREATEST(m.last_delivered_seq, target.seq),
           receipt_xid = pg_current_xact_id()
         FROM target
         WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.left_at IS NULL AND m.${column} < target.seq
         RETURNING m.last_read_seq, m.last_delivered_seq
       )
       SELECT moved.last_read_seq IS NOT NULL AS "moved",
         moved.last_read_seq IS NULL AND target.${column} < target.seq AS "isOvertaken",
         target.member_count > ${MAX_LIVE_AUDIENCE} AS "isLarge",
         CASE WHEN moved.last_read_seq IS NOT NULL AND target.member_count <= ${MAX_LIVE_AUDIENCE}
           THEN ${hiddenReceiptsFrom('$2::uuid', '$1::uuid')} ELSE '{}' END AS "hiddenFrom",
         COALESCE(moved.last_read_seq, target.last_read_seq) AS "lastReadSeq",
         COALESCE(moved.last_delivered_seq, target.last_delivered_seq) AS "lastDeliveredSeq"
       FROM target LEFT JOIN moved ON true`,
      [conversationId, principal.userId, seq, kind === 'read'],
      `move_${kind}_cursor`,
    );
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

/** Those who are not shown the receipts of a member of conversation `conversation`: an array of ids. */
function hiddenReceiptsFrom(member: string, conversation: string): string {
  return `ARRAY(
    SELECT b.other_id::text FROM blocked_pairs b JOIN conversation_members h
      ON h.conversation_id = ${conversation} AND h.user_id = b.other_id AND h.left_at IS NULL
    WHERE b.user_id = ${member}
    UNION
    SELECT h.user_id::text FROM conversation_members s JOIN conversation_members h
      ON h.conversation_id = ${conversation} AND h.user_id <> ${member} AND h.left_at IS NULL
    WHERE s.conversation_id = ${conversation} AND s.user_id = ${member} AND NOT s.is_shown
  )`;
}
