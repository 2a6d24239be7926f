import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input, MovOutputFormat, Mp4OutputFormat } from 'mediabunny';
import { recorded } from '../../../../../test/support/files.js';
import { removeMovieMetadata } from './movie-boxes.js';

const PLACE = 'freeGPS +52.5200+013.4050/';
const TRACKS = { video: 'vp9', audio: 'opus' } as const;

const box = (type: string, body: string): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, Buffer.from(body, 'latin1')]);
};

/** With a text behind the last of its pictures and sounds, where cameras of cars put what no description speaks of. */
function withTextInBytes(film: Buffer, text: string): Buffer {
  const at = film.lastIndexOf('mdat') - 4;
  const isLong = film.readUInt32BE(at) === 1;
  const size = isLong ? Number(film.readBigUInt64BE(at + 8)) : film.readUInt32BE(at);
  const grown = Buffer.concat([film.subarray(0, at + size), Buffer.from(text), film.subarray(at + size)]);
  if (isLong) grown.writeBigUInt64BE(BigInt(size + text.length), at + 8);
  else grown.writeUInt32BE(size + text.length, at);
  return grown;
}

/** With a text as the name of each of its handlers. */
function withHandlersNamed(film: Buffer, text: string): Buffer {
  for (let at = film.indexOf('hdlr'); at >= 0; at = film.indexOf('hdlr', at + 4)) {
    const length = film.readUInt32BE(at - 4) - 32;
    film.write(text.slice(0, Math.max(0, length)), at + 28, 'latin1');
  }
  return film;
}

async function packetsOf(film: Buffer): Promise<string[]> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(new Uint8Array(film)) });
  const packets: string[] = [];
  for (const track of await input.getTracks())
    for await (const { data, timestamp } of new EncodedPacketSink(track).packets())
      packets.push(`${timestamp} ${Buffer.from(data).toString('hex')}`);
  return packets;
}

describe('a film that is freed of what is no picture and no sound', () => {
  let path: string;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-boxes-'));
    path = join(directory, 'film');
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const cleaned = async (film: Buffer): Promise<Buffer> => {
    await writeFile(path, film);
    expect(await removeMovieMetadata(path)).toBe(true);
    return readFile(path);
  };

  it.each([
    ['MPEG-4', () => recorded(new Mp4OutputFormat({ fastStart: false }), TRACKS)],
    ['QuickTime', () => recorded(new MovOutputFormat({ fastStart: false }), TRACKS)],
    ['fragments, as browsers record', () => recorded(new Mp4OutputFormat({ fastStart: 'fragmented' }), TRACKS)],
  ])(
    'says nothing between its bytes, in names or in boxes of a maker’s own, and plays as it did: %s',
    async (_, make) => {
      const plain = await make();
      const film = Buffer.concat([
        withHandlersNamed(withTextInBytes(plain, PLACE), PLACE),
        box('uuid', `sixteen bytes 16${PLACE}`),
        box('gps ', PLACE),
        Buffer.from(PLACE),
      ]);
      expect(film.toString('latin1').split('freeGPS').length).toBeGreaterThan(5);
      const clean = await cleaned(film);
      expect([clean.length, clean.includes('freeGPS'), clean.includes('52.52')]).toEqual([film.length, false, false]);
      expect(await packetsOf(clean)).toEqual(await packetsOf(plain));
    },
  );

  it('is left as far as it came where it broke off', async () => {
    const film = await recorded(new Mp4OutputFormat({ fastStart: 'in-memory' }), TRACKS);
    const half = film.subarray(0, film.length - 400);
    expect((await cleaned(half)).subarray(-300)).toEqual(half.subarray(-300));
  });

  it('is not touched where it cannot be said which bytes are whose', async () => {
    const film = await recorded(new Mp4OutputFormat({ fastStart: false }), TRACKS);
    for (const table of ['stsz', 'stco', 'stsc']) {
      const damaged = Buffer.from(film);
      // More entries than there are.
      damaged.writeUInt32BE(99_999, damaged.indexOf(table) + (table === 'stsz' ? 12 : 8));
      if (table === 'stsz') damaged.writeUInt32BE(0, damaged.indexOf(table) + 8);
      await writeFile(path, damaged);
      expect([table, await removeMovieMetadata(path)]).toEqual([table, false]);
      expect(await readFile(path)).toEqual(damaged);
    }
  });

  it('is not touched where what its tables call a byte of sound is more, and is where it is one', async () => {
    const film = async (audio: 'pcm-s16' | 'ulaw'): Promise<Buffer> => {
      const film = await recorded(new MovOutputFormat({ fastStart: false }), { audio });
      film.writeUInt32BE(1, film.indexOf('stsz') + 8);
      return withTextInBytes(film, PLACE);
    };
    const stereo = await film('pcm-s16');
    await writeFile(path, stereo);
    expect(await removeMovieMetadata(path)).toBe(false);
    expect(await readFile(path)).toEqual(stereo);
    const mono = await film('ulaw');
    const clean = await cleaned(mono);
    expect(clean.includes('freeGPS')).toBe(false);
    expect(await packetsOf(clean)).toEqual(await packetsOf(mono));
  });
});
