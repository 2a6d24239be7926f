import type { LoudnessMeter } from './loudness-meter.js';

/** Where the bits of a part's gain stand behind a frame's first byte, the highest first: which byte, and which bit of it from below. */
const POSITIONS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  5: [
    [16, 28, 24, 60, 84],
    [31, 27, 39, 59, 83],
    [30, 26, 38, 58, 82],
    [29, 25, 37, 57, 81],
  ],
  7: [
    [60, 56, 68, 91, 111],
    [59, 71, 67, 90, 110],
    [58, 70, 66, 89, 109],
    [57, 69, 65, 88, 108],
  ],
};
/** Decibels that a gain is counted from. */
const MEAN_DECIBELS: Readonly<Record<number, number>> = { 5: 36, 7: 36 };
/** What gains are against what was predicted, in 2,048ths (3GPP TS 26.090). */
const FACTORS = [
  159, 206, 268, 349, 419, 482, 554, 637, 733, 842, 969, 1_114, 1_281, 1_473, 1_694, 1_948, 2_241, 2_577, 2_963, 3_408,
  3_919, 4_507, 5_183, 5_960, 6_855, 7_883, 9_065, 10_425, 12_510, 16_263, 21_142, 27_485,
].map((factor) => factor / 2_048);
/** How much of the last four parts' distances from what was predicted is predicted of the next. */
const PREDICTION = [0.68, 0.58, 0.34, 0.19];
const MIN_DECIBELS = -14;
const SILENCE_KIND = 8;

/**
 * AMR of 12.2 and 7.95 kbit/s, as phones record it: how strong what excites the voice's filters is. Its other rates keep that
 * in tables together with other things, and say nothing here.
 */
export class AmrLoudness implements LoudnessMeter {
  private distances = [MIN_DECIBELS, MIN_DECIBELS, MIN_DECIBELS, MIN_DECIBELS];

  measure(packet: Buffer): number[] {
    const kind = ((packet[0] ?? 0) >> 3) & 15;
    if (kind >= SILENCE_KIND) return [0, 0, 0, 0];
    const positions = POSITIONS[kind];
    if (positions === undefined) return [];
    return positions.map((bits) => {
      const index = bits.reduce((value, at) => 2 * value + (((packet[1 + (at >> 3)] ?? 0) >> (at & 7)) & 1), 0);
      const factor = FACTORS[index] ?? 0;
      const predicted = PREDICTION.reduce((sum, part, age) => sum + part * (this.distances[age] ?? 0), 0);
      this.distances = [Math.max(MIN_DECIBELS, 20 * Math.log10(factor)), ...this.distances.slice(0, 3)];
      return factor * 10 ** ((predicted + (MEAN_DECIBELS[kind] ?? 0)) / 20);
    });
  }
}
