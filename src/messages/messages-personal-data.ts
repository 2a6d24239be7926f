import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, type SqlExecutor } from '../database/database.js';
import { EXPORT_PAGE, pagesById, PersonalData } from '../users/personal-data.js';

const NOBODY = 'Deleted user';
/** How a group's SYSTEM message goes on after the name of who did it, by what it tells. */
const AFTER_ACTOR: Readonly<Record<string, string>> = {
  GROUP_CREATED: ' created "',
  GROUP_CHANGED: ' (named|changed) the group',
  MEMBERS_ADDED: ' added ',
  MEMBER_REMOVED: ' removed ',
  MEMBER_LEFT: ' left$',
  ROLE_CHANGED: ' made ',
};

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
          this.database.query<{ id: string }>(
            `SELECT id, conversation_id AS "conversationId", seq, kind, content, reply_to_id AS "replyToId",
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
          this.database.query<{ id: string }>(
            `SELECT message_id AS id, array_agg(emoji ORDER BY created_at) AS emojis FROM message_reactions
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
          this.database.query<{ id: string }>(
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

  private async forgetNames(transaction: SqlExecutor, userId: string): Promise<void> {
    const types = Object.keys(AFTER_ACTOR);
    await transaction.query(
      `WITH affected AS (
         SELECT m.id, regexp_replace(
           CASE WHEN m.sender_id <> $1 THEN m.content
                ELSE regexp_replace(m.content, '^.*?(' || words.rest || ')', $2 || '\\1') END,
           '(^|[^[:alnum:]_])' || regexp_replace(u.display_name, '([^[:alnum:][:space:]])', '\\\\\\1', 'g')
             || '($|[^[:alnum:]_])', '\\1' || $2 || '\\2', 'g'
         ) AS content
         FROM users u
         JOIN conversation_members own ON own.user_id = u.id
         JOIN messages m ON m.conversation_id = own.conversation_id AND m.kind = 'SYSTEM'
         JOIN unnest($3::text[], $4::text[]) AS words(type, rest) ON words.type = m.system->>'type'
         WHERE u.id = $1 AND m.content IS NOT NULL AND (m.sender_id = $1 OR m.system->'userIds' ? $1::text)
       ), rewritten AS (
         UPDATE messages m SET content = affected.content, version = m.version + 1
         FROM affected WHERE m.id = affected.id AND m.content <> affected.content
         RETURNING m.id, m.content
       ), found AS (
         UPDATE message_search s SET content = rewritten.content FROM rewritten WHERE s.message_id = rewritten.id
       )
       UPDATE conversations c SET last_message = left(rewritten.content, 200)
       FROM rewritten WHERE c.last_message_id = rewritten.id`,
      [userId, NOBODY, types, types.map((type) => AFTER_ACTOR[type] ?? '')],
    );
  }
}
