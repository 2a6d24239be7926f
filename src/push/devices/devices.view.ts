import { ApiProperty } from '@nestjs/swagger';
import { DEVICE_ID_PATTERN } from './device-id.pipe.js';

export const PUSH_PLATFORMS = ['expo', 'fcm', 'apns', 'web'] as const;
export type PushPlatform = (typeof PUSH_PLATFORMS)[number];
export const PUSH_PREVIEWS = ['full', 'sender', 'none'] as const;
export type PushPreview = (typeof PUSH_PREVIEWS)[number];
export const APNS_ENVIRONMENTS = ['production', 'sandbox'] as const;
export type ApnsEnvironment = (typeof APNS_ENVIRONMENTS)[number];
export const PUSH_OUTCOMES = ['sent', 'skipped', 'failed', 'waiting'] as const;
export type PushOutcome = (typeof PUSH_OUTCOMES)[number];

/** A device that notifications go to (contract, section 8). */
export class DeviceView {
  /** As its client named it. @example "5f0e6a1c-3f43-4bb2-9c19-9f5d0a7c1e55" */
  @ApiProperty({ pattern: DEVICE_ID_PATTERN.source })
  id!: string;
  @ApiProperty({ enum: PUSH_PLATFORMS, enumName: 'PushPlatform' })
  platform!: PushPlatform;
  /** What a notification shows: the text, who wrote, or nothing of either. The server may show less. */
  @ApiProperty({ enum: PUSH_PREVIEWS, enumName: 'PushPreview' })
  preview!: PushPreview;
  createdAt!: string;
  /** When it was registered last: ISO 8601, UTC. */
  lastUsedAt!: string;
}

export interface DeviceRow {
  deviceId: string;
  platform: PushPlatform;
  preview: PushPreview;
  createdAt: Date;
  registeredAt: Date;
}

export function deviceView({ deviceId, platform, preview, createdAt, registeredAt }: DeviceRow): DeviceView {
  return {
    id: deviceId,
    platform,
    preview,
    createdAt: createdAt.toISOString(),
    lastUsedAt: registeredAt.toISOString(),
  };
}

/** What was decided for a device, and why: for its owner, who asks why it rang or did not. */
export class DeviceLogEntryView {
  /** ISO 8601, UTC. */
  at!: string;
  conversationId!: string | null;
  /** The message that it was decided about, or the last of several. */
  @ApiProperty({ type: 'integer', nullable: true })
  seq!: number | null;
  @ApiProperty({ enum: PUSH_OUTCOMES, enumName: 'PushOutcome' })
  outcome!: PushOutcome;
  /** @example "read" */
  reason!: string;
}

export interface DeviceLogRow {
  id: string;
  at: Date;
  conversationId: string | null;
  seq: number | null;
  outcome: PushOutcome;
  reason: string;
}

export function deviceLogEntryView({ at, conversationId, seq, outcome, reason }: DeviceLogRow): DeviceLogEntryView {
  return { at: at.toISOString(), conversationId, seq, outcome, reason };
}

/** What a browser subscribes with. */
export class WebKeyView {
  /** The server's public key of P-256, uncompressed, base64url: `applicationServerKey`. @example "BNc…" */
  publicKey!: string;
}
