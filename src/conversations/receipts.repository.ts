import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { receiptsHiddenFrom } from '../relations/relations.js';
import { MAX_LIVE_AUDIENCE } from './conversation-access.js';

export type ReceiptKind = 'read' | 'delivered';

export interface Cursors {
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

/** Where the cursors stand after a move. */
export interface CursorMove extends Cursors {
  moved: boolean;
  /** Somebody else moved it after the statement had looked, so that it neither moved nor saw where it is: it is to be tried again. */
  isOvertaken: boolean;
  /** Whether the conversation is too large for receipts to be shown live. */
  isLarge: boolean;
  /** Members who are not shown this one's receipts. */
  hiddenFrom: string[];
}

@Injectable()
export class ReceiptsRepository {
  constructor(private readonly database: Database) {}

  /** Moves a cursor forward, no farther than the newest message. Undefined where the user is no member. */
  async move(conversationId: string, userId: string, kind: ReceiptKind, seq: number): Promise<CursorMove | undefined> {
    const column = kind === 'read' ? 'last_read_seq' : 'last_delivered_seq';
    const [row] = await this.database.query<CursorMove>(
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
      [conversationId, userId, seq, kind === 'read'],
      `move_${kind}_cursor`,
    );
    return row;
  }
}

/** Those who are not shown the receipts of a member of conversation `conversation`: an array of ids. */
function hiddenReceiptsFrom(member: string, conversation: string): string {
  return receiptsHiddenFrom(
    member,
    `(SELECT s.is_shown FROM conversation_members s WHERE s.conversation_id = ${conversation} AND s.user_id = ${member})`,
    `SELECT h.user_id FROM conversation_members h
     WHERE h.conversation_id = ${conversation} AND h.user_id <> ${member} AND h.left_at IS NULL`,
  );
}
