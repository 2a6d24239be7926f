import { Injectable } from '@nestjs/common';
import { Database, type SqlExecutor } from '../database/database.js';
import type { StoredFile } from './attachment.js';

/** An attachment that may be used and read. */
export interface AttachmentRow extends StoredFile {
  ownerId: string;
  messageId: string | null;
  isAvatar: boolean;
}

const COLUMNS = `id, kind, mime_type AS "mimeType", size, name, width, height, blurhash,
  owner_id AS "ownerId", message_id AS "messageId", is_avatar AS "isAvatar"`;

@Injectable()
export class AttachmentsRepository {
  constructor(private readonly database: Database) {}

  /** Before the first byte is stored. */
  async begin(id: string, ownerId: string, name: string, state: 'EXPECTED' | 'STORING'): Promise<void> {
    await this.database.query(
      'INSERT INTO attachments (id, owner_id, name, state) VALUES ($1, $2, $3, $4::attachment_state)',
      [id, ownerId, name, state],
    );
  }

  /** Whether its owner may go on with an announced upload: only one of several at once may. */
  async proceed(id: string, ownerId: string): Promise<{ name: string } | undefined> {
    const [row] = await this.database.query<{ name: string }>(
      `UPDATE attachments SET state = 'STORING' WHERE id = $1 AND owner_id = $2 AND state = 'EXPECTED' RETURNING name`,
      [id, ownerId],
    );
    return row;
  }

  /** The bytes are not there yet: it may be tried again. */
  async retreat(id: string): Promise<void> {
    await this.database.query(`UPDATE attachments SET state = 'EXPECTED' WHERE id = $1 AND state = 'STORING'`, [id]);
  }

  /** Once all of it is stored. False where the sweep gave it up meanwhile. */
  async complete({ id, kind, mimeType, size, name, width, height, blurhash }: StoredFile): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE attachments SET state = 'READY', kind = $2::message_kind, mime_type = $3, size = $4, name = $5,
         width = $6, height = $7, blurhash = $8
       WHERE id = $1 AND state = 'STORING' RETURNING id`,
      [id, kind, mimeType, size, name, width, height, blurhash],
    );
    return rows.length > 0;
  }

  async find(id: string): Promise<AttachmentRow | undefined> {
    const [row] = await this.database.query<AttachmentRow>(
      `SELECT ${COLUMNS} FROM attachments WHERE id = $1 AND state = 'READY'`,
      [id],
      'attachment',
    );
    return row;
  }

  async isStoring(id: string, ownerId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM attachments WHERE id = $1 AND owner_id = $2 AND state = 'STORING'`,
      [id, ownerId],
    );
    return rows.length > 0;
  }

  /** One user's own, whatever became of them. */
  async ofOwner(ownerId: string, ids: readonly string[]): Promise<AttachmentRow[]> {
    return this.database.query<AttachmentRow>(
      `SELECT ${COLUMNS} FROM attachments WHERE id = ANY ($1) AND owner_id = $2 AND state = 'READY'`,
      [ids, ownerId],
      'attachments_of_owner',
    );
  }

  /** Makes an image of one's own an avatar, which uses it up. */
  async claimAvatar(transaction: SqlExecutor, id: string, ownerId: string): Promise<boolean> {
    const rows = await transaction.query(
      `UPDATE attachments SET is_avatar = true
       WHERE id = $1 AND owner_id = $2 AND state = 'READY' AND kind = 'IMAGE' AND message_id IS NULL AND NOT is_avatar
       RETURNING id`,
      [id, ownerId],
    );
    return rows.length > 0;
  }

  /** From here on nobody reads them; the sweep removes their bytes. */
  async doom(id: string): Promise<void> {
    await this.database.query(`UPDATE attachments SET state = 'DOOMED' WHERE id = $1`, [id]);
  }

  async doomOfMessage(transaction: SqlExecutor, messageId: string): Promise<void> {
    await transaction.query(`UPDATE attachments SET state = 'DOOMED' WHERE message_id = $1`, [messageId]);
  }

  async doomUnusedOf(transaction: SqlExecutor, ownerId: string): Promise<void> {
    await transaction.query(
      `UPDATE attachments SET state = 'DOOMED' WHERE owner_id = $1 AND message_id IS NULL AND NOT is_avatar`,
      [ownerId],
    );
  }

  /** Gives up what nobody used in a day, and what a process that died did not finish. */
  async doomForgotten(): Promise<void> {
    await this.database.query(
      `UPDATE attachments SET state = 'DOOMED'
       WHERE message_id IS NULL AND NOT is_avatar AND state <> 'DOOMED' AND created_at < now() - interval '1 day'`,
    );
  }

  async doomed(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM attachments WHERE state = 'DOOMED' ORDER BY id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** The last that is known of them, once their bytes are gone. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.database.query(`DELETE FROM attachments WHERE id = ANY ($1) AND state = 'DOOMED'`, [ids]);
  }

  /** A page of what a user uploaded, by id. */
  async export(ownerId: string, after: string, limit: number): Promise<{ id: string; state: string }[]> {
    return this.database.query<{ id: string; state: string }>(
      `SELECT id, state, name, kind, mime_type AS "mimeType", size, width, height, message_id AS "messageId",
         is_avatar AS "isAvatar", created_at AS "createdAt"
       FROM attachments WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [ownerId, after, limit],
    );
  }
}
