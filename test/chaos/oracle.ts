import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import type { Client } from './client.js';
import type { House } from './house.js';
import type { Ledger } from './ledger.js';
import { sleep } from './random.js';

/** What no row may be. Each query finds those that are. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  'numbers are not dense': `
    SELECT c.id, c.last_seq, count(m.id), min(m.seq), max(m.seq) FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
    GROUP BY c.id HAVING count(m.id) <> c.last_seq OR COALESCE(min(m.seq), 1) <> 1 OR COALESCE(max(m.seq), 0) <> c.last_seq`,
  'the last message is another': `
    SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id AND m.seq = c.last_seq
    WHERE c.last_message_id IS DISTINCT FROM m.id OR c.last_message_by IS DISTINCT FROM m.sender_id
      OR (m.deleted_at IS NULL AND m.kind <> 'SYSTEM' AND c.last_message IS DISTINCT FROM left(m.content, 200))
      OR (m.deleted_at IS NOT NULL AND c.last_message IS NOT NULL)`,
  'a cursor is out of bounds': `
    SELECT m.conversation_id, m.user_id FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.last_read_seq < 0 OR m.last_read_seq > m.last_delivered_seq OR m.last_delivered_seq > c.last_seq`,
  'a sender has not read its own message': `
    SELECT s.sender_id, s.conversation_id FROM messages s JOIN conversation_members m
      ON m.conversation_id = s.conversation_id AND m.user_id = s.sender_id AND m.left_at IS NULL
    WHERE s.kind <> 'SYSTEM' AND s.seq >= m.visible_from_seq AND m.last_read_seq < s.seq`,
  'a message is stored twice': `
    SELECT sender_id, client_id, count(*) FROM messages WHERE client_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1`,
  'a message has no conversation': `
    SELECT m.id FROM messages m WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id)`,
  'a member has no conversation': `
    SELECT m.user_id FROM conversation_members m WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id)`,
  'a direct conversation has not two members': `
    SELECT c.id FROM conversations c WHERE c.type = 'DIRECT'
      AND 2 <> (SELECT count(*) FROM conversation_members m WHERE m.conversation_id = c.id AND m.user_id IN (c.low_id, c.high_id))`,
  'a group has not one owner': `
    SELECT c.id FROM conversations c WHERE c.type = 'GROUP'
      AND 1 <> (SELECT count(*) FROM conversation_members m WHERE m.conversation_id = c.id AND m.role = 'OWNER' AND m.left_at IS NULL)`,
  'a reaction has no message': `
    SELECT r.message_id FROM message_reactions r LEFT JOIN messages m ON m.id = r.message_id
    WHERE m.id IS NULL OR m.deleted_at IS NOT NULL`,
  'a hidden message is none': `
    SELECT h.message_id FROM hidden_messages h LEFT JOIN messages m ON m.id = h.message_id
    WHERE m.id IS NULL OR m.conversation_id <> h.conversation_id`,
  'a tombstone has something in it': `
    SELECT id FROM messages WHERE deleted_at IS NOT NULL AND (content IS NOT NULL OR attachments IS NOT NULL)`,
  'the search has what is not there': `
    SELECT s.message_id FROM message_search s LEFT JOIN messages m ON m.id = s.message_id
    WHERE m.id IS NULL OR (m.deleted_at IS NOT NULL AND s.folded ~ '\\w')`,
  'an attachment has no message': `
    SELECT a.id FROM attachments a LEFT JOIN messages m ON m.id = a.message_id
    WHERE a.state = 'READY' AND a.message_id IS NOT NULL AND (m.id IS NULL OR m.deleted_at IS NOT NULL)`,
  'a message has attachments that are not there': `
    SELECT m.id FROM messages m CROSS JOIN LATERAL jsonb_array_elements(m.attachments) f
    WHERE f->>'id' IS NOT NULL AND NOT EXISTS (
      SELECT FROM attachments a WHERE a.id = (f->>'id')::uuid AND a.state = 'READY' AND a.message_id = m.id)`,
  'two friend requests of a pair are pending': `
    SELECT LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id) FROM friend_requests
    WHERE status = 'PENDING' GROUP BY 1, 2 HAVING count(*) > 1`,
  'friends without a conversation': `
    SELECT f.low_id, f.high_id FROM friendships f WHERE f.removed_at IS NULL
      AND NOT EXISTS (SELECT FROM conversations c WHERE c.low_id = f.low_id AND c.high_id = f.high_id)`,
};

/** How long the index of the search and the sweep of files may take to catch up. */
const CATCH_UP_MS = 30_000;

