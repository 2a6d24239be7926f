import { BitReader } from './bit-reader.js';
import type { LoudnessMeter } from './loudness-meter.js';

const SINGLE = 0;
const PAIR = 1;
const LOW_FREQUENCY = 3;
const STREAM_OF_DATA = 4;
const FILLING = 6;
const EIGHT_SHORT = 2;
const MAX_ELEMENTS = 8;
const ADTS_BYTES = 7;
const ADTS_CHECKED_BYTES = 9;
/** Where the step of quantisation is 1; it doubles with each 4 more. */
const NO_GAIN = 100;

/**
 * AAC (ISO 14496-3): the first channel's `global_gain` is how coarse its samples are, which is how loud they are where the
 * coding has so many bits and no more; where it has as many as it wants, the bits say the rest.
 */
export class AacLoudness implements LoudnessMeter {
  measure(packet: Buffer): number[] {
    const bits = new BitReader(withoutAdts(packet));
    for (let element = 0; element < MAX_ELEMENTS && !bits.isAtEnd; element += 1) {
      const kind = bits.read(3);
      if (kind === SINGLE || kind === LOW_FREQUENCY || kind === PAIR) {
        bits.skip(4);
        const isCommon = kind === PAIR && bits.read(1) === 1;
        let bands = isCommon ? readWindows(bits, true) : undefined;
        const gain = bits.read(8);
        bands ??= readWindows(bits);
        return [bands === 0 ? 0 : 2 ** ((gain - NO_GAIN) / 4) * Math.sqrt(packet.length)];
      }
      if (kind === STREAM_OF_DATA) skipData(bits);
      else if (kind === FILLING) skipFilling(bits);
      else return [];
    }
    return [];
  }
}

function withoutAdts(packet: Buffer): Buffer {
  if (packet.length < ADTS_BYTES || (packet.readUInt16BE(0) & 0xfff6) !== 0xfff0) return packet;
  return packet.subarray(((packet[1] ?? 0) & 1) === 1 ? ADTS_BYTES : ADTS_CHECKED_BYTES);
}

/** What channels have in common, or one has for itself. @returns how many bands it has; none is silence. */
function readWindows(bits: BitReader, isPair = false): number {
  bits.skip(1);
  const sequence = bits.read(2);
  bits.skip(1);
  let [bands, groups] = [0, 1];
  if (sequence === EIGHT_SHORT) {
    bands = bits.read(4);
    for (let window = 1; window < 8; window += 1) groups += 1 - bits.read(1);
  } else {
    bands = bits.read(6);
    // A prediction of later profiles: what follows is not looked at.
    bits.skip(1);
  }
  if (isPair && bits.read(2) === 1) bits.skip(groups * bands);
  return bands;
}

function skipData(bits: BitReader): void {
  bits.skip(4);
  const isAligned = bits.read(1) === 1;
  let bytes = bits.read(8);
  if (bytes === 255) bytes += bits.read(8);
  if (isAligned) bits.align();
  bits.skip(bytes * 8);
}

function skipFilling(bits: BitReader): void {
  let bytes = bits.read(4);
  if (bytes === 15) bytes += bits.read(8) - 1;
  bits.skip(bytes * 8);
}
