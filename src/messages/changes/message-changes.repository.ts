import { Injectable } from '@nestjs/common';
import type { MessageKind } from '../../common/message-kind.js';
import { foldText } from '../../common/text/fold-text.js';
import { Configuration } from '../../config/configuration.js';
import { visibleTo } from '../../conversations/conversation-access.js';
import type { ConversationType, MemberRole } from '../../views/conversations.view.js';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { MessageDifferences } from '../../events/domain-events.js';
import { mayMessage } from '../../relations/relations.js';
import { lockedUser } from '../../users/locked-users.js';
import { indexedText } from '../search/search-text.js';
import { PENDING_DELETION } from '../../attachments/attachment-state.js';

/** A message that somebody wants to change, with what decides whether it may. */
export interface ChangeableMessage {
  id: string;
  conversationId: string;
  seq: number;
  senderId: string;
  kind: MessageKind;
  content: string | null;
  createdAt: Date;
  /** Deleted, for everyone or for the caller alone. */
  isDeleted: boolean;
  conversationType: ConversationType;
  callerRole: MemberRole;
  /** False across a block, or where the policy asks for friends and the two of a direct conversation are none. */
  mayWrite: boolean;
}

/** What has to be known of a message to empty it. */
export type EmptiedMessage = Pick<ChangeableMessage, 'id' | 'conversationId' | 'seq'>;

/** What the reaction of a user would do, known under the message's lock. */
export type LockedForReaction = { isDeleted: boolean } | undefined;

/**
 * The statements that change stored messages. Each locks the message before it reads what the change depends on; a change
 * of several tables is one statement where it can be, since each statement is a round trip.
 */
@Injectable()
export class MessageChangesRepository {
  private readonly anyoneMayMessage: boolean;

  constructor(
    private readonly database: Database,
    configuration: Configuration,
  ) {
    this.anyoneMayMessage = configuration.messagingPolicy === 'anyone';
  }

  /** Undefined unless the caller is a member now and may see this far back. */
  async find(
    callerId: string,
    messageId: string,
    executor: SqlExecutor = this.database,
  ): Promise<ChangeableMessage | undefined> {
    const [message] = await executor.query<ChangeableMessage>(
      `SELECT m.id, m.conversation_id AS "conversationId", m.seq, m.sender_id AS "senderId", m.kind, m.content,
         m.created_at AS "createdAt",
         m.deleted_at IS NOT NULL OR EXISTS (
           SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = $1
         ) AS "isDeleted",
         c.type AS "conversationType", own.role AS "callerRole",
         c.type = 'GROUP' OR ${mayMessage('$1::uuid', PEER, '$3::boolean')} AS "mayWrite"
       FROM messages m JOIN conversations c ON c.id = m.conversation_id ${visibleTo('$1::uuid', 'm')}
       WHERE m.id = $2`,
      [callerId, messageId, this.anyoneMayMessage],
      'message_to_change',
    );
    return message;
  }

  /** Any message, whoever may see it. */
  async findAny(
    messageId: string,
    executor: SqlExecutor = this.database,
  ): Promise<(EmptiedMessage & Pick<ChangeableMessage, 'senderId' | 'kind'>) | undefined> {
    const [message] = await executor.query<EmptiedMessage & Pick<ChangeableMessage, 'senderId' | 'kind'>>(
      `SELECT id, conversation_id AS "conversationId", seq, sender_id AS "senderId", kind
       FROM messages WHERE id = $1`,
      [messageId],
    );
    return message;
  }

