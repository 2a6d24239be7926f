import type { MessageKind } from '../common/message-kind.js';
import type { AttachmentKind } from '../common/attachment-kind.js';

/** Attachments of one message at the most. */
export const MAX_ATTACHMENTS = 10;

/** A file that lies here, as messages keep it. Nothing of it ever changes; what older messages keep ends at `blurhash`. */
export interface StoredFile {
  id: string;
  kind: AttachmentKind;
  mimeType: string;
  /** Bytes, as it is served. */
  size: number;
  name: string;
  /** Pixels, as it is shown; of images and films. */
  width: number | null;
  height: number | null;
  /** Of an image, or of a film's poster. */
  blurhash: string | null;
  /** Of films and sounds. */
  durationMs: number | null;
  /** Loudness over time, `WAVEFORM_LENGTH` numbers from 0 to 100; of sounds. */
  waveform: readonly number[] | null;
  /** A sound that was recorded to be listened to as a message, as its sender says. */
  voice: boolean;
  /** An image that moves; its smaller ones do, too. */
  animated: boolean;
  /** A film that has smaller pictures, as an image has them. */
  hasPoster: boolean;
}

/** A file that its sender keeps elsewhere. This server never asks for it: what is said of it is the sender's word. */
export interface ExternalFile {
  url: string;
  kind: AttachmentKind;
  name: string | null;
  size: number | null;
}

/** What a message carries. */
export type MessageAttachment = StoredFile | ExternalFile;

export function isExternal(attachment: MessageAttachment): attachment is ExternalFile {
  return 'url' in attachment;
}

/** The kind of a message that carries these: theirs where they are of one kind, else FILE. */
export function kindOfMessage(attachments: readonly MessageAttachment[]): MessageKind {
  const kinds = new Set(attachments.map(({ kind }) => kind));
  const [kind = 'TEXT'] = kinds;
  return kinds.size > 1 ? 'FILE' : kind;
}

/** The files that are kept of an attachment: itself, and of an image or a poster two smaller ones, at most so many pixels wide and high. */
export const VARIANTS = ['original', '320', '1280'] as const;
export type Variant = (typeof VARIANTS)[number];
