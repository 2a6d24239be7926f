import { type FileHandle, open } from 'node:fs/promises';
import { fileTypeFromBuffer } from 'file-type';
import { DomainError } from '../../common/errors.js';
import type { AttachmentKind } from '../attachment.js';

/** What a file is, by its content. */
export interface MediaType {
  kind: AttachmentKind;
  mimeType: string;
  /** What names of such files end with, without the dot; undefined where any end will do. */
  extension: string | undefined;
}

/** As much of a file's beginning as `mediaType` looks at, in bytes. */
export const SNIFFED_BYTES = 64 * 1024;

/** TIFF, and with it most raw formats; two of those that are not. */
const RAW = ['II*\0', 'MM\0*', 'FOVb', '\0MRM'].map((signature) => Buffer.from(signature, 'latin1'));
/** Brands of images in the same frame that films have. */
const HEIF = new Set([
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
  'mif1',
  'mif2',
  'msf1',
  'avci',
  'avcs',
  'miaf',
  'crx ',
]);

/** Images that can be decoded, and so be freed of what else is in them. */
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

/**
 * What a file is, by its first bytes: neither its name nor what its sender says counts.
 * @throws DomainError UNSUPPORTED_MEDIA for images that cannot be decoded here: they would keep where they were taken.
 */
export async function mediaType(beginning: Buffer): Promise<MediaType> {
  const utf16 = utf16Text(beginning);
  if (utf16 !== undefined)
    return { kind: 'FILE', mimeType: typeOfText(utf16) ?? 'application/octet-stream', extension: undefined };
  const found = await fileTypeFromBuffer(beginning);
  const brands = brandsOf(beginning);
  // Some of a camera's formats say what they are at their end.
  if (RAW.some((signature) => beginning.subarray(0, 4).equals(signature))) throw notAnImageForAll();
  if (brands.some((brand) => HEIF.has(brand)) && !brands.includes('avif')) throw notAnImageForAll();
  if (found === undefined || found.mime.endsWith('xml')) {
    return {
      kind: 'FILE',
      mimeType: textType(beginning) ?? found?.mime ?? 'application/octet-stream',
      extension: undefined,
    };
  }
  const { mime, ext } = found;
  if (mime.startsWith('image/')) {
    const isAvif = brands.includes('avif');
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

/** Types that a browser or a computer may run something of: they are only ever given to it as bytes. */
const ACTIVE =
  /^(text\/(html|xml|javascript|css)|image\/svg\+xml|application\/(.*xml|javascript|wasm|pdf|java.*|x-.*))$/;

/** The type under which a file is served. */
export function servedType(mimeType: string): string {
  if (ACTIVE.test(mimeType)) return 'application/octet-stream';
  return mimeType === 'text/plain' ? 'text/plain; charset=utf-8' : mimeType;
}

/** The brands that a file in the frame of MPEG-4 names, the first of them its own. */
function brandsOf(beginning: Buffer): string[] {
  if (beginning.subarray(4, 8).toString('latin1') !== 'ftyp') return [];
  const end = Math.min(beginning.readUInt32BE(0), beginning.length, 512);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4)
    if (at !== 12) brands.push(beginning.subarray(at, at + 4).toString('latin1'));
  return brands;
}

/** The text of a file that says by its first two bytes that it is UTF-16. */
function utf16Text(beginning: Buffer): string | undefined {
  const even = beginning.subarray(0, beginning.length & ~1);
  if (even.length < 4) return undefined;
  const isLittle = even[0] === 0xff && even[1] === 0xfe;
  const isBig = even[0] === 0xfe && even[1] === 0xff;
  if (!isLittle && !isBig) return undefined;
  const text = new TextDecoder('utf-16le').decode(isLittle ? even : Buffer.from(even).swap16());
  return text.includes('\ufffd') || /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
}

/** Which kind of text a file is that has no signature; undefined for what is no text. */
function textType(beginning: Buffer): string | undefined {
  // A character may be cut in two at the end of what was read.
  return typeOfText(new TextDecoder('utf-8').decode(beginning).replace(/\ufffd{1,3}$/, ''));
}

function typeOfText(text: string): string | undefined {
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

/** As much of a film's description as is looked at, in bytes. */
const MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024;
const MAX_BOXES = 1_000;

/**
 * Sound alone comes in the same files that films do, above all what browsers and phones record: it is told by what the
 * whole file says of its tracks.
 */
export async function refined(type: MediaType, path: string): Promise<MediaType> {
  if (type.mimeType !== 'video/mp4' && type.mimeType !== 'video/webm') return type;
  const file = await open(path);
  try {
    const isWebm = type.mimeType === 'video/webm';
    const description = isWebm ? await bytesOf(file, 0, SNIFFED_BYTES) : await movieBox(file);
    const has = (word: string): boolean => description.includes(word, 0, 'latin1');
    const isSound = isWebm ? has('A_') && !has('V_') : has('soun') && !has('vide');
    if (!isSound) return type;
    return isWebm
      ? { kind: 'AUDIO', mimeType: 'audio/webm', extension: 'webm' }
      : { kind: 'AUDIO', mimeType: 'audio/mp4', extension: 'm4a' };
  } finally {
    await file.close();
  }
}

/** The box that describes an MPEG-4 file's tracks, wherever it stands; empty where there is none. */
async function movieBox(file: FileHandle): Promise<Buffer> {
  let at = 0;
  for (let box = 0; box < MAX_BOXES; box += 1) {
    const head = await bytesOf(file, at, 16);
    if (head.length < 8) break;
    const isLong = head.readUInt32BE(0) === 1;
    if (isLong && head.length < 16) break;
    const size = isLong ? Number(head.readBigUInt64BE(8)) : head.readUInt32BE(0);
    if (head.toString('latin1', 4, 8) === 'moov') return bytesOf(file, at, Math.min(size, MAX_DESCRIPTION_BYTES));
    if (size < 8) break;
    at += size;
  }
  return Buffer.alloc(0);
}

async function bytesOf(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