/** Holds everything that is stored, and everything that clients see, against what they were promised. */
export class Oracle {
  constructor(
    private readonly house: House,
    private readonly ledger: Ledger,
  ) {}

  async judge(clients: readonly Client[]): Promise<void> {
    const database = await this.house.database();
    try {
      for (const [what, query] of Object.entries(IMPOSSIBLE)) {
        const { rows } = await database.query(query);
        if (rows.length > 0)
          this.ledger.violation(`rows: ${what}: ${rows.length}, such as ${JSON.stringify(rows[0])}`, 20);
      }
      await this.judgeMessages(database);
      await this.judgeChanges(database);
      await this.judgeMembers(database);
      await this.judgeFiles(database, clients);
      await this.judgeSearch(database);
    } finally {
      await database.end();
    }
  }

  private async judgeMessages(database: pg.Client): Promise<void> {
    const { ledger } = this;
    const { rows } = await database.query(
      `SELECT id, seq, client_id, sender_id, conversation_id, content, deleted_at, attachments FROM messages WHERE client_id IS NOT NULL`,
    );
    const stored = new Map(rows.map((row) => [row.client_id, row]));
    for (const message of ledger.messages) {
      const row = stored.get(message.clientId);
      stored.delete(message.clientId);
      if (message.outcome === 'acknowledged' && row === undefined)
        ledger.violation(`lost: message ${message.text} was acknowledged as ${message.id} and is not there`);
      if (message.outcome === 'refused' && row !== undefined)
        ledger.violation(`refused: message ${message.text} was refused and is there`);
      if (row === undefined) continue;
      if (message.id !== undefined && (row.id !== message.id || row.seq !== message.seq))
        ledger.violation(`other: message ${message.text} was acknowledged with another id or number`);
      if (row.sender_id !== message.senderId || row.conversation_id !== message.conversationId)
        ledger.violation(`other: message ${message.text} is somebody else's, or elsewhere`);
      const isDeleted = row.deleted_at !== null;
      if (!message.deleted.allows(isDeleted))
        ledger.violation(`deletion: message ${message.text} is ${isDeleted}, expected ${message.deleted.text}`);
      if (!isDeleted && !message.content.allows(row.content))
        ledger.violation(`edit: message says ${JSON.stringify(row.content)}, expected ${message.content.text}`);
      const files = (row.attachments ?? []).map(({ id }: { id: string }) => id);
      if (!isDeleted && files.join() !== message.attachmentIds.join())
        ledger.violation(
          `attachments: message ${message.text} has ${files.join()}, expected ${message.attachmentIds.join()}`,
        );
    }
    for (const row of stored.values()) ledger.violation(`invented: nobody sent message ${row.id} (${row.content})`);
  }

  private async judgeChanges(database: pg.Client): Promise<void> {
    const { ledger } = this;
    const deleted = new Set(
      (await database.query('SELECT id FROM messages WHERE deleted_at IS NOT NULL')).rows.map(({ id }) => id),
    );
    const reactions = new Set(
      (await database.query('SELECT message_id, user_id, emoji FROM message_reactions')).rows.map(
        (row) => `${row.message_id} ${row.user_id} ${row.emoji}`,
      ),
    );
    for (const [key, expected] of ledger.reactions) {
      const [messageId = ''] = key.split(' ');
      if (!deleted.has(messageId) && !expected.allows(reactions.has(key)))
        ledger.violation(`reaction: ${key} is ${reactions.has(key)}, expected ${expected.text}`);
    }
    const hidden = new Set(
      (await database.query('SELECT message_id, user_id FROM hidden_messages')).rows.map(
        (row) => `${row.message_id} ${row.user_id}`,
      ),
    );
    for (const [key, expected] of ledger.hidden)
      if (!expected.allows(hidden.has(key)))
        ledger.violation(`hidden: ${key} is ${hidden.has(key)}, expected ${expected.text}`);
  }

