import { ApiProperty } from '@nestjs/swagger';
import { ATTACHMENT_KINDS, type AttachmentKind, WAVEFORM_LENGTH } from '../common/attachment-kind.js';

/** A file of a message, or one that waits to be (contract, section 7). */
export class AttachmentView {
  /** Null where it is external. */
  id!: string | null;
  /** True for a file that its sender keeps elsewhere: the server has never seen it, all of this is the sender's word. */
  external!: boolean;
  @ApiProperty({ enum: ATTACHMENT_KINDS, enumName: 'AttachmentKind' })
  kind!: AttachmentKind;
  /** By its content; null where it is external. @example "image/jpeg" */
  mimeType!: string | null;
  /** Bytes. */
  size!: number | null;
  /** @example "beach.jpg" */
  name!: string | null;
  /** Pixels, as it is shown; of images and films, null where unknown. */
  width!: number | null;
  height!: number | null;
  /** Of films and sounds; null where unknown. */
  durationMs!: number | null;
  /** Loudness over time, from 0 to 100; of sounds, null where unknown. */
  @ApiProperty({
    type: 'array',
    items: { type: 'integer', minimum: 0, maximum: 100 },
    minItems: WAVEFORM_LENGTH,
    maxItems: WAVEFORM_LENGTH,
    nullable: true,
  })
  waveform!: readonly number[] | null;
  /** A voice message: a sound that its sender recorded to be listened to as one. */
  voice!: boolean;
  /** An image that moves, and its thumbnail and preview with it. */
  animated!: boolean;
  /** What to show until the image or the poster is there (blurha.sh). */
  blurhash!: string | null;
  /** WebP, at most 320 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
  thumbnailUrl!: string | null;
  /** WebP, at most 1280 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
  previewUrl!: string | null;
  /**
   * A path on this server that needs no token, signed, good for some hours: reading the message again gives a fresh one.
   * An external file's is its own https URL. @example "/attachments/0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11/original?expires=1795305600&signature=…"
   */
  url!: string;
}

/** How far a resumable upload is. */
export class UploadProgressView {
  /** The attachment's id, once it is one. */
  id!: string;
  /** Bytes that the server has. All of them only once the file is an attachment. */
  @ApiProperty({ type: 'integer' })
  offset!: number;
  /** Bytes that were announced. */
  @ApiProperty({ type: 'integer' })
  size!: number;
  /** ISO 8601, UTC; null once it is complete. */
  expiresAt!: string | null;
  /** Null until it is complete. */
  @ApiProperty({ type: () => AttachmentView, nullable: true })
  attachment!: AttachmentView | null;
}

/** What the files take that a user has uploaded and not deleted. */
export class UsageView {
  /** As they are served; the small pictures that the server makes beside them do not count. */
  @ApiProperty({ type: 'integer' })
  bytes!: number;
  /** Files. */
  @ApiProperty({ type: 'integer' })
  count!: number;
  /** Bytes that they may take; null where there is no quota. */
  @ApiProperty({ type: 'integer', nullable: true })
  quotaBytes!: number | null;
}

/** Where to put the bytes of an announced upload. */
export class PresignedUploadView {
  /** The attachment's id. */
  id!: string;
  /** @example "PUT" */
  method!: string;
  /** A URL of the store. */
  url!: string;
  /** To be sent with the bytes, exactly as they are. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: Record<string, string>;
  /** ISO 8601, UTC. */
  expiresAt!: string;
}
