import { open } from 'node:fs/promises';
import { type Measures, milliseconds, sides, UNKNOWN } from '../measures.js';

/** Identifiers of Windows Media's objects, as they stand in a file. */
const HEADER = '3026b2758e66cf11a6d900aa0062ce6c';
const HEADER_EXTENSION = 'b503bf5f2ea9cf118ee300c00c205365';
const PADDING = Buffer.from('74d40618dfca0945a4ba9aabcb96aae8', 'hex');
const STREAM = '9107dcb7b7a9cf118ee600c00c205365';
const VIDEO = 'c0ef19bc4d5bcf11a8fd00805f5c442b';
const AUDIO = '409e69f84d5bcf11a8fd00805f5c442b';
const FILE = 'a1dcab8c47a9cf118ee400c00c205365';
/** What players need. */
const KEPT = new Set([
  FILE,
  STREAM,
  '4052d1861d31d011a3a400a0c90348f6', // codecs
  'ce75f87b8d46d1118d82006097c9a2b2', // bit rates
  'cba5e61472c632438399a96952065b5a', // extended stream
  'a9467c7ce0effc4bb229393ede415c85', // languages
  '5d8bf1269845d6479fc29a8f00a0ae02', // index parameters
]);
const OBJECT_HEAD = 24;
const HEADER_HEAD = 30;
const EXTENSION_HEAD = 46;
const MAX_HEADER_BYTES = 1024 * 1024;

/** Whether a file of Windows Media has a picture: its first bytes describe its streams, in any order. */
export function asfHasVideo(beginning: Buffer): boolean {
  return objectsOf(beginning, HEADER_HEAD, headerEnd(beginning)).some(
    ({ id, content }) => id === STREAM && beginning.toString('hex', content, content + 16) === VIDEO,
  );
}

/**
 * Blanks, in place, what a file of Windows Media says of itself: title, author, whatever its maker put beside them.
 * @returns its size and length; undefined where its description cannot be read, or names a stream that is neither picture
 *   nor sound: its packets lie among theirs.
 */
export async function cleanAsf(path: string): Promise<Measures | undefined> {
  const file = await open(path, 'r+');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const header = buffer.subarray(0, bytesRead);
    if (header.length < OBJECT_HEAD || header.toString('hex', 0, 16) !== HEADER) return undefined;
    if (Number(header.readBigUInt64LE(16)) > header.length) return undefined;
    if (hasOtherStream(header.subarray(0, headerEnd(header)))) return undefined;
    blankObjects(header, HEADER_HEAD, headerEnd(header));
    await file.write(header, 0, header.length, 0);
    return measuresIn(header);
  } finally {
    await file.close();
  }
}

/** Streams are described side by side, or within a longer description: wherever. */
function hasOtherStream(header: Buffer): boolean {
  const stream = Buffer.from(STREAM, 'hex');
  for (let at = header.indexOf(stream); at >= 0; at = header.indexOf(stream, at + OBJECT_HEAD)) {
    const type = header.toString('hex', at + OBJECT_HEAD, at + OBJECT_HEAD + stream.length);
    if (type !== VIDEO && type !== AUDIO) return true;
  }
  return false;
}

function blankObjects(header: Buffer, from: number, to: number): void {
  for (const { id, start, content, end } of objectsOf(header, from, to)) {
    if (id === HEADER_EXTENSION) blankObjects(header, start + EXTENSION_HEAD, end);
    else if (!KEPT.has(id)) {
      PADDING.copy(header, start);
      header.fill(0, content, end);
    }
  }
}

/** Bytes into the description of a file, and of a stream. */
const [PLAY_TIME, PREROLL, FILE_BYTES] = [40, 56, 80];
const [VIDEO_WIDTH, VIDEO_HEIGHT, VIDEO_BYTES] = [54, 58, 65];
/** A time is counted in these. */
const TICKS_PER_SECOND = 10_000_000;

function measuresIn(header: Buffer): Measures {
  const measures = { ...UNKNOWN };
  for (const { id, content, end } of objectsOf(header, HEADER_HEAD, headerEnd(header))) {
    if (id === FILE && end - content >= FILE_BYTES) {
      const played = Number(header.readBigUInt64LE(content + PLAY_TIME)) / TICKS_PER_SECOND;
      // The time in which a player fills its buffer is a part of it.
      measures.durationMs = milliseconds(played - Number(header.readBigUInt64LE(content + PREROLL)) / 1_000);
    }
    const isVideo = id === STREAM && header.toString('hex', content, content + 16) === VIDEO;
    if (isVideo && end - content >= VIDEO_BYTES && measures.width === null)
      Object.assign(
        measures,
        sides(header.readUInt32LE(content + VIDEO_WIDTH), header.readUInt32LE(content + VIDEO_HEIGHT)),
      );
  }
  return measures;
}

function headerEnd(header: Buffer): number {
  return header.length < OBJECT_HEAD ? 0 : Math.min(Number(header.readBigUInt64LE(16)), header.length);
}

function objectsOf(
  header: Buffer,
  from: number,
  to: number,
): { id: string; start: number; content: number; end: number }[] {
  const objects = [];
  for (let at = from; at + OBJECT_HEAD <= to; ) {
    const size = Number(header.readBigUInt64LE(at + 16));
    if (size < OBJECT_HEAD || at + size > to) break;
    objects.push({ id: header.toString('hex', at, at + 16), start: at, content: at + OBJECT_HEAD, end: at + size });
    at += size;
  }
  return objects;
}
