import { CeltEnergies } from './celt-energy.js';
import type { LoudnessMeter } from './loudness-meter.js';
import { RangeDecoder } from './range-decoder.js';

/** Bands of CELT by how wide the sound is: narrow, wide, super wide, full. */
const BANDS = [13, 17, 19, 21];
/** SILK: how probable the kinds of a frame are, and how strong each kind is. In the form that `RangeDecoder.symbol` takes. */
const ACTIVE_KINDS = [232, 158, 10, 0];
const INACTIVE_KINDS = [230, 0];
const GAINS = [
  [224, 112, 44, 15, 3, 2, 1, 0],
  [254, 237, 192, 132, 70, 23, 4, 0],
  [255, 252, 226, 155, 61, 11, 2, 0],
];
const EQUAL_OF_8 = [224, 192, 160, 128, 96, 64, 32, 0];
const GAIN_STEPS = [
  250,
  245,
  234,
  203,
  71,
  50,
  42,
  38,
  35,
  33,
  31,
  ...Array.from({ length: 30 }, (_, index) => 29 - index),
];
const STEREO_WEIGHTS = [
  249, 247, 246, 245, 244, 234, 210, 202, 201, 200, 197, 174, 82, 59, 56, 55, 54, 46, 22, 12, 11, 10, 9, 7, 0,
];
const EQUAL_OF_3 = [171, 85, 0];
const EQUAL_OF_5 = [205, 154, 102, 51, 0];
const REPEATED_OF_2 = [203, 150, 0];
const REPEATED_OF_3 = [215, 195, 166, 125, 110, 82, 0];
const MAX_GAIN = 63;
/** Decibels of the smallest gain, and from it to the greatest. */
const [MIN_DECIBELS, SPAN_OF_DECIBELS] = [2, 86];
/** What SILK excites its filters with for a sound is to what CELT calls its amplitude about as this; measured. */
const CELT_SCALE = 1 / 8;

interface Coding {
  isCelt: boolean;
  /** 0 to 3 for 2.5 to 20 ms; CELT has this alone. */
  length: number;
  bands: number;
  /** SILK's parts of at most 20 ms in a frame, and how many gains the first of them has. */
  parts: number;
  gains: number;
  channels: number;
}

/** Opus (RFC 6716): CELT says the energy of each band, SILK the gain of what excites its filters. */
export class OpusLoudness implements LoudnessMeter {
  private readonly energies = new CeltEnergies();
  private gain = 0;

  measure(packet: Buffer): number[] {
    const coding = codingOf(packet[0] ?? 0);
    return framesOf(packet).map((frame) => this.measureFrame(frame, coding));
  }

  private measureFrame(frame: Buffer, coding: Coding): number {
    // What is not there is silence: nothing is sent while nobody speaks.
    if (frame.length < 2) return 0;
    const decoder = new RangeDecoder(frame);
    if (coding.isCelt) return this.energies.measure({ bytes: frame, ...coding }, decoder) * CELT_SCALE;
    return this.measureSilk(decoder, coding);
  }

