import { ApiProperty } from '@nestjs/swagger';
import { DISABLED_REASONS, type DisabledReason, WEBHOOK_EVENTS, type WebhookEventType } from './webhook-events.js';
import type { DeliveryRow, WebhookRow } from './webhooks.repository.js';

/** Where events go (contract, section 9). Its secret is shown once, when it is made. */
export class WebhookView {
  id!: string;
  /** @example "https://moderation.example.com/parley" */
  url!: string;
  @ApiProperty({ enum: WEBHOOK_EVENTS, enumName: 'WebhookEventType', isArray: true })
  events!: WebhookEventType[];
  /** False: nothing is sent to it, and what happens meanwhile never will be. */
  enabled!: boolean;
  /** Why it is disabled: its receiver is gone (410), failed for five days, has too much waiting for it, or an administrator did it. */
  @ApiProperty({ enum: DISABLED_REASONS, enumName: 'WebhookDisabledReason', nullable: true })
  disabledReason!: DisabledReason | null;
  /** ISO 8601, UTC; null while it is enabled. */
  disabledAt!: string | null;
  /** Since when every attempt failed: ISO 8601, UTC; null where the last one did not. */
  failingSince!: string | null;
  /** The administrator who made it. */
  createdBy!: string;
  /** ISO 8601, UTC. */
  createdAt!: string;
}

/** A webhook that was just made, or given another secret. */
export class NewWebhookView extends WebhookView {
  /** Receivers verify with it what is sent. Nobody is shown it again. @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=" */
  secret!: string;
}

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One event for one webhook, and how its last attempt went. */
export class WebhookDeliveryView {
  /** The `webhook-id` of each of its attempts. */
  id!: string;
  /** @example "message.created" */
  type!: string;
  @ApiProperty({ enum: DELIVERY_STATUSES, enumName: 'WebhookDeliveryStatus' })
  status!: DeliveryStatus;
  /** Attempts that were begun. @example 1 */
  @ApiProperty({ type: 'integer' })
  attempts!: number;
  /** When it is sent next: ISO 8601, UTC; null unless it is pending. */
  nextAttemptAt!: string | null;
  /** ISO 8601, UTC. */
  lastAttemptAt!: string | null;
  /** HTTP status of the last answer; null where there was none. */
  @ApiProperty({ type: 'integer', nullable: true })
  responseStatus!: number | null;
  /** Why the last attempt failed. @example "status 500" */
  error!: string | null;
  /** How long the last attempt took. */
  @ApiProperty({ type: 'integer', nullable: true })
  durationMs!: number | null;
  /** ISO 8601, UTC. */
  deliveredAt!: string | null;
  /** ISO 8601, UTC. */
  createdAt!: string;
}

export function webhookView(row: WebhookRow): WebhookView {
  const { id, url, events, disabledReason, createdBy } = row;
  return {
    id,
    url,
    events,
    enabled: row.disabledAt === null,
    disabledReason,
    disabledAt: row.disabledAt?.toISOString() ?? null,
    failingSince: row.failingSince?.toISOString() ?? null,
    createdBy,
    createdAt: row.createdAt.toISOString(),
  };
}

export function deliveryView(row: DeliveryRow): WebhookDeliveryView {
  const status = row.deliveredAt !== null ? 'delivered' : row.nextAt !== null ? 'pending' : 'failed';
  return {
    id: row.id,
    type: row.type,
    status,
    attempts: row.attempts,
    nextAttemptAt: row.nextAt?.toISOString() ?? null,
    lastAttemptAt: row.lastAttemptAt?.toISOString() ?? null,
    responseStatus: row.lastStatus,
    error: row.lastError,
    durationMs: row.lastDurationMs,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
