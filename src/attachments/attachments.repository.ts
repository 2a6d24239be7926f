import { Injectable } from '@nestjs/common';
import { NIL_ID } from '../common/identifier.js';
import { Database, type SqlExecutor, type Transaction } from '../database/database.js';
import type { StoredFile } from './attachment.js';
import type { UploadHints } from './uploads/upload-fields.js';
import { PENDING_DELETION } from './attachment-state.js';

/** An attachment that may be used and read. */
export interface AttachmentRow extends StoredFile {
  ownerId: string;
  messageId: string | null;
  isAvatar: boolean;
}

const COLUMNS = `id, kind, mime_type AS "mimeType", size, name, width, height, blurhash, duration_ms AS "durationMs", waveform, voice,
  animated, has_poster AS "hasPoster", owner_id AS "ownerId", message_id AS "messageId", is_avatar AS "isAvatar"`;

/** After this long a process that stores an announced upload is taken for dead. */
const MAX_STORING_SECONDS = 120;
/** Nothing can be put any more where a client was sent to put it: twice as long as that URL is good. */
const CLOSED = `created_at < now() - interval '2 hours'`;
/** For a day after its end, who asks for a resumable upload learns that it has expired; later, that there is none. */
const FORGETTABLE = `(expires_at IS NULL OR expires_at < now() - interval '1 day')`;

const WITHOUT_POSTER = `id = $1 AND owner_id = $2 AND state = 'READY' AND kind = 'VIDEO' AND message_id IS NULL
  AND NOT has_poster`;

/** GIVEN_UP: the sweep was faster. */
export type Completion = 'COMPLETE' | 'GIVEN_UP' | 'OVER_QUOTA';

/** What its owner said before its bytes were there. */
export interface AnnouncedUpload extends UploadHints {
  name: string;
  size: number;
}

/** One whose bytes are to be removed, and the version of its row. */
export interface SweptAttachment {
  readonly id: string;
  readonly version: string;
}