  /** The first of its parts: those behind it are known only once it is decoded. */
  private measureSilk(decoder: RangeDecoder, { parts, gains: count, channels }: Coding): number {
    const isActive: boolean[] = [];
    const repeats: boolean[] = [];
    for (let channel = 0; channel < channels; channel += 1) {
      const active = Array.from({ length: parts }, () => decoder.rareBit(1));
      isActive.push(active[0] === true);
      repeats.push(decoder.rareBit(1));
    }
    // A repetition of what came before, louder or softer, would be first: its gain is as good.
    const isRepeated = repeats.map(
      (repeated) =>
        repeated && (parts === 1 || ((decoder.symbol(parts === 2 ? REPEATED_OF_2 : REPEATED_OF_3) + 1) & 1) === 1),
    );
    if (channels === 2) {
      decoder.symbol(STEREO_WEIGHTS);
      for (let side = 0; side < 2; side += 1) {
        decoder.symbol(EQUAL_OF_3);
        decoder.symbol(EQUAL_OF_5);
      }
      if (isActive[1] !== true && isRepeated[0] !== true) decoder.symbol([64, 0]);
    }
    const isSpeech = isActive[0] === true || isRepeated[0] === true;
    const kind = isSpeech ? decoder.symbol(ACTIVE_KINDS) + 2 : decoder.symbol(INACTIVE_KINDS);
    const high = decoder.symbol(GAINS[kind >> 1] ?? EQUAL_OF_8);
    this.gain = Math.max(high * 8 + decoder.symbol(EQUAL_OF_8), this.gain - 16);
    const gains = [this.gain];
    for (let part = 1; part < count; part += 1) {
      const step = decoder.symbol(GAIN_STEPS) - 4;
      const limit = 8 + this.gain;
      this.gain = Math.min(MAX_GAIN, Math.max(0, this.gain + (step > limit ? 2 * step - limit : step)));
      gains.push(this.gain);
    }
    return gains.reduce((sum, gain) => sum + amplitudeOf(gain), 0) / gains.length;
  }
}

function amplitudeOf(gain: number): number {
  return 10 ** ((MIN_DECIBELS + (gain * SPAN_OF_DECIBELS) / MAX_GAIN) / 20);
}

function codingOf(head: number): Coding {
  const configuration = head >> 3;
  const channels = (head & 4) === 0 ? 1 : 2;
  const size = configuration & 3;
  if (configuration >= 16)
    return { isCelt: true, length: size, bands: BANDS[(configuration >> 2) - 4] ?? 21, parts: 1, gains: 0, channels };
  // SILK alone comes in 10, 20, 40 and 60 ms, with CELT above it in 10 and 20.
  const isHybrid = configuration >= 12;
  const isShort = (isHybrid ? size & 1 : size) === 0;
  const parts = isHybrid ? 1 : Math.max(1, size);
  return { isCelt: false, length: 0, bands: 0, parts, gains: isShort ? 2 : 4, channels };
}

/** The frames of a packet (RFC 6716, section 3.2); none where its lengths are not as they should be. */
function framesOf(packet: Buffer): Buffer[] {
  const code = (packet[0] ?? 0) & 3;
  if (code === 0) return [packet.subarray(1)];
  if (code === 1) {
    const half = (packet.length - 1) >> 1;
    return [packet.subarray(1, 1 + half), packet.subarray(1 + half)];
  }
  if (code === 2) {
    const { length, next } = lengthAt(packet, 1);
    return [packet.subarray(next, next + length), packet.subarray(next + length)];
  }
  const flags = packet[1] ?? 0;
  const count = flags & 0x3f;
  let at = 2;
  let end = packet.length;
  if ((flags & 0x40) !== 0) {
    let more = 255;
    while (more === 255 && at < packet.length) {
      more = packet[at] ?? 0;
      at += 1;
      end -= more === 255 ? 254 : more;
    }
  }
  const lengths: number[] = [];
  if ((flags & 0x80) === 0) lengths.push(...Array.from({ length: count }, () => Math.floor((end - at) / count)));
  else {
    for (let frame = 1; frame < count; frame += 1) {
      const { length, next } = lengthAt(packet, at);
      lengths.push(length);
      at = next;
    }
    lengths.push(end - at - lengths.reduce((sum, length) => sum + length, 0));
  }
  return lengths.flatMap((length) => {
    at += Math.max(0, length);
    return length < 0 || at > end ? [] : [packet.subarray(at - length, at)];
  });
}

function lengthAt(packet: Buffer, at: number): { length: number; next: number } {
  const [first = 0, second = 0] = packet.subarray(at, at + 2);
  return first < 252 ? { length: first, next: at + 1 } : { length: first + 4 * second, next: at + 2 };
}
