import { type FileHandle, open } from 'node:fs/promises';
import { PcmLoudness } from '../loudness/pcm-loudness.js';
import { type Measures, milliseconds, UNKNOWN } from '../measures.js';
import { outlineOf } from '../waveform.js';

const MAX_CHUNKS = 1_000;
/** What is longer is no voice, and is not read to its end for a drawing. */
const MAX_DRAWN_BYTES = 32 * 1024 * 1024;
const WINDOW_BYTES = 256 * 1024;
/** Names of codings of samples, by theirs in AIFF-C, or by the bits of a sample. */
const CODECS: Readonly<Record<string, string>> = {
  NONE8: 'pcm-s8',
  NONE16: 'pcm-s16be',
  NONE24: 'pcm-s24be',
  NONE32: 'pcm-s32be',
  sowt16: 'pcm-s16',
  fl3232: 'pcm-f32be',
  FL3232: 'pcm-f32be',
  fl6464: 'pcm-f64be',
  ulaw16: 'ulaw',
  alaw16: 'alaw',
};

/** How long a sound in AIFF is, and its outline; undefined where it does not say. */
export async function aiffMeasures(path: string): Promise<Measures | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    let durationMs: number | null = null;
    let meter: PcmLoudness | undefined;
    let samples: { start: number; end: number } | undefined;
    for (let at = 12, chunks = 0; at + 8 <= size && chunks < MAX_CHUNKS; chunks += 1) {
      const { buffer } = await file.read(Buffer.alloc(34), 0, 34, at);
      const id = buffer.toString('latin1', 0, 4);
      const length = buffer.readUInt32BE(4);
      if (id === 'COMM' && length >= 18) {
        durationMs = milliseconds(buffer.readUInt32BE(10) / extended(buffer.subarray(16, 26)));
        const coding = length >= 22 ? buffer.toString('latin1', 26, 30) : 'NONE';
        meter = PcmLoudness.of(CODECS[`${coding}${buffer.readUInt16BE(14)}`] ?? '');
      } else if (id === 'SSND')
        samples = { start: at + 16 + buffer.readUInt32BE(8), end: Math.min(size, at + 8 + length) };
      at += 8 + length + (length % 2);
    }
    if (durationMs === null) return undefined;
    const waveform = meter === undefined || samples === undefined ? null : await drawn(file, samples, meter);
    return { ...UNKNOWN, durationMs, waveform };
  } finally {
    await file.close();
  }
}

async function drawn(
  file: FileHandle,
  { start, end }: { start: number; end: number },
  meter: PcmLoudness,
): Promise<number[] | null> {
  if (end - start > MAX_DRAWN_BYTES) return null;
  const levels: number[] = [];
  // A multiple of all sizes of samples.
  const step = WINDOW_BYTES * 3;
  for (let at = start; at < end; at += step) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(step, end - at)),
      0,
      Math.min(step, end - at),
      at,
    );
    levels.push(...meter.measure(buffer.subarray(0, bytesRead)));
  }
  return outlineOf(levels, true);
}

/** A number of 80 bits, as Motorola's processors had them: positive ones. */
function extended(bytes: Buffer): number {
  return bytes.readUInt32BE(2) * 2 ** ((bytes.readUInt16BE(0) & 0x7fff) - 16_383 - 31);
}
