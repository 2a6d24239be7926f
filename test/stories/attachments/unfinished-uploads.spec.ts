import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sharp from 'sharp';
import { PENDING_DELETION } from '../../../src/attachments/attachment-state.js';
import { AttachmentSweeper } from '../../../src/attachments/attachment-sweeper.js';
import { BlobStore } from '../../../src/attachments/store/blob-store.js';
import { Clock } from '../../../src/common/clock.js';
import { TIMINGS, type Timings } from '../../../src/config/timings.js';
import { film, picture } from '../../support/files.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { filesUnder, type S3Server, startS3 } from '../../support/servers/s3.js';
import { startTcpProxy, type TcpProxy } from '../../support/servers/tcp-proxy.js';
import { type Anything, Person, startStory, type Story, until } from '../../support/story.js';

const MEGABYTE = 1024 * 1024;

/** An upload that is never finished: its head, and then what it is given to send. */
function unfinished(person: Person, announced: number | undefined): { socket: Socket; answer: Promise<string> } {
  const { port, hostname } = new URL(person.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const length = announced === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${announced}`;
  socket.write(
    `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.accessToken}\r\n${length}\r\n` +
      'Content-Type: multipart/form-data; boundary=x\r\n\r\n',
  );
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const chunk = (bytes: Buffer): Buffer =>
    announced === undefined
      ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
      : bytes;
  socket.write(chunk(Buffer.from(part)));
  for (let piece = 0; piece < 12; piece += 1) socket.write(chunk(Buffer.alloc(128 * 1024, 'x')));
  const answer = once(socket, 'data').then(
    ([bytes]) => String(bytes),
    () => '',
  );
  return { socket, answer };
}

const sizeUnder = async (directory: string): Promise<number> => {
  const sizes = await Promise.all((await filesUnder(directory)).map((path) => stat(path).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
};

describe('unfinished uploads', () => {
  let directory: string;
  let story: Story;
  let now: number | undefined;
  const timings = { ...TIMINGS, uploadPaceCheckMs: 50 };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-unfinished-'));
    const limits = { MAX_IMAGE_MB: '2', MAX_FILE_MB: '2', MAX_AUDIO_MB: '2', MAX_VIDEO_MB: '2', MAX_SPOOL_MB: '64' };
    expect(TIMINGS.uploadPaceCheckMs).toBe(2_000);
    story = await startStory({ timings }, { DATA_DIR: directory, ...limits });
    const clock = story.app.get(Clock);
    const real = clock.now.bind(clock);
    clock.now = () => real() + (now ?? 0);
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['that say how large they are', 2 * MEGABYTE],
    ['that do not say how large they are', undefined],
  ])('%s hold a share of the room at the most, and others have theirs', async (_, announced) => {
    const [greedy, other] = [await story.person('greedy'), await story.person('other')];
    const uploads = Array.from({ length: 40 }, () => unfinished(greedy, announced));
    const answers: string[] = [];
    for (const { answer } of uploads) void answer.then((text) => answers.push(text));
    // An eighth of 64 MB: of those that want two and what surrounds them, two have room; of those that grow, some more.
    await until('most are refused', () => answers.length >= 32);
    expect(new Set(answers.map((text) => text.slice(0, 12)))).toEqual(new Set(['HTTP/1.1 503']));
    expect(answers[0]).toMatch(/retry-after: \d+/i);
    expect(answers[0]).toContain('"code":"OVERLOADED"');
    expect(await sizeUnder(join(directory, 'spool'))).toBeLessThanOrEqual(8 * MEGABYTE);
    expect((await other.upload(film(MEGABYTE))).status).toBe(201);
    // What they held is given back, whatever became of them.
    for (const { socket } of uploads) socket.destroy();
    await until('nothing is left', async () => (await filesUnder(join(directory, 'spool'))).length === 0);
    const again = await Promise.all([1, 2].map(() => greedy.upload(film(MEGABYTE))));
    expect(again.map(({ status }) => status)).toEqual([201, 201]);
  });

  it('that trickle are ended, and those that a slow phone sends are not', async () => {
    const slow = await story.person('slow');
    const [trickle, phone] = [unfinished(slow, 2 * MEGABYTE), unfinished(slow, 2_000_000)];
    await until('both are taken', async () => (await sizeUnder(join(directory, 'spool'))) > 3_000_000);
    const ended = once(trickle.socket, 'close').then(() => true);
    let isEnded = false;
    void ended.then(() => (isEnded = true));
    // Each step is of ten seconds on the server’s clock: one byte of the one, 30 KB of the other, which is there before.
    now = 0;
    await until('the trickle is ended', async () => {
      const spooled = await sizeUnder(join(directory, 'spool'));
      trickle.socket.write('x');
      phone.socket.write(Buffer.alloc(30_000, 'x'));
      await until(
        'what was sent is there',
        async () => isEnded || (await sizeUnder(join(directory, 'spool'))) > spooled + 20_000,
      );
      now = (now ?? 0) + 10_000;
      // Time for a look or two; where there was none, another step follows.
      await new Promise((resolve) => setTimeout(resolve, 2 * timings.uploadPaceCheckMs));
      return isEnded;
    });
    expect(phone.socket.closed).toBe(false);
    await until('what it held is gone', async () => (await filesUnder(join(directory, 'spool'))).length === 1);
    phone.socket.destroy();
    now = 0;
  });
});

describe('an image that costs more than any phone’s', () => {
  let story: Story;
  let directory: string;
  let bomb: Buffer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-bombs-'));
    story = await startStory({}, { DATA_DIR: directory });
    // 7,000 × 7,000 pixels of white, by sharp with `.avif({ effort: 0 })`: making it takes seconds.
    bomb = await readFile('test/fixtures/white-49-megapixels.avif');
    expect(await sharp(bomb).metadata()).toMatchObject({ width: 7_000, height: 7_000 });
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('is refused before it is decoded, with a code of its own', async () => {
    expect(bomb.length).toBeLessThan(4_000);
    const [attacker, other] = [await story.person(), await story.person()];
    const done: string[] = [];
    const bombs = Array.from({ length: 20 }, async () => {
      const answer = await attacker.upload(bomb, 'bomb.avif');
      done.push('bomb');
      return [answer.status, answer.body.code];
    });
    const photo = await picture(1_600, 1_200).jpeg().toBuffer();
    expect((await other.upload(photo, 'photo.jpg')).status).toBe(201);
    expect(await Promise.all(bombs)).toEqual(Array.from({ length: 20 }, () => [413, 'IMAGE_TOO_LARGE']));
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
  });

  it('is none that a phone takes: a JPEG of 48 megapixels, an AVIF of 12', async () => {
    const ada = await story.person();
    const plain = sharp({ create: { width: 8_000, height: 6_000, channels: 3, background: 'navy' } });
    const large = await ada.mustUpload(await plain.jpeg().toBuffer(), 'large.jpg');
    expect(large).toMatchObject({ width: 8_000, height: 6_000, mimeType: 'image/jpeg' });
    // Made as the bomb was, in navy.
    const avif = await ada.mustUpload(await readFile('test/fixtures/navy-12-megapixels.avif'), 'photo.avif');
    expect(avif).toMatchObject({ width: 4_032, height: 3_024, mimeType: 'image/webp' });
  });
});

describe('uploads to a store that does not answer', () => {
  let s3: S3Server;
  let proxy: TcpProxy;
  let directory: string;
  let story: Story;
  let ada: Person;
  const timings = { ...TIMINGS };
  interface Client {
    config: { requestHandler: { updateHttpClientConfig(name: 'socketTimeout', milliseconds: number): void } };
  }

  /** How long the store may take from now on. */
  const wait = ({ storeSilenceMs, storeCallMs }: Pick<Timings, 'storeSilenceMs' | 'storeCallMs'>): void => {
    Object.assign(timings, { storeSilenceMs, storeCallMs });
    const { client } = story.app.get<{ client: Client }>(BlobStore);
    client.config.requestHandler.updateHttpClientConfig('socketTimeout', storeSilenceMs);
  };
  /** Not long while the store is silent; else long enough for every answer, on a machine that is busy. */
  const whileSilent = async (act: () => Promise<void>): Promise<void> => {
    wait({ storeSilenceMs: 1_500, storeCallMs: 3_500 });
    proxy.stall();
    await act();
    wait(TIMINGS);
    proxy.pass();
  };

  beforeAll(async () => {
    s3 = await startS3();
    const { hostname, port } = new URL(s3.environment.S3_ENDPOINT ?? '');
    proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    directory = await mkdtemp(join(tmpdir(), 'parley-silent-'));
    expect(TIMINGS).toMatchObject({ storeSilenceMs: 6_000, storeCallMs: 14_000 });
    story = await startStory(
      { timings },
      { DATA_DIR: directory, ...s3.environment, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` },
    );
    ada = await story.person('ada');
  });
  afterAll(async () => {
    await story.close();
    await proxy.close();
    await s3.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are answered with 503 after one silence, leave nothing, and work again when it does', async () => {
    await whileSilent(async () => {
      const answer = await ada.upload(await picture(100, 100).png().toBuffer(), 'photo.png');
      expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
    });
    const again = await ada.mustUpload(await picture(100, 100).png().toBuffer(), 'photo.png');
    await until('nothing but what was kept is there', async () => {
      await ada.must('PATCH', '/users/me', { avatarUrl: null });
      const keys = await s3.keys();
      return keys.length === 3 && keys.every((key) => key.includes(again.id as string));
    });
  });

  it('may be confirmed again', async () => {
    const bytes = film();
    const announced = await ada.must('POST', '/attachments/uploads', { name: 'film.mp4', size: bytes.length });
    const put = await fetch(announced.url, { method: 'PUT', headers: announced.headers, body: new Uint8Array(bytes) });
    expect(put.status).toBe(200);
    const confirm = () => ada.call('POST', `/attachments/uploads/${announced.id}/confirm`);
    await whileSilent(async () => {
      const answer = await confirm();
      expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
      expect(answer.headers.get('retry-after')).not.toBeNull();
    });
    expect(await confirm()).toMatchObject({ status: 200, body: { id: announced.id, kind: 'VIDEO' } });
  });

  it('say so where a file is read, too', async () => {
    const { id, thumbnailUrl, url } = await ada.mustUpload(await picture(100, 100).png().toBuffer(), 'photo.png');
    const { avatarUrl } = await ada.must('PATCH', '/users/me', { avatarId: id });
    const paths = [thumbnailUrl, url, avatarUrl];
    const read = async (path: string): Promise<unknown> => {
      const answer = await fetch(new URL(path, story.url));
      return [answer.status, ((await answer.json()) as Anything).code, answer.headers.get('cache-control')];
    };
    // No cache keeps it, also where the file itself would be kept for a year.
    const unavailable = [503, 'UNAVAILABLE', 'no-store'];
    await whileSilent(async () => {
      expect(await Promise.all(paths.map(read))).toEqual(paths.map(() => unavailable));
    });
    const whole = await Promise.all(paths.map((path) => fetch(new URL(path, story.url))));
    expect(whole.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(whole.map(({ headers }) => headers.get('cache-control'))).toEqual([
      expect.stringMatching(/^private, max-age=\d+, immutable$/),
      expect.stringMatching(/^private, max-age=\d+, immutable$/),
      'public, max-age=31536000, immutable',
    ]);
  });
});

