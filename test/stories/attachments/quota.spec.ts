import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { film, picture } from '../../support/files.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';
import { codeOf, idOf, TusClient } from '../../support/clients/tus.js';

const MEGABYTE = 1024 * 1024;
const file = (size: number): Buffer => Buffer.concat([Buffer.from('plain text: '), randomBytes(size - 12)]);

describe('what a user may keep', () => {
  let s3: S3Server;
  let directory: string;
  let story: Story;

  beforeAll(async () => {
    s3 = await startS3();
    directory = await mkdtemp(join(tmpdir(), 'parley-quota-'));
    story = await startStory(
      { rateLimits: false, timings: SLOW_STORE_TIMINGS },
      { DATA_DIR: directory, UPLOAD_QUOTA_MB: '1', ...s3.environment },
    );
  }, 60_000);
  afterAll(async () => {
    await story.close();
    await s3.close();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const usage = (person: Person): Promise<Anything> => person.must('GET', '/users/me/usage');

  it('is shown: files as they are served, without the small pictures beside them', async () => {
    const ada = await story.person('ada');
    expect(await usage(ada)).toEqual({ bytes: 0, count: 0, quotaBytes: MEGABYTE });
    const photo = await ada.mustUpload(await picture(400, 300).jpeg().toBuffer(), 'photo.jpg');
    const recording = await ada.mustUpload(film(), 'film.mp4');
    expect(await usage(ada)).toEqual({ bytes: photo.size + recording.size, count: 2, quotaBytes: MEGABYTE });
  });

  it('is never exceeded, however many come at once and whatever way they come', async () => {
    const ada = await story.person('ada');
    const tus = new TusClient(ada, story.url);
    const size = 250_000;
    const inOnePiece = async (): Promise<[number, string | undefined]> => {
      const { status, body } = await ada.upload(file(size), 'file.txt');
      return [status, body.code];
    };
    const resumable = async (): Promise<[number, string | undefined]> => {
      const created = await tus.create(size);
      if (created.status !== 201) return [created.status, codeOf(created)];
      const answer = await tus.patch(created.headers.get('location') ?? '', 0, file(size));
      return answer.status === 204 ? [201, undefined] : [answer.status, codeOf(answer)];
    };
    const straight = async (): Promise<[number, string | undefined]> => {
      const announced = await ada.call('POST', '/attachments/uploads', { name: 'file.txt', size });
      if (announced.status !== 201) return [announced.status, announced.body.code];
      const { url, headers, id } = announced.body;
      await fetch(url, { method: 'PUT', headers, body: new Uint8Array(file(size)) });
      const { status, body } = await ada.call('POST', `/attachments/uploads/${id}/confirm`);
      return status === 200 ? [201, undefined] : [status, body.code];
    };
    const ways = [inOnePiece, resumable, straight];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (ways[index % 3] as typeof inOnePiece)()),
    );
    const kept = answers.filter(([status]) => status === 201);
    expect(kept).toHaveLength(4);
    for (const answer of answers) if (answer[0] !== 201) expect(answer).toEqual([413, 'QUOTA_EXCEEDED']);
    expect(await usage(ada)).toEqual({ bytes: 4 * size, count: 4, quotaBytes: MEGABYTE });
    // What was refused is kept nowhere.
    await until('nothing lies about', async () => (await filesUnder(join(directory, 'tus'))).length === 0);
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
    const rows = await ada.must('GET', '/users/me/usage');
    expect(rows.count).toBe(4);
    // Somebody else has room.
    const bob = await story.person('bob');
    expect((await bob.upload(file(size), 'file.txt')).status).toBe(201);
  }, 60_000);

  it('refuses what is announced as too much before any of it comes', async () => {
    const ada = await story.person('ada');
    const tus = new TusClient(ada, story.url);
    const refused = await tus.create(MEGABYTE + 1);
    expect([refused.status, codeOf(refused)]).toEqual([413, 'QUOTA_EXCEEDED']);
    const announced = await ada.call('POST', '/attachments/uploads', { name: 'file.txt', size: MEGABYTE + 1 });
    expect([announced.status, announced.body.code]).toEqual([413, 'QUOTA_EXCEEDED']);
    const whole = await ada.upload(file(2 * MEGABYTE), 'file.txt');
    expect([whole.status, whole.body.code]).toEqual([413, 'QUOTA_EXCEEDED']);
    expect((await tus.create(MEGABYTE)).status).toBe(201);
  });

  it('is free again once a file is deleted', async () => {
    const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const conversationId = await ada.directConversation(bob);
    const { id } = await ada.mustUpload(file(900_000), 'file.txt');
    const message = await ada.send(conversationId, 'Look!', { attachmentIds: [id] });
    expect((await ada.upload(file(200_000), 'more.txt')).body.code).toBe('QUOTA_EXCEEDED');
    expect((await usage(bob)).bytes).toBe(0);
    await ada.must('DELETE', `/messages/${message.id}`);
    expect(await usage(ada)).toMatchObject({ bytes: 0, count: 0 });
    const tus = new TusClient(ada, story.url);
    const location = await tus.begin(900_000);
    expect((await tus.patch(location, 0, file(900_000))).status).toBe(204);
    expect((await usage(ada)).bytes).toBe(900_000);
    expect((await tus.request('DELETE', location)).status).toBe(204);
    expect((await ada.call('GET', `/attachments/${idOf(location)}`)).status).toBe(404);
    expect((await usage(ada)).bytes).toBe(0);
  });
});
