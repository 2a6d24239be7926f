import { EncodedPacketSink, type InputAudioTrack } from 'mediabunny';
import { WAVEFORM_LENGTH } from '../../attachment.js';

/** What is longer is no voice message, and is not read to its end for a drawing. */
const MAX_PACKETS = 60_000;
/** Where the large packets are hardly larger than the small ones, sizes say nothing of loudness. */
const MIN_SPREAD = 1.5;

/**
 * An outline of a sound over time, 64 numbers from 0 to 100, without decoding it: of samples as they are by their loudness,
 * of a coding that takes more bytes for more sound by the bytes. Null where neither says anything.
 */
export async function waveformOf(audio: InputAudioTrack): Promise<number[] | null> {
  const codec = await audio.getCodec();
  const isSamples = codec?.startsWith('pcm-') ?? false;
  if (!isSamples && codec !== 'opus' && codec !== 'vorbis' && codec !== 'aac') return null;
  const levels: number[] = [];
  for await (const packet of new EncodedPacketSink(audio).packets(undefined, undefined, {
    metadataOnly: !isSamples,
  })) {
    if (levels.length >= MAX_PACKETS) return null;
    levels.push(isSamples ? loudnessOf(packet.data, codec ?? '') : packet.byteLength);
  }
  return outlineOf(levels, isSamples);
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
  const floor = isLoudness ? 0 : quantile(levels, 0.05);
  const top = quantile(parts, 0.95);
  if (!isLoudness && top < MIN_SPREAD * floor) return null;
  const span = top - floor;
  return parts.map((level) => (span <= 0 ? 0 : Math.round(100 * Math.min(1, Math.max(0, (level - floor) / span)))));
}

function quantile(levels: readonly number[], part: number): number {
  return [...levels].sort((one, other) => one - other)[Math.floor((levels.length - 1) * part)] ?? 0;
}

/** The mean of what samples are away from silence. */
function loudnessOf(data: Uint8Array, codec: string): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (codec === 'pcm-u8') return mean(bytes.length, (at) => Math.abs((bytes[at] as number) - 128) * 256);
  if (codec === 'pcm-s16') return mean(bytes.length >> 1, (at) => Math.abs(bytes.readInt16LE(at * 2)));
  if (codec === 'pcm-s24') return mean(Math.floor(bytes.length / 3), (at) => Math.abs(bytes.readInt16LE(at * 3 + 1)));
  if (codec === 'pcm-f32') return mean(bytes.length >> 2, (at) => Math.abs(bytes.readFloatLE(at * 4)) * 32_768);
  return 0;
}

function mean(count: number, levelAt: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += levelAt(index);
  return count === 0 ? 0 : sum / count;
}
