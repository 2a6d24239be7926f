import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { DELETED_DISPLAY_NAME, EXPORT_PAGE, pagesById, PersonalData } from '../users/personal-data.js';

/**
 * Messages of a user who wants a copy, or to be forgotten. What was written to others stays theirs, under the name of
 * nobody; what was said *about* the user by the server itself, its name in SYSTEM messages, is rewritten.
 */
@Injectable()
export class MessagesPersonalData implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'messages',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string }>(
            `SELECT id, conversation_id AS "conversationId", seq, kind, NULLIF(client_id, id) AS "clientId", content, attachments, reply_to_id AS "replyToId",
               created_at AS "createdAt", edited_at AS "editedAt", deleted_at AS "deletedAt"
             FROM messages WHERE sender_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: async (transaction, userId) => {
        await this.forgetNames(transaction, userId);
        return undefined;
      },
    });
    this.personalData.register({
      name: 'reactions',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string }>(
            `SELECT message_id AS id, array_agg(emoji ORDER BY created_at) AS emojis, array_agg(created_at ORDER BY created_at) AS "reactedAt" FROM message_reactions
             WHERE user_id = $1 AND message_id > $2 GROUP BY message_id ORDER BY message_id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: async (transaction, userId) => {
        await transaction.query(
          `WITH gone AS (DELETE FROM message_reactions WHERE user_id = $1 RETURNING message_id)
           UPDATE messages SET version = version + 1 WHERE id IN (SELECT message_id FROM gone)`,
          [userId],
        );
        return undefined;
      },
    });
    this.personalData.register({
      name: 'hiddenMessages',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string }>(
            `SELECT message_id AS id, hidden_at AS "hiddenAt" FROM hidden_messages
             WHERE user_id = $1 AND message_id > $2 ORDER BY message_id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: async (transaction, userId) => {
        await transaction.query('DELETE FROM hidden_messages WHERE user_id = $1', [userId]);
        return undefined;
      },
    });
  }

  /**
   * Sentences that name the user are worded anew from what they tell, with the names that everybody has now: nothing in
   * the text itself says which of its words are a name, and it may be one that the user had long ago.
   */
  private async forgetNames(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query(
      `WITH named AS (
         SELECT m.id, m.content, m.sender_id = $1 AS "isActor", m.system->>'type' AS type, m.system->'userIds' AS ids,
           ${nameOf('m.sender_id')} AS actor
         FROM conversation_members own
         JOIN messages m ON m.conversation_id = own.conversation_id AND m.kind = 'SYSTEM'
         WHERE own.user_id = $1 AND m.content IS NOT NULL
           -- No more than three are named.
           AND (m.sender_id = $1 OR $1::text IN (m.system->'userIds'->>0, m.system->'userIds'->>1, m.system->'userIds'->>2))
       ), said AS (
         SELECT named.*, (
           SELECT string_agg(${nameOf('target.id::uuid')}, ', ' ORDER BY target.n)
             || CASE WHEN jsonb_array_length(ids) > 3 THEN ' and ' || jsonb_array_length(ids) - 3 || ' more' ELSE '' END
           FROM jsonb_array_elements_text(ids) WITH ORDINALITY AS target(id, n) WHERE target.n <= 3
         ) AS targets FROM named
       ), worded AS (
         SELECT id, content AS before, CASE type
           WHEN 'MEMBERS_ADDED' THEN actor || ' added ' || targets
           WHEN 'MEMBER_REMOVED' THEN actor || ' removed ' || targets
           WHEN 'MEMBER_LEFT' THEN actor || ' left'
           WHEN 'ROLE_CHANGED' THEN actor || ' made ' || targets || substring(content FROM ' [a-z]+$')
           WHEN 'GROUP_CREATED' THEN CASE WHEN "isActor" THEN actor || substring(content FROM '^.*( created ".*)$') END
           -- Greedy: should the name itself hold these words, rather too much is forgotten than too little.
           WHEN 'GROUP_CHANGED' THEN actor || substring(content FROM '^.*( named the group ".*| changed the group)$')
         END AS content FROM said
       ), rewritten AS (
         UPDATE messages m SET content = worded.content, version = m.version + 1
         FROM worded WHERE m.id = worded.id AND worded.content <> worded.before
         RETURNING m.id, m.conversation_id, m.content
       )
       UPDATE conversations c SET last_message = left(rewritten.content, 200)
       FROM rewritten WHERE c.id = rewritten.conversation_id AND c.last_message_id = rewritten.id`,
      [userId, DELETED_DISPLAY_NAME],
    );
  }
}

/** The name that a user goes by from now on; `id` is an SQL expression, $1 who is forgotten and $2 its placeholder. */
function nameOf(id: string): string {
  return `CASE WHEN ${id} = $1 THEN $2::text
    ELSE COALESCE((SELECT u.display_name FROM users u WHERE u.id = ${id}), 'somebody') END`;
}