describe('a server that ends while the store does not answer', () => {
  it('does not wait for what is to be removed there, which the next one removes', async () => {
    const s3 = await startS3();
    const { hostname, port } = new URL(s3.environment.S3_ENDPOINT ?? '');
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const directory = await mkdtemp(join(tmpdir(), 'parley-ending-'));
    const database = await createTestDatabase();
    const environment = { DATA_DIR: directory, ...s3.environment, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` };
    try {
      // Longer than any test waits.
      const timings = { ...TIMINGS, storeSilenceMs: 600_000, storeCallMs: 600_000 };
      const first = await startStory({ databaseUrl: database.url, timings }, environment);
      await (await first.person('ada')).mustUpload(film(), 'film.mp4');
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(`UPDATE attachments SET state = '${PENDING_DELETION}'`);
      await client.end();
      const store = first.app.get(BlobStore);
      const remove = store.remove.bind(store);
      proxy.stall();
      const asked = new Promise<void>((resolve) => {
        store.remove = (keys) => {
          resolve();
          return remove(keys);
        };
      });
      first.app.get(AttachmentSweeper).soon();
      await asked;
      await first.close();
      expect(await s3.keys()).toHaveLength(1);
      proxy.pass();
      const second = await startStory({ databaseUrl: database.url }, environment);
      await until('it is removed', async () => (await s3.keys()).length === 0);
      await second.close();
    } finally {
      await proxy.close();
      await s3.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('an upload whose last answer of the database is lost', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let directory: string;
  let story: Story;
  let ada: Person;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    url.hostname = '127.0.0.1';
    directory = await mkdtemp(join(tmpdir(), 'parley-lost-'));
    story = await startStory({ databaseUrl: url.href }, { DATA_DIR: directory });
    ada = await story.person('ada');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await story.close();
    await proxy.close();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const states = async (): Promise<string[]> =>
    (await client.query('SELECT state FROM attachments ORDER BY id')).rows.map(({ state }) => state as string);

  it('is there where the database can be asked again', async () => {
    const lost = proxy.loseAnswerTo(`SET state = 'READY'`);
    const upload = ada.upload(film(), 'film.mp4');
    await lost;
    proxy.pass();
    const { status, body } = await upload;
    expect(status).toBe(201);
    expect(await states()).toEqual(['READY']);
    expect((await fetch(new URL(body.url, story.url))).status).toBe(200);
  });

  it('keeps its file as long as its row is there where it cannot', async () => {
    const lost = proxy.loseAnswerTo(`SET state = 'READY'`);
    const upload = ada.upload(film(), 'film.mp4');
    await lost;
    const answer = await upload;
    expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
    expect(await states()).toEqual(['READY', 'READY']);
    const { rows } = await client.query('SELECT id FROM attachments ORDER BY id');
    proxy.pass();
    for (const { id } of rows) {
      const { url } = await ada.must('GET', `/attachments/${id}`);
      expect((await fetch(new URL(url, story.url))).status).toBe(200);
    }
  });
});

describe('uploads to a disk that takes nothing', () => {
  let database: TestDatabase;
  let directory: string;
  let server: ServerProcess;
  let ada: Person;
  let control: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'parley-full-'));
    control = join(directory, 'faults.json');
    server = await ServerProcess.start({
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      DISK_FAULTS: control,
      NODE_OPTIONS: `--import ${new URL('../../support/disk-faults.mjs', import.meta.url).href}`,
    });
    ada = await Person.register(server.url, 'ada');
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['the spool is full', 'write', 'ENOSPC', '/spool/'],
    ['a quota is met', 'write', 'EDQUOT', '/spool/'],
    ['the spool cannot be opened', 'open', 'EMFILE', '/spool/'],
    ['the spool cannot be made', 'mkdir', 'EROFS', '/spool/'],
    ['the store cannot be made', 'mkdir', 'ENOSPC', '/attachments/'],
    ['a file cannot be moved', 'rename', 'EROFS', '/spool/'],
  ])('are the server’s fault where %s, and leave nothing', async (_, call, code, path) => {
    const files = (await filesUnder(join(directory, 'attachments'))).length;
    await writeFile(control, JSON.stringify({ call, code, path }));
    for (const bytes of [film(300_000), await picture(300, 300).png().toBuffer()]) {
      const answer = await ada.upload(bytes, 'file');
      expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await rm(control);
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
    expect(await filesUnder(join(directory, 'attachments'))).toHaveLength(files);
    expect((await ada.upload(film(300_000), 'file')).status).toBe(201);
  });
});
