import { describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { FileTypeParser } from 'file-type';
import sharp from 'sharp';
import { mediaType, servedType, SNIFFED_BYTES } from './media-type.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
/** The beginning of a file in the frame of MPEG-4, with these brands. */
const framed = (...brands: string[]): Buffer => {
  const body = latin1(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 4);
  return Buffer.concat([size, body, Buffer.alloc(64)]);
};
const still = sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } });

const MP3_FRAME = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(400, 1)]);
const id3 = (size: number): Buffer =>
  Buffer.concat([latin1('ID3\x04\0\0'), Buffer.from([0, 0, (size >> 7) & 127, size & 127]), Buffer.alloc(size)]);

describe('what a file is by its first bytes', () => {
  it.each([
    ['JPEG', () => still.clone().jpeg().toBuffer(), 'image/jpeg', 'jpg'],
    ['PNG', () => still.clone().png().toBuffer(), 'image/png', 'png'],
    ['WebP', () => still.clone().webp().toBuffer(), 'image/webp', 'webp'],
    ['GIF', () => still.clone().gif().toBuffer(), 'image/gif', 'gif'],
    ['AVIF', () => framed('avif', 'mif1'), 'image/avif', 'avif'],
    ['AVIF of several pictures', () => framed('avis', 'msf1'), 'image/avif', 'avif'],
    ['AVIF by one of its other brands', () => framed('mif1', 'avif'), 'image/avif', 'avif'],
  ])('is an image where it is %s', async (_, make, mimeType, extension) => {
    expect(await mediaType(await make(), false)).toEqual({ kind: 'IMAGE', mimeType, extension });
  });

  it.each([
    ['at its beginning', ''],
    ['behind a description of sound', 'ID3\x04\0\0\0\0\0\0'],
    ['behind a byte order mark', '\xef\xbb\xbf'],
  ])('is not looked for in a gzip %s, which may be a thousand times as much', async (_, before) => {
    // What looks into it, in the class that the one of this name extends.
    const parser = Object.getPrototypeOf(FileTypeParser.prototype) as { detectGzip: () => unknown };
    const look = jest.spyOn(parser, 'detectGzip');
    const found = await mediaType(Buffer.concat([latin1(before), gzipSync('anything')]), false);
    const looks = look.mock.calls.length;
    look.mockRestore();
    expect([found, looks]).toEqual([{ kind: 'FILE', mimeType: 'application/gzip', extension: 'gz' }, 0]);
  });

  it.each(['heic', 'heix', 'hevc', 'mif1', 'msf1', 'mif3'])(
    'is an image with the brand %s where those are decoded, and refused where they are not',
    async (brand) => {
      expect(await mediaType(framed(brand, 'heic'), true)).toEqual({
        kind: 'IMAGE',
        mimeType: 'image/heic',
        extension: 'heic',
      });
      await expect(mediaType(framed(brand, 'heic'), false)).rejects.toMatchObject({
        code: 'UNSUPPORTED_MEDIA',
        message: 'Photographs must be JPEG, PNG, WebP, GIF or AVIF.',
      });
    },
  );

  it.each([
    ['TIFF, little end first', latin1('II*\0')],
    ['TIFF, big end first', latin1('MM\0*')],
    ['raw of Sigma', latin1('FOVb')],
    ['raw of Minolta', latin1('\0MRM')],
    ['raw of Canon', framed('crx ', 'isom')],
    ['JPEG XL', Buffer.from([0xff, 0x0a, 0, 0, 0, 0, 0, 0])],
    [
      'JPEG 2000',
      Buffer.concat([Buffer.from('0000000c6a5020200d0a870a', 'hex'), latin1('\0\0\0\x14ftypjp2 '), Buffer.alloc(8)]),
    ],
  ])('is refused where it is a photograph that cannot be freed of where it was taken: %s', async (_, beginning) => {
    await expect(mediaType(Buffer.concat([beginning, Buffer.alloc(64)]), true)).rejects.toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      message: 'Photographs must be JPEG, PNG, WebP, GIF, AVIF or HEIC.',
    });
  });

  it.each([
    ['MP4', framed('isom', 'mp42'), 'VIDEO', 'video/mp4', 'mp4'],
    ['QuickTime', framed('qt  '), 'VIDEO', 'video/quicktime', 'mov'],
    ['sound in the frame of MPEG-4', framed('M4A ', 'isom'), 'AUDIO', 'audio/x-m4a', 'm4a'],
    ['MP3', MP3_FRAME, 'AUDIO', 'audio/mpeg', 'mp3'],
    ['MP3 behind silence', Buffer.concat([Buffer.alloc(40), MP3_FRAME]), 'AUDIO', 'audio/mpeg', 'mp3'],
    ['MP3 behind its description', Buffer.concat([id3(300), MP3_FRAME]), 'AUDIO', 'audio/mpeg', 'mp3'],
    [
      'MP3 behind silence, its description and silence',
      Buffer.concat([Buffer.alloc(9), id3(300), Buffer.alloc(30), MP3_FRAME]),
      'AUDIO',
      'audio/mpeg',
      'mp3',
    ],
    ['WAV', latin1('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0'), 'AUDIO', 'audio/wav', 'wav'],
  ])('is a recording where it is %s', async (_, beginning, kind, mimeType, extension) => {
    expect(await mediaType(beginning, false)).toEqual({ kind, mimeType, extension });
  });

  it.each([
    ['text', latin1('Hello'), 'text/plain', 'txt'],
    ['text with a colour of a terminal', latin1('\x1b[1mHello\x1b[0m'), 'text/plain', 'txt'],
    ['text that is cut within a letter', Buffer.from('Grüße ü').subarray(0, -1), 'text/plain', 'txt'],
    ['text in UTF-16, little end first', Buffer.from('\ufeffHello', 'utf16le'), 'text/plain', 'txt'],
    ['text in UTF-16, big end first', Buffer.from('\ufeffHello', 'utf16le').swap16(), 'text/plain', 'txt'],
    ['a page', latin1('<!DOCTYPE html><p>Hello'), 'text/html', 'html'],
    ['a page without its beginning', latin1('Hello <script >alert(1)</script>'), 'text/html', 'html'],
    ['a page in UTF-16', Buffer.from('\ufeff<html>', 'utf16le'), 'text/html', 'html'],
    ['a drawing', latin1('<?xml version="1.0"?><svg xmlns="x"></svg>'), 'image/svg+xml', 'svg'],
    ['XML', latin1('<?xml version="1.0"?><feed></feed>'), 'application/xml', 'xml'],
    ['PDF', latin1('%PDF-1.7\n'), 'application/pdf', 'pdf'],
    ['bytes that are nothing', Buffer.from([1, 2, 3, 4, 5, 6]), 'application/octet-stream', undefined],
    ['nothing but zeros', Buffer.alloc(100), 'application/octet-stream', undefined],
    ['text with a bell', latin1('Hello\x07'), 'application/octet-stream', undefined],
  ])('is a file where it is %s', async (_, beginning, mimeType, extension) => {
    expect(await mediaType(beginning, false)).toEqual({ kind: 'FILE', mimeType, extension });
  });

  it('is a file where it is empty', async () => {
    expect(await mediaType(Buffer.alloc(0), false)).toMatchObject({ kind: 'FILE' });
  });

  it('is found without an error whatever the bytes are', async () => {
    let state = 7;
    const next = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
    const heads = ['', 'RIFF', 'ID3\x03', '\x1aE\xdf\xa3', 'OggS', 'PK\x03\x04', '\0\0\0\x18ftyp', '\x30\x26\xb2\x75'];
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.concat([latin1(heads[round % heads.length] ?? ''), Buffer.alloc(next() % 600)]);
      for (let at = 8; at < bytes.length; at += 1) bytes[at] = next();
      const answer = await mediaType(bytes.subarray(0, SNIFFED_BYTES), false).catch(({ code }) => code);
      expect(answer === 'UNSUPPORTED_MEDIA' || ['IMAGE', 'VIDEO', 'AUDIO', 'FILE'].includes(answer.kind)).toBe(true);
    }
  });
});

describe('the type under which a file is served', () => {
  it.each([
    ['text/html', 'application/octet-stream'],
    ['text/css', 'application/octet-stream'],
    ['text/javascript', 'application/octet-stream'],
    ['text/xml', 'application/octet-stream'],
    ['image/svg+xml', 'application/octet-stream'],
    ['application/xml', 'application/octet-stream'],
    ['application/xhtml+xml', 'application/octet-stream'],
    ['application/wasm', 'application/octet-stream'],
    ['application/pdf', 'application/octet-stream'],
    ['application/java-archive', 'application/octet-stream'],
    ['application/x-msdownload', 'application/octet-stream'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['image/png', 'image/png'],
    ['video/mp4', 'video/mp4'],
    ['audio/mpeg', 'audio/mpeg'],
    ['application/zip', 'application/zip'],
  ])('of %s is %s', (mimeType, served) => {
    expect(servedType(mimeType)).toBe(served);
  });
});
