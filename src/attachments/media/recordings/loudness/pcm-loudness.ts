import type { LoudnessMeter } from './loudness-meter.js';

interface Samples {
  bytes: number;
  /** From -1 to 1. */
  at: (packet: Buffer, position: number) => number;
}

const SAMPLES: Readonly<Record<string, Samples>> = {
  'pcm-u8': { bytes: 1, at: (packet, position) => (packet.readUInt8(position) - 128) / 2 ** 7 },
  'pcm-s8': { bytes: 1, at: (packet, position) => packet.readInt8(position) / 2 ** 7 },
  'pcm-s16': { bytes: 2, at: (packet, position) => packet.readInt16LE(position) / 2 ** 15 },
  'pcm-s16be': { bytes: 2, at: (packet, position) => packet.readInt16BE(position) / 2 ** 15 },
  'pcm-s24': { bytes: 3, at: (packet, position) => packet.readIntLE(position, 3) / 2 ** 23 },
  'pcm-s24be': { bytes: 3, at: (packet, position) => packet.readIntBE(position, 3) / 2 ** 23 },
  'pcm-s32': { bytes: 4, at: (packet, position) => packet.readInt32LE(position) / 2 ** 31 },
  'pcm-s32be': { bytes: 4, at: (packet, position) => packet.readInt32BE(position) / 2 ** 31 },
  'pcm-f32': { bytes: 4, at: (packet, position) => packet.readFloatLE(position) },
  'pcm-f32be': { bytes: 4, at: (packet, position) => packet.readFloatBE(position) },
  'pcm-f64': { bytes: 8, at: (packet, position) => packet.readDoubleLE(position) },
  'pcm-f64be': { bytes: 8, at: (packet, position) => packet.readDoubleBE(position) },
  ulaw: { bytes: 1, at: (packet, position) => ofMuLaw(packet.readUInt8(position)) },
  alaw: { bytes: 1, at: (packet, position) => ofALaw(packet.readUInt8(position)) },
};

/** Samples as they are: the mean of what they are away from silence. */
export class PcmLoudness implements LoudnessMeter {
  private constructor(private readonly samples: Samples) {}

  /** Undefined for a coding that is none of samples. */
  static of(codec: string): PcmLoudness | undefined {
    const samples = SAMPLES[codec];
    return samples === undefined ? undefined : new PcmLoudness(samples);
  }

  measure(packet: Buffer): number[] {
    const { bytes } = this.samples;
    const count = Math.floor(packet.length / bytes);
    const levels: number[] = [];
    for (let sample = 0; sample < count; sample += SAMPLES_OF_LEVEL)
      levels.push(this.mean(packet, sample, Math.min(sample + SAMPLES_OF_LEVEL, count)));
    return levels;
  }

  private mean(packet: Buffer, from: number, to: number): number {
    const { bytes, at } = this.samples;
    let sum = 0;
    for (let sample = from; sample < to; sample += 1) {
      const value = Math.abs(at(packet, sample * bytes));
      // Floating point holds what is no number, too.
      if (value <= MAX_SAMPLE) sum += value;
    }
    return sum / (to - from);
  }
}

const SAMPLES_OF_LEVEL = 256;

/** Recorders that count in floating point go beyond 1. */
const MAX_SAMPLE = 16;

/** ITU-T G.711: three bits of exponent, four of the rest. */
function ofMuLaw(code: number): number {
  const turned = ~code & 0xff;
  return ((((turned & 15) * 2 + 33) << ((turned >> 4) & 7)) - 33) / 2 ** 13;
}

function ofALaw(code: number): number {
  const turned = code ^ 0x55;
  const exponent = (turned >> 4) & 7;
  const rest = (turned & 15) * 2 + 1;
  return (exponent === 0 ? rest : (rest + 32) << (exponent - 1)) / 2 ** 12;
}
