import { FileTypeParser, type FileTypeResult } from 'file-type';
import { DomainError } from '../../common/errors.js';
import { brandsOf } from './images/heif-brand.js';
import { asfHasVideo } from './recordings/containers/asf.js';
import type { AttachmentKind } from '../../common/attachment-kind.js';

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
  'mif3',
  'msf1',
  'avci',
  'avcs',
  'miaf',
]);

/** Images that can be decoded, and so be freed of what else is in them. */
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);
/** Photographs that cannot: they would keep where they were taken. */
const UNCLEANED = /^image\/(tiff|x-(?!icon|xcf)[\w-]+|jxl|jp2|jpx|jpm|jxr|vnd\.ms-photo|hei[cf](-sequence)?)$/;

/**
 * Looks into no gzip, wherever the parser comes upon one: 16 KB of it may be 16 MB, which the parser would inflate here to
 * say `tar.gz`. The method is not declared; a test says so should it go.
 */
class Signatures extends FileTypeParser {
  detectGzip(): Promise<FileTypeResult> {
    return Promise.resolve({ ext: 'gz', mime: 'application/gzip' });
  }
}

/**
 * What a file is, by its first bytes: neither its name nor what its sender says counts. What films and sounds are in the end
 * says their description, which may stand anywhere in them: `MediaProcessor` reads it.
 * @param heic whether HEIC and HEIF are decoded.
 * @throws DomainError UNSUPPORTED_MEDIA for photographs that cannot be decoded here.
 */
export async function mediaType(beginning: Buffer, heic: boolean): Promise<MediaType> {
  const utf16 = utf16Text(beginning);
  if (utf16 !== undefined) return file(typeOfText(utf16));
  // Some of a camera's formats say what they are at their end.
  if (RAW.some((signature) => beginning.subarray(0, 4).equals(signature))) throw notAnImageForAll(heic);
  const brands = brandsOf(beginning);
  if (brands.includes('crx ')) throw notAnImageForAll(heic);
  if (brands.includes('avif') || brands.includes('avis'))
    return { kind: 'IMAGE', mimeType: 'image/avif', extension: 'avif' };
  if (brands.some((brand) => HEIF.has(brand))) {
    if (!heic) throw notAnImageForAll(heic);
    return { kind: 'IMAGE', mimeType: 'image/heic', extension: 'heic' };
  }
  // What its reader stumbles over is of no kind that it knows.
  const found = await new Signatures().fromBuffer(beginning).catch(() => undefined);
  if (found === undefined && beginsAsMp3(beginning)) return { kind: 'AUDIO', mimeType: 'audio/mpeg', extension: 'mp3' };
  if (found === undefined || found.mime.endsWith('xml')) {
    return file(textType(beginning) ?? found?.mime);
  }
  const { mime, ext } = found;
  if (IMAGES.has(mime)) return { kind: 'IMAGE', mimeType: mime, extension: ext };
  if (UNCLEANED.test(mime)) throw notAnImageForAll(heic);
  if (/^(video|audio)\/x-ms-(asf|wm[av])$/.test(mime) || mime === 'application/vnd.ms-asf')
    return asfHasVideo(beginning)
      ? { kind: 'VIDEO', mimeType: 'video/x-ms-wmv', extension: 'wmv' }
      : { kind: 'AUDIO', mimeType: 'audio/x-ms-wma', extension: 'wma' };
  // A name of nobody else's for streams of MPEG.
  if (/^video\/MP[12][PS]$/.test(mime)) return { kind: 'VIDEO', mimeType: 'video/mpeg', extension: 'mpg' };
  if (mime.startsWith('video/') || mime === 'application/x-matroska')
    return { kind: 'VIDEO', mimeType: mime, extension: ext };
  if (mime.startsWith('audio/')) return { kind: 'AUDIO', mimeType: mime, extension: ext };
  // Pictures that are no photographs among them: animated PNG, icons, drawings, what a program keeps its layers in.
  return { kind: 'FILE', mimeType: mime, extension: ext };
}

const ENDINGS_OF_TEXT: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/html': 'html',
  'image/svg+xml': 'svg',
  'application/xml': 'xml',
};

function file(mimeType: string | undefined): MediaType {
  return {
    kind: 'FILE',
    mimeType: mimeType ?? 'application/octet-stream',
    extension: mimeType === undefined ? undefined : ENDINGS_OF_TEXT[mimeType],
  };
}

/** Whether silence, a description, or silence before and behind one comes before the first frame of an MP3. */
function beginsAsMp3(beginning: Buffer): boolean {
  let at = behindZeros(beginning, 0);
  if (beginning.toString('latin1', at, at + 3) === 'ID3' && beginning.length > at + 10)
    at += 10 + [6, 7, 8, 9].reduce((size, index) => size * 128 + ((beginning[at + index] ?? 0) & 0x7f), 0);
  // The description is longer than what is looked at, or there was nothing but zeros.
  if (at >= beginning.length) return beginning.some((byte) => byte !== 0);
  at = behindZeros(beginning, at);
  if (at === 0 || at + 4 > beginning.length) return false;
  const [sync = 0, version = 0, rate = 0] = beginning.subarray(at, at + 3);
  return sync === 0xff && (version & 0xe6) === 0xe2 && (rate & 0xf0) !== 0xf0 && (rate & 0x0c) !== 0x0c;
}

function behindZeros(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 0) at += 1;
  return at;
}

function notAnImageForAll(heic: boolean): DomainError {
  const formats = heic ? 'JPEG, PNG, WebP, GIF, AVIF or HEIC' : 'JPEG, PNG, WebP, GIF or AVIF';
  return new DomainError('UNSUPPORTED_MEDIA', { message: `Photographs must be ${formats}.` });
}

/** Types that a browser or a computer may run something of: they are only ever given to it as bytes. */
const ACTIVE =
  /^(text\/(html|xml|javascript|css)|image\/svg\+xml|application\/(.*xml|javascript|wasm|pdf|java.*|x-.*))$/;

/** The type under which a file is served. */
export function servedType(mimeType: string): string {
  if (ACTIVE.test(mimeType)) return 'application/octet-stream';
  return mimeType === 'text/plain' ? 'text/plain; charset=utf-8' : mimeType;
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
