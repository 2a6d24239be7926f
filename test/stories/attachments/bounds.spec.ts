import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sharp from 'sharp';
import { PENDING_DELETION } from '../../../src/attachments/attachment-state.js';
import { AttachmentSweeper } from '../../../src/attachments/attachment-sweeper.js';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { blobKey } from '../../../src/attachments/store/blob-keys.js';
import { BlobStore } from '../../../src/attachments/store/blob-store.js';
import { Spool } from '../../../src/attachments/uploads/receiving/spool.js';
import { UploadQuota } from '../../../src/attachments/uploads/upload-quota.js';
import { Clock } from '../../../src/common/clock.js';
import { archive, bomb, film, overlappingFilm, page, picture } from '../../support/files.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { filesUnder } from '../../support/servers/s3.js';
import { type Anything, Person, startStory, type Story, until } from '../../support/story.js';
import { idOf, TusClient } from '../../support/clients/tus.js';

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
  const rows = async (): Promise<Anything[]> =>
    (await database.query('SELECT id, state, swept_at FROM attachments')).rows;

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

  it('is removed also where a poster comes of a film that was sent, deleted and swept meanwhile', async () => {
    // Resumable: its row stays for a day behind the sweep.
    const tus = new TusClient(ada, story.url);
    const location = await tus.begin(film().length, { filename: 'film.mp4' });
    expect((await tus.patch(location, 0, film())).status).toBe(204);
    const id = idOf(location);
    const conversationId = await ada.directConversation(await story.person());
    const store = story.app.get(BlobStore);
    const put = store.put.bind(store);
    let isSwept = false;
    store.put = async (key, ...file) => {
      if (key.startsWith(id) && !isSwept) {
        const sent = await ada.must('POST', `/conversations/${conversationId}/messages`, { attachmentIds: [id] });
        await ada.must('DELETE', `/messages/${sent.id}`);
        await until(
          'it is swept',
          async () => (isSwept = (await rows()).every((row) => row.id !== id || row.swept_at)),
        );
      }
      return put(key, ...file);
    };
    const form = new FormData();
    form.append('posterFor', id);
    form.append('file', new Blob([new Uint8Array(await picture(64, 64).png().toBuffer())]), 'poster.png');
    const headers = { authorization: `Bearer ${ada.accessToken}` };
    try {
      const answer = await fetch(`${story.url}/attachments`, { method: 'POST', headers, body: form });
      expect([answer.status, isSwept]).toEqual([400, true]);
    } finally {
      store.put = put;
    }
    await until(
      'nothing of it is left',
      async () => !(await filesUnder(join(directory, 'attachments'))).join().includes(id),
    );
  });

  it('is removed eight at once, by a process that says meanwhile that it lives, however long that takes', async () => {
    const [{ id }, ids] = [await ada.mustUpload(film()), Array.from({ length: 16 }, () => randomUUID())];
    const { app } = story;
    const [spool, store, clock] = [app.get(Spool), app.get(BlobStore), app.get(Clock)];
    const [remove, now] = [store.remove.bind(store), clock.now.bind(clock)];
    const removalMs = 4 * 60_000;
    let later = 0;
    const silences: number[] = [];
    store.remove = async (keys) => {
      const [askedAt, endsAt] = [clock.now(), later + removalMs];
      const { mtimeMs } = await stat(join(directory, 'spool', spool.processName));
      silences.push(askedAt - mtimeMs);
      later = endsAt;
      return remove(keys);
    };
    clock.now = () => now() + later;
    try {
      await database.query(
        `WITH uploaded AS (UPDATE attachments SET state = '${PENDING_DELETION}' WHERE id = $1)
         INSERT INTO attachments (id, owner_id, state, name) SELECT n.id, $2, '${PENDING_DELETION}', 'x' FROM unnest($3::uuid[]) AS n(id)`,
        [id, ada.id, ids],
      );
      app.get(AttachmentSweeper).soon();
      await until('all are gone', async () => !(await rows()).some((row) => [id, ...ids].includes(row.id as string)));
    } finally {
      store.remove = remove;
      clock.now = now;
    }
    expect(silences).toHaveLength(17);
    expect(Math.max(...silences)).toBeLessThan(60_000);
    expect(later).toBe(3 * removalMs);
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