  /** False where it was deleted meanwhile, or has this content already, or where the caller may not write there any more. */
  async edit(callerId: string, messageId: string, content: string, link: string | undefined): Promise<boolean> {
    const edited = await this.database.queryAtomically(
      `WITH former AS (
         SELECT m.id, m.link_preview, COALESCE(m.link_preview ->> 'url' <> COALESCE($5::text, ''), false) AS is_outdated,
           (m.link_preview ->> 'imageId')::uuid AS image_id
         FROM ${writable('$6::boolean')} WHERE m.id = $2 AND m.deleted_at IS NULL AND m.content IS DISTINCT FROM $3
         FOR NO KEY UPDATE OF m
       ), edited AS (
         UPDATE messages m SET content = $3, version = m.version + 1, edited_at = now(),
           link_preview = CASE WHEN former.is_outdated THEN NULL ELSE former.link_preview END
         FROM former WHERE m.id = former.id
         RETURNING m.id, m.conversation_id, m.seq
       ), unused AS (
         UPDATE attachments a SET state = '${PENDING_DELETION}' FROM former WHERE former.is_outdated AND a.id = former.image_id
       ), previewed AS (
         UPDATE conversations c SET last_message = left($3, 200)
         FROM edited WHERE c.id = edited.conversation_id AND c.last_message_id = edited.id
       ), indexed AS (
         -- Also where the message is not indexed yet: the indexer keeps what it finds.
         INSERT INTO message_search (message_id, conversation_id, seq, folded)
         SELECT id, conversation_id, seq, $4 FROM edited
         ON CONFLICT (message_id) DO UPDATE SET folded = excluded.folded
       )
       SELECT id FROM edited`,
      [callerId, messageId, content, indexedText(foldText(content)), link ?? null, this.anyoneMayMessage],
      'message_edit',
    );
    return edited.length > 0;
  }

  /**
   * Empties the message itself, and locks it. Undefined where it was deleted before. What it carried is said under the lock: a
   * preview with its image may be added at any time.
   */
  async empty(transaction: Transaction, messageId: string): Promise<{ hadAttachments: boolean } | undefined> {
    const [emptied] = await transaction.query<{ hadAttachments: boolean }>(
      `WITH former AS (
         SELECT id, attachments IS NOT NULL OR link_preview IS NOT NULL AS had_attachments
         FROM messages WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE
       )
       UPDATE messages m SET content = NULL, attachments = NULL, link_preview = NULL, reply_to_id = NULL,
         version = m.version + 1, deleted_at = now()
       FROM former WHERE m.id = former.id RETURNING former.had_attachments AS "hadAttachments"`,
      [messageId],
      'message_empty',
    );
    return emptied;
  }

  /** After `empty`, whose lock keeps new reactions out: what else was known of its content. */
  async forgetContent(transaction: Transaction, { id, conversationId, seq }: EmptiedMessage): Promise<void> {
    await transaction.query(
      `WITH withdrawn AS (
         DELETE FROM message_reactions WHERE message_id = $1
       ), previewed AS (
         -- Also where it was not the newest: the conversation's unread count may have changed, and sync answers it then.
         UPDATE conversations SET last_message = CASE WHEN last_message_id = $1 THEN NULL ELSE last_message END
         WHERE id = $2
       )
       INSERT INTO message_search (message_id, conversation_id, seq, folded) VALUES ($1, $2, $3, $4)
       ON CONFLICT (message_id) DO UPDATE SET folded = excluded.folded`,
      [id, conversationId, seq, indexedText('')],
      'message_forget_content',
    );
  }

  /** For one user alone. False where that user had deleted it before. */
  async hide(userId: string, { id, conversationId }: ChangeableMessage): Promise<boolean> {
    const hidden = await this.database.queryAtomically(
      // The membership is stamped, so that sync answers the unread count anew.
      `WITH hidden AS (
         INSERT INTO hidden_messages (message_id, user_id, conversation_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING message_id
       ), stamped AS (
         UPDATE conversation_members SET changed_xid = pg_current_xact_id()
         WHERE conversation_id = $3 AND user_id = $2 AND EXISTS (SELECT 1 FROM hidden)
       )
       SELECT message_id FROM hidden`,
      [id, userId, conversationId],
      'message_hide',
    );
    return hidden.length > 0;
  }

  /** Locks the user, then the message, until the transaction ends. Undefined where the user was deleted. */
  async lockForReaction(transaction: Transaction, userId: string, messageId: string): Promise<LockedForReaction> {
    const [locked] = await transaction.query<{ isDeleted: boolean }>(
      `WITH reactor AS MATERIALIZED (${lockedUser('$2')})
       SELECT m.deleted_at IS NOT NULL AS "isDeleted" FROM reactor JOIN messages m ON m.id = $1 FOR UPDATE OF m`,
      [messageId, userId],
      'message_lock_for_reaction',
    );
    return locked;
  }

