import { Injectable } from '@nestjs/common';
import { LAST_ID } from '../../common/pagination.js';
import { Database, type Transaction } from '../../database/database.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import type { DisabledReason, WebhookEventType } from './webhook-events.js';
import { FORMER_SECRET_HOURS, MAX_FORMER_SECRETS, SECRETS } from './webhook-secrets.js';

/** A webhook as its administrators see it. */
export interface WebhookRow {
  id: string;
  url: string;
  events: WebhookEventType[];
  createdBy: string;
  createdAt: Date;
  failingSince: Date | null;
  disabledAt: Date | null;
  disabledReason: DisabledReason | null;
}

/** One event for one webhook. */
export interface DeliveryRow {
  id: string;
  webhookId: string;
  type: string;
  createdAt: Date;
  attempts: number;
  nextAt: Date | null;
  deliveredAt: Date | null;
  lastAttemptAt: Date | null;
  lastStatus: number | null;
  lastError: string | null;
  lastDurationMs: number | null;
}

/** Undefined: as it was. */
export interface WebhookChanges {
  url: string | undefined;
  events: readonly WebhookEventType[] | undefined;
  enabled: boolean | undefined;
}

const COLUMNS = `id, url, events, created_by AS "createdBy", created_at AS "createdAt", failing_since AS "failingSince",
  disabled_at AS "disabledAt", disabled_reason AS "disabledReason"`;
const DELIVERY_COLUMNS = `id, webhook_id AS "webhookId", type, created_at AS "createdAt", attempts, next_at AS "nextAt",
  delivered_at AS "deliveredAt", last_attempt_at AS "lastAttemptAt", last_status AS "lastStatus", last_error AS "lastError",
  last_duration_ms AS "lastDurationMs"`;

/** Webhooks and what was sent to them, as administrators see and change them. */
@Injectable()
export class WebhooksRepository {
  constructor(private readonly database: Database) {}

