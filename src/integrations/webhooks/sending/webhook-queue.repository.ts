import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../../../database/database.js';
import type { DisabledReason } from '../webhook-events.js';
import { SECRETS } from '../webhook-secrets.js';
import type { Attempt, AttemptResult } from './webhook-poster.js';

/** A delivery that a process has for a while. */
export interface LeasedDelivery extends Attempt {
  webhookId: string;
  attempts: number;
  /** It would repeat a message that was deleted, or was too old, since. Asked of what waited alone. */
  isOfDeletedMessage: boolean;
  /** When the message was deleted, or was too old, that it quotes; null: not. Asked of what waited alone. */
  quotedDeletedAt: Date | null;
}

/** That a webhook was disabled. */
export interface Notice {
  id: string;
  url: string;
  reason: DisabledReason;
  disabledAt: Date;
}

/** The deliveries that are due: several processes share them by leases, which are the time of the next attempt. */
@Injectable()
export class WebhookQueueRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes what is due, of each webhook as much as there is room for: one that is slow takes nothing from the others.
   * @param inFlight what this process is sending, by webhook
   */
  take(
    leaseId: string,
    share: number,
    inFlight: ReadonlyMap<string, number>,
    leaseMs: number,
  ): Promise<LeasedDelivery[]> {
    return this.database.background.queryAtomically<LeasedDelivery>(
      `WITH busy AS (
         SELECT * FROM unnest($2::uuid[], $3::integer[]) AS b(webhook_id, sending)
       ), due AS MATERIALIZED (
         SELECT d.id FROM (
           SELECT w.id, GREATEST($4::integer - COALESCE((SELECT sending FROM busy WHERE busy.webhook_id = w.id), 0), 0) AS room
           FROM webhooks w WHERE w.disabled_at IS NULL
         ) AS w CROSS JOIN LATERAL (
           SELECT l.id FROM webhook_deliveries l WHERE l.webhook_id = w.id AND l.next_at <= now()
           ORDER BY l.next_at, l.id LIMIT w.room FOR UPDATE SKIP LOCKED
         ) AS d
       )
       UPDATE webhook_deliveries d SET lease_id = $1, attempts = d.attempts + 1, last_attempt_at = now(),
         next_at = now() + make_interval(secs => $5)
       FROM webhooks w WHERE d.id IN (SELECT id FROM due) AND w.id = d.webhook_id
       RETURNING d.id, d.webhook_id AS "webhookId", w.url, ${SECRETS}, d.payload, d.attempts,
         CASE WHEN d.type IN ('message.created', 'message.updated') AND (d.attempts > 1 OR d.created_at < now() - interval '10 seconds')
           THEN EXISTS (
             SELECT 1 FROM messages m WHERE m.id = (d.payload::jsonb #>> '{data,message,id}')::uuid AND m.deleted_at IS NOT NULL
           ) ELSE false END AS "isOfDeletedMessage",
         CASE WHEN d.type IN ('message.created', 'message.updated') AND (d.attempts > 1 OR d.created_at < now() - interval '10 seconds')
           THEN (
             SELECT m.deleted_at FROM messages m WHERE m.id = (d.payload::jsonb #>> '{data,message,replyTo,id}')::uuid
           ) END AS "quotedDeletedAt"`,
      [leaseId, [...inFlight.keys()], [...inFlight.values()], share, leaseMs / 1_000],
      'webhook_take',
    );
  }

  /**
   * How long until something is due that nobody holds; null where nothing waits.
   * @param besides webhooks to which nothing more is sent for now: what is due for them is not counted
   */
  async nextInMs(besides: readonly string[]): Promise<number | null> {
    const [row] = await this.database.background.query<{ ms: number | null }>(
      `SELECT (EXTRACT(EPOCH FROM min(d.next_at) - now()) * 1000)::integer AS ms
       FROM webhooks w CROSS JOIN LATERAL (
         SELECT l.next_at FROM webhook_deliveries l WHERE l.webhook_id = w.id AND l.next_at IS NOT NULL ORDER BY l.next_at LIMIT 1
       ) AS d WHERE w.disabled_at IS NULL AND w.id <> ALL ($1::uuid[])`,
      [besides],
      'webhook_next',
    );
    // Not in the statement: GREATEST leaves a null out, and nothing that waits is not something that is due.
    return row === undefined || row.ms === null ? null : Math.max(0, row.ms);
  }

  /**
   * Taken by its receiver. Nothing where another process has it by now, or somebody asked for it anew. That a former receiver took it
   * says nothing of the present one.
   */
  async delivered({ id, webhookId, url }: LeasedDelivery, leaseId: string, result: AttemptResult): Promise<void> {
    await this.database.background.queryAtomically(
      `WITH healthy AS (
         UPDATE webhooks SET failing_since = NULL WHERE id = $2 AND url = $6 AND failing_since IS NOT NULL
       )
       UPDATE webhook_deliveries SET delivered_at = now(), next_at = NULL, lease_id = NULL,
         last_status = $4, last_error = NULL, last_duration_ms = $5
       WHERE id = $1 AND lease_id = $3`,
      [id, webhookId, leaseId, result.status, result.durationMs, url],
      'webhook_delivered',
    );
  }

  /**
   * Counted where the webhook leads where the attempt went still: what another receiver answered says nothing of the present one.
   * @param delayMs until the next attempt; undefined: it is given up
   * @param isGone its receiver takes nothing any more: it is given up too where the webhook is disabled, and leads there still
   * @returns since when the webhook fails; undefined where it was not counted
   */
  async failed(
    { id, webhookId, url }: LeasedDelivery,
    leaseId: string,
    result: AttemptResult,
    delayMs: number | undefined,
    isGone: boolean,
  ): Promise<Date | undefined> {
    const [row] = await this.database.background.queryAtomically<{ failingSince: Date }>(
      `WITH failing AS (
         UPDATE webhooks SET failing_since = COALESCE(failing_since, now()) WHERE id = $2 AND url = $8
         RETURNING failing_since, disabled_at
       ), attempt AS (
         UPDATE webhook_deliveries SET lease_id = NULL, last_status = $4, last_error = $5, last_duration_ms = $7,
           next_at = CASE WHEN $9 AND EXISTS (SELECT 1 FROM failing WHERE disabled_at IS NOT NULL) THEN NULL
             ELSE now() + make_interval(secs => $6) END
         WHERE id = $1 AND lease_id = $3
       )
       SELECT failing_since AS "failingSince" FROM failing`,
      [
        id,
        webhookId,
        leaseId,
        result.status,
        result.error,
        delayMs === undefined ? null : delayMs / 1_000,
        result.durationMs,
        url,
        isGone,
      ],
      'webhook_failed',
    );
    return row?.failingSince;
  }

  /** Not sent, and never again by itself. */
  async giveUp({ id }: LeasedDelivery, leaseId: string, error: string): Promise<void> {
    await this.database.background.query(
      `UPDATE webhook_deliveries SET next_at = NULL, lease_id = NULL, attempts = attempts - 1, last_status = NULL, last_error = $3
       WHERE id = $1 AND lease_id = $2`,
      [id, leaseId, error],
      'webhook_give_up',
    );
  }

  /** What this process held is anybody's again: at its end, and for what an earlier one left where there is one alone. */
  async release(leaseId: string | null): Promise<void> {
    await this.database.background.query(
      `UPDATE webhook_deliveries SET next_at = now(), lease_id = NULL, attempts = attempts - 1
       WHERE webhook_id IN (SELECT id FROM webhooks) AND next_at IS NOT NULL
         AND lease_id IS NOT NULL AND ($1::uuid IS NULL OR lease_id = $1)`,
      [leaseId],
    );
  }

  /**
   * @param url where it has to lead still: of the attempt that is the reason
   * @returns its URL where this disabled it
   */
  async disable(
    transaction: Transaction,
    id: string,
    reason: DisabledReason,
    url: string | undefined,
  ): Promise<string | undefined> {
    const [row] = await transaction.query<{ url: string }>(
      `UPDATE webhooks SET disabled_at = now(), disabled_reason = $2, is_notice_due = true
       WHERE id = $1 AND disabled_at IS NULL AND ($3::text IS NULL OR url = $3) RETURNING url`,
      [id, reason, url ?? null],
    );
    return row?.url;
  }

  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.database.background.transaction(work);
  }

  /**
   * Webhooks that have more than so much waiting for them since they were made or enabled: one is enabled again with what waited
   * before, which is sent then and must not disable it once more.
   */
  async overfull(max: number): Promise<string[]> {
    const rows = await this.database.background.query<{ id: string }>(
      `SELECT w.id FROM webhooks w WHERE w.disabled_at IS NULL AND (
         SELECT count(*) FROM (
           SELECT 1 FROM webhook_deliveries d
           WHERE d.webhook_id = w.id AND d.next_at IS NOT NULL AND d.created_at >= w.follows_from LIMIT $1::integer + 1
         ) AS waiting
       ) > $1`,
      [max],
    );
    return rows.map(({ id }) => id);
  }

  /** Webhooks of which administrators have to be mailed that they were disabled. */
  dueNotices(): Promise<Notice[]> {
    return this.database.background.query<Notice>(
      `SELECT id, url, disabled_reason AS reason, disabled_at AS "disabledAt" FROM webhooks
       WHERE is_notice_due AND disabled_at IS NOT NULL ORDER BY id`,
    );
  }

  /** False where another process has it, or the webhook was enabled meanwhile. One that was disabled again since has another notice. */
  async claimNotice({ id, disabledAt }: Notice): Promise<boolean> {
    const rows = await this.database.background.query(
      'UPDATE webhooks SET is_notice_due = false WHERE id = $1 AND disabled_at = $2 AND is_notice_due RETURNING 1',
      [id, disabledAt],
    );
    return rows.length > 0;
  }

  async returnNotice({ id, disabledAt }: Notice): Promise<void> {
    await this.database.background.query(
      'UPDATE webhooks SET is_notice_due = true WHERE id = $1 AND disabled_at = $2',
      [id, disabledAt],
    );
  }

  /** Whether the webhook is disabled still, and was not enabled in between. */
  async isDisabledStill({ id, disabledAt }: Notice): Promise<boolean> {
    const rows = await this.database.background.query('SELECT 1 FROM webhooks WHERE id = $1 AND disabled_at = $2', [
      id,
      disabledAt,
    ]);
    return rows.length > 0;
  }

  async administrators(limit: number): Promise<string[]> {
    const rows = await this.database.background.query<{ email: string }>(
      `SELECT email FROM users WHERE role = 'ADMIN' AND email IS NOT NULL AND deleted_at IS NULL
         AND (suspended_at IS NULL OR suspended_until <= now()) LIMIT $1`,
      [limit],
    );
    return rows.map(({ email }) => email);
  }

  /** Secrets that sign nothing any more. */
  async deleteFormerSecrets(): Promise<void> {
    await this.database.background.query('DELETE FROM webhook_former_secrets WHERE signs_until <= now()');
  }

  /** Deletes what is older than it is kept, sent or not. At most `count`. @returns how many */
  async deleteOld(days: number, count: number): Promise<number> {
    const rows = await this.database.background.query(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries WHERE created_at < now() - make_interval(days => $2)
         ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
       ) RETURNING 1`,
      [count, days],
    );
    return rows.length;
  }
}
