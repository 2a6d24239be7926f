import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sharp from 'sharp';
import { PENDING_DELETION } from '../../../src/attachments/attachment-state.js';
import { AttachmentSweeper } from '../../../src/attachments/attachment-sweeper.js';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { Scanner } from '../../../src/attachments/scanning/scanner.js';
import { blobKey } from '../../../src/attachments/store/blob-keys.js';
import { BlobStore } from '../../../src/attachments/store/blob-store.js';
import { Spool } from '../../../src/attachments/uploads/spool.js';
import { UploadQuota } from '../../../src/attachments/uploads/upload-quota.js';
import { Clock } from '../../../src/common/clock.js';
import { DomainError } from '../../../src/common/errors.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { RateLimiter } from '../../../src/limits/rates/rate-limiter.js';
import { archive, bomb, film, overlappingFilm, page, picture } from '../../support/files.js';
import { holdCalls } from '../../support/held-calls.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { ServerProcess } from '../../support/process.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/s3.js';
import { type Anything, Person, request, startStory, type Story, until } from '../../support/story.js';
import { idOf, TusClient } from '../../support/tus.js';

const MEGABYTE = 1024 * 1024;

/** The frame of a film that says that it is an image. */
function heif(brands: string): Buffer {
  const [major = '', ...others] = brands.match(/.{4}/g) ?? [];
  const names = Buffer.from(`ftyp${major}\0\0\0\0${others.join('')}isom`, 'latin1');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(names.length + 4);
  return Buffer.concat([head, names, Buffer.alloc(900)]);
}

