import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MovOutputFormat } from 'mediabunny';
import { overlappingFilm, recorded } from '../../../../test/support/files.js';
import {
  aiff,
  amr,
  measuredAvi,
  measuredWindowsMedia,
  opusOfMusic,
  placedAvi,
  programStream,
} from '../../../../test/support/recordings.js';
import type { ProcessedRecording } from '../media-job.js';
import { mediaType } from '../media-type.js';
import { removeMatroskaMetadata } from './containers/matroska.js';
import { processRecording } from './recording.js';

const MEMORY_BYTES = 512 * 1024 * 1024;

describe('a recording in a frame of former days', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-recordings-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const process = async (bytes: Buffer): Promise<ProcessedRecording> => {
    const input = join(directory, 'input');
    await writeFile(input, bytes);
    const type = await mediaType(bytes.subarray(0, 64 * 1024), true);
    return processRecording({
      type: 'recording',
      input,
      output: join(directory, 'output'),
      maxMemoryBytes: MEMORY_BYTES,
      ...type,
    });
  };

  it.each([
    ['AVI', measuredAvi(), { kind: 'VIDEO', width: 320, height: 240, durationMs: 12_000 }],
    ['AVI of several parts', measuredAvi(3_000), { kind: 'VIDEO', width: 320, height: 240, durationMs: 120_000 }],
    ['Windows Media', measuredWindowsMedia(), { kind: 'VIDEO', width: 320, height: 240, durationMs: 12_500 }],
    ['MPEG', programStream(), { kind: 'VIDEO', width: 352, height: 288, durationMs: 10_000 }],
    ['AIFF', aiff(), { kind: 'AUDIO', width: null, height: null, durationMs: 2_000 }],
    ['AMR', amr(), { kind: 'AUDIO', width: null, height: null, durationMs: 1_600 }],
  ])('says how large and how long it is: %s', async (_, bytes, expected) => {
    expect(await process(bytes)).toMatchObject(expected);
  });

  it('keeps all of its sound: QuickTime whose tables say that each sample is a byte', async () => {
    const whole = await recorded(new MovOutputFormat({ fastStart: false }), { audio: 'pcm-s16' });
    const sound = Buffer.concat([Buffer.alloc(11 * 3_200, 10), Buffer.alloc(9 * 3_200, 90)]);
    expect(whole.includes(sound)).toBe(true);
    const sizes = whole.indexOf('stsz') + 8;
    expect(whole.readUInt32BE(sizes)).toBe(4);
    whole.writeUInt32BE(1, sizes);
    const { path, ...facts } = await process(whole);
    expect(facts).toMatchObject({ kind: 'AUDIO', durationMs: 2_000 });
    expect((await readFile(path)).includes(sound)).toBe(true);
  });

  it('says nothing of where it was made between its frames: AVI', async () => {
    const whole = placedAvi('N48.2082 E16.3738');
    const { path, ...film } = await process(whole);
    expect(film).toMatchObject({ kind: 'VIDEO', width: 320, height: 240, durationMs: 12_000, size: whole.length });
    const kept = await readFile(path);
    expect(kept.includes('N48')).toBe(false);
    const frames = (bytes: Buffer): number[] =>
      [...bytes.toString('latin1').matchAll(/00dc....\x03{201}/gs)].map(({ index }) => index);
    expect(frames(kept)).toEqual(frames(whole));
    expect(frames(kept)).toHaveLength(4);
  });

  it.each<[string, (whole: Buffer) => Buffer]>([
    [
      'a chunk without its padding',
      (whole) => {
        const padding = whole.indexOf(Buffer.alloc(201, 3)) + 201;
        return Buffer.concat([whole.subarray(0, padding), whole.subarray(padding + 1)]);
      },
    ],
    [
      'a list without its length, as where it broke off',
      (whole) => {
        const broken = Buffer.from(whole);
        broken.writeUInt32LE(0, whole.indexOf('movi') - 4);
        return broken;
      },
    ],
  ])('is a file, and stays as it came, where it has %s: AVI', async (_, broken) => {
    const whole = broken(placedAvi('N48.2082 E16.3738'));
    const { path, ...kept } = await process(whole);
    expect(kept).toMatchObject({ kind: 'FILE', size: whole.length });
    expect((await readFile(path)).equals(whole)).toBe(true);
  });

  it('keeps picture and sound of one stream, whichever way that is named: AVI', async () => {
    const whole = placedAvi('a place');
    whole.write('ivas', whole.indexOf('vids'), 'latin1');
    const { path } = await process(whole);
    expect((await readFile(path)).includes(Buffer.alloc(201, 3))).toBe(true);
  });

  it('is a file where its frames come before anything says whose they are: AVI', async () => {
    const whole = placedAvi('a place');
    const described = whole.indexOf('LIST');
    const frames = whole.subarray(whole.indexOf('movi') - 8);
    const turned = Buffer.concat([whole.subarray(0, described), frames, whole.subarray(described)]);
    expect(await process(turned)).toMatchObject({ kind: 'FILE' });
  });

  it('is a file where it has a stream of anything else than picture and sound: Windows Media', async () => {
    const sound = measuredWindowsMedia('409e69f84d5bcf11a8fd00805f5c442b');
    const commands = measuredWindowsMedia('c0cfda59e659d011a3ac00a0c90348f6');
    expect(await process(sound)).toMatchObject({ kind: 'AUDIO', durationMs: 12_500 });
    expect(await process(commands)).toMatchObject({ kind: 'FILE', size: commands.length });
  });

  it('says nothing of itself where its description is noise', async () => {
    for (const whole of [measuredAvi(), measuredWindowsMedia(), programStream(), aiff(), amr()])
      for (let at = 24; at < Math.min(400, whole.length - 4); at += 7) {
        const bytes = Buffer.from(whole);
        bytes.fill(0xff, at, at + 4);
        const { width, height, durationMs } = await process(bytes);
        for (const number of [width, height, durationMs])
          expect(number === null || (Number.isInteger(number) && number > 0)).toBe(true);
      }
  });

  it('is not drawn where it is AMR of more than forty minutes, whose levels would take too much memory', async () => {
    const frame = Buffer.alloc(21, 0x5a);
    frame[0] = (5 << 3) | 4;
    const sound = (frames: number): Buffer =>
      Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(frames * frame.length, frame)]);
    expect(await process(sound(120_001))).toMatchObject({ kind: 'AUDIO', durationMs: 2_400_020, waveform: null });
    expect((await process(sound(120_000))).waveform).toHaveLength(64);
  });

  it('is a file where it is Windows Media that ends before it says how long its description is', async () => {
    const whole = measuredWindowsMedia();
    for (const length of [16, 23, 24])
      expect(await process(whole.subarray(0, length))).toMatchObject({ kind: 'FILE', size: length });
  });

  it('is drawn where its sound says how loud it is, though all of its frames are of one size', async () => {
    for (const bytes of [amr(), aiff()]) {
      const { waveform } = await process(bytes);
      expect(waveform).toHaveLength(64);
      expect(waveform?.[8]).toBeLessThan(20);
      expect(waveform?.at(-8)).toBeGreaterThan(60);
    }
  });
});

