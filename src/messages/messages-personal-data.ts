import { Injectable, type OnModuleInit } from '@nestjs/common';
import { eventView, type ShownEvent, shownSentence } from '../conversations/groups/system-event.js';
import { Database, type Transaction } from '../database/database.js';
import { EXPORT_PAGE, pagesBy, pagesById, PersonalData } from '../users/personal-data/personal-data.js';

interface ExportedMessage {
  id: string;
  content: string | null;
  system: ShownEvent | null;
}

const EXPORTED_COLUMNS = `id, conversation_id AS "conversationId", seq, kind, NULLIF(client_id, id) AS "clientId", content,
  shown_event(system) AS system, attachments, reply_to_id AS "replyToId", created_at AS "createdAt",
  edited_at AS "editedAt", deleted_at AS "deletedAt"`;

function withoutKey(row: ExportedMessage & { key: string }): object {
  const { key, ...rest } = row;
  void key;
  return exported(rest);
}

function exported({ system, ...row }: ExportedMessage): object {
  return system === null ? row : { ...row, content: row.content ?? shownSentence(system), system: eventView(system) };
}

/**
 * Messages of a user who wants a copy, or to be forgotten. What was written to others stays theirs, under the name of
 * nobody; so does what the server said of the user, whose sentences are made with the names that people have.
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
      export: (userId) => this.written(userId),
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
   * All that the user wrote, and what it did in groups; in no order of time. Walked by the index that every message is in
   * for its sender's key: another one by sender and id would cost each message that is stored. Without a
   * name, so that each is planned for its own sender, who may have written much more than most.
   */
  private async *written(userId: string): AsyncGenerator<object[]> {
    const events = pagesById((after) =>
      this.database.background.query<ExportedMessage>(
        `SELECT ${EXPORTED_COLUMNS} FROM messages WHERE sender_id = $1 AND client_id IS NULL AND id > $2
         ORDER BY id LIMIT ${EXPORT_PAGE}`,
        [userId, after],
      ),
    );
    const messages = pagesBy<ExportedMessage & { key: string }>(
      ({ key }) => key,
      (after) =>
        this.database.background.query<ExportedMessage & { key: string }>(
          `SELECT ${EXPORTED_COLUMNS}, client_id AS key FROM messages WHERE sender_id = $1 AND client_id > $2
           ORDER BY client_id LIMIT ${EXPORT_PAGE}`,
          [userId, after],
        ),
    );
    for await (const page of events) yield page.map(exported);
    for await (const page of messages) yield page.map(withoutKey);
  }

  /**
   * What mentions the user is shown with another name from now on: it counts as changed, so that sync brings it to whoever
   * keeps the old sentence. A sentence that is still stored, since it could not be read, gives way to what is known of it.
   */
  private async forgetNames(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query(
      `WITH renamed AS (
         UPDATE messages m SET content = NULL, version = m.version + 1
         FROM conversation_members own
         WHERE own.user_id = $1 AND m.conversation_id = own.conversation_id AND m.kind = 'SYSTEM' AND m.deleted_at IS NULL
           AND (m.sender_id = $1 OR m.content IS NOT NULL AND m.system->'userIds' @> to_jsonb($1::text)
             OR $1::text IN (m.system->'userIds'->>0, m.system->'userIds'->>1, m.system->'userIds'->>2))
         RETURNING m.id, m.conversation_id
       )
       UPDATE conversations c SET last_message = NULL
       FROM renamed WHERE c.id = renamed.conversation_id AND c.last_message_id = renamed.id`,
      [userId],
    );
  }
}
