import { EncodedPacketSink, type InputAudioTrack } from 'mediabunny';
import { AacLoudness } from './loudness/aac-loudness.js';
import { AmrLoudness } from './loudness/amr-loudness.js';
import type { LoudnessMeter } from './loudness/loudness-meter.js';
import { Mp3Loudness } from './loudness/mp3-loudness.js';
import { OpusLoudness } from './loudness/opus-loudness.js';
import { PcmLoudness } from './loudness/pcm-loudness.js';
import { WAVEFORM_LENGTH } from '../../../common/attachment-kind.js';

/** What is longer is no voice message, and is not read to its end for a drawing. */
export const MAX_LEVELS = 120_000;
/** Where the large packets are hardly larger than the small ones, the sound is as loud all the time. */
const MIN_SPREAD = 1.5;

/**
 * An outline of a sound over time, 64 numbers from 0 to 100, without decoding it: by the loudness of samples, or by what a
 * coding says of its packets' loudness. Of codings that say nothing, and take more bytes for more sound, by the bytes. Null
 * for any other.
 */
export async function waveformOf(audio: InputAudioTrack): Promise<number[] | null> {
  const codec = (await audio.getCodec()) ?? String(await audio.getInternalCodecId());
  const meter = meterOf(codec);
  if (meter === undefined && !SIZED.has(codec)) return null;
  const levels: number[] = [];
  const packets = new EncodedPacketSink(audio).packets(undefined, undefined, { metadataOnly: meter === undefined });
  for await (const { data, byteLength } of packets) {
    if (levels.length >= MAX_LEVELS) return null;
    if (meter === undefined) levels.push(byteLength);
    else {
      const measured = meter.measure(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      // What does not say is as loud as what came before it.
      levels.push(...(measured.length > 0 ? measured : levels.slice(-1)));
    }
  }
  return outlineOf(levels, meter !== undefined);
}

/** Codings that take more bytes for more sound. */
const SIZED: ReadonlySet<string> = new Set(['vorbis', 'flac', 'alac']);

function meterOf(codec: string): LoudnessMeter | undefined {
  switch (codec) {
    case 'opus':
      return new OpusLoudness();
    case 'aac':
      return new AacLoudness();
    case 'mp3':
      return new Mp3Loudness();
    case 'samr':
      return new AmrLoudness();
    default:
      return PcmLoudness.of(codec);
  }
}

/** The mean of what lies in each of 64 parts, against the loud ones of them. */
export function outlineOf(levels: readonly number[], isLoudness: boolean): number[] | null {
  if (levels.length < 2) return null;
  const parts = Array.from({ length: WAVEFORM_LENGTH }, (_, index) => {
    const from = Math.floor((index * levels.length) / WAVEFORM_LENGTH);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / WAVEFORM_LENGTH));
    const part = levels.slice(from, to);
    return part.reduce((sum, level) => sum + level, 0) / part.length;
  });
  // A click at the beginning shall not make silence of the rest.
  const top = quantile(parts, 0.95);
  const least = quantile(levels, 0.05);
  const floor = isLoudness || top < MIN_SPREAD * least ? 0 : least;
  const span = top - floor;
  return parts.map((level) => (span <= 0 ? 0 : Math.round(100 * Math.min(1, Math.max(0, (level - floor) / span)))));
}

function quantile(levels: readonly number[], part: number): number {
  return [...levels].sort((one, other) => one - other)[Math.floor((levels.length - 1) * part)] ?? 0;
}