  /** Undefined where there are `max` of them: those who make one at the same moment wait for each other. */
  async add(
    transaction: Transaction,
    webhook: { id: string; url: string; events: readonly WebhookEventType[]; secret: string; createdBy: string },
    max: number,
  ): Promise<WebhookRow | undefined> {
    await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('parley webhooks', 0))`);
    const [row] = await transaction.query<WebhookRow>(
      `INSERT INTO webhooks (id, url, events, secret, created_by)
       SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM webhooks) < $6 RETURNING ${COLUMNS}`,
      [webhook.id, webhook.url, webhook.events, webhook.secret, webhook.createdBy, max],
    );
    return row;
  }

  /** The newest first. @param before the page begins below this id; null for the first page */
  list(before: string | null, limit: number): Promise<WebhookRow[]> {
    return this.database.reads.query<WebhookRow>(
      `SELECT ${COLUMNS} FROM webhooks WHERE id < $1 ORDER BY id DESC LIMIT $2`,
      [before ?? LAST_ID, limit],
    );
  }

  async find(id: string): Promise<(WebhookRow & { secrets: string[] }) | undefined> {
    const [row] = await this.database.query<WebhookRow & { secrets: string[] }>(
      `SELECT ${COLUMNS}, ${SECRETS} FROM webhooks w WHERE id = $1`,
      [id],
    );
    return row;
  }

  /**
   * What is enabled again follows from now on, and is given time as a new one is; the latter also what leads elsewhere. One that
   * follows new messages from now on follows from now too, since these are found by their time; what else it follows and is not
   * planned yet stays its own. So it begins at the oldest event that waits, or where the oldest transaction that has written and is
   * under way began: an event has the time at which its transaction began. It loses none of those, and may be sent messages from that
   * time on. A transaction that has begun and writes its first row after this looked is not seen: an event of it may be lost.
   */
  async change(transaction: Transaction, id: string, changes: WebhookChanges): Promise<WebhookRow | undefined> {
    const writesFrom = changes.events?.includes('message.created') === true ? await this.writesFrom(transaction) : null;
    const [row] = await transaction.query<WebhookRow>(
      `UPDATE webhooks SET url = COALESCE($2, url), events = COALESCE($3, events),
         follows_from = CASE
           WHEN $4::boolean AND disabled_at IS NOT NULL THEN now()
           WHEN 'message.created' = ANY ($3::text[]) AND NOT 'message.created' = ANY (events)
             THEN GREATEST(follows_from, LEAST(now(), $5::timestamptz,
               (SELECT min(e.at) FROM (SELECT at FROM webhook_events ORDER BY id LIMIT 1000) AS e)))
           ELSE follows_from END,
         failing_since = CASE WHEN $4::boolean OR $2 <> url THEN NULL ELSE failing_since END,
         disabled_at = CASE $4::boolean WHEN true THEN NULL WHEN false THEN COALESCE(disabled_at, now()) ELSE disabled_at END,
         disabled_reason = CASE $4::boolean
           WHEN true THEN NULL WHEN false THEN COALESCE(disabled_reason, 'ADMINISTRATOR') ELSE disabled_reason END,
         is_notice_due = is_notice_due AND $4::boolean IS NOT TRUE
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, changes.url ?? null, changes.events ?? null, changes.enabled ?? null, writesFrom],
    );
    return row;
  }

  /** A statement of its own, before the one that sees events: what is committed between the two is seen by both. */
  private async writesFrom(transaction: Transaction): Promise<Date | null> {
    const [row] = await transaction.query<{ began: Date | null }>(
      `SELECT min(xact_start) AS began FROM pg_stat_activity
       WHERE datname = current_database() AND backend_xid IS NOT NULL`,
    );
    return row?.began ?? null;
  }

  /**
   * Gives it another secret; the one that it had goes on signing for a while. 'FULL' where as many do already: those who rotate at
   * the same moment wait for each other.
   */
  async rotateSecret(transaction: Transaction, id: string, secret: string): Promise<WebhookRow | 'FULL' | undefined> {
    const [former] = await transaction.query<{ secret: string }>(
      'SELECT secret FROM webhooks WHERE id = $1 FOR UPDATE',
      [id],
    );
    if (former === undefined) return undefined;
    const kept = await transaction.query(
      `INSERT INTO webhook_former_secrets (webhook_id, secret, signs_until)
       SELECT $1, $2, now() + make_interval(hours => $3)
       WHERE (SELECT count(*) FROM webhook_former_secrets WHERE webhook_id = $1 AND signs_until > now()) < $4 RETURNING 1`,
      [id, former.secret, FORMER_SECRET_HOURS, MAX_FORMER_SECRETS],
    );
    if (kept.length === 0) return 'FULL';
    const [row] = await transaction.query<WebhookRow>(
      `UPDATE webhooks SET secret = $2 WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, secret],
    );
    return row;
  }

  /** With all that was sent to it. @returns its URL, undefined where there is none */
  async remove(transaction: Transaction, id: string): Promise<string | undefined> {
    const [row] = await transaction.query<{ url: string }>('DELETE FROM webhooks WHERE id = $1 RETURNING url', [id]);
    return row?.url;
  }

  /** The newest first. @param before the page begins below this id; null for the first page */
  deliveries(webhookId: string, before: string | null, limit: number): Promise<DeliveryRow[]> {
    return this.database.reads.query<DeliveryRow>(
      `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries
       WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
      [webhookId, before ?? LAST_ID, limit],
    );
  }

  /** One that is sent at once and never again by itself. False where the webhook was deleted meanwhile. */
  async addTest(
    transaction: Transaction,
    delivery: { id: string; webhookId: string; type: string; payload: string },
  ): Promise<boolean> {
    const rows = await transaction.query(
      `INSERT INTO webhook_deliveries (id, webhook_id, type, payload, attempts, last_attempt_at)
       SELECT $1, id, $3, $4, 1, now() FROM webhooks WHERE id = $2 FOR KEY SHARE RETURNING id`,
      [delivery.id, delivery.webhookId, delivery.type, delivery.payload],
    );
    return rows.length > 0;
  }

  /**
   * Nothing is noted where it was sent again by hand meanwhile, which says how it goes from then on. A webhook whose receiver took it
   * fails no more, where it leads there still.
   * @returns how it is now
   */
  async noteTest(
    { id, url }: { id: string; url: string },
    { status, error, durationMs }: { status: number | null; error: string | null; durationMs: number },
  ): Promise<DeliveryRow | undefined> {
    const [noted] = await this.database.query<DeliveryRow>(
      `WITH noted AS (
         UPDATE webhook_deliveries SET last_status = $2, last_error = $3, last_duration_ms = $4,
           delivered_at = CASE WHEN $3::text IS NULL THEN now() END
         WHERE id = $1 AND next_at IS NULL AND delivered_at IS NULL RETURNING *
       ), healthy AS (
         UPDATE webhooks SET failing_since = NULL WHERE id = (SELECT webhook_id FROM noted WHERE delivered_at IS NOT NULL)
           AND url = $5 AND failing_since IS NOT NULL
       )
       SELECT ${DELIVERY_COLUMNS} FROM noted`,
      [id, status, error, durationMs, url],
    );
    if (noted !== undefined) return noted;
    const [row] = await this.database.query<DeliveryRow>(
      `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE id = $1`,
      [id],
    );
    return row;
  }

  /** Whether it is of a message that was deleted, or was too old, since. */
  async isOfDeletedMessage(transaction: Transaction, webhookId: string, id: string): Promise<boolean> {
    const rows = await transaction.query(
      `SELECT 1 FROM webhook_deliveries d JOIN messages m ON m.id = (d.payload::jsonb #>> '{data,message,id}')::uuid
       WHERE d.id = $1 AND d.webhook_id = $2 AND d.type IN ('message.created', 'message.updated') AND m.deleted_at IS NOT NULL`,
      [id, webhookId],
    );
    return rows.length > 0;
  }

  /** Due from now on, with all its attempts before it. One that is being sent at this moment is sent again after that. */
  async redeliver(transaction: Transaction, webhookId: string, id: string): Promise<DeliveryRow | undefined> {
    const [row] = await transaction.query<DeliveryRow>(
      `UPDATE webhook_deliveries SET next_at = now(), lease_id = NULL, attempts = 0, delivered_at = NULL
       WHERE id = $1 AND webhook_id = $2 RETURNING ${DELIVERY_COLUMNS}`,
      [id, webhookId],
    );
    return row;
  }

  /** A page of an export: those that an administrator made. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT ${COLUMNS} FROM webhooks WHERE created_by = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** What was sent about a user, but that it is gone: receivers have to be sent that. */
  async forgetUser(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query(`DELETE FROM webhook_deliveries WHERE user_id = $1 AND type <> 'user.deleted'`, [userId]);
    // Two statements: each finds its rows by an index, whatever the planner makes of an OR.
    await transaction.query('DELETE FROM webhook_deliveries WHERE other_user_id = $1', [userId]);
  }
}