@Injectable()
export class AttachmentsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Before the first byte is stored. False where the owner's account was deleted: one that is being deleted is waited for, so that
   * nothing of its owner's comes behind the erasure.
   */
  async begin(id: string, ownerId: string, name: string): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      // It refers to its owner's row, and so waits for who has locked that in order to delete the account.
      await transaction.query(
        `INSERT INTO attachments (id, owner_id, name, state, storing_since) VALUES ($1, $2, $3, 'STORING', now())`,
        [id, ownerId, name],
      );
      const owners = await transaction.query('SELECT 1 FROM users WHERE id = $1 AND deleted_at IS NULL', [ownerId]);
      if (owners.length > 0) return true;
      await transaction.query('DELETE FROM attachments WHERE id = $1', [id]);
      return false;
    });
  }

  /** Before the client is answered where to put the bytes. */
  async announce(
    id: string,
    ownerId: string,
    { name, size, voice, waveform }: { name: string; size: number } & UploadHints,
  ): Promise<void> {
    await this.database.query(
      `INSERT INTO attachments (id, owner_id, name, state, announced_size, voice, waveform)
       VALUES ($1, $2, $3, 'EXPECTED', $4, $5, $6)`,
      [id, ownerId, name, size, voice, waveform],
    );
  }

  /**
   * Whether its owner may go on with an announced upload: only one of several at once may. One that a dead process was at
   * may be taken over after a while.
   * @param holder the process that goes on with it
   */
  async proceed(id: string, ownerId: string, holder: string): Promise<AnnouncedUpload | undefined> {
    const [row] = await this.database.query<AnnouncedUpload>(
      `UPDATE attachments SET state = 'STORING', storing_since = now(), storing_by = $4
       WHERE id = $1 AND owner_id = $2 AND announced_size IS NOT NULL AND expires_at IS NULL
         AND (state = 'EXPECTED' OR (state = 'STORING' AND storing_since < now() - make_interval(secs => $3)))
       RETURNING name, announced_size AS size, voice, waveform`,
      [id, ownerId, MAX_STORING_SECONDS, holder],
    );
    return row;
  }

  /** That the process that stores an announced upload lives. */
  async renewStoring(id: string, holder: string): Promise<void> {
    await this.database.query(
      `UPDATE attachments SET storing_since = now() WHERE id = $1 AND state = 'STORING' AND storing_by = $2`,
      [id, holder],
    );
  }

  /** The bytes are not there yet, or could not be stored: it may be tried again. One that another process has taken over is left to it. */
  async retreat(id: string, holder: string): Promise<void> {
    await this.database.query(
      `UPDATE attachments SET state = 'EXPECTED', storing_by = NULL WHERE id = $1 AND state = 'STORING' AND storing_by = $2`,
      [id, holder],
    );
  }

  /**
   * Once all of it is stored; a second time changes nothing. With a quota, files of one user are completed one after the other,
   * so that they never take more, however many come at once.
   */
  async complete(ownerId: string, file: StoredFile, quotaBytes: number | undefined): Promise<Completion> {
    if (quotaBytes === undefined) return this.completeWithin(this.database, file);
    return this.database.transaction(async (transaction) => {
      await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`uploads of ${ownerId}`]);
      const [others] = await transaction.query<{ bytes: number }>(
        `SELECT coalesce(sum(size), 0) AS bytes FROM attachments WHERE owner_id = $1 AND state = 'READY' AND id <> $2`,
        [ownerId, file.id],
      );
      if ((others?.bytes ?? 0) + file.size > quotaBytes) return 'OVER_QUOTA';
      return this.completeWithin(transaction, file);
    });
  }

  /** What all complete files of a user take. */
  async usageOf(ownerId: string): Promise<{ bytes: number; count: number }> {
    const [row] = await this.database.query<{ bytes: number; count: number }>(
      `SELECT coalesce(sum(size), 0) AS bytes, count(*) AS count FROM attachments WHERE owner_id = $1 AND state = 'READY'`,
      [ownerId],
    );
    return row ?? { bytes: 0, count: 0 };
  }

  private async completeWithin(executor: SqlExecutor, file: StoredFile): Promise<Completion> {
    const { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform, voice, animated } = file;
    const rows = await executor.query(
      `UPDATE attachments SET state = 'READY', kind = $2::message_kind, mime_type = $3, size = $4, name = $5,
         width = $6, height = $7, blurhash = $8, duration_ms = $9, waveform = $10, voice = $11, animated = $12,
         created_at = CASE WHEN announced_size IS NULL THEN created_at ELSE now() END
       WHERE id = $1 AND state = 'STORING' RETURNING id`,
      [id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform, voice, animated],
    );
    if (rows.length > 0) return 'COMPLETE';
    const ready = await executor.query(`SELECT 1 FROM attachments WHERE id = $1 AND state = 'READY'`, [id]);
    return ready.length > 0 ? 'COMPLETE' : 'GIVEN_UP';
  }

  /** Whether a film may still be given a poster: its owner's, complete, and in no message yet, which would not show it. */
  async mayHavePoster(id: string, ownerId: string): Promise<boolean> {
    const rows = await this.database.query(`SELECT 1 FROM attachments WHERE ${WITHOUT_POSTER}`, [id, ownerId]);
    return rows.length > 0;
  }

  /** Once its pictures are stored. Undefined where it may not have one any more. */
  async setPoster(id: string, ownerId: string, blurhash: string): Promise<AttachmentRow | undefined> {
    const [row] = await this.database.query<AttachmentRow>(
      `UPDATE attachments SET has_poster = true, blurhash = $3 WHERE ${WITHOUT_POSTER} RETURNING ${COLUMNS}`,
      [id, ownerId, blurhash],
    );
    return row;
  }

  async find(id: string): Promise<AttachmentRow | undefined> {
    const [row] = await this.database.query<AttachmentRow>(
      `SELECT ${COLUMNS} FROM attachments WHERE id = $1 AND state = 'READY'`,
      [id],
      'attachment',
    );
    return row;
  }

  /** Whether it may still become, or is, complete: not given up by the sweep, nor deleted with its owner's account. */
  async isKept(id: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM attachments WHERE id = $1 AND (state = 'STORING' OR state = 'READY')`,
      [id],
    );
    return rows.length > 0;
  }

  async isStoring(id: string, ownerId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM attachments WHERE id = $1 AND owner_id = $2 AND state = 'STORING'`,
      [id, ownerId],
    );
    return rows.length > 0;
  }

  /**
   * Within the caller's transaction: these outlive their message, for a keeper. A deletion of the message at this moment waits, or was
   * first: what is to be deleted already is not kept.
   */
  async keep(transaction: Transaction, keeperId: string, ids: readonly string[]): Promise<void> {
    await transaction.query(
      `INSERT INTO kept_attachments (keeper_id, attachment_id)
       SELECT $1, a.id FROM (
         SELECT id FROM attachments WHERE id = ANY ($2::uuid[]) AND state = 'READY' ORDER BY id FOR SHARE
       ) AS a ON CONFLICT DO NOTHING`,
      [keeperId, ids],
    );
  }

  async giveUpKept(transaction: Transaction, keeperIds: readonly string[]): Promise<void> {
    await transaction.query('DELETE FROM kept_attachments WHERE keeper_id = ANY ($1::uuid[])', [keeperIds]);
  }

  /** What a keeper keeps, whatever became of the messages. */
  keptBy(keeperId: string): Promise<AttachmentRow[]> {
    return this.database.query<AttachmentRow>(
      `SELECT ${COLUMNS} FROM kept_attachments k JOIN attachments ON attachments.id = k.attachment_id WHERE k.keeper_id = $1`,
      [keeperId],
    );
  }

  /** One user's own, whatever became of them. */
  async ofOwner(ownerId: string, ids: readonly string[]): Promise<AttachmentRow[]> {
    return this.database.query<AttachmentRow>(
      `SELECT ${COLUMNS} FROM attachments WHERE id = ANY ($1) AND owner_id = $2 AND state = 'READY'`,
      [ids, ownerId],
      'attachments_of_owner',
    );
  }

  /** Whether it is an image of the owner's that nothing uses; nothing else can use it until the transaction ends. */
  async lockUnusedImage(transaction: Transaction, id: string, ownerId: string): Promise<boolean> {
    const rows = await transaction.query(
      `SELECT 1 FROM attachments
       WHERE id = $1 AND owner_id = $2 AND state = 'READY' AND kind = 'IMAGE' AND message_id IS NULL AND NOT is_avatar
       FOR NO KEY UPDATE`,
      [id, ownerId],
    );
    return rows.length > 0;
  }

  /**
   * From here on nobody reads it; the sweep removes its bytes. Also of one that the sweep has forgotten, which is known
   * anew: bytes may have been stored since. One that something uses stays: who gives up an upload was not the last one at it.
   */
  async markPendingDeletion(id: string, ownerId: string): Promise<void> {
    await this.database.query(
      `INSERT INTO attachments (id, owner_id, name, state) VALUES ($1, $2, '', '${PENDING_DELETION}')
       ON CONFLICT (id) DO UPDATE SET state = '${PENDING_DELETION}', swept_at = NULL
         WHERE attachments.message_id IS NULL AND NOT attachments.is_avatar`,
      [id, ownerId],
    );
  }

  /**
   * Bytes were stored of one that is given up, perhaps behind the sweep: that looks again, also where it has forgotten it. One that is
   * not given up keeps what it has.
   */
  async sweepAgain(id: string, ownerId: string): Promise<void> {
    await this.database.query(
      `INSERT INTO attachments (id, owner_id, name, state) VALUES ($1, $2, '', '${PENDING_DELETION}')
       ON CONFLICT (id) DO UPDATE SET swept_at = NULL WHERE attachments.state = '${PENDING_DELETION}'`,
      [id, ownerId],
    );
  }

  async markPendingDeletionOfMessage(transaction: Transaction, messageId: string): Promise<void> {
    await transaction.query(`UPDATE attachments SET state = '${PENDING_DELETION}' WHERE message_id = $1`, [messageId]);
  }

  async markUnusedPendingDeletion(transaction: Transaction, ownerId: string): Promise<void> {
    await transaction.query(
      `UPDATE attachments SET state = '${PENDING_DELETION}' WHERE owner_id = $1 AND message_id IS NULL AND NOT is_avatar`,
      [ownerId],
    );
  }

  /** Within the caller's transaction: what the owner said of its resumable uploads to itself, which others who have a file never see. */
  async forgetUploadMetadata(transaction: Transaction, ownerId: string): Promise<void> {
    await transaction.query(
      'UPDATE attachments SET upload_metadata = NULL WHERE owner_id = $1 AND upload_metadata IS NOT NULL',
      [ownerId],
    );
  }

  /** Gives up what nobody used in a day, and what a process that died did not finish. Answers how many, `limit` at most. */
  async markExpiredPendingDeletion(limit: number): Promise<number> {
    const rows = await this.database.background.query(
      `UPDATE attachments SET state = '${PENDING_DELETION}'
       WHERE message_id IS NULL AND NOT is_avatar AND state <> '${PENDING_DELETION}' AND id = ANY (ARRAY(
         SELECT id FROM attachments
         WHERE message_id IS NULL AND NOT is_avatar AND state <> '${PENDING_DELETION}' AND created_at < now() - interval '1 day'
           AND (expires_at IS NULL OR state = 'READY')
         LIMIT $1
       )) RETURNING id`,
      [limit],
    );
    return rows.length;
  }

  /** Whose bytes are to be removed, unless somebody keeps them; again, where a client could have put some there since the first time. */
  async listPendingDeletion(limit: number, after = NIL_ID): Promise<SweptAttachment[]> {
    return this.database.background.query<SweptAttachment>(
      `SELECT id, xmin::text AS version FROM attachments WHERE state = '${PENDING_DELETION}' AND (swept_at IS NULL OR (${CLOSED} AND ${FORGETTABLE}))
         AND NOT EXISTS (SELECT 1 FROM kept_attachments k WHERE k.attachment_id = attachments.id)
         AND id > $2 ORDER BY id LIMIT $1`,
      [limit, after],
    );
  }

  /** Where a client could put bytes until lately, beside those that were taken in. */
  async listClosedUploads(limit: number, after = NIL_ID): Promise<SweptAttachment[]> {
    return this.database.background.query<SweptAttachment>(
      `SELECT id, xmin::text AS version FROM attachments
       WHERE announced_size IS NOT NULL AND expires_at IS NULL AND swept_at IS NULL AND state = 'READY' AND ${CLOSED}
         AND id > $2 ORDER BY id LIMIT $1`,
      [limit, after],
    );
  }

  /** Of those that are as they were listed; another is swept again, since bytes may have come behind the sweep. Answers which. */
  async noteSwept(swept: readonly SweptAttachment[]): Promise<string[]> {
    const rows = await this.database.background.query<{ id: string }>(
      `UPDATE attachments a SET swept_at = now() FROM unnest($1::uuid[], $2::text[]) AS s(id, version)
       WHERE a.id = s.id AND a.xmin::text = s.version RETURNING a.id`,
      [swept.map(({ id }) => id), swept.map(({ version }) => version)],
    );
    return rows.map(({ id }) => id);
  }

  /** The last that is known of them, once their bytes are gone and no client can put any there. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.database.background.query(
      `DELETE FROM attachments WHERE id = ANY ($1) AND state = '${PENDING_DELETION}' AND swept_at IS NOT NULL
         AND (announced_size IS NULL OR (${CLOSED} AND ${FORGETTABLE}))`,
      [ids],
    );
  }

  /** A page of what a user uploaded, by id. */
  async export(ownerId: string, after: string, limit: number): Promise<{ id: string; state: string }[]> {
    return this.database.background.query<{ id: string; state: string }>(
      `SELECT id, state, name, kind, mime_type AS "mimeType", size, width, height, duration_ms AS "durationMs", waveform,
         voice, message_id AS "messageId", is_avatar AS "isAvatar", upload_metadata AS "uploadMetadata", created_at AS "createdAt"
       FROM attachments WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [ownerId, after, limit],
    );
  }
}