describe('a recording in Matroska', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-matroska-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** With something more at the end of an element that has others in it; `length` is that of its size. */
  const extended = (whole: Buffer, id: string, length: number, more: Buffer): Buffer => {
    const at = whole.indexOf(id, 'hex') + id.length / 2;
    const sized = Buffer.from(whole);
    const size = whole.readUIntBE(at, length) + more.length;
    sized.writeUIntBE(size, at, length);
    const end = at + length + (size % 2 ** (7 * length)) - more.length;
    return Buffer.concat([sized.subarray(0, end), more, sized.subarray(end)]);
  };

  const PLACE = Buffer.from('\0\0N48.2082 E16.3738\0\0', 'latin1');
  it.each<[string, (whole: Buffer) => Buffer]>([
    ['in a cluster', (whole) => extended(whole, '1f43b675', 2, PLACE)],
    ['at its end', (whole) => Buffer.concat([whole, PLACE])],
  ])('says nothing of where it was made behind what is no element %s', async (_, placed) => {
    const [input, output] = [join(directory, 'input'), join(directory, 'output')];
    const whole = placed(opusOfMusic());
    // Numbers of more than six bytes are written by their last ones.
    const segment = whole.indexOf('18538067', 'hex') + 6;
    whole.writeUIntBE(whole.readUIntBE(segment, 6) + PLACE.length, segment, 6);
    await writeFile(input, whole);
    expect(await removeMatroskaMetadata(input)).toBe(true);
    const type = { kind: 'AUDIO', mimeType: 'audio/webm', extension: 'webm' } as const;
    const kept = await processRecording({ type: 'recording', input, output, maxMemoryBytes: MEMORY_BYTES, ...type });
    expect(kept).toMatchObject({ kind: 'AUDIO', mimeType: 'audio/webm' });
    expect((await readFile(kept.path)).includes('N48')).toBe(false);
  });

  it('is not taken for the end of it where more of it comes behind what is no element', async () => {
    const input = join(directory, 'input');
    const whole = opusOfMusic();
    const cluster = whole.subarray(whole.indexOf('1f43b675', 'hex'));
    const damaged = Buffer.concat([whole, PLACE, cluster]);
    const segment = damaged.indexOf('18538067', 'hex') + 6;
    damaged.writeUIntBE(damaged.readUIntBE(segment, 6) + PLACE.length + cluster.length, segment, 6);
    await writeFile(input, damaged);
    expect(await removeMatroskaMetadata(input)).toBe(false);
  });
});

describe('a film whose tracks are copied', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-copied-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const process = async (bytes: Buffer, maxMemoryBytes = MEMORY_BYTES): Promise<ProcessedRecording> => {
    const [input, output] = [join(directory, 'input'), join(directory, 'output')];
    await writeFile(input, bytes);
    return processRecording({
      type: 'recording',
      input,
      output,
      maxMemoryBytes,
      kind: 'VIDEO',
      mimeType: 'video/mp4',
      extension: 'mp4',
    });
  };

  it('is a file where the copy would be much larger, since its samples share their bytes', async () => {
    const [input, output] = [join(directory, 'input'), join(directory, 'output')];
    const shared = await overlappingFilm(400_000);
    expect(await process(shared)).toMatchObject({ kind: 'FILE', path: input, size: shared.length });
    expect(existsSync(output)).toBe(false);

    const distinct = await overlappingFilm(40);
    const { kind, path, size } = await process(distinct);
    expect({ kind, path }).toEqual({ kind: 'VIDEO', path: output });
    expect((await stat(output)).size).toBe(size);
  });

  it('is a file where one sample takes more than an eighth of the memory that there is', async () => {
    const bytes = await overlappingFilm(40);
    expect((await process(bytes, 8 * 40)).kind).toBe('VIDEO');
    await rm(join(directory, 'output'));
    expect(await process(bytes, 8 * 39)).toMatchObject({ kind: 'FILE', path: join(directory, 'input') });
    expect(existsSync(join(directory, 'output'))).toBe(false);
  });
});
