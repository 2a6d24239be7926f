import type { RangeDecoder } from './range-decoder.js';

/** Upper ends of the bands, in steps of 200 Hz. */
const BAND_ENDS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40, 48, 60, 78, 100];
/** What the energy of each band is counted from, in sixteenths of a doubling. */
const MEANS = [103, 100, 92, 85, 81, 77, 72, 70, 78, 75, 73, 71, 78, 74, 69, 72, 70, 74, 76, 71, 60];
/** How much of a frame's energy is predicted by the one before, and how much of a band's passes over to the next; by the length of a frame. */
const PREDICTION = [29_440, 26_112, 21_248, 16_384].map((part) => part / 32_768);
const LEAKAGE = [30_147, 22_282, 12_124, 6_554].map((part) => part / 32_768);
const LEAKAGE_ALONE = 4_915 / 32_768;
/**
 * For each band how probable it is that its energy is as predicted, and how fast the improbability grows with the distance; by
 * the length of a frame (2.5, 5, 10, 20 ms), and by whether it is predicted from the one before (RFC 6716, section 4.3.2.1).
 */
const MODELS: readonly { predicted: readonly number[]; alone: readonly number[] }[] = [
  {
    predicted: [
      72, 127, 65, 129, 66, 128, 65, 128, 64, 128, 62, 128, 64, 128, 64, 128, 92, 78, 92, 79, 92, 78, 90, 79, 116, 41,
      115, 40, 114, 40, 132, 26, 132, 26, 145, 17, 161, 12, 176, 10, 177, 11,
    ],
    alone: [
      24, 179, 48, 138, 54, 135, 54, 132, 53, 134, 56, 133, 55, 132, 55, 132, 61, 114, 70, 96, 74, 88, 75, 88, 87, 74,
      89, 66, 91, 67, 100, 59, 108, 50, 120, 40, 122, 37, 97, 43, 78, 50,
    ],
  },
  {
    predicted: [
      83, 78, 84, 81, 88, 75, 86, 74, 87, 71, 90, 73, 93, 74, 93, 74, 109, 40, 114, 36, 117, 34, 117, 34, 143, 17, 145,
      18, 146, 19, 162, 12, 165, 10, 178, 7, 189, 6, 190, 8, 177, 9,
    ],
    alone: [
      23, 178, 54, 115, 63, 102, 66, 98, 69, 99, 74, 89, 71, 91, 73, 91, 78, 89, 86, 80, 92, 66, 93, 64, 102, 59, 103,
      60, 104, 60, 117, 52, 123, 44, 138, 35, 133, 31, 97, 38, 77, 45,
    ],
  },
  {
    predicted: [
      61, 90, 93, 60, 105, 42, 107, 41, 110, 45, 116, 38, 113, 38, 112, 38, 124, 26, 132, 27, 136, 19, 140, 20, 155, 14,
      159, 16, 158, 18, 170, 13, 177, 10, 187, 8, 192, 6, 175, 9, 159, 10,
    ],
    alone: [
      21, 178, 59, 110, 71, 86, 75, 85, 84, 83, 91, 66, 88, 73, 87, 72, 92, 75, 98, 72, 105, 58, 107, 54, 115, 52, 114,
      55, 112, 56, 129, 51, 132, 40, 150, 33, 140, 29, 98, 35, 77, 42,
    ],
  },
  {
    predicted: [
      42, 121, 96, 66, 108, 43, 111, 40, 117, 44, 123, 32, 120, 36, 119, 33, 127, 33, 134, 34, 139, 21, 147, 23, 152,
      20, 158, 25, 154, 26, 166, 21, 173, 16, 184, 13, 184, 10, 150, 13, 139, 15,
    ],
    alone: [
      22, 178, 63, 114, 74, 82, 84, 83, 92, 82, 103, 62, 96, 72, 96, 67, 101, 73, 107, 72, 113, 55, 118, 52, 125, 52,
      118, 52, 117, 55, 135, 49, 137, 39, 157, 32, 145, 29, 97, 33, 77, 40,
    ],
  },
];
const SCALE = 32_768;
const MIN_DISTANCES = 16;
/** Doublings; less is silence. */
const MIN_ENERGY = -28;
const MIN_PREDICTED = -9;
/** Before it was encoded the sound was made brighter by this filter's coefficient. */
const EMPHASIS = 0.85;

/** What of a band's amplitude is left once the sound is as it was. */
const WEIGHTS = BAND_ENDS.map((end, band) => {
  const frequency = (100 * (end + (BAND_ENDS[band - 1] ?? 0))) / 48_000;
  return 1 / Math.hypot(1 - EMPHASIS * Math.cos(2 * Math.PI * frequency), EMPHASIS * Math.sin(2 * Math.PI * frequency));
});