  private async judgeMembers(database: pg.Client): Promise<void> {
    const { ledger } = this;
    const { rows } = await database.query(
      'SELECT conversation_id, user_id, left_at, last_read_seq, last_delivered_seq FROM conversation_members',
    );
    const members = new Map(rows.map((row) => [`${row.conversation_id} ${row.user_id}`, row]));
    for (const [key, expected] of ledger.members) {
      const isMember = members.get(key)?.left_at === null;
      if (!expected.allows(isMember)) ledger.violation(`member: ${key} is ${isMember}, expected ${expected.text}`);
    }
    for (const [acknowledged, column] of [
      [ledger.read, 'last_read_seq'],
      [ledger.delivered, 'last_delivered_seq'],
    ] as const) {
      for (const [key, seq] of acknowledged) {
        const row = members.get(key);
        // A member who left and came back begins anew.
        if (ledger.members.get(key) !== undefined) continue;
        if (row === undefined || row[column] < seq)
          ledger.violation(`cursor: ${column} of ${key} is ${row?.[column]}, ${seq} was acknowledged`);
      }
    }
    const titles = await database.query("SELECT id, title FROM conversations WHERE type = 'GROUP'");
    for (const { id, title } of titles.rows) {
      const expected = ledger.titles.get(id);
      if (expected !== undefined && !expected.allows(title))
        ledger.violation(`title: ${id} is ${JSON.stringify(title)}, expected ${expected.text}`);
    }
    const friends = new Set(
      (await database.query('SELECT low_id, high_id FROM friendships WHERE removed_at IS NULL')).rows.map(
        ({ low_id: low, high_id: high }) => `${low} ${high}`,
      ),
    );
    for (const [key, expected] of ledger.friends)
      if (!expected.allows(friends.has(key)))
        ledger.violation(`friends: ${key} is ${friends.has(key)}, expected ${expected.text}`);
  }

  /** Rows and files of attachments name each other, once the sweep was there; and the bytes are those of the upload. */
  private async judgeFiles(database: pg.Client, clients: readonly Client[]): Promise<void> {
    const { ledger } = this;
    let wrong: string[] = [];
    for (const deadline = Date.now() + CATCH_UP_MS; ; ) {
      const { rows } = await database.query('SELECT id, state FROM attachments');
      const files = new Set(this.files());
      wrong = [
        ...rows
          .filter(({ id, state }) => state === 'READY' && !files.has(id))
          .map(({ id }) => `READY without a file: ${id}`),
        ...[...files].filter((id) => !rows.some((row) => row.id === id)).map((id) => `a file without a row: ${id}`),
      ];
      // The first kind does not mend itself.
      if (wrong.length === 0 || Date.now() > deadline || wrong[0]?.startsWith('READY')) break;
      await sleep(500);
    }
    for (const what of wrong) ledger.violation(`files: ${what}`);
    for (const [id, { ownerId, bytes }] of [...ledger.uploads].slice(-20)) {
      const owner = clients.find((client) => client.id === ownerId);
      const { outcome, data } = (await owner?.call('GET', `/attachments/${id}`)) ?? {};
      if (outcome !== 'acknowledged') continue; // Its message was deleted.
      const response = await fetch(new URL(data.url, this.house.url));
      const served = Buffer.from(await response.arrayBuffer());
      if (!served.equals(bytes)) ledger.violation(`bytes: ${id} answers ${response.status} and other bytes`);
    }
  }

  private files(): string[] {
    try {
      return readdirSync(this.house.attachments).flatMap((shelf) =>
        readdirSync(join(this.house.attachments, shelf)).filter(
          (id) => readdirSync(join(this.house.attachments, shelf, id)).length > 0,
        ),
      );
    } catch {
      return []; // A folder may go while it is looked at.
    }
  }

  /** After a restart nothing stays unindexed. */
  private async judgeSearch(database: pg.Client): Promise<void> {
    let behind = 0;
    for (const deadline = Date.now() + CATCH_UP_MS; ; await sleep(500)) {
      const { rows } = await database.query(
        `SELECT count(*)::integer AS behind FROM conversations c
         LEFT JOIN message_search_progress p ON p.conversation_id = c.id WHERE c.last_seq > COALESCE(p.indexed_seq, 0)`,
      );
      behind = rows[0].behind;
      if (behind === 0 || Date.now() > deadline) break;
    }
    if (behind > 0) this.ledger.violation(`search: ${behind} conversations are not indexed`);
    const { rows } = await database.query(
      `SELECT m.id FROM messages m LEFT JOIN message_search s ON s.message_id = m.id
       WHERE m.kind <> 'SYSTEM' AND m.deleted_at IS NULL AND m.content <> '' AND position(m.content IN COALESCE(s.folded, '')) = 0`,
    );
    if (rows.length > 0) this.ledger.violation(`search: ${rows.length} messages are not found by what they say`);
  }
}
