import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeClamd, INFECTION, startClamd } from '../../support/servers/clamd.js';
import { film, picture } from '../../support/files.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../../support/story.js';

const infected = Buffer.from(`a letter, ${INFECTION}, yours`);

describe.each(['disk', 'S3'])('scanning of uploads, kept on %s', (kept) => {
  let directory: string;
  let clamd: FakeClamd;
  let s3: S3Server | undefined;
  let story: Story;
  let ada: Person;
  const stored = (): Promise<string[]> => s3?.keys() ?? filesUnder(join(directory, 'attachments'));

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-scanning-'));
    clamd = await startClamd();
    s3 = kept === 'S3' ? await startS3() : undefined;
    const CLAMAV_URL = `tcp://127.0.0.1:${clamd.port}`;
    story = await startStory({ timings: SLOW_STORE_TIMINGS }, { DATA_DIR: directory, CLAMAV_URL, ...s3?.environment });
    ada = await story.person('ada');
  });
  afterEach(() => {
    clamd.answerWith(undefined);
    clamd.beforeAnswer = undefined;
    clamd.maxStreamBytes = Infinity;
    clamd.breakNext(0);
  });
  afterAll(async () => {
    await story.close();
    await s3?.close();
    await clamd.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('keeps what is clean, and has nothing in the store while it is being scanned', async () => {
    let during: string[] | undefined;
    const before = await stored();
    clamd.beforeAnswer = async () => void (during = await stored());
    const bytes = Buffer.alloc(300_000, 'clean');
    const file = await ada.mustUpload(bytes, 'clean.txt');
    expect(during).toEqual(before);
    expect(clamd.scanned.at(-1)).toBe(bytes.length);
    const answer = await fetch(ada.url + file.url);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('refuses what is infected with 422, and keeps nothing of it', async () => {
    const before = await stored();
    const answer = await ada.upload(infected, 'letter.txt');
    expect([answer.status, answer.body.code]).toEqual([422, 'INFECTED']);
    expect(JSON.stringify(answer.body)).not.toContain('Signature');
    await until('nothing of it lies anywhere', async () => (await stored()).length === before.length);
    expect((await filesUnder(join(directory, 'spool'))).length).toBe(0);
  });

  it('scans pictures and posters as they came, before they are decoded', async () => {
    const png = await picture(9, 9).png().toBuffer();
    const bad = Buffer.concat([png, infected]);
    expect((await ada.upload(bad, 'a.png', 'image/png')).body.code).toBe('INFECTED');
    const movie = await ada.mustUpload(film(), 'a.mp4');
    const form = new FormData();
    form.append('posterFor', movie.id);
    form.append('file', new Blob([new Uint8Array(bad)], { type: 'image/png' }), 'a.png');
    const headers = { authorization: `Bearer ${ada.accessToken}` };
    const answer = await fetch(`${ada.url}/attachments`, { method: 'POST', headers, body: form });
    expect(((await answer.json()) as Anything).code).toBe('INFECTED');
    expect((await ada.must('GET', `/attachments/${movie.id}`)).thumbnailUrl).toBeNull();
  });

  it('asks once more where the scanner ended in the middle of a file', async () => {
    clamd.breakNext(1);
    expect((await ada.upload(Buffer.alloc(200_000, 'clean'), 'clean.txt')).status).toBe(201);
    clamd.breakNext(1);
    expect((await ada.upload(infected, 'letter.txt')).body.code).toBe('INFECTED');
    const scanned = clamd.scanned.length;
    clamd.breakNext(2);
    expect((await ada.upload(infected, 'letter.txt')).status).toBe(503);
    expect(clamd.scanned).toHaveLength(scanned);
  });

  it('answers 503 for a file that is longer than the scanner takes', async () => {
    clamd.maxStreamBytes = 100_000;
    const before = await stored();
    for (const size of [100_001, 8 * 1024 * 1024]) {
      const answer = await ada.upload(Buffer.alloc(size, 'clean'), 'clean.txt');
      expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
    }
    await until('nothing of it lies anywhere', async () => (await stored()).length === before.length);
    expect((await ada.upload(Buffer.alloc(100_000, 'clean'), 'clean.txt')).status).toBe(201);
  });

  it.each(['silence', 'break', 'INSTREAM size limit exceeded. ERROR', 'stream: what'])(
    'answers 503 with Retry-After where the scanner says nothing of a file: %s',
    async (answerOfScanner) => {
      const before = await stored();
      clamd.answerWith(answerOfScanner);
      // One that is silent hangs up some time.
      if (answerOfScanner === 'silence') clamd.beforeAnswer = () => clamd.hangUp();
      const answer = await ada.upload(Buffer.from('a letter'), 'letter.txt');
      expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      await until('nothing of it lies anywhere', async () => (await stored()).length === before.length);
    },
  );

  if (kept === 'S3') {
    const announce = async (bytes: Buffer): Promise<string> => {
      const body = { name: 'a.txt', size: bytes.length, mimeType: 'text/plain' };
      const { id, url, headers } = await ada.must('POST', '/attachments/uploads', body);
      await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) });
      return id;
    };
    const confirm = (id: string): Promise<Anything> =>
      request(ada.url, 'POST', `/attachments/uploads/${id}/confirm`, undefined, ada.accessToken);

    it('refuses an infected presigned upload for good, and removes it', async () => {
      const id = await announce(infected);
      expect((await confirm(id)).body.code).toBe('INFECTED');
      expect((await confirm(id)).body.code).toBe('NOT_FOUND');
      await until('its bytes are gone', async () => !(await stored()).some((key) => key.startsWith(id)));
    });

    it('lets a presigned upload be confirmed again once the scanner is back', async () => {
      const id = await announce(Buffer.from('a letter'));
      clamd.answerWith('break');
      expect((await confirm(id)).status).toBe(503);
      clamd.answerWith(undefined);
      expect((await confirm(id)).body).toMatchObject({ id, kind: 'FILE' });
    });
  }
});

describe.each([
  ['closed', 503],
  ['open', 201],
])('a scanner that is away, with CLAMAV_FAIL=%s', (CLAMAV_FAIL, status) => {
  let directory: string;
  let story: Story;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-scanning-'));
    const clamd = await startClamd();
    const CLAMAV_URL = `tcp://127.0.0.1:${clamd.port}`;
    await clamd.close();
    story = await startStory({}, { DATA_DIR: directory, CLAMAV_URL, CLAMAV_FAIL });
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it(`makes uploads answer ${status}`, async () => {
    const ada = await story.person('ada');
    expect((await ada.upload(Buffer.from('a letter'), 'letter.txt')).status).toBe(status);
  });
});

describe('a scanner behind a socket of the file system', () => {
  let directory: string;
  let clamd: FakeClamd;
  let story: Story;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-scanning-'));
    const path = join(directory, 'clamd.ctl');
    clamd = await startClamd(path);
    story = await startStory({}, { DATA_DIR: directory, CLAMAV_URL: `unix:${path}` });
  });
  afterAll(async () => {
    await story.close();
    await clamd.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('is asked as one behind a port is', async () => {
    const ada = await story.person('ada');
    expect((await ada.upload(Buffer.from('a letter'), 'letter.txt')).status).toBe(201);
    expect((await ada.upload(infected, 'letter.txt')).body.code).toBe('INFECTED');
    clamd.maxStreamBytes = 100_000;
    expect((await ada.upload(Buffer.alloc(8 * 1024 * 1024, 'clean'), 'clean.txt')).status).toBe(503);
  });
});
