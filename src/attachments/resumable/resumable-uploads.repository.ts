import { Injectable } from '@nestjs/common';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { UploadHints } from '../uploads/upload-fields.js';
import { type AttachmentState, PENDING_DELETION } from '../attachment-state.js';

/** An upload that goes on after a break, as far as its row says. */
export interface ResumableUpload extends UploadHints {
  id: string;
  ownerId: string;
  name: string;
  /** Bytes that its sender announced. */
  size: number;
  /** `Upload-Metadata`, as it came. */
  metadata: string | null;
  state: AttachmentState;
  expiresAt: Date;
  isExpired: boolean;
  /** The process that is at it, or was. */
  holder: string | null;
}

/** A user's own uploads count as they are announced, those of all users together by the room that they have earned. */
export interface UnfinishedBounds {
  maxUploadsOfUser: number;
  maxBytesOfUser: number;
  /** Less than `maxBytes`: what is left is for those that have bytes, so that they can be finished. */
  maxBytesToBegin: number;
  maxBytes: number;
}

/** Whether there is room for what a request brings, and when its upload expires; undefined where another process is at it. */
export interface Hold {
  hasRoom: boolean;
  expiresAt: Date | undefined;
}

const UNFINISHED = `expires_at IS NOT NULL AND state IN ('EXPECTED', 'STORING')`;
/**
 * Room that an upload of which so many bytes came has, of the room of all: four times as much, and so from a quarter on all that it
 * needs to be finished. Room that is announced alone would cost nothing; where what came counted alone, uploads that go on together
 * would fill the room, and none of them could be finished.
 */
const roomOf = (bytes: string): string => `LEAST(announced_size, 4 * coalesce(${bytes}, 0)::bigint)`;
/** One bound after the other, so that they hold whoever else takes room at the same moment. */
const LOCK_ROOM = `SELECT pg_advisory_xact_lock(hashtextextended('unfinished uploads', 0))`;
/** Less than any upload takes. */
const NO_BYTES = -1;
/** One that has no bytes yet is forgotten soon; one that has any, a day after the last of them. */
const FIRST_EXPIRY = `interval '1 hour'`;
const NEXT_EXPIRY = `LEAST(now() + interval '1 day', created_at + interval '7 days')`;
/** A process that did not say for so long that it is at an upload is taken for dead. It says so every few seconds. */
const SILENT = `storing_since < now() - interval '30 seconds'`;

@Injectable()
export class ResumableUploadsRepository {
  /** Requests of this process that want room: those that wait for it hold no connection meanwhile. */
  private readonly turns = new KeyedMutex();

  constructor(private readonly database: Database) {}

  /**
   * Before its first byte. What is announced is given no room before it comes: only its own user has less for others.
   * @returns when it expires; undefined where there is no room for it.
   */
  async begin(
    {
      id,
      ownerId,
      name,
      size,
      metadata,
      voice,
      waveform,
    }: Omit<ResumableUpload, 'state' | 'expiresAt' | 'isExpired' | 'holder'>,
    { maxUploadsOfUser, maxBytesOfUser, maxBytesToBegin }: UnfinishedBounds,
  ): Promise<Date | undefined> {
    return this.inTurn(async (transaction) => {
      const [row] = await transaction.query<{ expiresAt: Date }>(
        `INSERT INTO attachments (id, owner_id, name, state, announced_size, voice, waveform, upload_metadata, expires_at)
         SELECT $1, $2, $3, 'EXPECTED', $4::int, $5, $6, $7, now() + ${FIRST_EXPIRY}
         WHERE (SELECT count(*) < $8::int AND coalesce(sum(announced_size), 0) + $4::int <= $9::bigint
                FROM attachments WHERE owner_id = $2 AND ${UNFINISHED} AND expires_at > now())
           AND (SELECT coalesce(sum(${roomOf('size')}), 0) + $4::int <= $10::bigint
                FROM attachments WHERE ${UNFINISHED} AND expires_at > now())
         RETURNING expires_at AS "expiresAt"`,
        [id, ownerId, name, size, voice, waveform, metadata, maxUploadsOfUser, maxBytesOfUser, maxBytesToBegin],
      );
      return row?.expiresAt;
    });
  }

  async find(id: string, ownerId: string): Promise<ResumableUpload | undefined> {
    const [row] = await this.database.query<ResumableUpload>(
      `SELECT id, owner_id AS "ownerId", name, announced_size AS size, voice, waveform, upload_metadata AS metadata, state,
         expires_at AS "expiresAt", state <> 'READY' AND expires_at <= now() AS "isExpired", storing_by AS holder
       FROM attachments WHERE id = $1 AND owner_id = $2 AND expires_at IS NOT NULL`,
      [id, ownerId],
      'resumable_upload',
    );
    return row;
  }

