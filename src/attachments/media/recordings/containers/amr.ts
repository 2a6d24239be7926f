import { open } from 'node:fs/promises';
import { AmrLoudness } from '../loudness/amr-loudness.js';
import { type Measures, milliseconds, UNKNOWN } from '../measures.js';
import { MAX_LEVELS, outlineOf } from '../waveform.js';

/** Bytes of a frame by its kind, its first one among them; 0 for kinds that there are not (RFC 4867, section 5). */
const NARROW = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
const WIDE = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];
const SECONDS_OF_FRAME = 0.02;
/** Three hours of the narrow kind. */
const MAX_BYTES = 20 * 1024 * 1024;

/** How long a sound in AMR is, and its outline; undefined where it is none, or of several channels. */
export async function amrMeasures(path: string): Promise<Measures | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) return UNKNOWN;
    const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
    const signature = ['#!AMR\n', '#!AMR-WB\n'].find((known) => buffer.toString('latin1', 0, known.length) === known);
    if (signature === undefined) return undefined;
    const bytesOfFrame = signature.includes('WB') ? WIDE : NARROW;
    const meter = bytesOfFrame === NARROW ? new AmrLoudness() : undefined;
    const levels: number[] = [];
    let frames = 0;
    for (let at = signature.length; at < buffer.length; frames += 1) {
      const bytes = bytesOfFrame[((buffer[at] ?? 0) >> 3) & 15] ?? 0;
      if (bytes === 0 || at + bytes > buffer.length) break;
      if (meter !== undefined && frames < MAX_LEVELS) levels.push(...meter.measure(buffer.subarray(at, at + bytes)));
      at += bytes;
    }
    // A frame says its four levels, or none.
    const isMeasured = frames <= MAX_LEVELS && levels.length >= frames;
    return {
      ...UNKNOWN,
      durationMs: milliseconds(frames * SECONDS_OF_FRAME),
      waveform: isMeasured ? outlineOf(levels, true) : null,
    };
  } finally {
    await file.close();
  }
}
