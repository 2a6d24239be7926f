import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { Scanner } from '../../../src/attachments/scanning/scanner.js';
import { BlobStore } from '../../../src/attachments/store/blob-store.js';
import { DomainError } from '../../../src/common/errors.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { RateLimiter } from '../../../src/limits/rates/rate-limiter.js';
import { film, page, picture } from '../../support/files.js';
import { SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

const MEGABYTE = 1024 * 1024;

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

  it('are left to the process that has taken them over by one that was late', async () => {
    const { id } = await ada.must('POST', '/attachments/uploads', { name: 'a.txt', size: 10, mimeType: 'text/plain' });
    const repository = story.app.get(AttachmentsRepository);
    const proceeds = async (holder: string): Promise<boolean> =>
      (await repository.proceed(id, ada.id, holder)) !== undefined;
    expect(await proceeds('late')).toBe(true);
    expect(await proceeds('next')).toBe(false);
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    const makeSilent = `UPDATE attachments SET storing_since = now() - interval '1 hour' WHERE id = $1`;
    await database.query(makeSilent, [id]);
    await database.end();
    await repository.renewStoring(id, 'next');
    expect(await proceeds('next')).toBe(true);
    await repository.retreat(id, 'late');
    expect(await proceeds('late')).toBe(false);
    await repository.retreat(id, 'next');
    expect(await proceeds('late')).toBe(true);
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
