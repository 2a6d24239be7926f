import { type FileHandle, open } from 'node:fs/promises';

const MAX_CHUNKS = 1_000;
/** As much as is looked at of a chunk, or of a file's beginning and end. */
const WINDOW_BYTES = 64 * 1024;
/** Chunks of a WAV that say how it is played. */
const PLAYED = new Set(['fmt ', 'data', 'fact', 'PEAK', 'cue ', 'smpl']);
const PLACES = /location|gps|latitude|longitude|[+-]\d{1,3}\.\d+[+-]\d{1,3}\.\d+/i;

/**
 * Whether a sound says where it was made in a place that players do not look at: a WAV in chunks of recorders (bext, iXML, XMP), an MP3
 * in a description behind zeros or in one at its end.
 */
export async function hidesPlace(path: string, mimeType: string): Promise<boolean> {
  const isWav = /^audio\/(wav|x-wav|vnd\.wave)$/.test(mimeType);
  if (!isWav && mimeType !== 'audio/mpeg') return false;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return isWav ? await hasPlaceInChunk(file, size) : await hasPlaceBesideFrames(file, size);
  } finally {
    await file.close();
  }
}

async function hasPlaceInChunk(file: FileHandle, size: number): Promise<boolean> {
  for (let at = 12, chunks = 0; at + 8 <= size; chunks += 1) {
    // Nobody makes so many.
    if (chunks >= MAX_CHUNKS) return true;
    const head = await read(file, at, 8);
    const length = head.readUInt32LE(4);
    if (!PLAYED.has(head.toString('latin1', 0, 4)) && PLACES.test(await textAt(file, at + 8, length))) return true;
    at += 8 + length + (length % 2);
  }
  return false;
}

async function hasPlaceBesideFrames(file: FileHandle, size: number): Promise<boolean> {
  const beginning = (await read(file, 0, WINDOW_BYTES)).toString('latin1');
  if (/^\0+ID3/.test(beginning)) return true;
  const end = await textAt(file, Math.max(0, size - WINDOW_BYTES), WINDOW_BYTES);
  return /APETAGEX|LYRICS(BEGIN|200)/.test(end) && PLACES.test(end);
}

async function textAt(file: FileHandle, at: number, length: number): Promise<string> {
  const bytes = await read(file, at, Math.min(length, WINDOW_BYTES));
  // In whichever encoding.
  return bytes.toString('latin1').replaceAll('\0', '');
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