export interface CeltFrame {
  bytes: Buffer;
  /** 0 to 3: 2.5, 5, 10, 20 ms. */
  length: number;
  bands: number;
  channels: number;
}

/** Energies of the bands of CELT frames, one after the other: how loud they are, to a few decibels, without their finer steps. */
export class CeltEnergies {
  /** Doublings of amplitude; of two channels, band by band. */
  private energies: [number[], number[]] = [silence(0), silence(0)];

  /** Amplitude of a frame. */
  measure(frame: CeltFrame, decoder: RangeDecoder): number {
    const { bytes, length, bands, channels } = frame;
    const budget = bytes.length * 8;
    if (decoder.used >= budget || decoder.rareBit(15)) {
      this.energies = [silence(MIN_ENERGY), silence(MIN_ENERGY)];
      return 0;
    }
    if (decoder.used + 16 <= budget && decoder.rareBit(1)) skipFilter(decoder, budget);
    if (length > 0 && decoder.used + 3 <= budget) decoder.rareBit(3);
    const isAlone = decoder.used + 3 <= budget && decoder.rareBit(3);
    this.readEnergies(decoder, { length, bands, channels, isAlone, budget });
    let power = 0;
    for (const energies of this.energies.slice(0, channels))
      for (let band = 0; band < bands; band += 1) {
        const doublings = (energies[band] ?? 0) + (MEANS[band] ?? 0) / 16;
        power += (2 ** doublings * (WEIGHTS[band] ?? 0)) ** 2;
      }
    return Math.sqrt(power / channels);
  }

  private readEnergies(
    decoder: RangeDecoder,
    { length, bands, channels, isAlone, budget }: Omit<CeltFrame, 'bytes'> & { isAlone: boolean; budget: number },
  ): void {
    const [left, right] = this.energies;
    if (channels === 1) for (const band of BAND_ENDS.keys()) left[band] = Math.max(left[band] ?? 0, right[band] ?? 0);
    const models = MODELS[length] as (typeof MODELS)[number];
    const model = isAlone ? models.alone : models.predicted;
    const prediction = isAlone ? 0 : (PREDICTION[length] ?? 0);
    const leakage = isAlone ? LEAKAGE_ALONE : (LEAKAGE[length] ?? 0);
    const passed = [0, 0];
    for (let band = 0; band < BAND_ENDS.length; band += 1)
      for (let channel = 0; channel < channels; channel += 1) {
        const energies = this.energies[channel] as number[];
        if (band >= bands) {
          energies[band] = 0;
          continue;
        }
        const step = stepOf(decoder, budget - decoder.used, model[2 * band] ?? 0, model[2 * band + 1] ?? 0);
        const before = Math.max(MIN_PREDICTED, energies[band] ?? 0);
        energies[band] = Math.max(MIN_ENERGY, prediction * before + (passed[channel] ?? 0) + step);
        passed[channel] = (passed[channel] ?? 0) + step * (1 - leakage);
      }
    if (channels === 1) this.energies = [left, [...left]];
  }
}

function silence(energy: number): number[] {
  return BAND_ENDS.map(() => energy);
}

/** What makes a voice's pitch clearer: of no interest here. */
function skipFilter(decoder: RangeDecoder, budget: number): void {
  const octave = decoder.uniform(6);
  decoder.skipRaw(4 + octave + 3);
  if (decoder.used + 2 <= budget) decoder.symbol([2, 1, 0], 2);
}

/** How far a band's energy is from what was predicted. */
function stepOf(decoder: RangeDecoder, left: number, probability: number, decay: number): number {
  if (left >= 15) return distance(decoder, probability * 128, decay * 64);
  if (left >= 2) {
    const step = decoder.symbol([2, 1, 0], 2);
    return step === 0 ? 0 : step === 1 ? -1 : 1;
  }
  if (left >= 1) return decoder.rareBit(1) ? -1 : 0;
  return -1;
}

/** A number from a distribution of Laplace's (RFC 6716, section 4.3.2.1). */
function distance(decoder: RangeDecoder, probability: number, decay: number): number {
  const at = decoder.peek(SCALE);
  let low = 0;
  let width = probability;
  let value = 0;
  if (at >= width) {
    value = 1;
    low = width;
    width = Math.floor(((SCALE - 2 * MIN_DISTANCES - width) * (16_384 - decay)) / SCALE) + 1;
    while (width > 1 && at >= low + 2 * width) {
      low += 2 * width;
      width = Math.floor(((2 * width - 2) * decay) / SCALE) + 1;
      value += 1;
    }
    if (width <= 1) {
      const further = (at - low) >> 1;
      value += further;
      low += 2 * further;
    }
    if (at < low + width) value = -value;
    else low += width;
  }
  decoder.take(low, Math.min(low + width, SCALE), SCALE);
  return value;
}
