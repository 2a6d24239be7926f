import { describe, expect, it } from '@jest/globals';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { aac, mp3, opusOfMusic, opusOfSpeech } from '../../../../test/support/recordings.js';
import { AacLoudness } from './loudness/aac-loudness.js';
import { AmrLoudness } from './loudness/amr-loudness.js';
import { Mp3Loudness } from './loudness/mp3-loudness.js';
import { OpusLoudness } from './loudness/opus-loudness.js';
import { outlineOf, waveformOf } from './waveform.js';

async function waveformIn(bytes: Buffer): Promise<number[] | null> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(new Uint8Array(bytes)) });
  const track = await input.getPrimaryAudioTrack();
  if (track === null) throw new Error('there is no sound in it');
  return waveformOf(track);
}

/** A sound in samples of the coding that FFmpeg and WAV know by this number: quiet, then loud. */
function wav(format: number, bytes: number, sampleAt: (isLoud: boolean, index: number) => Buffer): Buffer {
  const samples = Buffer.concat(Array.from({ length: 4_000 }, (_, index) => sampleAt(index >= 2_000, index)));
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(format, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000 * bytes, 28);
  head.writeUInt16LE(bytes, 32);
  head.writeUInt16LE(bytes * 8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('the outline of a voice', () => {
  it.each([
    ['Opus of speech', opusOfSpeech()],
    ['Opus of music', opusOfMusic()],
    ['AAC', aac()],
    ['MP3', mp3()],
  ])('is drawn of %s whose packets are all of one size', async (_, bytes) => {
    const waveform = (await waveformIn(bytes)) ?? [];
    expect(waveform).toHaveLength(64);
    // Two numbers at each border belong to both sides.
    const [quiet, loud, quietAgain, loudAgain] = [0, 1, 2, 3].map((part) =>
      mean(waveform.slice(16 * part + 3, 16 * part + 14)),
    );
    expect(Math.max(quiet ?? 100, quietAgain ?? 100)).toBeLessThan(15);
    expect(Math.min(loud ?? 0, loudAgain ?? 0)).toBeGreaterThan(30);
  });

  it.each([
    ['8 bits', wav(1, 1, (isLoud, index) => Buffer.of(128 + (isLoud ? 100 : 1) * (index % 2 === 0 ? 1 : -1)))],
    ['µ-law', wav(7, 1, (isLoud) => Buffer.of(isLoud ? 0x8f : 0xf0))],
    ['A-law', wav(6, 1, (isLoud) => Buffer.of(isLoud ? 0xaa : 0xd4))],
    [
      '32 bits',
      wav(1, 4, (isLoud) => {
        const sample = Buffer.alloc(4);
        sample.writeInt32LE(isLoud ? -(2 ** 30) : 2 ** 20);
        return sample;
      }),
    ],
    [
      'floating point, some of which is no number',
      wav(3, 4, (isLoud, index) => {
        const sample = Buffer.alloc(4);
        sample.writeFloatLE(index % 50 === 0 ? Number.NaN : isLoud ? 0.9 : 0.01);
        return sample;
      }),
    ],
  ])('is drawn of samples of %s', async (_, bytes) => {
    const waveform = (await waveformIn(bytes)) ?? [];
    expect(waveform).toHaveLength(64);
    expect(mean(waveform.slice(2, 28))).toBeLessThan(15);
    expect(mean(waveform.slice(36, 62))).toBeGreaterThan(90);
  });

  it('is flat where a sound is as loud all the time', () => {
    expect(outlineOf(Array(200).fill(40), false)).toEqual(Array(64).fill(100));
    expect(outlineOf(Array(200).fill(0.3), true)).toEqual(Array(64).fill(100));
    expect(outlineOf(Array(200).fill(0), true)).toEqual(Array(64).fill(0));
  });

  it('is a number, whatever the bytes of a packet', () => {
    for (const meter of [new OpusLoudness(), new AacLoudness(), new Mp3Loudness(), new AmrLoudness()])
      for (let length = 0; length < 400; length += 7) {
        const packet = Buffer.from(Array.from({ length }, (_, at) => (at * at * 31 + length * 71) & 255));
        for (const head of [0x0c, 0x48, 0x7b, 0x9f, 0xff]) {
          if (length > 0) packet[0] = head;
          for (const level of meter.measure(packet)) expect(level >= 0 && Number.isFinite(level)).toBe(true);
        }
      }
  });
});