  /**
   * Whether a process may write to it and finish it: of several at once only one may. One that a dead process was at may be
   * taken over. Its row says `end` from here on, the bytes that it will have, and keeps the room of those that are not there yet.
   */
  async hold(
    id: string,
    { holder, deadHolder }: { holder: string; deadHolder: string | null },
    end: number,
    { maxBytesToBegin, maxBytes }: UnfinishedBounds,
  ): Promise<Hold> {
    const holdWithin = async (executor: SqlExecutor, ...bounds: [number, number]): Promise<Hold> => {
      const [row] = await executor.query<{ hasRoom: boolean; expiresAt: Date | null }>(
        `WITH room AS (
           SELECT ${roomOf('$4::int')} <= ${roomOf('size')} OR ${roomOf('$4::int')} + (
             SELECT coalesce(sum(${roomOf('size')}), 0) FROM attachments WHERE ${UNFINISHED} AND expires_at > now() AND id <> $1
           ) <= CASE WHEN size > 0 THEN $6::bigint ELSE $5::bigint END AS found
           FROM attachments WHERE id = $1
         ), held AS (
           UPDATE attachments SET state = 'STORING', size = $4, storing_since = now(), storing_by = $2, expires_at = ${NEXT_EXPIRY}
           WHERE id = $1 AND expires_at > now() AND (SELECT found FROM room)
             AND (state = 'EXPECTED' OR (state = 'STORING' AND (storing_by = $2 OR storing_by = $3 OR ${SILENT})))
           RETURNING expires_at
         )
         SELECT found AS "hasRoom", (SELECT expires_at FROM held) AS "expiresAt" FROM room`,
        [id, holder, deadHolder, end, ...bounds],
        'hold_upload',
      );
      return { hasRoom: row?.hasRoom ?? true, expiresAt: row?.expiresAt ?? undefined };
    };
    // Most parts need no room beyond what their upload has: they wait for nobody.
    const held = await holdWithin(this.database, NO_BYTES, NO_BYTES);
    return held.hasRoom ? held : this.inTurn((transaction) => holdWithin(transaction, maxBytesToBegin, maxBytes));
  }

  private inTurn<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const locked = async (transaction: Transaction): Promise<Result> => {
      await transaction.query(LOCK_ROOM);
      return work(transaction);
    };
    return this.turns.run('room', () => this.database.transaction(locked));
  }

  /** That the process is still at these. */
  async renew(ids: readonly string[], holder: string): Promise<void> {
    await this.database.query(
      `UPDATE attachments SET storing_since = now() WHERE id = ANY ($1) AND state = 'STORING' AND storing_by = $2`,
      [ids, holder],
    );
  }

  /**
   * Nothing is written to it any more, and it is not finished: of its room it keeps what it has received. False where this process
   * was not at it any more.
   */
  async release(id: string, holder: string, received: number): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE attachments SET state = 'EXPECTED', size = $3, storing_by = NULL
       WHERE id = $1 AND state = 'STORING' AND storing_by = $2 RETURNING id`,
      [id, holder, received],
      'release_upload',
    );
    return rows.length > 0;
  }

  /**
   * Ends one that nobody is at, or only a process that is dead, idle or silent, or one that is complete and that nothing uses. Undefined
   * where it is none of these.
   */
  async terminate(id: string, idleHolder: string | null): Promise<{ wasComplete: boolean } | undefined> {
    const [row] = await this.database.query<{ wasComplete: boolean }>(
      `UPDATE attachments SET state = '${PENDING_DELETION}', swept_at = NULL
       WHERE id = $1 AND message_id IS NULL AND NOT is_avatar
         AND (state IN ('EXPECTED', 'READY') OR (state = 'STORING' AND (storing_by = $2 OR ${SILENT})))
       RETURNING mime_type IS NOT NULL AS "wasComplete"`,
      [id, idleHolder],
    );
    return row;
  }

  /** Answers how many, `limit` at most. */
  async markExpiredPendingDeletion(limit: number): Promise<number> {
    const rows = await this.database.background.query(
      `UPDATE attachments SET state = '${PENDING_DELETION}' WHERE ${UNFINISHED} AND expires_at <= now() AND id = ANY (ARRAY(
         SELECT id FROM attachments WHERE ${UNFINISHED} AND expires_at <= now() LIMIT $1
       )) RETURNING id`,
      [limit],
    );
    return rows.length;
  }

  /** Those of these that are not finished yet. */
  async unfinished(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.background.query<{ id: string }>(
      `SELECT id FROM attachments WHERE id = ANY ($1::uuid[]) AND ${UNFINISHED}`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }
}
