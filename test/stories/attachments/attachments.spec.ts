import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sharp from 'sharp';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { AttachmentsService } from '../../../src/attachments/attachments.service.js';
import { blobKey } from '../../../src/attachments/store/blob-keys.js';
import { BlobStore } from '../../../src/attachments/store/blob-store.js';
import { MessageWriter } from '../../../src/messages/sending/message-writer.js';
import {
  animatedGif,
  archive,
  film,
  page,
  pdf,
  picture,
  program,
  recording,
  sound,
  turnedJpeg,
  vector,
  webm,
} from '../../support/files.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

describe.each(['disk', 'S3'])('attachments, kept on %s', (kept) => {
  let s3: S3Server | undefined;
  let directory: string;
  let story: Story;
  let ada: Person;
  let bob: Person;
  let stranger: Person;
  let conversationId: string;

  beforeAll(async () => {
    s3 = kept === 'S3' ? await startS3() : undefined;
    directory = await mkdtemp(join(tmpdir(), 'parley-attachments-'));
    story = await startStory(
      { rateLimits: false, timings: SLOW_STORE_TIMINGS },
      { DATA_DIR: directory, MAX_FILE_MB: '1', ...s3?.environment },
    );
    [ada, bob, stranger] = await Promise.all([story.person('ada'), story.person('bob'), story.person()]);
    conversationId = await ada.directConversation(bob);
  });
  afterAll(async () => {
    await story.close();
    await s3?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(new URL(path, story.url), { headers, method });
  const bytesOf = async (path: string): Promise<Buffer> => Buffer.from(await (await get(path)).arrayBuffer());
  const send = (attachmentIds: string[], more: object = {}): Promise<Anything> =>
    ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds, ...more });

  it('shows a picture to both sides, upright and without where it was taken', async () => {
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const upload = await ada.mustUpload(await turnedJpeg(), 'beach.jpg', 'image/jpeg');
    expect(upload).toMatchObject({
      external: false,
      kind: 'IMAGE',
      mimeType: 'image/jpeg',
      name: 'beach.jpg',
      width: 480,
      height: 640,
    });
    expect(upload.blurhash).toMatch(/^.{20,40}$/);

    const { message } = await adas.must('send_message', {
      conversationId,
      content: 'look',
      attachmentIds: [upload.id],
    });
    expect(message).toMatchObject({ kind: 'IMAGE', content: 'look', attachments: [{ id: upload.id, kind: 'IMAGE' }] });
    const received = await bobs.next('message:new');
    expect(received.message.attachments).toEqual(message.attachments);
    const [stored] = (await bob.history(conversationId)).slice(-1);
    expect(stored.attachments).toEqual(message.attachments);

    const [{ url, thumbnailUrl, previewUrl, size }] = stored.attachments;
    const original = await bytesOf(url);
    expect(original).toHaveLength(size);
    const { exif, orientation, width, height } = await sharp(original).metadata();
    expect({ exif, orientation, width, height }).toEqual({
      exif: undefined,
      orientation: undefined,
      width: 480,
      height: 640,
    });
    expect(original.includes('Camera') || original.includes('GPS')).toBe(false);
    expect(await sharp(await bytesOf(thumbnailUrl)).metadata()).toMatchObject({
      format: 'webp',
      width: 240,
      height: 320,
    });
    expect(await sharp(await bytesOf(previewUrl)).metadata()).toMatchObject({
      format: 'webp',
      width: 480,
      height: 640,
    });
  });

  it('knows every kind by its content, whatever it is called', async () => {
    const kinds: [string, Buffer, object][] = [
      ['png', await picture().png().toBuffer(), { kind: 'IMAGE', mimeType: 'image/png', name: 'x.png' }],
      ['webp', await picture().webp().toBuffer(), { kind: 'IMAGE', mimeType: 'image/webp' }],
      ['gif', await animatedGif(), { kind: 'IMAGE', mimeType: 'image/gif', width: 60, height: 40 }],
      ['avif', await picture(64, 64).avif().toBuffer(), { kind: 'IMAGE', mimeType: 'image/webp' }],
      [
        'film',
        film(),
        { kind: 'VIDEO', mimeType: 'video/mp4', width: 320, durationMs: 2_000, thumbnailUrl: null, name: 'x.mp4' },
      ],
      ['sound', sound(), { kind: 'AUDIO', mimeType: 'audio/wav', durationMs: 1_000, voice: false }],
      ['pdf', pdf(), { kind: 'FILE', mimeType: 'application/pdf', name: 'x.pdf' }],
      ['archive', archive(), { kind: 'FILE', mimeType: 'application/zip' }],
      ['page', page(), { kind: 'FILE', mimeType: 'text/html' }],
      ['vector', vector(), { kind: 'FILE', mimeType: 'image/svg+xml' }],
      ['program', program(), { kind: 'FILE' }],
      ['text', Buffer.from('Grüße'), { kind: 'FILE', mimeType: 'text/plain' }],
      ['a voice', await recording('sound'), { kind: 'AUDIO', mimeType: 'audio/mp4', name: 'x.m4a' }],
      ['a voice of a browser', await webm('sound'), { kind: 'AUDIO', mimeType: 'audio/webm', durationMs: 1_900 }],
      [
        'a film of a browser',
        await webm('film'),
        { kind: 'VIDEO', mimeType: 'video/webm', height: 240, durationMs: 1_900 },
      ],
      ['wide text', Buffer.from('\ufeffGrüße', 'utf16le'), { kind: 'FILE', mimeType: 'text/plain' }],
      ['a wide page', Buffer.from('\ufeff<html><body>', 'utf16le'), { kind: 'FILE', mimeType: 'text/html' }],
      ['bytes', Buffer.from([0, 1, 2, 3, 250]), { kind: 'FILE', mimeType: 'application/octet-stream' }],
    ];
    for (const [what, bytes, expected] of kinds) {
      expect({ what, ...(await ada.mustUpload(bytes, 'x.html', 'text/html')) }).toMatchObject({
        what,
        external: false,
        ...expected,
      });
    }
  });

  it('keeps an animation moving', async () => {
    const { url } = await ada.mustUpload(await animatedGif(), 'wave.gif');
    expect(await sharp(await bytesOf(url)).metadata()).toMatchObject({ format: 'gif', pages: 3 });
  });

  it('gives a browser nothing that runs', async () => {
    const cases: [Buffer, string][] = [
      [page(), 'bin'],
      [vector(), 'bin'],
      [program(), 'bin'],
      [pdf(), 'pdf'],
    ];
    for (const [bytes, ending] of cases) {
      const { url } = await ada.mustUpload(bytes, 'innocent.png', 'image/png');
      const answer = await get(url);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).not.toMatch(/html|svg|xml|pdf/);
      expect(answer.headers.get('content-disposition')).toMatch(
        new RegExp(`^attachment; filename="innocent.${ending}"`),
      );
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none';.*sandbox/);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    }
  });

  it('serves ranges, conditions and HEAD', async () => {
    const bytes = film(10_000);
    const { url } = await ada.mustUpload(bytes, 'film.mp4');
    const whole = await get(url);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/);
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);

    const part = await get(url, { range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    const end = await get(url, { range: 'bytes=-5' });
    expect(Buffer.from(await end.arrayBuffer())).toEqual(bytes.subarray(-5));
    const beyond = await get(url, { range: `bytes=${bytes.length}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
    expect([beyond.headers.get('cache-control'), beyond.headers.get('content-disposition')]).toEqual([
      'no-store',
      null,
    ]);
    expect(beyond.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await beyond.json()).toMatchObject({ status: 416, code: 'RANGE_NOT_SATISFIABLE' });

    const etag = whole.headers.get('etag') ?? '';
    expect((await get(url, { 'if-none-match': etag })).status).toBe(304);
    expect((await get(url, { 'if-range': '"other"', range: 'bytes=0-1' })).status).toBe(200);
    // Ranges are of GET alone.
    for (const range of [undefined, 'bytes=10-19', `bytes=${bytes.length}-`]) {
      const head = await get(url, range === undefined ? {} : { range }, 'HEAD');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    }
  });

  it('takes a message of attachments alone, of several, and of files that are kept elsewhere', async () => {
    const [image, second, file] = [
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'one.png'),
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'two.png'),
      await ada.mustUpload(pdf(), 'three.pdf'),
    ];
    const alone = await send([image.id, second.id]);
    expect(alone).toMatchObject({ kind: 'IMAGE', content: '', attachments: [{ id: image.id }, { id: second.id }] });
    const outside = { url: 'https://files.example.com/film.mp4', kind: 'VIDEO', name: 'film.mp4', size: 12 };
    const mixed = await send([file.id], { content: 'both', attachments: [outside] });
    expect(mixed).toMatchObject({
      kind: 'FILE',
      attachments: [
        { id: file.id, external: false },
        { ...outside, external: true, id: null, mimeType: null, thumbnailUrl: null },
      ],
    });
    const plain = await send([], { attachments: [{ url: 'https://files.example.com/a', kind: 'AUDIO' }] });
    expect(plain).toMatchObject({ kind: 'AUDIO', attachments: [{ external: true, name: null, size: null }] });
    const [last] = (await bob.must('GET', '/conversations')).items;
    expect(last).toMatchObject({ lastMessage: '', lastMessageKind: 'AUDIO' });
  });

  it('shows no text where there is none, and safe names also of files elsewhere', async () => {
    const attachments = [{ url: 'https://files.example.com/x', kind: 'FILE', name: '../../x\u202Egpj.exe' }];
    const message = await send([], { content: '  ', attachments });
    expect(message).toMatchObject({ content: '', attachments: [{ name: 'xgpj.exe' }] });
  });

  it.each([
    ['nothing at all', {}],
    ['an empty text', { content: '', attachmentIds: [] }],
    ['an unknown upload', { attachmentIds: [randomUUID()] }],
    [
      'the same upload twice',
      { attachmentIds: ['0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11', '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11'] },
    ],
    ['no ids', { attachmentIds: ['x'] }],
    ['no list', { content: 'x', attachmentIds: 'x' }],
    [
      'eleven',
      { attachments: Array.from({ length: 11 }, (_, n) => ({ url: `https://a.example.com/${n}`, kind: 'FILE' })) },
    ],
    ['a file over http', { attachments: [{ url: 'http://a.example.com/x', kind: 'FILE' }] }],
    ['a script for an address', { attachments: [{ url: 'javascript:alert(1)', kind: 'FILE' }] }],
    ['an unknown kind', { attachments: [{ url: 'https://a.example.com/x', kind: 'TEXT' }] }],
    ['a nameless size', { attachments: [{ url: 'https://a.example.com/x', kind: 'FILE', size: -1 }] }],
    ['a surplus field', { attachments: [{ url: 'https://a.example.com/x', kind: 'FILE', id: randomUUID() }] }],
    ['null for an attachment', { attachments: [null] }],
  ])('refuses %s', async (_, body) => {
    const answer = await ada.call('POST', `/conversations/${conversationId}/messages`, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    const acknowledgement = await (await ada.device()).ask('send_message', { conversationId, ...body });
    expect(acknowledgement).toMatchObject({ ok: false, error: { code: 'VALIDATION_FAILED' } });
  });

  it('lets an upload be used once, by its owner, also when many try at once', async () => {
    const { id } = await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'once.png');
    const group = await ada.group('Other', bob);
    expect((await bob.call('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [id] })).status).toBe(
      400,
    );
    const answers = await Promise.all(
      [conversationId, group, conversationId, group].map((target) =>
        ada.call('POST', `/conversations/${target}/messages`, { attachmentIds: [id] }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400, 400]);
  });

  it('keeps an upload that is stored while its message is, rather than store that without it', async () => {
    const { id } = await ada.mustUpload(pdf());
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    const become = (state: string): Promise<unknown> =>
      database.query('UPDATE attachments SET state = $2 WHERE id = $1', [id, state]);
    await become('STORING');
    const storing = holdCalls(story.app, MessageWriter, 'store');
    try {
      const early = ada.call('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [id] });
      await until('it is being stored', async () => storing.count === 1);
      await become('READY');
      storing.release();
      expect((await early).body).toMatchObject({ status: 400, errors: { attachmentIds: [expect.any(String)] } });
      expect((await send([id])).attachments).toMatchObject([{ id }]);
    } finally {
      storing.release();
      await database.end();
    }
  });

  it('answers a repeated send with the message that is stored', async () => {
    const { id } = await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'again.png');
    const clientId = randomUUID();
    const first = await send([id], { clientId });
    expect(await send([id], { clientId })).toEqual(first);
    const concurrent = { attachmentIds: [(await ada.mustUpload(pdf())).id], clientId: randomUUID() };
    const answers = await Promise.all(
      [1, 2, 3].map(() => ada.must('POST', `/conversations/${conversationId}/messages`, concurrent)),
    );
    expect(new Set(answers.map((message) => message.seq)).size).toBe(1);
  });

  it('gives addresses to members alone, and none that can be made up', async () => {
    const upload = await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'secret.png');
    expect((await bob.call('GET', `/attachments/${upload.id}`)).status).toBe(404);
    expect((await ada.must('GET', `/attachments/${upload.id}`)).url).toBe(upload.url);
    await send([upload.id]);
    expect((await bob.must('GET', `/attachments/${upload.id}`)).id).toBe(upload.id);
    expect((await stranger.call('GET', `/attachments/${upload.id}`)).status).toBe(404);
    expect((await get(`/attachments/${upload.id}`)).status).toBe(401);
    const url = new URL(upload.url, story.url);
    const tampered = [
      (at: URL) => at.searchParams.set('expires', String(Number(at.searchParams.get('expires')) + 1)),
      (at: URL) => at.searchParams.set('signature', 'A'.repeat(43)),
      (at: URL) => (at.pathname = at.pathname.replace('original', '1280')),
      (at: URL) => (at.pathname = at.pathname.replace(upload.id, randomUUID())),
      (at: URL) => (at.pathname = at.pathname.replace('original', '..%2Foriginal')),
    ];
    for (const tamper of tampered) {
      const other = new URL(url);
      tamper(other);
      expect((await fetch(other)).status).toBe(404);
    }
    url.search = '';
    expect((await fetch(url)).status).toBe(400);
  });

  it('removes the bytes of a deleted message at once for readers, and soon for good', async () => {
    const [image, kept] = [
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'gone.png'),
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'kept.png'),
    ];
    const message = await send([image.id, kept.id].slice(0, 1));
    const other = await send([kept.id]);
    expect((await get(image.url)).status).toBe(200);
    const deleted = await ada.must('DELETE', `/messages/${message.id}`);
    expect(deleted).toMatchObject({ attachments: [], content: null });
    for (const url of [image.url, image.thumbnailUrl, image.previewUrl]) expect((await get(url)).status).toBe(404);
    await until('nothing is left of it', async () => (await filesOf(image.id)) === 0);
    expect(await filesOf(kept.id)).toBe(3);

    await bob.must('DELETE', `/messages/${other.id}?for=me`);
    expect((await bob.call('GET', `/attachments/${kept.id}`)).status).toBe(404);
    expect((await ada.must('GET', `/attachments/${kept.id}`)).id).toBe(kept.id);
  });

  it('leaves an avatar as it is where it is chosen again', async () => {
    const [mine, ours] = [
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'me.png'),
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'us.png'),
    ];
    const device = await bob.device();
    const group = await ada.group('Same', bob);
    const { avatarUrl } = await ada.must('PATCH', '/users/me', { avatarId: mine.id });
    const changed = await ada.must('PATCH', `/conversations/${group}`, { avatarId: ours.id });
    const seqs = () =>
      device
        .all('message:new')
        .filter(({ message }) => message.conversationId === group)
        .map(({ message }) => message.seq);
    await device.next('user:updated', ({ user }) => user.avatarUrl === avatarUrl);
    await device.next('message:new', ({ message }) => message.conversationId === group && message.seq === 2);

    for (const id of [mine.id, mine.id.toUpperCase()])
      expect((await ada.must('PATCH', '/users/me', { avatarId: id })).avatarUrl).toBe(avatarUrl);
    const again = await ada.must('PATCH', `/conversations/${group}`, { avatarId: ours.id });
    expect([again.avatarUrl, again.lastSeq]).toEqual([changed.avatarUrl, changed.lastSeq]);
    for (const url of [avatarUrl, changed.avatarUrl]) expect((await get(url)).status).toBe(200);
    // The picture of one is none for the other.
    expect((await ada.call('PATCH', `/conversations/${group}`, { avatarId: mine.id })).status).toBe(400);
    expect((await ada.call('PATCH', '/users/me', { avatarId: ours.id })).status).toBe(400);

    // The next changes are the next that anybody receives.
    await ada.must('PATCH', '/users/me', { displayName: 'Ada again' });
    await ada.must('PATCH', `/conversations/${group}`, { title: 'Same again' });
    await device.next('message:new', ({ message }) => message.conversationId === group && message.seq === 3);
    await device.next('user:updated', ({ user }) => user.displayName === 'Ada again');
    expect(device.all('user:updated').filter(({ user }) => user.id === ada.id)).toHaveLength(2);
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('loses the text beside it by an edit, and one without attachments does not', async () => {
    const file = await ada.mustUpload(pdf(), 'a.pdf');
    const device = await ada.device();
    const captioned = await send([file.id], { content: 'look' });
    const { body: without, status } = await ada.call('PATCH', `/messages/${captioned.id}`, { content: '' });
    expect([status, without]).toEqual([
      200,
      {
        ...captioned,
        content: '',
        version: captioned.version + 1,
        editedAt: expect.any(String),
        linkPreview: null,
        attachments: [expect.objectContaining({ id: file.id })],
      },
    ]);
    expect((await bob.must('GET', `/messages/${captioned.id}`)).content).toBe('');
    await device.must('edit_message', { messageId: captioned.id, content: 'a text again' });
    const { message } = await device.must('edit_message', { messageId: captioned.id, content: '\u3164' });
    expect(message).toMatchObject({ content: '', kind: 'FILE', version: captioned.version + 3 });
    const outside = await send([], {
      content: 'x',
      attachments: [{ url: 'https://files.example.com/a', kind: 'AUDIO' }],
    });
    expect(await ada.must('PATCH', `/messages/${outside.id}`, { content: '' })).toMatchObject({ content: '' });
    expect(
      (await bob.must('GET', '/conversations')).items.find(({ id }: Anything) => id === conversationId),
    ).toMatchObject({
      lastMessage: '',
    });

    const plain = await send([], { content: 'only text' });
    for (const answer of [
      (await ada.call('PATCH', `/messages/${plain.id}`, { content: '' })).body,
      (await device.ask('edit_message', { messageId: plain.id, content: '' })).error,
    ])
      expect(answer.code).toBe('VALIDATION_FAILED');
    expect((await bob.must('GET', `/messages/${plain.id}`)).content).toBe('only text');
  });

  it('is refused where its owner deletes the account while it is being stored, and is no failure of the store', async () => {
    const image = await picture(300, 300).png().toBuffer();
    const statuses = new Set<number>();
    for (let round = 0; round < 12; round += 1) {
      const leaving = await story.person('leaving');
      const [answer] = await Promise.all([
        round % 2 === 0 ? leaving.upload(image, 'a.png', 'image/png') : leaving.upload(Buffer.alloc(1_000, 65)),
        leaving.call('DELETE', '/users/me', { password: 'correct horse' }),
      ]);
      statuses.add(answer.status);
      // Also one that was complete before.
      expect(await readyOf(leaving)).toEqual([]);
    }
    expect([...statuses].filter((status) => ![201, 401, 410].includes(status))).toEqual([]);
  });

  it.each(['begin', 'complete'] as const)(
    'is refused where its owner has deleted the account when all of it has come, before its row is asked to %s',
    async (step) => {
      const leaving = await story.person('leaving');
      const held = holdCalls(story.app, AttachmentsRepository, step);
      try {
        const uploading = leaving.upload(Buffer.alloc(1_000, 65), 'letter.txt');
        await until('it has come', async () => held.count === 1);
        await leaving.must('DELETE', '/users/me', { password: 'correct horse' });
        held.release();
        const { status, body } = await uploading;
        expect([status, body.code]).toEqual([410, 'UPLOAD_EXPIRED']);
      } finally {
        held.release();
      }
      expect(await readyOf(leaving)).toEqual([]);
    },
  );

  it('waits for a deletion of its owner’s account that is under way, and is refused', async () => {
    const leaving = await story.person('leaving');
    const erasure = holdCalls(story.app, AttachmentsService, 'eraseOwner');
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    try {
      const deleting = leaving.must('DELETE', '/users/me', { password: 'correct horse' });
      await until('its erasure is under way', async () => erasure.count === 1);
      const uploading = leaving.upload(Buffer.alloc(1_000, 65), 'letter.txt');
      await until('it waits for the erasure', async () => {
        const { rows } = await database.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length === 1;
      });
      erasure.release();
      await deleting;
      const { status, body } = await uploading;
      expect([status, body.code]).toEqual([410, 'UPLOAD_EXPIRED']);
    } finally {
      erasure.release();
      await database.end();
    }
    expect(await readyOf(leaving)).toEqual([]);
  });

  it('makes avatars of users and groups, and forgets those that are replaced', async () => {
    const [first, second, third] = [
      await ada.mustUpload(await picture().png().toBuffer(), 'me.png'),
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'me-again.png'),
      await ada.mustUpload(await picture(64, 48).png().toBuffer(), 'us.png'),
    ];
    const { avatarUrl } = await ada.must('PATCH', '/users/me', { avatarId: first.id });
    expect((await bob.must('GET', `/users/${ada.id}`)).avatarUrl).toBe(avatarUrl);
    const answer = await get(avatarUrl);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(await sharp(await bytesOf(avatarUrl)).metadata()).toMatchObject({ width: 320, height: 240 });
    // Used up: no message, and nobody else, has it.
    expect(
      (await ada.call('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [first.id] })).status,
    ).toBe(400);
    expect((await bob.call('PATCH', '/users/me', { avatarId: first.id })).status).toBe(400);
    expect((await bob.call('PATCH', '/users/me', { avatarId: second.id })).status).toBe(400);
    expect((await ada.call('PATCH', '/users/me', { avatarId: (await ada.mustUpload(pdf())).id })).status).toBe(400);

    await ada.must('PATCH', '/users/me', { avatarId: second.id });
    expect((await get(avatarUrl)).status).toBe(404);
    await until('the first picture is gone', async () => (await filesOf(first.id)) === 0);

    const group = await ada.group('Us', bob);
    expect((await bob.call('PATCH', `/conversations/${group}`, { avatarId: third.id })).status).toBe(403);
    const changed = await ada.must('PATCH', `/conversations/${group}`, { avatarId: third.id });
    expect((await get(changed.avatarUrl)).status).toBe(200);
    await ada.must('PATCH', `/conversations/${group}`, { avatarUrl: null });
    expect((await get(changed.avatarUrl)).status).toBe(404);
    await ada.must('PATCH', '/users/me', { avatarUrl: null });
    await until('all are gone', async () => (await filesOf(second.id)) + (await filesOf(third.id)) === 0);
  });

  it('cuts an answer off as soon as the file turns out to be shorter or longer than it was', async () => {
    for (const changed of [Buffer.alloc(1_000, 'x'), Buffer.alloc(300_000, 'x')]) {
      const { id, url } = await ada.mustUpload(Buffer.alloc(200_000, 'x'), 'notes.txt');
      if (s3 !== undefined) await s3.overwrite(`${id}/original`, changed);
      else for (const path of await storedPaths(id)) await writeFile(path, changed);
      const answer = await get(url);
      expect(answer.headers.get('content-length')).toBe('200000');
      await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
    }
  });

  it('is not there by HEAD either where its bytes are gone', async () => {
    const { id, url } = await ada.mustUpload(Buffer.alloc(1_000, 'x'), 'notes.txt');
    const head = (): Promise<Response> => fetch(new URL(url, story.url), { method: 'HEAD' });
    const there = await head();
    expect([there.status, there.headers.get('content-length')]).toEqual([200, '1000']);
    await story.app.get(BlobStore).remove([blobKey(id, 'original')]);
    expect((await head()).status).toBe(404);
    expect((await get(url)).status).toBe(404);
  });

  /** The ids of a user's complete files. */
  async function readyOf({ id }: Person): Promise<string[]> {
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    try {
      const { rows } = await database.query(`SELECT id FROM attachments WHERE owner_id = $1 AND state = 'READY'`, [id]);
      return rows.map((row: Anything) => row.id as string);
    } finally {
      await database.end();
    }
  }

  /** The files that the store has of an attachment. */
  async function storedPaths(id: string): Promise<string[]> {
    const stored = s3 === undefined ? await filesUnder(join(directory, 'attachments')) : await s3.keys();
    return stored.filter((key) => key.includes(id));
  }

  /** How many files the store has of an attachment. */
  async function filesOf(id: string): Promise<number> {
    return (await storedPaths(id)).length;
  }
});