describe('what is uploaded', () => {
  let directory: string;
  let story: Story;
  let ada: Person;
  let database: pg.Client;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-uploads-'));
    story = await startStory(
      {},
      {
        DATA_DIR: directory,
        MAX_IMAGE_MB: '1',
        MAX_FILE_MB: '2',
        MAX_AUDIO_MB: '3',
        MAX_VIDEO_MB: '4',
        ATTACHMENT_URL_SECONDS: '2',
      },
    );
    ada = await story.person('ada');
    database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  const leftovers = async (): Promise<string[]> => filesUnder(join(directory, 'spool'));
  const rows = async (): Promise<Anything[]> => (await database.query('SELECT id, state FROM attachments')).rows;

  it.each([
    ['a picture', () => picture(900, 900).png({ compressionLevel: 0 }).toBuffer()],
    ['a file', async () => Buffer.alloc(2 * MEGABYTE + 1, 'x')],
    ['a film', async () => film(4 * MEGABYTE)],
    ['a film without the text beside it', async () => overlappingFilm(220_000, 3.5 * MEGABYTE)],
    ['anything', async () => film(6 * MEGABYTE)],
  ])('is refused where %s is too large, and leaves nothing', async (_, make) => {
    const answer = await ada.upload(await make(), 'large.png', 'image/png');
    expect([answer.status, answer.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await leftovers()).toEqual([]);
  });

  it('is refused in words that every client receives, however much it sends', async () => {
    const answer = await ada.upload(Buffer.alloc(40 * MEGABYTE, 'x'));
    expect([answer.status, answer.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('waits for its own user’s images, and not for those of who sends many', async () => {
    const [many, one] = [await story.person(), await story.person()];
    const large = await sharp({ create: { width: 3_500, height: 3_500, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const done: string[] = [];
    const all = Array.from({ length: 8 }, async () => {
      await many.mustUpload(large);
      done.push('many');
    });
    await until('the first is being looked at', async () => (await leftovers()).length >= 8);
    await one.mustUpload(await picture(100, 100).png().toBuffer());
    done.push('one');
    await Promise.all(all);
    expect(done.indexOf('one')).toBeLessThan(4);
  });

  it('has sixty at once of one user, and others have theirs', async () => {
    const [greedy, other] = [await story.person(), await story.person()];
    const { port, hostname } = new URL(story.url);
    const sockets = Array.from({ length: 61 }, () => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${greedy.accessToken}\r\nContent-Length: 1000\r\n` +
          'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n',
      );
      return socket;
    });
    const refused = await Promise.race(sockets.map((socket) => once(socket, 'data')));
    expect(String(refused[0])).toMatch(/^HTTP\/1.1 503/);
    expect((await other.upload(film())).status).toBe(201);
    for (const socket of sockets) socket.destroy();
    await until('they are given up', async () => (await greedy.upload(film())).status === 201);
  });

  it.each([
    ['before any of it was read', 100, () => holdCalls(story.app, UploadQuota, 'charge')],
    ['before all of it was read', 100_000, () => holdCalls(story.app, Spool, 'newPath')],
  ])('gives its room back where its sender goes away after the last byte, %s', async (_, size, hold) => {
    const sender = await story.person();
    const { port, hostname } = new URL(story.url);
    const requests: IncomingMessage[] = [];
    const keep = (incoming: IncomingMessage): void => void requests.push(incoming);
    story.app.getHttpServer().on('request', keep);
    const held = hold();
    const body = `--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${'x'.repeat(size)}\r\n--x--\r\n`;
    // As many as a user may have at once.
    const sockets = Array.from({ length: 60 }, () => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sender.accessToken}\r\n` +
          `Content-Length: ${body.length}\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n${body}`,
      );
      return socket;
    });
    await until('all came', () => held.count === 60 && requests.filter(({ complete }) => complete).length === 60);
    for (const socket of sockets) socket.destroy();
    await until('all are known to be gone', () => requests.every(({ destroyed }) => destroyed));
    story.app.getHttpServer().off('request', keep);
    held.release();
    await until('they are given up', async () => (await sender.upload(film())).status === 201);
    await until('nothing is left', async () => (await leftovers()).length === 0);
    expect(requests.map(({ readableEnded }) => readableEnded)).toEqual(Array(60).fill(false));
  });

  it('may be as large as its kind may be, to the byte', async () => {
    expect((await ada.upload(Buffer.alloc(2 * MEGABYTE, 'x'))).status).toBe(201);
    expect((await ada.upload(film(4 * MEGABYTE - 40))).status).toBe(201);
  });

  it.each([
    ['a picture that breaks off', async () => (await picture().jpeg().toBuffer()).subarray(0, 9_000)],
    ['a picture of another that breaks off', async () => (await picture().png().toBuffer()).subarray(0, 9_000)],
    ['the beginning of a picture', async () => (await picture().webp().toBuffer()).subarray(0, 40)],
    ['a picture that is noise', async () => Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(500, 77)])],
    ['a picture with an archive behind it', async () => Buffer.concat([await picture().jpeg().toBuffer(), archive()])],
    ['a picture with a page behind it', async () => Buffer.concat([await picture().png().toBuffer(), page()])],
    [
      'a picture with a page in it',
      () =>
        picture()
          .withExif({ IFD0: { Copyright: '<script>alert(1)</script>' } })
          .jpeg()
          .toBuffer(),
    ],
    ['a picture that is a script', async () => Buffer.from('GIF89a/*<html>*/=1;alert(1)//')],
    ...['heim', 'avci', 'mp42mif1', 'crx '].map((brands): [string, () => Promise<Buffer>] => [
      `an image of the brands ${brands}`,
      async () => heif(brands),
    ]),
    [
      'a picture that cannot be cleaned',
      async () => Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), Buffer.alloc(900)]),
    ],
    ['a picture that cannot be cleaned either', () => picture().tiff().toBuffer()],
  ])('is refused where it is %s, and leaves nothing', async (_, make) => {
    const answer = await ada.upload(await make(), 'innocent.jpg', 'image/jpeg');
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA']);
    expect(await leftovers()).toEqual([]);
    await until('nothing is left of it', async () => (await rows()).every(({ state }) => state === 'READY'));
  });

  it('is refused where it is a picture of too many pixels, with a code that says so', async () => {
    const answer = await ada.upload(await bomb(8_000, 8_000), 'innocent.png', 'image/png');
    expect([answer.status, answer.body.code]).toEqual([413, 'IMAGE_TOO_LARGE']);
    expect(await leftovers()).toEqual([]);
    await until('nothing is left of it', async () => (await rows()).every(({ state }) => state === 'READY'));
  });

  it('is taken as a camera leaves it: with a film or a second picture behind the first', async () => {
    const photo = await picture().jpeg().toBuffer();
    for (const behind of [film(500), photo]) {
      const { url, size } = await ada.mustUpload(Buffer.concat([photo, behind]), 'motion.jpg');
      const bytes = Buffer.from(await (await fetch(new URL(url, story.url))).arrayBuffer());
      expect(bytes).toHaveLength(size);
      expect(bytes.includes('ftyp')).toBe(false);
      expect((await sharp(bytes).metadata()).format).toBe('jpeg');
    }
  });

  it('is refused where the request is none', async () => {
    const headers = { authorization: `Bearer ${ada.accessToken}` };
    const post = async (body: string | Buffer | FormData | undefined, type?: string): Promise<unknown[]> => {
      const answer = await fetch(`${story.url}/attachments`, {
        method: 'POST',
        headers: type === undefined ? headers : { ...headers, 'content-type': type },
        ...(body === undefined ? {} : { body }),
      });
      return [answer.status, ((await answer.json()) as Anything).code];
    };
    const two = new FormData();
    two.append('a', new Blob(['one']), 'a.txt');
    two.append('b', new Blob(['two']), 'b.txt');
    const none = new FormData();
    none.append('note', 'no file');
    const empty = new FormData();
    empty.append('file', new Blob([]), 'empty.txt');
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello';
    expect(await post(two)).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post(none)).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post(empty)).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post('{}', 'application/json')).toEqual([415, 'UNSUPPORTED_MEDIA']);
    expect(await post(undefined)).toEqual([415, 'UNSUPPORTED_MEDIA']);
    expect(await post(Buffer.from('x'), 'image/png')).toEqual([415, 'UNSUPPORTED_MEDIA']);
    expect(await post(part, 'multipart/form-data')).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post(part, 'multipart/form-data; boundary=x')).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post('noise', 'multipart/form-data; boundary=x')).toEqual([400, 'VALIDATION_FAILED']);
    expect(await post(`${part}\r\n--x--`, 'multipart/form-data; boundary=x')).toEqual([201, undefined]);
    expect((await fetch(`${story.url}/attachments`, { method: 'POST', body: two })).status).toBe(401);
    await until('nothing is left', async () => (await leftovers()).length === 0);
  });

  it('is refused with fields that there are not, or twice, before the file and behind it', async () => {
    const before = (await rows()).length;
    const field = (name: string, value: string): string =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n';
    const large = file.replace('hello', 'x'.repeat(1_000_000));
    const cases: [string, string][] = [
      ['foo', field('foo', 'bar') + file],
      ['foo', file + field('foo', 'bar')],
      ['foo', field('foo', 'bar') + large],
      ['foo', large + field('foo', 'bar')],
      ['postrFor', field('postrFor', '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11') + file],
      ['__proto__', field('__proto__', 'x') + file],
      ['voice', field('voice', 'true') + field('voice', 'false') + file],
      ['voice', field('voice', 'true') + file + field('voice', 'true')],
    ];
    const nameless = '--x\r\nContent-Disposition: form-data';
    cases.push(
      ['file', `${nameless}; filename="a"\r\n\r\nhello\r\n`],
      ['file', `${nameless}\r\n\r\nhello\r\n${file}`],
      ['file', `${file}${nameless}\r\n\r\nhello\r\n`],
    );
    for (const [name, body] of cases) {
      const answer = await fetch(`${story.url}/attachments`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ada.accessToken}`, 'content-type': 'multipart/form-data; boundary=x' },
        body: `${body}--x--`,
      });
      const { code, errors } = (await answer.json()) as Anything;
      expect([answer.status, code, Object.keys(errors)]).toEqual([400, 'VALIDATION_FAILED', [name]]);
    }
    await until('nothing is left', async () => (await leftovers()).length === 0);
    expect(await rows()).toHaveLength(before);
  });

  it('cannot be announced, to be sent to a store, where files are kept on the server’s own disk', async () => {
    const answer = await ada.call('POST', '/attachments/uploads', { name: 'x.png', size: 5 });
    expect([answer.status, answer.body.code]).toEqual([409, 'UPLOADS_NOT_PRESIGNED']);
  });

  it('leaves nothing where its sender goes away in the middle', async () => {
    const before = (await rows()).length;
    const { port, hostname } = new URL(story.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.accessToken}\r\nContent-Length: 1000000\r\n` +
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
    );
    socket.write(Buffer.alloc(200_000, 'x'));
    await until('it is being taken', async () => (await leftovers()).length === 1);
    socket.destroy();
    await until('nothing is left', async () => (await leftovers()).length === 0);
    expect(await rows()).toHaveLength(before);
  });

  it('has addresses that expire, and fresh ones for who may read', async () => {
    const upload = await ada.mustUpload(film(), 'film.mp4');
    expect((await fetch(new URL(upload.url, story.url))).status).toBe(200);
    await until('it is expired', async () => (await fetch(new URL(upload.url, story.url))).status === 403);
    const answer = await fetch(new URL(upload.url, story.url));
    expect(((await answer.json()) as Anything).code).toBe('URL_EXPIRED');
    const { url } = await ada.must('GET', `/attachments/${upload.id}`);
    expect((await fetch(new URL(url, story.url))).status).toBe(200);
  });

  it('is removed after a day in which nothing used it, and no sooner', async () => {
    const [old, young, used] = [
      await ada.mustUpload(film()),
      await ada.mustUpload(film()),
      await ada.mustUpload(film()),
    ];
    const conversationId = await ada.directConversation(await story.person());
    await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [used.id] });
    await database.query(`UPDATE attachments SET created_at = now() - interval '25 hours' WHERE id = ANY ($1)`, [
      [old.id, used.id],
    ]);
    await database.query(`UPDATE attachments SET created_at = now() - interval '23 hours' WHERE id = $1`, [young.id]);
    // As a process leaves it that dies between the row and the bytes, or between the bytes and the row.
    const unfinished = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';
    await database.query(
      `INSERT INTO attachments (id, owner_id, state, name, created_at) VALUES ($1, $2, 'STORING', 'x', now() - interval '25 hours')`,
      [unfinished, ada.id],
    );
    // Any deletion prompts a sweep, as time does.
    await ada.must('PATCH', '/users/me', { avatarUrl: null });
    const left = async (): Promise<unknown[]> => (await rows()).map(({ id }) => id as string);
    await until('the old ones are gone', async () => !(await left()).some((id) => id === old.id || id === unfinished));
    expect(await left()).toEqual(expect.arrayContaining([young.id, used.id]));
    const stored = (await filesUnder(join(directory, 'attachments'))).join();
    expect([old, young, used].map(({ id }) => stored.includes(id as string))).toEqual([false, true, true]);
  });

  it('is removed also where something else cannot be: a file that is no upload’s, a directory, other bytes', async () => {
    const [stuck, removed] = [await ada.mustUpload(film()), await ada.mustUpload(film())];
    const { app } = story;
    const [spool, store, sweeper] = [app.get(Spool), app.get(BlobStore), app.get(AttachmentSweeper)];
    const [sweep, remove] = [spool.sweep.bind(spool), store.remove.bind(store)];
    await mkdir(join(directory, 'tus'), { recursive: true });
    await writeFile(join(directory, 'tus', '.nfs000000000012'), '');
    spool.sweep = () => Promise.reject(new Error('a directory that may not be removed'));
    store.remove = (keys) =>
      keys.some((key) => key.startsWith(stuck.id)) ? Promise.reject(new Error('stuck')) : remove(keys);
    try {
      await database.query(`UPDATE attachments SET state = '${PENDING_DELETION}' WHERE id = ANY ($1)`, [
        [stuck.id, removed.id],
      ]);
      sweeper.soon();
      const left = async (): Promise<unknown[]> => (await rows()).map(({ id }) => id as string);
      await until('the other is gone', async () => !(await left()).includes(removed.id));
      expect(await left()).toContain(stuck.id);
      store.remove = remove;
      sweeper.soon();
      await until('what was stuck is gone', async () => !(await left()).includes(stuck.id));
    } finally {
      [spool.sweep, store.remove] = [sweep, remove];
    }
  });

  it('is removed also where bytes come behind the sweep, of a process that was late', async () => {
    const { id } = await ada.mustUpload(film());
    const { app } = story;
    const [store, repository] = [app.get(BlobStore), app.get(AttachmentsRepository)];
    const remove = store.remove.bind(store);
    const path = join(directory, 'late');
    let hasCome = false;
    store.remove = async (keys) => {
      await remove(keys);
      if (hasCome || !keys.some((key) => key.startsWith(id))) return;
      hasCome = true;
      await writeFile(path, 'late');
      await store.put(blobKey(id, 'original'), path, 'video/mp4');
      await repository.markPendingDeletion(id, ada.id);
    };
    try {
      await database.query(`UPDATE attachments SET state = '${PENDING_DELETION}' WHERE id = $1`, [id]);
      app.get(AttachmentSweeper).soon();
      await until('they have come', () => hasCome);
      app.get(AttachmentSweeper).soon();
      await until('it is gone', async () => !(await rows()).some((row) => row.id === id));
    } finally {
      store.remove = remove;
    }
    expect(hasCome).toBe(true);
    expect((await filesUnder(join(directory, 'attachments'))).join()).not.toContain(id);
  });

  it('is removed by a process that says meanwhile that it lives, however long that takes', async () => {
    const files = [await ada.mustUpload(film()), await ada.mustUpload(film()), await ada.mustUpload(film())];
    const ids = files.map(({ id }) => id as string);
    const { app } = story;
    const [spool, store, clock] = [app.get(Spool), app.get(BlobStore), app.get(Clock)];
    const [remove, now] = [store.remove.bind(store), clock.now.bind(clock)];
    let later = 0;
    const silences: number[] = [];
    store.remove = async (keys) => {
      const { mtimeMs } = await stat(join(directory, 'spool', spool.processName));
      silences.push(clock.now() - mtimeMs);
      later += 4 * 60_000;
      return remove(keys);
    };
    clock.now = () => now() + later;
    try {
      await database.query(`UPDATE attachments SET state = '${PENDING_DELETION}' WHERE id = ANY ($1)`, [ids]);
      app.get(AttachmentSweeper).soon();
      await until('all are gone', async () => !(await rows()).some(({ id }) => ids.includes(id as string)));
    } finally {
      store.remove = remove;
      clock.now = now;
    }
    expect(silences).toHaveLength(3);
    expect(Math.max(...silences)).toBeLessThan(60_000);
  });

  it('is all in an export, and goes with its owner where nobody else has it', async () => {
    const cy = await story.person('cy');
    const [unused, used, avatar] = [
      await cy.mustUpload(film()),
      await cy.mustUpload(film()),
      await cy.mustUpload(await picture(64, 64).png().toBuffer()),
    ];
    const conversationId = await cy.directConversation(ada);
    const tus = new TusClient(cy, story.url);
    const location = await tus.begin(4, { filename: 'diary.txt', note: 'my own words' });
    expect((await tus.patch(location, 0, Buffer.from('text'))).status).toBe(204);
    const resumed = idOf(location);
    await cy.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [used.id, resumed] });
    await cy.must('PATCH', '/users/me', { avatarId: avatar.id });
    const answered = await cy.must('GET', '/users/me/export');
    expect(answered.attachments.map(({ id }: Anything) => id)).toEqual([unused.id, used.id, avatar.id, resumed]);
    const metadata = `filename ${Buffer.from('diary.txt').toString('base64')},note ${Buffer.from('my own words').toString('base64')}`;
    expect(answered.attachments.map(({ uploadMetadata }: Anything) => uploadMetadata)).toEqual([
      null,
      null,
      null,
      metadata,
    ]);
    await cy.must('DELETE', '/users/me', { password: 'correct horse' });
    await until('what nobody has is gone', async () => {
      const left = new Set((await rows()).map(({ id }) => id));
      return !left.has(unused.id) && !left.has(avatar.id) && left.has(used.id);
    });
    // Nothing that only its owner was shown is kept of what others have.
    const kept = await database.query('SELECT id, upload_metadata FROM attachments WHERE owner_id = $1', [cy.id]);
    expect(kept.rows).toEqual(expect.arrayContaining([{ id: resumed, upload_metadata: null }]));
    const [message] = (await ada.history(conversationId)).filter(({ attachments }) => attachments.length > 0);
    expect((await fetch(new URL(message.attachments[0].url, story.url))).status).toBe(200);
  });
});

