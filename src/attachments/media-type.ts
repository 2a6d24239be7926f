import { fileTypeFromBuffer } from 'file-type';
import { DomainError } from '../common/errors.js';
import type { AttachmentKind } from './attachment.js';

/** What a file is, by its content. */
export interface MediaType {
  kind: AttachmentKind;
  mimeType: string;
  /** What names of such files end with, without the dot; undefined where any end will do. */
  extension: string | undefined;
}

/** As much of a file's beginning as `mediaType` looks at, in bytes. */
export const SNIFFED_BYTES = 64 * 1024;

const TIFF = [Buffer.from('II*\0', 'latin1'), Buffer.from('MM\0*', 'latin1')];

/** Images that can be decoded, and so be freed of what else is in them. */
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

/**
 * What a file is, by its first bytes: neither its name nor what its sender says counts.
 * @throws DomainError UNSUPPORTED_MEDIA for images that cannot be decoded here: they would keep where they were taken.
 */
export async function mediaType(beginning: Buffer): Promise<MediaType> {
  const found = await fileTypeFromBuffer(beginning);
  // Some of a camera's formats say what they are at their end.
  if (TIFF.some((signature) => beginning.subarray(0, 4).equals(signature))) throw notAnImageForAll();
  if (found === undefined || found.mime.endsWith('xml')) {
    return {
      kind: 'FILE',
      mimeType: textType(beginning) ?? found?.mime ?? 'application/octet-stream',
      extension: undefined,
    };
  }
  const { mime, ext } = found;
  if (mime.startsWith('image/')) {
    const isAvif = mime === 'image/avif' || (mime === 'image/heif' && beginning.subarray(8, 64).includes('avif'));
    if (!IMAGES.has(mime) && !isAvif) throw notAnImageForAll();
    return { kind: 'IMAGE', mimeType: mime, extension: ext };
  }
  if (mime.startsWith('video/')) return { kind: 'VIDEO', mimeType: mime, extension: ext };
  if (mime.startsWith('audio/')) return { kind: 'AUDIO', mimeType: mime, extension: ext };
  return { kind: 'FILE', mimeType: mime, extension: undefined };
}

function notAnImageForAll(): DomainError {
  return new DomainError('UNSUPPORTED_MEDIA', { message: 'Images must be JPEG, PNG, WebP, GIF or AVIF.' });
}

/** Types that a browser may run something of: they are only ever given to it as bytes. */
const ACTIVE =
  /^(text\/(html|xml|javascript|css)|image\/svg\+xml|application\/(.*xml|javascript|wasm|x-shockwave-flash|pdf))$/;

/** The type under which a file is served. */
export function servedType(mimeType: string): string {
  if (ACTIVE.test(mimeType)) return 'application/octet-stream';
  return mimeType === 'text/plain' ? 'text/plain; charset=utf-8' : mimeType;
}

/** Which kind of text a file is that has no signature; undefined for what is no text. */
function textType(beginning: Buffer): string | undefined {
  // A character may be cut in two at the end of what was read.
  const text = new TextDecoder('utf-8').decode(beginning).replace(/\ufffd{1,3}$/, '');
  if (/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/.test(text)) return undefined;
  if (/<svg[\s>]/i.test(text)) return 'image/svg+xml';
  if (
    /<(!doctype\s+html|html|head|body|script|iframe|meta|link|style|title|a|div|img|table|p|h1)[\s>/]/i.test(
      text.slice(0, 4_096),
    )
  )
    return 'text/html';
  return /^\s*<\?xml\s/i.test(text) ? 'application/xml' : 'text/plain';
}
