import { BitReader } from './bit-reader.js';
import type { LoudnessMeter } from './loudness-meter.js';

const HEAD_BITS = 32;
const CHECKSUM_BITS = 16;
const MPEG_1 = 3;
const LAYER_3 = 1;
const MONO = 3;
/** Where the step of quantisation is 1; it doubles with each 4 more. */
const NO_GAIN = 210;

/** What samples are at most that are written with each table; those that there is a table for take the smallest that does. */
const MAX_VALUES = [
  0, 1, 2, 2, 0, 3, 3, 5, 5, 5, 7, 7, 7, 15, 0, 15, 16, 18, 22, 30, 78, 270, 1_038, 8_206, 30, 46, 78, 142, 270, 526,
  2_062, 8_206,
];

/** MP3: how coarse the samples of each granule are (`global_gain`), and how large the largest of them may be. */
export class Mp3Loudness implements LoudnessMeter {
  measure(packet: Buffer): number[] {
    const bits = new BitReader(packet);
    const isFrame = bits.read(11) === 0x7ff;
    const version = bits.read(2);
    const layer = bits.read(2);
    const isChecked = bits.read(1) === 0;
    if (!isFrame || layer !== LAYER_3) return [];
    const channels = (packet[3] ?? 0) >> 6 === MONO ? 1 : 2;
    bits.skip(HEAD_BITS - 16 + (isChecked ? CHECKSUM_BITS : 0));
    if (version === MPEG_1) bits.skip(9 + (channels === 1 ? 5 : 3) + 4 * channels);
    else bits.skip(8 + channels);
    const granules = version === MPEG_1 ? 2 : 1;
    const levels: number[] = [];
    for (let part = 0; part < granules * channels; part += 1) {
      bits.skip(12);
      const values = bits.read(9);
      const gain = bits.read(8);
      bits.skip(version === MPEG_1 ? 4 : 9);
      const isSwitched = bits.read(1) === 1;
      if (isSwitched) bits.skip(3);
      const tables = [bits.read(5), bits.read(5), isSwitched ? 0 : bits.read(5)];
      bits.skip(isSwitched ? 9 : 7);
      bits.skip(version === MPEG_1 ? 3 : 2);
      const largest = Math.max(...tables.map((table) => MAX_VALUES[table] ?? 0));
      levels.push(values === 0 ? 0 : 2 ** ((gain - NO_GAIN) / 4) * largest ** (4 / 3));
    }
    return levels;
  }
}