describe('uploads to S3 itself', () => {
  let s3: S3Server;
  let directory: string;
  let story: Story;
  let ada: Person;

  beforeAll(async () => {
    s3 = await startS3();
    directory = await mkdtemp(join(tmpdir(), 'parley-uploads-'));
    expect(TIMINGS.uploadRenewalMs).toBe(10_000);
    const timings = { ...SLOW_STORE_TIMINGS, uploadRenewalMs: 50 };
    story = await startStory({ timings }, { DATA_DIR: directory, MAX_IMAGE_MB: '1', ...s3.environment });
    ada = await story.person('ada');
  });
  afterAll(async () => {
    await story.close();
    await s3.close();
    await rm(directory, { recursive: true, force: true });
  });

  const put = async ({ url, headers, method }: Anything, body: Buffer): Promise<number> =>
    (await fetch(url, { method, headers, body: new Uint8Array(body) })).status;

  it('become attachments once they are confirmed, once', async () => {
    const bytes = await picture().png().toBuffer();
    const announced = await ada.must('POST', '/attachments/uploads', {
      name: 'direct.png',
      size: bytes.length,
      mimeType: 'text/html',
    });
    expect((await ada.call('POST', `/attachments/uploads/${announced.id}/confirm`)).body.code).toBe(
      'UPLOAD_INCOMPLETE',
    );
    expect((await ada.call('GET', `/attachments/${announced.id}`)).status).toBe(404);
    expect(await put(announced, bytes)).toBe(200);
    const stranger = await story.person();
    expect((await stranger.call('POST', `/attachments/uploads/${announced.id}/confirm`)).status).toBe(404);
    const answers = await Promise.all(
      [1, 2, 3].map(() => ada.call('POST', `/attachments/uploads/${announced.id}/confirm`)),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const view = await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`);
    expect(view).toMatchObject({
      id: announced.id,
      kind: 'IMAGE',
      mimeType: 'image/png',
      name: 'direct.png',
      width: 640,
    });
    const conversationId = await ada.directConversation(stranger);
    await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [view.id] });
    expect((await fetch(new URL(view.url, story.url))).status).toBe(200);
    expect((await s3.keys()).filter((key) => key.includes(announced.id))).toHaveLength(3);
  });

  it('are charged as they are announced, and nothing more when they are confirmed', async () => {
    const bytes = Buffer.alloc(2 * MEGABYTE, 'text ');
    const charged: number[] = [];
    const limiter = story.app.get(RateLimiter);
    const consume = limiter.consume.bind(limiter);
    limiter.consume = (limit, key, points = 1) => {
      if (limit === 'uploadedMegabytes') charged.push(points);
      return consume(limit, key, points);
    };
    try {
      const announced = await ada.must('POST', '/attachments/uploads', { name: 'notes.txt', size: bytes.length });
      expect(charged).toEqual([2]);
      expect(await put(announced, bytes)).toBe(200);
      await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`);
      expect(charged).toEqual([2]);
    } finally {
      limiter.consume = consume;
    }
  });

  it('are not copied to be confirmed while they would be refused for their rate, and are taken later', async () => {
    const bytes = await picture().png().toBuffer();
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'a.png', size: bytes.length });
    expect(await put(announced, bytes)).toBe(200);
    const scanned = jest.spyOn(story.app.get(Scanner), 'requireClean');
    const consume = jest.spyOn(story.app.get(RateLimiter), 'consume').mockImplementation((limit) => {
      if (limit === 'imageSeconds') throw new DomainError('RATE_LIMITED', { retryAfterMs: 1_000 });
    });
    try {
      const refused = await ada.call('POST', `/attachments/uploads/${announced.id}/confirm`);
      expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
      expect(scanned).not.toHaveBeenCalled();
      expect(consume.mock.calls.filter(([limit]) => limit === 'uploadParts')).toHaveLength(1);
      consume.mockRestore();
      expect(await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`)).toMatchObject({ kind: 'IMAGE' });
      expect(scanned).toHaveBeenCalledTimes(1);
    } finally {
      consume.mockRestore();
      scanned.mockRestore();
    }
  });

  it('are not charged where the database cannot take the announcement', async () => {
    const restore = jest.spyOn(story.app.get(RateLimiter), 'restore');
    const announce = jest
      .spyOn(story.app.get(AttachmentsRepository), 'announce')
      .mockRejectedValueOnce(new DomainError('UNAVAILABLE'));
    try {
      const answer = await ada.call('POST', '/attachments/uploads', { name: 'notes.txt', size: 2 * MEGABYTE });
      expect(answer.status).toBe(503);
      expect(restore.mock.calls).toEqual([['uploadedMegabytes', ada.id, 2]]);
    } finally {
      announce.mockRestore();
      restore.mockRestore();
    }
  });

  it('are in one pair of hands as long as it takes to confirm them, and may be used for a day from then on', async () => {
    const bytes = Buffer.alloc(2_000, 'text ');
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'notes.txt', size: bytes.length });
    expect(await put(announced, bytes)).toBe(200);
    const confirm = (): Promise<Anything> => ada.call('POST', `/attachments/uploads/${announced.id}/confirm`);
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    const is = async (condition: string): Promise<boolean> =>
      (await database.query(`SELECT 1 FROM attachments WHERE id = $1 AND ${condition}`, [announced.id])).rows.length >
      0;
    const store = story.app.get(BlobStore);
    const original = store.put.bind(store);
    let isHeld = false;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    store.put = async (...file) => {
      isHeld = true;
      await released;
      return original(...file);
    };
    try {
      const first = confirm();
      await until('it is being stored', () => isHeld);
      await database.query(
        `UPDATE attachments SET storing_since = now() - interval '1 hour', created_at = now() - interval '23 hours' WHERE id = $1`,
        [announced.id],
      );
      await until('it is renewed', () => is(`storing_since > now() - interval '1 minute'`));
      expect((await confirm()).body.code).toBe('UPLOAD_INCOMPLETE');
      release();
      expect((await first).status).toBe(200);
      expect(await is(`state = 'READY' AND created_at > now() - interval '1 hour'`)).toBe(true);
    } finally {
      store.put = original;
      release();
      await database.end();
    }
  });

  it('stay as they are once they are complete, and are there once something uses them, whatever another attempt says', async () => {
    const { id } = await ada.mustUpload(film(), 'film.mp4');
    const repository = story.app.get(AttachmentsRepository);
    const before = await repository.find(id);
    if (before === undefined) throw new Error('it is not there');
    for (const quota of [undefined, 1_000 * MEGABYTE])
      expect(await repository.complete(ada.id, { ...before, name: 'other.mp4' }, quota)).toBe('COMPLETE');
    expect(await repository.find(id)).toEqual(before);
    const conversationId = await ada.directConversation(await story.person());
    await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [id] });
    await repository.markPendingDeletion(id, ada.id);
    expect(await repository.find(id)).toMatchObject({ id });
  });

  it('are neither taken nor lost where something on the way answers in the place of the store', async () => {
    const bytes = Buffer.alloc(2_000, 'text ');
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'notes.txt', size: bytes.length });
    expect(await put(announced, bytes)).toBe(200);
    s3.setPortal(true);
    const answer = await ada.call('POST', `/attachments/uploads/${announced.id}/confirm`);
    const upload = await ada.upload(bytes, 'notes.txt');
    s3.setPortal(false);
    expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
    expect([upload.status, upload.body.code]).toEqual([503, 'UNAVAILABLE']);
    const view = await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`);
    expect(view).toMatchObject({ id: announced.id, size: bytes.length });
  });

  it('are refused as others are, and leave nothing', async () => {
    const bytes = Buffer.concat([await picture().png().toBuffer(), page()]);
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'direct.png', size: bytes.length });
    expect(await put(announced, bytes)).toBe(200);
    const answer = await ada.call('POST', `/attachments/uploads/${announced.id}/confirm`);
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA']);
    await until('nothing is left', async () => !(await s3.keys()).some((key) => key.includes(announced.id)));
    expect((await ada.call('POST', `/attachments/uploads/${announced.id}/confirm`)).status).toBe(404);
    expect((await ada.call('POST', '/attachments/uploads', { name: 'x', size: 2_000_000_000 })).body.code).toBe(
      'PAYLOAD_TOO_LARGE',
    );
  });

  it('leave nothing where bytes come after the end', async () => {
    const bytes = await picture(64, 64).png().toBuffer();
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'late.png', size: bytes.length });
    await put(announced, bytes);
    await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`);
    const conversationId = await ada.directConversation(await story.person());
    const message = await ada.must('POST', `/conversations/${conversationId}/messages`, {
      attachmentIds: [announced.id],
    });
    await ada.must('DELETE', `/messages/${message.id}`);
    const keys = async (): Promise<number> => (await s3.keys()).filter((key) => key.includes(announced.id)).length;
    await until('its bytes are gone', async () => (await keys()) === 0);
    expect(await put(announced, bytes)).toBe(200);
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    // Two hours later.
    await database.query(`UPDATE attachments SET created_at = now() - interval '3 hours' WHERE id = $1`, [
      announced.id,
    ]);
    await ada.must('PATCH', '/users/me', { avatarUrl: null });
    await until('all is gone', async () => (await keys()) === 0);
    await until('and forgotten', async () => {
      const { rows } = await database.query('SELECT 1 FROM attachments WHERE id = $1', [announced.id]);
      return rows.length === 0;
    });
    await database.end();
  });

  it('leave nothing beside themselves where bytes come again after they were confirmed', async () => {
    const bytes = await picture(64, 64).png().toBuffer();
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'again.png', size: bytes.length });
    await put(announced, bytes);
    await ada.must('POST', `/attachments/uploads/${announced.id}/confirm`);
    const conversationId = await ada.directConversation(await story.person());
    const message = await ada.must('POST', `/conversations/${conversationId}/messages`, {
      attachmentIds: [announced.id],
    });
    const keys = async (): Promise<string[]> => (await s3.keys()).filter((key) => key.includes(announced.id));
    await until('what was put there is gone', async () => (await keys()).length === 3);
    expect(await put(announced, Buffer.alloc(bytes.length, 7))).toBe(200);
    expect(await keys()).toHaveLength(4);
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    // Two hours later.
    await database.query(`UPDATE attachments SET created_at = now() - interval '3 hours' WHERE id = $1`, [
      announced.id,
    ]);
    await database.end();
    await ada.must('PATCH', '/users/me', { avatarUrl: null });
    await until('what came again is gone', async () => (await keys()).length === 3);
    const served = await fetch(new URL(message.attachments[0].url, story.url));
    expect([served.status, (await served.arrayBuffer()).byteLength]).toEqual([200, message.attachments[0].size]);
  });

  it('may be confirmed again where the process that was at it died, and are as large as they were said to be', async () => {
    const bytes = film();
    const [taken, small] = await Promise.all([
      ada.must('POST', '/attachments/uploads', { name: 'film.mp4', size: bytes.length }),
      ada.must('POST', '/attachments/uploads', { name: 'film.mp4', size: 10 }),
    ]);
    const type = { 'content-type': 'application/octet-stream' };
    await Promise.all([put(taken, bytes), put({ ...small, headers: type }, bytes)]);
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    const leave = (age: string): Promise<unknown> =>
      database.query(`UPDATE attachments SET state = 'STORING', storing_since = now() - $2::interval WHERE id = $1`, [
        taken.id,
        age,
      ]);
    await leave('1 minute');
    expect((await ada.call('POST', `/attachments/uploads/${taken.id}/confirm`)).body.code).toBe('UPLOAD_INCOMPLETE');
    await leave('3 minutes');
    expect((await ada.must('POST', `/attachments/uploads/${taken.id}/confirm`)).kind).toBe('VIDEO');
    expect((await ada.call('POST', `/attachments/uploads/${small.id}/confirm`)).body.code).toBe('VALIDATION_FAILED');
    await database.end();
  });
});

describe('a process that takes uploads', () => {
  let database: TestDatabase;
  let directory: string;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'parley-uploads-'));
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (): Promise<ServerProcess> => ServerProcess.start({ DATABASE_URL: database.url, DATA_DIR: directory });

  /** A multipart request whose file is given piece by piece. */
  function slowUpload(person: Person, size: number): { write(bytes: Buffer): Promise<void>; answer: Promise<string> } {
    const { port, hostname } = new URL(person.url);
    const socket = connect(Number(port), hostname);
    const head = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'),
      film(0),
    ]);
    const tail = Buffer.from('\r\n--x--\r\n');
    let left = size - film(0).length;
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.accessToken}\r\nConnection: close\r\n` +
        `Content-Type: multipart/form-data; boundary=x\r\nContent-Length: ${head.length + left + tail.length}\r\n\r\n`,
    );
    socket.write(head);
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
    return {
      answer,
      write: async (bytes) => {
        left -= bytes.length;
        if (!socket.write(left === 0 ? Buffer.concat([bytes, tail]) : bytes)) await once(socket, 'drain');
      },
    };
  }

  it('takes 100 MB in without holding it', async () => {
    const ada = await Person.register(server.url, 'ada');
    const residentMegabytes = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / MEGABYTE;
    };
    await ada.mustUpload(film(8 * MEGABYTE));
    const before = await residentMegabytes();
    const size = 100 * MEGABYTE;
    const upload = slowUpload(ada, size);
    let highest = 0;
    const piece = Buffer.alloc(MEGABYTE, 7);
    for (let sent = film(0).length; sent < size; sent += MEGABYTE) {
      await upload.write(piece.subarray(0, Math.min(MEGABYTE, size - sent)));
      if (sent % (10 * MEGABYTE) < MEGABYTE) highest = Math.max(highest, await residentMegabytes());
    }
    const answer = await upload.answer;
    expect(answer).toMatch(/^HTTP\/1.1 201/);
    highest = Math.max(highest, await residentMegabytes());
    const { url } = JSON.parse(
      answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, ''),
    );
    const file = await fetch(new URL(url, server.url));
    let received = 0;
    for await (const chunk of file.body ?? []) received += (chunk as Uint8Array).length;
    expect(received).toBe(size);
    highest = Math.max(highest, await residentMegabytes());
    // Buffers that wait to be collected are there; a file that is held would be all of it, and more.
    expect(highest - before).toBeLessThan(60);
  });

  it('that is killed in the middle of one leaves nothing that counts, and nothing for ever', async () => {
    const ada = await Person.register(server.url, 'ada');
    const spool = join(directory, 'spool');
    const whole = await ada.mustUpload(film());
    const upload = slowUpload(ada, 5 * MEGABYTE);
    await upload.write(Buffer.alloc(MEGABYTE));
    await until('a part of it is there', async () => (await filesUnder(spool)).length === 1);
    await server.kill();
    await upload.answer;
    // A minute later: until then it may be of a process of another container.
    const died = new Date(Date.now() - 61_000);
    for (const name of await readdir(spool)) await utimes(join(spool, name), died, died);

    server = await start();
    const { body } = await request(server.url, 'GET', `/attachments/${whole.id}`, undefined, ada.accessToken);
    expect((await fetch(new URL(body.url, server.url))).status).toBe(200);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query(`SELECT 1 FROM attachments WHERE state <> 'READY'`)).rows).toEqual([]);
    await client.end();
  });

  it('takes fifty at once', async () => {
    const ada = await Person.register(server.url, 'ada');
    const image = await picture(200, 200).jpeg().toBuffer();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => ada.upload(n % 2 === 0 ? image : film(200_000 + n), `${n}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
    const files = await Promise.all(
      answers.map(async ({ body }) => (await (await fetch(new URL(body.url, server.url))).arrayBuffer()).byteLength),
    );
    expect(files).toEqual(answers.map(({ body }) => body.size));
    // What the killed one left is gone, too.
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
  });
});
