import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ALL_FORMATS,
  BufferSource,
  Input,
  type MetadataTags,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  OggOutputFormat,
  WebMOutputFormat,
} from 'mediabunny';
import sharp from 'sharp';
import {
  animatedGif,
  avi,
  avifGrid,
  avifSequence,
  describedSound,
  film,
  flashFilm,
  gif,
  heic,
  heicOfDisplayP3,
  paddedMp3,
  picture,
  placedFilm,
  recorded,
  recording,
  sound,
  television,
  webm,
  windowsMedia,
} from '../../support/files.js';
import { mp3, opusOfMusic } from '../../support/recordings.js';
import { filesUnder } from '../../support/servers/s3.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { MediaProcessor } from '../../../src/attachments/media/media-processor.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

const PLACE = '+52.5200+013.4050/';
const WAVEFORM = Array.from({ length: 64 }, (_, index) => index);

describe('pictures, films and voices as people send them', () => {
  let directory: string;
  let story: Story;
  let ada: Person;
  let bob: Person;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-media-'));
    story = await startStory({}, { DATA_DIR: directory, CORS_ORIGINS: 'https://chat.example.com' });
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  const get = (path: string): Promise<Response> => fetch(new URL(path, story.url));
  const bytesOf = async (path: string): Promise<Buffer> => Buffer.from(await (await get(path)).arrayBuffer());
  const post = async (form: FormData): Promise<{ status: number; body: Anything }> => {
    const headers = { authorization: `Bearer ${ada.accessToken}` };
    const answer = await fetch(`${story.url}/attachments`, { method: 'POST', headers, body: form });
    return { status: answer.status, body: (await answer.json()) as Anything };
  };
  const form = (bytes: Buffer, name: string, fields: Record<string, string>): FormData => {
    const made = new FormData();
    // Some before the file and some behind it, as clients have them.
    for (const [field, value] of Object.entries(fields).slice(0, 1)) made.append(field, value);
    made.append('file', new Blob([new Uint8Array(bytes)]), name);
    for (const [field, value] of Object.entries(fields).slice(1)) made.append(field, value);
    return made;
  };
  const readBack = async (path: string): Promise<{ tracks: string[]; rotation: number | undefined }> => {
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(new Uint8Array(await bytesOf(path))) });
    const tracks = await input.getTracks();
    const video = await input.getPrimaryVideoTrack();
    return { tracks: tracks.map(({ type }) => type).toSorted(), rotation: await video?.getRotation() };
  };

  it('takes every film and every sound for what it is, and says how large and how long', async () => {
    const both = { video: 'vp9', audio: 'opus' } as const;
    const described = Buffer.alloc(210);
    described.write('ID3\x03\0\0\0\0\x01\x48TIT2\0\0\0\x05\0\0\0Song', 'latin1');
    const cases: [string, Buffer, object][] = [
      ['a voice of a browser', await webm('sound'), { kind: 'AUDIO', mimeType: 'audio/webm', durationMs: 1_900 }],
      ['a film of a browser', await webm('film'), { kind: 'VIDEO', mimeType: 'video/webm', width: 320, height: 240 }],
      ['a voice of a phone', await recording('sound'), { kind: 'AUDIO', mimeType: 'audio/mp4', durationMs: 2_000 }],
      ['a film of a phone', await recording('film'), { kind: 'VIDEO', mimeType: 'video/mp4', durationMs: 2_000 }],
      [
        'a film that was held upright',
        await recorded(new MovOutputFormat(), { ...both, rotation: 90 }),
        { kind: 'VIDEO', mimeType: 'video/quicktime', width: 240, height: 320, durationMs: 2_000 },
      ],
      [
        'a sound in Matroska',
        await recorded(new MkvOutputFormat(), { audio: 'opus' }),
        { kind: 'AUDIO', mimeType: 'audio/x-matroska', durationMs: 2_000 },
      ],
      ['a film of Windows', windowsMedia('sound', 'film'), { kind: 'VIDEO', mimeType: 'video/x-ms-wmv' }],
      ['a sound of Windows', windowsMedia('sound'), { kind: 'AUDIO', mimeType: 'audio/x-ms-wma' }],
      ['an MP3 behind zeros', paddedMp3(3_000), { kind: 'AUDIO', mimeType: 'audio/mpeg' }],
      [
        'an MP3 whose description comes behind zeros',
        Buffer.concat([Buffer.alloc(500), described, paddedMp3(100)]),
        { kind: 'AUDIO', mimeType: 'audio/mpeg' },
      ],
      ['a sound', sound(), { kind: 'AUDIO', mimeType: 'audio/wav', durationMs: 1_000 }],
      ['zeros', Buffer.alloc(5_000), { kind: 'FILE', durationMs: null }],
      ['half of a film', (await recording('film')).subarray(0, 300), { kind: 'FILE', mimeType: 'video/mp4' }],
    ];
    for (const [what, bytes, expected] of cases)
      expect({ what, ...(await ada.mustUpload(bytes, 'x')) }).toMatchObject({ what, voice: false, ...expected });
  });

  it('knows a voice note of Android, whose frame is that of a film', async () => {
    const bytes = await recording('sound');
    bytes.write('3gp4', 8, 'latin1');
    const voice = await ada.mustUpload(bytes, 'voice.3gp');
    expect(voice).toMatchObject({ kind: 'AUDIO', mimeType: 'audio/3gpp', name: 'voice.3gp', durationMs: 2_000 });
  });

  it('serves no film with the place where it was made', async () => {
    const cases: [string, Buffer, string[]][] = [
      ['in its description, and behind its end', await placedFilm(), ['audio', 'video']],
      [
        'in a track beside it',
        await recorded(new Mp4OutputFormat(), { video: 'vp9', audio: 'opus', subtitles: PLACE }),
        ['audio', 'video'],
      ],
      [
        'in the names of tracks, one of which is no picture and no sound',
        await recorded(new Mp4OutputFormat(), { video: 'vp9', audio: 'opus', subtitles: 'x', name: PLACE }),
        ['audio', 'video'],
      ],
      [
        'in the names of tracks of Matroska that does not say how long it is',
        await recorded(new MkvOutputFormat({ appendOnly: true }), { video: 'vp9', audio: 'opus', name: PLACE }),
        ['audio', 'video'],
      ],
      [
        'in the tags of Matroska',
        await recorded(new MkvOutputFormat(), { video: 'vp9', audio: 'opus', tags: { raw: { LOCATION: PLACE } } }),
        ['audio', 'video'],
      ],
      [
        'in the tags of WebM',
        await recorded(new WebMOutputFormat(), { video: 'vp9', tags: { comment: PLACE } }),
        ['video'],
      ],
      [
        'in a track of Matroska, its tags and its title',
        await recorded(new MkvOutputFormat(), {
          ...{ video: 'vp9', audio: 'opus', subtitles: PLACE },
          tags: { title: PLACE, raw: { LOCATION: PLACE } },
        }),
        ['audio', 'video'],
      ],
      [
        'in the tags of a sound',
        await recorded(new Mp4OutputFormat(), { audio: 'opus', tags: { comment: PLACE } }),
        ['audio'],
      ],
    ];
    for (const [where, bytes, tracks] of cases) {
      expect({ where, is: bytes.includes(PLACE) }).toEqual({ where, is: true });
      const { url, kind, size, durationMs } = await ada.mustUpload(bytes, 'film');
      // Where nothing says how long the last picture is shown, it is shown for no time.
      const length = where.includes('does not say') ? 1_900 : 2_000;
      const served = await bytesOf(url);
      expect({ where, kind, durationMs, size, isPlaced: served.includes('52.52') }).toEqual({
        ...{ where, kind: tracks.includes('video') ? 'VIDEO' : 'AUDIO', durationMs: length },
        ...{ size: served.length, isPlaced: false },
      });
      expect({ where, ...(await readBack(url)) }).toMatchObject({ where, tracks });
    }
    const { url } = await ada.mustUpload(await placedFilm(), 'upright.mp4');
    expect((await readBack(url)).rotation).toBe(90);
    const described = await ada.mustUpload(avi(PLACE), 'film.avi');
    expect(described).toMatchObject({ kind: 'VIDEO', mimeType: 'video/vnd.avi' });
    const blanked = await bytesOf(described.url);
    expect({ isPlaced: blanked.includes('52.52'), length: blanked.length }).toEqual({
      ...{ isPlaced: false, length: avi(PLACE).length },
    });
    // What cannot be freed of its place is handed on, and not played.
    for (const bytes of [flashFilm(PLACE), television()])
      expect(await ada.mustUpload(bytes, 'film')).toMatchObject({ kind: 'FILE', durationMs: null });
    const windows = await ada.mustUpload(windowsMedia('film'), 'film.wmv');
    expect((await bytesOf(windows.url)).includes('Berlin')).toBe(false);
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
  });

  it('serves no sound with the place where it was made, and leaves who plays what', async () => {
    const ogg = (tags: MetadataTags): Promise<Buffer> => recorded(new OggOutputFormat(), { audio: 'opus', tags });
    const chunkOf = (id: string, text: string): Buffer => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(text.length);
      return Buffer.concat([Buffer.from(id), size, Buffer.from(text)]);
    };
    const id3 = (text: string): Buffer =>
      Buffer.from(
        `ID3\x03\0\0\0\0\0${String.fromCharCode(10 + text.length)}TXXX\0\0\0${String.fromCharCode(text.length)}\0\0${text}`,
        'latin1',
      );
    const [placedOgg, pagedOgg] = [
      await ogg({ raw: { LOCATION: PLACE } }),
      await recorded(new OggOutputFormat({ maximumPageDuration: 0.1 }), {
        ...{ audio: 'opus', tags: { raw: { LOCATION: PLACE } } },
      }),
    ];
    // Nothing can be taken out of another coding, which is not read here, nor out of a sound that breaks off within its only page.
    const unread = Buffer.from(placedOgg);
    unread.write('Speex   ', unread.indexOf('OpusHead'));
    for (const bytes of [unread, placedOgg.subarray(0, -10)]) {
      const { url, ...upload } = await ada.mustUpload(bytes, 'voice');
      expect(upload).toMatchObject({ kind: 'FILE', durationMs: null });
      expect(await bytesOf(url)).toEqual(bytes);
    }
    const placed: [string, Buffer, object][] = [
      ['Ogg, broken off within a page', pagedOgg.subarray(0, -10), {}],
      ['Ogg, broken off within the head of a page', pagedOgg.subarray(0, pagedOgg.lastIndexOf('OggS') + 20), {}],
      ['Ogg, broken off within the lengths of a page', pagedOgg.subarray(0, pagedOgg.lastIndexOf('OggS') + 30), {}],
      ['Ogg, by its name', await ogg({ raw: { LOCATION: PLACE } }), { durationMs: 400 }],
      ['Ogg, by its form', await ogg({ title: 'Song', comment: PLACE }), { durationMs: 400 }],
      ['WAV', describedSound(PLACE), { durationMs: 1_000 }],
      ['WAV of a recorder', Buffer.concat([sound(), chunkOf('iXML', PLACE)]), { durationMs: 1_000 }],
      ['MP3, behind zeros', Buffer.concat([Buffer.alloc(50), id3(PLACE), mp3()]), { durationMs: 1_692 }],
      ['MP3, at its end', Buffer.concat([mp3(), Buffer.from(`APETAGEX${PLACE}`)]), {}],
    ];
    for (const [what, bytes, expected] of placed) {
      expect({ what, is: bytes.includes(PLACE) }).toEqual({ what, is: true });
      const upload = await ada.mustUpload(bytes, 'voice');
      expect({ what, ...upload }).toMatchObject({ what, kind: 'AUDIO', ...expected });
      const served = await bytesOf(upload.url);
      expect({ what, is: served.includes('52.52'), length: served.length }).toEqual({
        ...{ what, is: false, length: upload.size },
      });
    }
    for (const bytes of [await ogg({ title: 'Song', artist: 'Somebody' }), describedSound('a song')])
      expect(await bytesOf((await ada.mustUpload(bytes, 'song')).url)).toEqual(bytes);
  });

  it('leaves a film without metadata as it is, to the byte', async () => {
    const bytes = film(50_000);
    expect(await bytesOf((await ada.mustUpload(bytes, 'film.mp4')).url)).toEqual(bytes);
  });

  it('gives a film the poster that its sender made, and removes it with the film', async () => {
    const conversationId = await ada.directConversation(bob);
    const upload = await ada.mustUpload(film(), 'film.mp4');
    expect(upload).toMatchObject({ thumbnailUrl: null, previewUrl: null, blurhash: null });
    const poster = form(await picture(640, 360).jpeg().toBuffer(), 'poster.jpg', { posterFor: upload.id });
    const { status, body } = await post(poster);
    expect({ status, body }).toMatchObject({ status: 201, body: { id: upload.id, kind: 'VIDEO', width: 320 } });
    expect(body.blurhash).toMatch(/^.{20,40}$/);
    expect(await sharp(await bytesOf(body.thumbnailUrl)).metadata()).toMatchObject({ format: 'webp', width: 320 });
    expect(await sharp(await bytesOf(body.previewUrl)).metadata()).toMatchObject({ format: 'webp', width: 640 });

    const message = await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [upload.id] });
    const [seen] = (await bob.history(conversationId)).at(-1)?.attachments ?? [];
    expect(seen).toMatchObject({ kind: 'VIDEO', durationMs: 2_000, blurhash: body.blurhash });
    expect((await get(seen.thumbnailUrl)).status).toBe(200);
    await ada.must('DELETE', `/messages/${message.id}`);
    for (const path of [seen.thumbnailUrl, seen.url]) expect((await get(path)).status).toBe(404);
  });

  it('refuses a poster for what is no film, not one’s own, sent already, or has one', async () => {
    const image = await picture(64, 64).png().toBuffer();
    const [sent, taken, bobs, pictureOfAda] = [
      await ada.mustUpload(film()),
      await ada.mustUpload(film()),
      await bob.mustUpload(film()),
      await ada.mustUpload(image),
    ];
    const conversationId = await ada.directConversation(bob);
    await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [sent.id] });
    expect((await post(form(image, 'poster.png', { posterFor: taken.id }))).status).toBe(201);
    for (const posterFor of [sent.id, taken.id, bobs.id, pictureOfAda.id, 'x', '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11'])
      expect(await post(form(image, 'poster.png', { posterFor }))).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED', errors: { posterFor: [expect.any(String)] } },
      });
    const other = await ada.mustUpload(film());
    expect((await post(form(film(), 'poster.mp4', { posterFor: other.id }))).status).toBe(400);
  });

  it('keeps the pictures of one of two posters that come at once', async () => {
    const upload = await ada.mustUpload(film());
    const decoding = holdCalls(story.app, MediaProcessor, 'processImage');
    const posters = [picture(640, 360), picture(360, 640)].map(async (image) =>
      post(form(await image.jpeg().toBuffer(), 'poster.jpg', { posterFor: upload.id })),
    );
    await until('both are being decoded', () => decoding.count === 2);
    decoding.release();
    const answers = await Promise.all(posters);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400]);
    const { body } = answers.find(({ status }) => status === 201) as Anything;
    const { width, height } = await sharp(await bytesOf(body.previewUrl)).metadata();
    expect([width, height]).toEqual(answers[0]?.status === 201 ? [640, 360] : [360, 640]);
  });

  it('carries a voice message with its outline to everybody', async () => {
    const conversationId = await ada.directConversation(bob);
    const bytes = await webm('sound');
    const own = await post(form(bytes, 'voice.webm', { voice: 'true', waveform: JSON.stringify(WAVEFORM) }));
    expect(own).toMatchObject({ status: 201, body: { kind: 'AUDIO', voice: true, waveform: WAVEFORM } });
    await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [own.body.id] });
    const [received] = (await bob.history(conversationId)).at(-1)?.attachments ?? [];
    // What a browser records says nothing of how long its last packet is.
    expect(received).toMatchObject({ voice: true, waveform: WAVEFORM, durationMs: 1_900 });

    // Without one it is drawn from the sound itself: quiet first, loud in the end.
    const { body } = await post(form(opusOfMusic(), 'voice.webm', { voice: 'true' }));
    expect(body.waveform).toHaveLength(64);
    expect(body.waveform[5]).toBeLessThan(10);
    expect(body.waveform[60]).toBeGreaterThan(60);
    const film = await post(form(await recording('film'), 'film.mp4', { voice: 'true', waveform: WAVEFORM.join() }));
    expect(film.body).toMatchObject({ kind: 'VIDEO', voice: false, waveform: null });
  });

  it.each([
    ['too few numbers', { waveform: '[1,2,3]' }],
    ['a number that is too large', { waveform: JSON.stringify([...WAVEFORM.slice(1), 101]) }],
    ['what is none', { waveform: `${'1,'.repeat(63)}x` }],
    ['a voice that is neither', { voice: 'yes' }],
  ])('refuses a waveform of %s', async (_, fields) => {
    expect(await post(form(sound(), 'voice.wav', fields as Record<string, string>))).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
  });

  it('makes JPEG of what an iPhone takes, without where it was taken', async () => {
    const photo = await ada.mustUpload(heic(), 'IMG_0001.HEIC', 'image/heic');
    expect(photo).toMatchObject({
      ...{ kind: 'IMAGE', mimeType: 'image/jpeg', name: 'IMG_0001.jpg', width: 64, height: 48, animated: false },
    });
    const bytes = await bytesOf(photo.url);
    const { exif, icc, xmp, format } = await sharp(bytes).metadata();
    expect({ exif, icc, xmp, format }).toEqual({ exif: undefined, icc: undefined, xmp: undefined, format: 'jpeg' });
    // It has colours of all kinds: it was decoded, not blanked.
    const { channels } = await sharp(bytes).stats();
    expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(20);
    const damaged = heic().subarray(0, 500);
    expect((await ada.upload(damaged, 'x.heic')).body.code).toBe('UNSUPPORTED_MEDIA');
  });

  it('shows the colours that were meant, where they are kept in Display P3', async () => {
    const { url, thumbnailUrl } = await ada.mustUpload(heicOfDisplayP3(), 'IMG_0002.HEIC');
    for (const path of [url, thumbnailUrl]) {
      const [red = 0, green = 0, blue = 0] = await sharp(await bytesOf(path))
        .extract({ left: 30, top: 30, width: 1, height: 1 })
        .removeAlpha()
        .raw()
        .toBuffer();
      // Taken for sRGB as they are, these would be 187, 105 and 62.
      for (const [found, meant] of [
        [red, 200],
        [green, 100],
        [blue, 50],
      ] as const)
        expect(Math.abs(found - meant)).toBeLessThan(5);
    }
  });

  it('keeps an animation moving in its small pictures, too', async () => {
    const moving = await ada.mustUpload(await animatedGif(), 'wave.gif');
    expect(moving.animated).toBe(true);
    for (const path of [moving.thumbnailUrl, moving.previewUrl])
      expect(await sharp(await bytesOf(path)).metadata()).toMatchObject({ format: 'webp', pages: 3 });
    expect((await ada.mustUpload(await picture(60, 40).png().toBuffer())).animated).toBe(false);
  });

  it('turns an animation as its camera was held', async () => {
    const frames = await sharp(await animatedGif(), { animated: true })
      .withMetadata({ orientation: 6 })
      .webp()
      .toBuffer();
    const turned = await ada.mustUpload(frames, 'wave.webp');
    expect(turned).toMatchObject({ mimeType: 'image/webp', width: 40, height: 60, animated: true });
    for (const path of [turned.url, turned.thumbnailUrl])
      expect(await sharp(await bytesOf(path)).metadata()).toMatchObject({ pages: 3, width: 40, height: 60 });
    const { delay } = await sharp(await bytesOf(turned.url)).metadata();
    expect(delay).toEqual([100, 100, 100]);
  });

  it('keeps pictures as files that are no photographs', async () => {
    const png = await picture(8, 8).png().toBuffer();
    const control = Buffer.from('000000086163544c000000010000000000000000', 'hex');
    const cases: [string, Buffer][] = [
      ['animated PNG', Buffer.concat([png.subarray(0, 33), control, png.subarray(33)])],
      ['a bitmap', Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)])],
      ['an icon', Buffer.concat([Buffer.from('\0\0\x01\0\x01\0', 'latin1'), Buffer.alloc(200)])],
      ['layers', Buffer.concat([Buffer.from('8BPS\0\x01', 'latin1'), Buffer.alloc(200)])],
      ['layers of another program', Buffer.concat([Buffer.from('gimp xcf file\0'), Buffer.alloc(200)])],
      ['a drawing', Buffer.concat([Buffer.from('AC1027'), Buffer.alloc(200)])],
    ];
    for (const [what, bytes] of cases) {
      const { status, body } = await ada.upload(bytes, 'picture');
      expect({ what, status, kind: body.kind }).toEqual({ what, status: 201, kind: 'FILE' });
    }
  });

  it('shows a picture in AVIF and HEIF that is made of several, or calls itself by what it is built like', async () => {
    const avif = await picture(64, 48).avif().toBuffer();
    const named = (bytes: Buffer, brand: string): Buffer => {
      const renamed = Buffer.from(bytes);
      renamed.write(brand, 8, 'latin1');
      return renamed;
    };
    const cases: [string, Buffer, object][] = [
      ['a picture', avif, { mimeType: 'image/webp', width: 64, height: 48, animated: false }],
      ['two side by side', avifGrid(), { mimeType: 'image/webp', width: 128, height: 64, animated: false }],
      ['a sequence', avifSequence(), { mimeType: 'image/avif', width: 32, height: 24, animated: true }],
      ['an AVIF that says mif1', named(avif, 'mif1'), { mimeType: 'image/webp', width: 64, height: 48 }],
      ['an AVIF that says mif3', named(avif, 'mif3'), { mimeType: 'image/webp', width: 64, height: 48 }],
      ['a HEIC that says mif1', named(heic(), 'mif1'), { mimeType: 'image/jpeg', width: 64, height: 48 }],
      ['a HEIC that says mif3', named(heic(), 'mif3'), { mimeType: 'image/jpeg', width: 64, height: 48 }],
    ];
    for (const [what, bytes, expected] of cases)
      expect({ what, ...(await ada.mustUpload(bytes, 'x')) }).toMatchObject({ what, kind: 'IMAGE', ...expected });
    const { url } = await ada.mustUpload(avifGrid(), 'x.avif');
    const { data } = await sharp(await bytesOf(url))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(data[0]).toBeGreaterThan(200);
    expect(data.at(-1)).toBeGreaterThan(200);
  });

  it('keeps pictures in AVIF that follow one another as they came, without what is no picture', async () => {
    const text = Buffer.from(PLACE);
    const size = Buffer.alloc(4);
    const whole = avifSequence();
    // The bytes of its pictures are last: what comes behind them belongs to none.
    const grown = Buffer.concat([whole, text]);
    const bytes = whole.lastIndexOf('mdat') - 4;
    grown.writeUInt32BE(whole.readUInt32BE(bytes) + text.length, bytes);
    size.writeUInt32BE(24 + text.length);
    const sequence = Buffer.concat([grown, size, Buffer.from('uuid'), Buffer.alloc(16, 1), text]);
    const upload = await ada.mustUpload(sequence, 'cat.avif');
    expect(upload).toMatchObject({ ...{ kind: 'IMAGE', mimeType: 'image/avif', name: 'cat.avif' }, animated: true });
    const served = await bytesOf(upload.url);
    expect([served.length, served.includes('52.52')]).toEqual([sequence.length, false]);
    const tracks = async (file: Buffer): Promise<unknown> => {
      const film = Buffer.from(file);
      film.write('isom', 8, 'latin1');
      film.write('vide', film.indexOf('pict', film.indexOf('moov')), 'latin1');
      const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(new Uint8Array(film)) });
      const track = await input.getPrimaryVideoTrack();
      return track?.computePacketStats();
    };
    expect(await tracks(served)).toEqual(await tracks(whole));
    expect(await tracks(served)).toMatchObject({ packetCount: 3 });
    expect(await sharp(await bytesOf(upload.thumbnailUrl)).metadata()).toMatchObject({ format: 'webp', width: 32 });
  });

  it('takes every GIF that browsers show', async () => {
    const { control, loop, end } = gif;
    const frame = gif.frame({ width: 8, height: 8 });
    const nothing = gif.frame({ width: 0, height: 0 });
    const own = { hasColours: true, isInterlaced: true };
    const cases: [string, Buffer[], object][] = [
      ['one frame', [gif.head(8, 8), frame, end], { animated: false }],
      ['no end', [gif.head(8, 8), frame], { animated: false }],
      ['something behind its end', [gif.head(8, 8), frame, end, Buffer.alloc(300, 7)], { animated: false }],
      ['a screen of no size', [gif.head(0, 0), frame, end], {}],
      ['a huge screen', [gif.head(60_000, 60_000), frame, end], {}],
      ['a frame of no size', [gif.head(8, 8), control, nothing, control, frame, end], { animated: false }],
      ['a frame beside the screen', [gif.head(8, 8), gif.frame({ width: 8, height: 8, at: 4 }), end], { width: 12 }],
      [
        'colours of each frame, interlaced',
        [gif.head(8, 8, false), loop, control, gif.frame({ width: 8, height: 8, ...own }), control].concat([
          gif.frame({ width: 4, height: 4, at: 2, ...own }),
          end,
        ]),
        { animated: true },
      ],
      ['no colours at all', [gif.head(8, 8, false), frame, end], {}],
      ['comments', [gif.head(8, 8), gif.comment(PLACE), frame, gif.comment(PLACE), end], {}],
      ['XMP', [gif.head(8, 8), gif.xmp(`<x:xmpmeta>${PLACE}</x:xmpmeta>`), frame, end], {}],
      ['text', [gif.head(8, 8), control, gif.text, control, frame, end], {}],
      ['something unknown', [gif.head(8, 8), Buffer.from([0x21, 0x99, 3, 1, 2, 3, 0]), frame, end], {}],
      [
        'zeros between its frames',
        [gif.head(8, 8), loop, frame, Buffer.alloc(3), control, frame, end],
        { animated: true },
      ],
      [
        'a last frame that breaks off',
        [gif.head(8, 8), loop, frame, control, frame, frame.subarray(0, 15)],
        { animated: true },
      ],
    ];
    for (const [what, parts, expected] of cases) {
      const { status, body } = await ada.upload(Buffer.concat(parts), 'x.gif');
      expect({ what, status, ...body }).toMatchObject({ what, status: 201, mimeType: 'image/gif', ...expected });
      expect((await bytesOf(body.url)).includes('52.52')).toBe(false);
    }
    expect((await ada.upload(Buffer.concat([gif.head(8, 8), end]), 'x.gif')).status).toBe(415);
  });

  it('keeps a long animation moving that would take too long to encode anew', async () => {
    const frames = Array.from({ length: 80 }, (_, index) =>
      Buffer.concat([gif.control, gif.frame({ width: 100, height: 100, at: index * 10 })]),
    );
    const whole = Buffer.concat([gif.head(1_000, 1_000), gif.loop, gif.comment(PLACE), ...frames, gif.end]);
    const moving = await ada.mustUpload(whole, 'long.gif');
    expect(moving).toMatchObject({ mimeType: 'image/gif', width: 1_000, height: 1_000, animated: true });
    const bytes = await bytesOf(moving.url);
    expect(bytes.includes(PLACE)).toBe(false);
    expect((await sharp(bytes).metadata()).pages).toBe(80);
    const small = (await sharp(await bytesOf(moving.thumbnailUrl)).metadata()).pages ?? 0;
    expect(small).toBeGreaterThan(1);
    expect(small).toBeLessThan(80);
  });

  it('takes names as phones send them', async () => {
    const names: [string, string][] = [
      ['my%20document.pdf', 'my document.pdf'],
      ['100% sure.pdf', '100% sure.pdf'],
      ['%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85.pdf', 'می\u200cخواهم.pdf'],
      ['👨\u200d👩\u200d👧.pdf', '👨\u200d👩\u200d👧.pdf'],
    ];
    for (const [given, expected] of names)
      expect((await ada.mustUpload(Buffer.from('%PDF-1.4\n%%EOF'), given)).name).toBe(expected);
    const { thumbnailUrl, url } = await ada.mustUpload(await picture(32, 32).jpeg().toBuffer(), 'beach.jpg');
    expect((await get(url)).headers.get('content-disposition')).toContain('filename="beach.jpg"');
    expect((await get(thumbnailUrl)).headers.get('content-disposition')).toContain('filename="beach.webp"');
  });

  it('takes a picture without a name', async () => {
    const png = await picture(16, 16).png().toBuffer();
    const body = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: image/png\r\n\r\n'),
      png,
      Buffer.from('\r\n--x--\r\n'),
    ]);
    const answer = await fetch(`${story.url}/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.accessToken}`, 'content-type': 'multipart/form-data; boundary=x' },
      body,
    });
    expect([answer.status, ((await answer.json()) as Anything).name]).toEqual([201, 'file.png']);
  });

  it('lets pages of other origins read the headers that a player needs', async () => {
    const { url } = await ada.mustUpload(film(), 'film.mp4');
    const answer = await fetch(new URL(url, story.url), {
      headers: { origin: 'https://chat.example.com', range: 'bytes=0-9' },
    });
    expect(answer.status).toBe(206);
    const exposed = (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/,\s*/);
    expect(exposed).toEqual(
      expect.arrayContaining(['content-range', 'content-disposition', 'retry-after', 'etag', 'accept-ranges']),
    );
  });
});

describe('a server that decodes no HEIC', () => {
  let directory: string;
  let story: Story;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-media-'));
    story = await startStory({}, { DATA_DIR: directory, HEIC: 'off' });
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('refuses it, since it would keep where it was taken', async () => {
    const answer = await (await story.person()).upload(heic(), 'IMG_0001.HEIC');
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA']);
    expect(answer.body.detail).not.toContain('HEIC');
  });
});
