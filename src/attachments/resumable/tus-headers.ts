import type { IncomingHttpHeaders } from 'node:http';
import { DomainError, invalidField } from '../../common/errors.js';
import { uploadFields, type UploadHints } from '../uploads/upload-fields.js';

export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = ['creation', 'creation-with-upload', 'termination', 'expiration'];
/** Of `Upload-Metadata`, in characters. */
const MAX_METADATA_LENGTH = 4_096;
const MAX_METADATA_KEYS = 20;

/** What `POST` says of the upload that it begins. */
export interface Announcement extends UploadHints {
  name: string | undefined;
  /** Bytes. */
  size: number;
  metadata: string | null;
}

/** @throws DomainError TUS_VERSION_UNSUPPORTED */
export function requireTusVersion({ 'tus-resumable': version }: IncomingHttpHeaders): void {
  if (version !== TUS_VERSION) throw new DomainError('TUS_VERSION_UNSUPPORTED');
}

/**
 * What an upload's first request says of it. Of its metadata `filename` (or `name`), `voice` and `waveform` mean something; what
 * else there is is kept and shown again.
 * @throws DomainError VALIDATION_FAILED; PAYLOAD_TOO_LARGE for more than `maxSize` bytes.
 */
export function announcement(headers: IncomingHttpHeaders, maxSize: number): Announcement {
  if (headers['upload-defer-length'] !== undefined)
    throw invalidField('Upload-Defer-Length', 'the length must be known: send Upload-Length');
  // Taken for an upload of its own, a part of one would be a file that nobody sent.
  if (headers['upload-concat'] !== undefined)
    throw invalidField('Upload-Concat', 'uploads cannot be put together: send one upload for each file');
  const size = wholeNumber(headers, 'Upload-Length');
  if (size === 0) throw invalidField('Upload-Length', 'file must not be empty');
  if (size > maxSize) throw new DomainError('PAYLOAD_TOO_LARGE');
  const text = headers['upload-metadata'];
  const metadata = typeof text === 'string' && text.trim() !== '' ? text : null;
  const values = metadataOf(metadata ?? '');
  const { posterFor, ...hints } = uploadFields(values);
  if (posterFor !== null) throw invalidField('posterFor', 'a poster is uploaded with POST /attachments');
  return { ...hints, size, metadata, name: values.get('filename') ?? values.get('name') };
}

/** @throws DomainError VALIDATION_FAILED */
export function uploadOffset(headers: IncomingHttpHeaders): number {
  return wholeNumber(headers, 'Upload-Offset');
}

/** Whether the body is a part of the file. */
export function bringsBytes({ 'content-type': type }: IncomingHttpHeaders): boolean {
  return /^application\/offset\+octet-stream *(;|$)/i.test(type ?? '');
}

/** Whether the answer should show what became of the upload (RFC 7240). */
export function wantsRepresentation({ prefer }: IncomingHttpHeaders): boolean {
  return /(^|[,;]) *return *= *"?representation"? *([,;]|$)/i.test([prefer ?? ''].flat().join(','));
}

function wholeNumber(headers: IncomingHttpHeaders, name: string): number {
  const text = headers[name.toLowerCase()];
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) throw invalidField(name, `${name} must be a whole number`);
  return Number(text);
}

/** Keys, each with a value in base64 behind it or without one, with commas between them. */
function metadataOf(text: string): Map<string, string> {
  const wrong = (): DomainError =>
    invalidField('Upload-Metadata', 'Upload-Metadata must be keys with values in base64, separated by commas');
  if (text.length > MAX_METADATA_LENGTH) throw wrong();
  const values = new Map<string, string>();
  for (const pair of text.split(',').map((part) => part.trim())) {
    if (pair === '') continue;
    const [, key, value = ''] = /^([\x21-\x2b\x2d-\x7e]+)(?: +([A-Za-z0-9+/]*={0,2}))?$/.exec(pair) ?? [];
    if (key === undefined || values.has(key) || values.size >= MAX_METADATA_KEYS) throw wrong();
    values.set(key, Buffer.from(value, 'base64').toString('utf8'));
  }
  return values;
}