  /**
   * Under `lockForReaction`: `others` counts the different reactions that the message has besides this one. Nothing is
   * changed where they are `maxReactions` or more, or where the user reacted so before. Undefined where they may not write there
   * any more.
   */
  async addReaction(
    transaction: Transaction,
    reaction: { messageId: string; userId: string; emoji: string },
    maxReactions: number,
  ): Promise<{ isChanged: boolean; others: number } | undefined> {
    const [result] = await transaction.query<{ isChanged: boolean; others: number }>(
      `WITH reactable AS MATERIALIZED (
         SELECT m.id, m.conversation_id, (
           SELECT count(DISTINCT emoji)::integer FROM message_reactions WHERE message_id = $2 AND emoji <> $3
         ) AS others
         FROM ${writable('$5::boolean')} WHERE m.id = $2
       ), added AS (
         INSERT INTO message_reactions (message_id, conversation_id, user_id, emoji)
         SELECT id, conversation_id, $1, $3 FROM reactable
         WHERE others < $4 ON CONFLICT DO NOTHING RETURNING message_id
       ), stamped AS (
         UPDATE messages m SET version = m.version + 1 FROM added WHERE m.id = added.message_id
       )
       SELECT others, EXISTS (SELECT 1 FROM added) AS "isChanged" FROM reactable`,
      [reaction.userId, reaction.messageId, reaction.emoji, maxReactions, this.anyoneMayMessage],
      'message_add_reaction',
    );
    return result;
  }

  /** The same for taking it back: `isChanged` where there was such a reaction. */
  async removeReaction(
    transaction: Transaction,
    { messageId, userId, emoji }: { messageId: string; userId: string; emoji: string },
  ): Promise<{ isChanged: boolean; others: number } | undefined> {
    const [result] = await transaction.query<{ isChanged: boolean; others: number }>(
      `WITH reactable AS MATERIALIZED (
         SELECT m.id FROM ${writable('$4::boolean')} WHERE m.id = $2
       ), removed AS (
         DELETE FROM message_reactions r USING reactable
         WHERE r.message_id = reactable.id AND r.user_id = $1 AND r.emoji = $3 RETURNING r.message_id
       ), stamped AS (
         UPDATE messages m SET version = m.version + 1 FROM removed WHERE m.id = removed.message_id
       )
       SELECT 0 AS others, EXISTS (SELECT 1 FROM removed) AS "isChanged" FROM reactable`,
      [userId, messageId, emoji, this.anyoneMayMessage],
      'message_remove_reaction',
    );
    return result;
  }

  /** In what single readers see a message otherwise than the rest. */
  async differences(messageId: string): Promise<MessageDifferences> {
    const [row] = await this.database.query<{
      reactorIds: Record<string, string[]> | null;
      hiddenAt: Record<string, string> | null;
      quotationHiddenAt: Record<string, string> | null;
    }>(
      `SELECT
         (SELECT json_object_agg(user_id, emojis) FROM (
            SELECT user_id, array_agg(emoji) AS emojis FROM message_reactions WHERE message_id = m.id GROUP BY user_id
          ) AS reactor) AS "reactorIds",
         (SELECT json_object_agg(user_id, hidden_at) FROM hidden_messages WHERE message_id = m.id) AS "hiddenAt",
         (SELECT json_object_agg(h.user_id, h.hidden_at) FROM hidden_messages h
          JOIN conversation_members v ON v.conversation_id = m.conversation_id AND v.user_id = h.user_id AND v.left_at IS NULL
          WHERE h.message_id = m.reply_to_id) AS "quotationHiddenAt"
       FROM messages m WHERE m.id = $1`,
      [messageId],
      'message_differences',
    );
    return {
      reactorIds: row?.reactorIds ?? {},
      hiddenAt: isoTimes(row?.hiddenAt),
      quotationHiddenAt: isoTimes(row?.quotationHiddenAt),
    };
  }
}

/** The other one of a direct conversation `c`, of which the caller is `$1`. */
const PEER = 'CASE WHEN c.low_id = $1 THEN c.high_id ELSE c.low_id END';

/**
 * SQL: messages `m` in their conversations `c`, where the caller `$1` sees them, as the member `own`, and may write.
 * @param anyone an expression: true where the policy lets anyone write
 */
function writable(anyone: string): string {
  return `messages m JOIN conversations c ON c.id = m.conversation_id ${visibleTo('$1::uuid', 'm')}
    AND (c.type = 'GROUP' OR ${mayMessage('$1::uuid', PEER, anyone)})`;
}

/** Within JSON, PostgreSQL writes times in a form of its own. */
function isoTimes(times: Record<string, string> | null | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(times ?? {}).map(([id, at]) => [id, new Date(at).toISOString()]));
}
