import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DomainError } from '../../../src/common/errors.js';
import { RateLimiter } from '../../../src/limits/rates/rate-limiter.js';
import { AttachmentSweeper } from '../../../src/attachments/attachment-sweeper.js';
import { ResumableUploadsRepository } from '../../../src/attachments/resumable/resumable-uploads.repository.js';
import { AttachmentsService } from '../../../src/attachments/attachments.service.js';
import { INFECTION } from '../../support/servers/clamd.js';
import { film, picture } from '../../support/files.js';
import {
  file,
  MEGABYTE,
  type ResumableStory,
  served,
  sha256,
  startResumableStory,
} from '../../support/clients/resumable-uploads.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { filesUnder } from '../../support/servers/s3.js';
import { until } from '../../support/story.js';
import { codeOf, idOf, type TusAnswer, TusClient } from '../../support/clients/tus.js';

describe('a resumable upload', () => {
  let resumable: ResumableStory;
  let directory: ResumableStory['directory'];
  let clamd: ResumableStory['clamd'];
  let story: ResumableStory['story'];
  let database: ResumableStory['database'];
  let ada: ResumableStory['ada'];
  let bob: ResumableStory['bob'];
  let tus: ResumableStory['tus'];
  let received: ResumableStory['received'];
  beforeAll(async () => {
    resumable = await startResumableStory();
    ({ directory, clamd, story, database, ada, bob, tus, received } = resumable);
  }, 60_000);
  afterAll(() => resumable.close(), 60_000);

  it('comes in pieces, and its id is the id of an attachment that a message can carry', async () => {
    const bytes = file(1_000_000);
    const begun = await tus.create(bytes.length, { filename: 'Ärger über München.txt', filetype: 'text/plain' });
    expect(begun.status).toBe(201);
    expect(begun.headers.get('tus-resumable')).toBe('1.0.0');
    expect(new Date(begun.headers.get('upload-expires') ?? '').getTime()).toBeGreaterThan(Date.now());
    const location = begun.headers.get('location') ?? '';
    expect(location).toMatch(/^\/attachments\/tus\/[0-9a-f-]{36}$/);
    for (let at = 0; at < bytes.length; at += 300_000) {
      const head = await tus.head(location);
      expect([head.status, head.headers.get('upload-offset')]).toEqual([200, String(at)]);
      expect(head.headers.get('upload-length')).toBe(String(bytes.length));
      expect(head.headers.get('cache-control')).toBe('no-store');
      expect(head.headers.get('upload-metadata')).toContain('filetype dGV4dC9wbGFpbg==');
      const part = bytes.subarray(at, at + 300_000);
      const answer = await tus.patch(location, at, part);
      expect([answer.status, answer.headers.get('upload-offset')]).toEqual([204, String(at + part.length)]);
    }
    const id = idOf(location);
    const attachment = await ada.must('GET', `/attachments/${id}`);
    expect(attachment).toMatchObject({ id, kind: 'FILE', size: bytes.length, name: 'Ärger über München.txt' });
    expect(sha256(await served(ada, id))).toBe(sha256(bytes));
    const conversationId = await ada.directConversation(bob);
    const message = await ada.send(conversationId, 'Look!', { attachmentIds: [id] });
    expect(message.attachments[0].id).toBe(id);
    // It was scanned, once and whole, and nothing of it lies about.
    expect(clamd.scanned.filter((size) => size === bytes.length)).toHaveLength(1);
    expect(await filesUnder(join(directory, 'tus'))).toEqual([]);
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
    expect(codeOf(await tus.request('DELETE', location))).toBe('FORBIDDEN');
  });

  it('is a picture or a voice message like any other, and the answer shows it where that is preferred', async () => {
    const photo = await picture(800, 600)
      .withExif({ IFD0: { Make: 'Camera' } })
      .jpeg()
      .toBuffer();
    const prefer = { prefer: 'return=representation' };
    const whole = await tus.request(
      'POST',
      '/attachments/tus',
      {
        'Upload-Length': String(photo.length),
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Metadata': `filename ${Buffer.from('beach').toString('base64')},is_private`,
      },
      new Uint8Array(photo),
    );
    expect([whole.status, whole.headers.get('upload-offset')]).toEqual([201, String(photo.length)]);
    const view = (await ada.must('GET', whole.headers.get('location') ?? '')).attachment;
    expect(view).toMatchObject({ kind: 'IMAGE', width: 800, height: 600, name: 'beach.jpg' });
    expect(whole.headers.get('location')).toBe(`/attachments/tus/${view.id}`);
    expect((await served(ada, view.id)).includes('Camera')).toBe(false);

    const bytes = film();
    const location = await tus.begin(bytes.length, { filename: 'film.mp4', voice: 'true' });
    const last = await tus.patch(location, 0, bytes, prefer);
    expect([last.status, JSON.parse(last.text).kind]).toEqual([200, 'VIDEO']);
    expect(last.headers.get('preference-applied')).toBe('return=representation');
    const shown = await ada.must('GET', location);
    expect(shown).toMatchObject({ id: idOf(location), offset: bytes.length, size: bytes.length, expiresAt: null });
    expect(shown.attachment).toMatchObject({ id: idOf(location), kind: 'VIDEO' });
  });

  it('is refused at any other offset, and so is more than was announced', async () => {
    const bytes = file(10_000);
    const location = await tus.begin(bytes.length);
    expect((await tus.patch(location, 0, bytes.subarray(0, 4_000))).status).toBe(204);
    for (const offset of [0, 3_999, 4_001, 10_000, 999_999]) {
      const answer = await tus.patch(location, offset, bytes.subarray(0, 10));
      expect([answer.status, codeOf(answer)]).toEqual([409, 'UPLOAD_OFFSET_MISMATCH']);
    }
    const more = await tus.patch(location, 4_000, randomBytes(6_001));
    expect([more.status, codeOf(more)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    // Also where the request does not say how much it brings.
    const chunked = await fetch(new URL(location, story.url), {
      method: 'PATCH',
      duplex: 'half',
      headers: {
        authorization: `Bearer ${ada.accessToken}`,
        'Tus-Resumable': '1.0.0',
        'Upload-Offset': '4000',
        'Content-Type': 'application/offset+octet-stream',
      },
      body: new Blob([new Uint8Array(randomBytes(900_000))]).stream(),
    });
    expect(chunked.status).toBe(413);
    expect(await tus.offset(location)).toBe(4_000);
    expect((await tus.patch(location, 4_000, bytes.subarray(4_000))).status).toBe(204);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });

  it('answers a repeat of the last request as the first time, whatever was lost', async () => {
    const bytes = file(5_000);
    const location = await tus.begin(bytes.length);
    expect((await tus.patch(location, 0, bytes)).status).toBe(204);
    expect((await tus.head(location)).headers.get('upload-offset')).toBe('5000');
    for (const [offset, body] of [
      [5_000, Buffer.alloc(0)],
      [4_999, bytes.subarray(4_999)],
    ] as const) {
      const again = await tus.patch(location, offset, body, { prefer: 'return=representation' });
      expect([again.status, again.headers.get('upload-offset')]).toEqual([200, '5000']);
      expect(JSON.parse(again.text)).toMatchObject({ id: idOf(location), size: 5_000 });
    }
    expect((await tus.patch(location, 0, bytes)).status).toBe(409);
    expect(await ada.must('GET', '/users/me/export')).toBeDefined();
    const { rows } = await database.query('SELECT state FROM attachments WHERE id = $1', [idOf(location)]);
    expect(rows).toEqual([{ state: 'READY' }]);
  });

  it('refuses a repeat at a wrong offset without looking at what its sender ends meanwhile', async () => {
    const bytes = file(5_000);
    const location = await tus.begin(bytes.length);
    expect((await tus.patch(location, 0, bytes)).status).toBe(204);
    const views = holdCalls(story.app, AttachmentsService, 'ofOwner');
    try {
      expect((await tus.patch(location, 0, bytes)).status).toBe(409);
      expect((await tus.request('DELETE', location)).status).toBe(204);
    } finally {
      views.release();
    }
    // A view that nobody awaits would have failed by now, which ends a server's process and this test.
    expect((await tus.head(location)).status).toBe(410);
  });

  it('is not complete before it is clean and kept: the last byte asks again', async () => {
    const bytes = file(20_000);
    const location = await tus.begin(bytes.length);
    clamd.answerWith('break');
    const away = await tus.patch(location, 0, bytes);
    expect([away.status, codeOf(away)]).toEqual([503, 'UNAVAILABLE']);
    expect(away.headers.get('retry-after')).not.toBeNull();
    expect(await tus.offset(location)).toBe(19_999);
    expect((await ada.call('GET', `/attachments/${idOf(location)}`)).status).toBe(404);
    clamd.answerWith(undefined);
    expect((await tus.patch(location, 19_999, bytes.subarray(19_999))).status).toBe(204);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });

  it('is not scanned while it would be refused for its rate, each further attempt counts, and later it is taken', async () => {
    const bytes = await picture(203, 101).png().toBuffer();
    const last = bytes.length - 1;
    const consume = jest.spyOn(story.app.get(RateLimiter), 'consume').mockImplementation((limit) => {
      if (limit === 'imageSeconds') throw new DomainError('RATE_LIMITED', { retryAfterMs: 1_000 });
    });
    let location: string;
    try {
      location = await tus.begin(bytes.length);
      for (const offset of [0, last, last]) {
        const refused = await tus.patch(location, offset, bytes.subarray(offset));
        expect([refused.status, codeOf(refused)]).toEqual([429, 'RATE_LIMITED']);
      }
      expect(clamd.scanned).not.toContain(bytes.length);
      expect(consume.mock.calls.filter(([limit]) => limit === 'uploads')).toHaveLength(3);
    } finally {
      consume.mockRestore();
    }
    expect((await tus.patch(location, last, bytes.subarray(last))).status).toBe(204);
    expect(clamd.scanned).toContain(bytes.length);
  });

  it('is waited for by a repeat that comes while it is being looked at', async () => {
    const bytes = file(20_001);
    const location = await tus.begin(bytes.length);
    let scanned = (): void => undefined;
    const scanning = new Promise<void>((begun) => {
      clamd.beforeAnswer = () => {
        begun();
        return new Promise((resolve) => (scanned = resolve));
      };
    });
    const first = tus.patch(location, 0, bytes);
    await scanning;
    expect(await tus.offset(location)).toBe(20_000);
    expect((await tus.request('DELETE', location)).status).toBe(423);
    const second = tus.patch(location, 20_000, bytes.subarray(20_000));
    clamd.beforeAnswer = undefined;
    scanned();
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([204, 204]);
    expect(clamd.scanned.filter((size) => size === bytes.length)).toHaveLength(1);
  });

  it('is gone where the file itself is wrong', async () => {
    const infected = Buffer.concat([Buffer.from(INFECTION), randomBytes(1_000)]);
    const damaged = (await picture(300, 300).jpeg().toBuffer()).subarray(0, 5_000);
    const largePicture = Buffer.concat([await picture(100, 100).png().toBuffer(), randomBytes(3 * MEGABYTE)]);
    for (const [bytes, status, code] of [
      [infected, 422, 'INFECTED'],
      [damaged, 415, 'UNSUPPORTED_MEDIA'],
      [largePicture, 413, 'PAYLOAD_TOO_LARGE'],
    ] as const) {
      const location = await tus.begin(bytes.length);
      const answer = await tus.patch(location, 0, bytes);
      expect([answer.status, codeOf(answer)]).toEqual([status, code]);
      expect((await tus.head(location)).status).toBe(410);
      expect(await received(location)).toBe(0);
    }
  });

  it('need not come any further once its beginning says that it is too large', async () => {
    const bytes = Buffer.concat([await picture(100, 100).png().toBuffer(), randomBytes(3 * MEGABYTE)]);
    const location = await tus.begin(bytes.length);
    expect((await tus.patch(location, 0, bytes.subarray(0, 10_000))).status).toBe(204);
    const refused = await tus.patch(location, 10_000, bytes.subarray(10_000, 200_000));
    expect([refused.status, codeOf(refused)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect((await tus.head(location)).status).toBe(410);
    expect(await received(location)).toBe(0);
  });

  it('is not seen by anybody else, nor known without a token', async () => {
    const location = await tus.begin(1_000);
    const others = new TusClient(bob, story.url);
    expect((await others.head(location)).status).toBe(404);
    for (const answer of [
      await others.patch(location, 0, randomBytes(1_000)),
      await others.request('DELETE', location),
      await others.request('GET', location),
      await others.patch(
        location.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
        0,
        randomBytes(10),
      ),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND']);
    const nobody = await fetch(new URL(location, story.url), { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } });
    expect(nobody.status).toBe(401);
    // Nor is an upload in one piece, or one that is announced for a store.
    const { id } = await ada.mustUpload(Buffer.from('plain'), 'a.txt');
    expect((await tus.head(`/attachments/tus/${id}`)).status).toBe(404);
    expect((await ada.call('POST', `/attachments/uploads/${idOf(location)}/confirm`)).status).toBe(404);
    expect(await tus.offset(location)).toBe(0);
  });

  it('ends where its sender ends it, or where its time is over, and says so', async () => {
    const [ended, expired, fresh] = [await tus.begin(1_000), await tus.begin(1_000), await tus.begin(1_000)];
    for (const location of [ended, expired, fresh]) await tus.patch(location, 0, randomBytes(500));
    expect((await tus.request('DELETE', ended)).status).toBe(204);
    expect(await received(ended)).toBe(0);
    await database.query(`UPDATE attachments SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      idOf(expired),
    ]);
    const sweeper = story.app.get(AttachmentSweeper);
    for (let pass = 0; pass < 2; pass += 1) {
      for (const location of [ended, expired]) {
        expect((await tus.head(location)).status).toBe(410);
        const patched = await tus.patch(location, 500, randomBytes(500));
        expect([patched.status, codeOf(patched)]).toEqual([410, 'UPLOAD_EXPIRED']);
        expect((await tus.request('DELETE', location)).status).toBe(410);
      }
      sweeper.soon();
      await until('the bytes are gone', async () => (await received(expired)) === 0);
    }
    expect(await tus.offset(fresh)).toBe(500);
    // A client that asks much later learns that there is nothing.
    await database.query(
      `UPDATE attachments SET expires_at = now() - interval '2 days', created_at = now() - interval '3 days' WHERE id = ANY ($1)`,
      [[idOf(ended), idOf(expired)]],
    );
    sweeper.soon();
    await until('they are forgotten', async () => (await tus.head(expired)).status === 404);
    // A complete one may be ended until something uses it.
    const whole = await tus.begin(100);
    await tus.patch(whole, 0, file(100));
    expect((await tus.request('DELETE', whole)).status).toBe(204);
    expect((await ada.call('GET', `/attachments/${idOf(whole)}`)).status).toBe(404);
  });

  it('costs no more of what a user may upload than what came, where its sender ends it', async () => {
    const restored: number[] = [];
    const limiter = story.app.get(RateLimiter);
    const original = limiter.restore;
    limiter.restore = function (this: RateLimiter, limit, key, points = 1) {
      if (limit === 'uploadedMegabytes') restored.push(points);
      return original.call(this, limit, key, points);
    };
    try {
      const [unsent, half, whole] = [
        await tus.begin(3 * MEGABYTE),
        await tus.begin(3 * MEGABYTE),
        await tus.begin(100),
      ];
      await tus.patch(half, 0, randomBytes(MEGABYTE + 1));
      await tus.patch(whole, 0, file(100));
      for (const location of [unsent, half, whole]) expect((await tus.request('DELETE', location)).status).toBe(204);
    } finally {
      limiter.restore = original;
    }
    expect(restored).toEqual([3, 1]);
  });

  it('costs nothing where the database cannot begin it', async () => {
    const repository = story.app.get(ResumableUploadsRepository);
    const restore = jest.spyOn(story.app.get(RateLimiter), 'restore');
    const begin = jest.spyOn(repository, 'begin').mockRejectedValueOnce(new DomainError('UNAVAILABLE'));
    try {
      expect((await tus.create(3 * MEGABYTE)).status).toBe(503);
      expect(restore.mock.calls).toEqual([['uploadedMegabytes', ada.id, 3]]);
    } finally {
      begin.mockRestore();
      restore.mockRestore();
    }
  });

  it('costs what came and was more than announced, where its sender ends it', async () => {
    const points = { restored: 0, charged: 0 };
    const limiter = story.app.get(RateLimiter);
    const { restore, charge } = limiter;
    limiter.restore = function (this: RateLimiter, limit, key, given = 1) {
      if (limit === 'uploadedMegabytes') points.restored += given;
      return restore.call(this, limit, key, given);
    };
    limiter.charge = function (this: RateLimiter, limit, key, taken) {
      if (limit === 'uploadedMegabytes') points.charged += taken;
      return charge.call(this, limit, key, taken);
    };
    try {
      const location = await tus.begin(3 * MEGABYTE);
      const answer = await fetch(new URL(location, story.url), {
        method: 'PATCH',
        duplex: 'half',
        headers: {
          authorization: `Bearer ${ada.accessToken}`,
          'Tus-Resumable': '1.0.0',
          'Upload-Offset': '0',
          'Content-Type': 'application/offset+octet-stream',
        },
        body: new Blob([new Uint8Array(randomBytes(3 * MEGABYTE + 1))]).stream(),
      });
      expect(answer.status).toBe(413);
      expect((await tus.request('DELETE', location)).status).toBe(204);
    } finally {
      limiter.restore = restore;
      limiter.charge = charge;
    }
    expect(points).toEqual({ restored: 3, charged: 3 });
  });

  it('is refused where its first request is wrong', async () => {
    const refused = async (headers: Record<string, string>, body?: Uint8Array<ArrayBuffer>) => {
      const answer = await tus.request('POST', '/attachments/tus', headers, body);
      return [answer.status, codeOf(answer)];
    };
    const length = { 'Upload-Length': '1000' };
    expect(await refused({})).toEqual([400, 'VALIDATION_FAILED']);
    for (const wrong of ['0', '-1', '1.5', 'x', '1e3', '99999999999999999'])
      expect(await refused({ 'Upload-Length': wrong })).toEqual([400, 'VALIDATION_FAILED']);
    expect(await refused({ 'Upload-Defer-Length': '1' })).toEqual([400, 'VALIDATION_FAILED']);
    for (const concatenation of ['partial', 'final;/attachments/tus/a /attachments/tus/b'])
      expect(await refused({ ...length, 'Upload-Concat': concatenation })).toEqual([400, 'VALIDATION_FAILED']);
    expect(await refused({ 'Upload-Length': String(4 * MEGABYTE + 1) })).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    for (const metadata of [
      'a b c',
      'a !!!',
      'a YQ==,a YQ==',
      'x'.repeat(5_000),
      'voice bm8=',
      'waveform MQ==',
      'Ü YQ==',
    ])
      expect([metadata, ...(await refused({ ...length, 'Upload-Metadata': metadata }))]).toEqual([
        metadata,
        400,
        'VALIDATION_FAILED',
      ]);
    expect(await refused({ ...length, 'Tus-Resumable': '0.2.2' })).toEqual([412, 'TUS_VERSION_UNSUPPORTED']);
    expect(await refused({ ...length, 'Content-Type': 'application/json' }, new Uint8Array(Buffer.from('{}')))).toEqual(
      [415, 'UNSUPPORTED_MEDIA'],
    );
    const location = await tus.begin(100);
    for (const headers of [{ 'Content-Type': 'text/plain' }, { 'Content-Type': 'image/png' }])
      expect((await tus.patch(location, 0, randomBytes(10), headers)).status).toBe(415);
    expect((await tus.patch(location, 0, randomBytes(10), { 'Tus-Resumable': '2.0.0' })).status).toBe(412);
    expect((await tus.patch(location, 0, randomBytes(10), { 'Upload-Offset': 'x' })).status).toBe(400);
    expect(await tus.offset(location)).toBe(0);
  });

  it('has room up to a share for each user, and no more', async () => {
    const greedy = await story.person('greedy');
    const theirs = new TusClient(greedy, story.url);
    const answers = await Promise.all(Array.from({ length: 6 }, () => theirs.create(4 * MEGABYTE)));
    // An eighth of 64 MB.
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 503, 503, 503, 503]);
    expect(answers.filter(({ status }) => status === 503).map(codeOf)).toEqual(Array(4).fill('OVERLOADED'));
    expect((await tus.create(1_000)).status).toBe(201);
    // What is ended makes room.
    const [first] = answers.filter(({ status }) => status === 201);
    expect((await theirs.request('DELETE', first?.headers.get('location') ?? '')).status).toBe(204);
    expect((await theirs.create(4 * MEGABYTE)).status).toBe(201);
    const many = new TusClient(await story.person('many'), story.url);
    for (let index = 0; index < 60; index += 1) await many.begin(1);
    expect((await many.create(1)).status).toBe(503);
  });

  it('says what the server can do, and lets pages of allowed origins read it', async () => {
    const options = await fetch(`${story.url}/attachments/tus`, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(Object.fromEntries(options.headers)).toMatchObject({
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,termination,expiration',
      'tus-max-size': String(4 * MEGABYTE),
    });
    const origin = 'https://app.example.com';
    const preflight = await fetch(`${story.url}/attachments/tus/x`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,tus-resumable,upload-offset,content-type',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PATCH/);
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/HEAD/);
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/DELETE/);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/upload-offset/i);
    const created = await tus.create(10, {}, { origin });
    const exposed = (created.headers.get('access-control-expose-headers') ?? '').toLowerCase();
    for (const name of [
      'location',
      'upload-offset',
      'upload-length',
      'upload-expires',
      'tus-resumable',
      'tus-max-size',
    ])
      expect(exposed).toContain(name);
    const unauthenticated = await fetch(`${story.url}/attachments/tus/x`, { method: 'PATCH' });
    expect([unauthenticated.status, unauthenticated.headers.get('tus-resumable')]).toEqual([401, '1.0.0']);
  });

  it('passes where a network lets POST alone pass', async () => {
    const location = await tus.begin(1_000);
    const bytes = file(1_000);
    const answer = await tus.request(
      'POST',
      location,
      { 'X-HTTP-Method-Override': 'PATCH', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
      new Uint8Array(bytes),
    );
    expect(answer.status).toBe(204);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });
});

describe('the room of all unfinished uploads', () => {
  let resumable: ResumableStory;
  let database: ResumableStory['database'];
  // 16 MB for all, of which the last 8, one upload of the largest kind, are for those that have begun; 8 MB for each user.
  beforeAll(async () => {
    resumable = await startResumableStory({ MAX_SPOOL_MB: '16', MAX_FILE_MB: '8' });
    ({ database } = resumable);
  }, 60_000);
  afterAll(() => resumable.close(), 60_000);

  const newcomer = async (): Promise<TusClient> => new TusClient(await resumable.story.person(), resumable.story.url);
  const overloaded = (answer: TusAnswer): void => {
    expect([answer.status, codeOf(answer)]).toEqual([503, 'OVERLOADED']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  };

  it('is not taken by what is announced and does not come', async () => {
    const greedy = await Promise.all([1, 2, 3, 4].map(newcomer));
    const announced = await Promise.all(greedy.map((tus) => tus.begin(8 * MEGABYTE)));
    for (const [index, tus] of greedy.entries())
      expect((await tus.patch(announced[index] ?? '', 0, file(100))).status).toBe(204);
    const bytes = file(7 * MEGABYTE);
    const other = await newcomer();
    expect((await other.patch(await other.begin(bytes.length), 0, bytes)).status).toBe(204);
    for (const [index, tus] of greedy.entries()) await tus.request('DELETE', announced[index] ?? '');
  });

  it('is taken by what came, up to a quarter of each: from there on it is finished, and others wait', async () => {
    const [first, second, third] = [await newcomer(), await newcomer(), await newcomer()];
    const [eight, four] = [file(8 * MEGABYTE), file(4 * MEGABYTE)];
    const [one, two, late] = [await first.begin(eight.length), await second.begin(four.length), await third.begin(100)];
    expect((await first.patch(one, 0, eight.subarray(0, MEGABYTE))).status).toBe(204);
    expect((await second.patch(two, 0, four.subarray(0, MEGABYTE))).status).toBe(204);
    overloaded(await second.create(1));
    overloaded(await third.patch(late, 0, file(100)));
    expect([await third.offset(late), await resumable.received(late)]).toEqual([0, 0]);
    expect((await first.patch(one, MEGABYTE, eight.subarray(MEGABYTE))).status).toBe(204);
    // Of a part there is room for what it brings, and no more.
    overloaded(await third.create(4 * MEGABYTE + 1));
    expect((await third.patch(late, 0, file(20))).status).toBe(204);
    expect((await second.patch(two, MEGABYTE, four.subarray(MEGABYTE))).status).toBe(204);
    const large = await third.begin(7 * MEGABYTE);
    expect((await third.patch(large, 0, file(7 * MEGABYTE))).status).toBe(204);
    expect((await third.request('DELETE', late)).status).toBe(204);
  });

  it('is given to one of two that come at once where there is none for both', async () => {
    const filler = await newcomer();
    const filled = await filler.begin(8 * MEGABYTE);
    expect((await filler.patch(filled, 0, file(1.5 * MEGABYTE))).status).toBe(204);
    const clients = [await newcomer(), await newcomer()];
    const locations = await Promise.all(clients.map((tus) => tus.begin(2 * MEGABYTE)));
    await database.query('BEGIN');
    await database.query(`SELECT pg_advisory_xact_lock(hashtextextended('unfinished uploads', 0))`);
    const answers: string[] = [];
    const sockets = clients.map((tus, index) => tus.open(locations[index] ?? '', 0, 2 * MEGABYTE));
    for (const socket of sockets) socket.once('data', (bytes) => answers.push(String(bytes)));
    // The other one waits in the process, without a connection.
    await until('one waits', async () => {
      const { rows } = await database.query(
        `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rows[0].count === 1;
    });
    await database.query('COMMIT');
    await until('one is refused', () => answers.length === 1);
    expect(answers[0]).toContain('"code":"OVERLOADED"');
    const held = await database.query(`SELECT id, size FROM attachments WHERE state = 'STORING'`);
    expect(held.rows).toMatchObject([{ size: 2 * MEGABYTE }]);
    // A request that ends early leaves the room of what it did not bring.
    for (const socket of sockets) socket.destroy();
    await until('both may be tried again', async () => {
      const { rows } = await database.query(`SELECT 1 FROM attachments WHERE state = 'STORING'`);
      return rows.length === 0;
    });
    const other = await newcomer();
    expect((await other.create(2 * MEGABYTE)).status).toBe(201);
    overloaded(await other.create(2 * MEGABYTE + 1));
  });
});
