import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PENDING_DELETION } from '../../../src/attachments/attachment-state.js';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { PartialFiles } from '../../../src/attachments/resumable/partial-files.js';
import { UploadHolds } from '../../../src/attachments/resumable/upload-holds.js';
import { Spool } from '../../../src/attachments/uploads/receiving/spool.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import {
  file,
  MEGABYTE,
  type ResumableStory,
  served,
  sha256,
  startResumableStory,
} from '../../support/clients/resumable-uploads.js';
import { filesUnder, SLOW_STORE_TIMINGS, type S3Server, startS3 } from '../../support/servers/s3.js';
import { type Anything, Person, startStory, type Story, until } from '../../support/story.js';
import { codeOf, idOf, type TusAnswer, TusClient } from '../../support/clients/tus.js';

describe('a resumable upload', () => {
  let resumable: ResumableStory;
  let directory: ResumableStory['directory'];
  let story: ResumableStory['story'];
  let database: ResumableStory['database'];
  let ada: ResumableStory['ada'];
  let tus: ResumableStory['tus'];
  let partial: ResumableStory['partial'];
  let received: ResumableStory['received'];
  beforeAll(async () => {
    resumable = await startResumableStory();
    ({ directory, story, database, ada, tus, partial, received } = resumable);
  }, 60_000);
  afterAll(() => resumable.close(), 60_000);

  it('keeps what a broken connection brought, and goes on from there', async () => {
    const bytes = file(2 * MEGABYTE);
    const location = await tus.begin(bytes.length);
    const broken = tus.open(location, 0, bytes.length);
    broken.write(bytes.subarray(0, 700_000));
    await until('some of it is there', async () => (await received(location)) === 700_000);
    broken.destroy();
    const offset = await tus.offset(location);
    expect(offset).toBe(700_000);
    expect((await tus.patch(location, offset, bytes.subarray(offset))).status).toBe(204);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });

  it('is given back where the connection breaks after its last byte, before any of it was read', async () => {
    const bytes = file(1_000);
    const location = await tus.begin(bytes.length);
    const requests: IncomingMessage[] = [];
    const keep = (incoming: IncomingMessage): void => void requests.push(incoming);
    story.app.getHttpServer().on('request', keep);
    const holds = holdCalls(story.app, UploadHolds, 'hold');
    const broken = tus.open(location, 0, bytes.length);
    broken.write(bytes);
    await until('all came', () => holds.count === 1 && requests[0]?.complete === true);
    broken.destroy();
    await until('it is known to be gone', () => requests[0]?.destroyed === true);
    story.app.getHttpServer().off('request', keep);
    const released = holdCalls(story.app, UploadHolds, 'release');
    holds.release();
    await until('it is given back', () => released.count === 1);
    released.release();
    const offset = await tus.offset(location);
    expect((await tus.patch(location, offset, bytes.subarray(offset))).status).toBe(204);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });

  it('is taken from a connection that hangs by the one that goes on', async () => {
    const bytes = file(MEGABYTE);
    const location = await tus.begin(bytes.length);
    const hanging = tus.open(location, 0, bytes.length);
    const refused = once(hanging, 'data').then(([answer]) => String(answer));
    hanging.write(bytes.subarray(0, 400_000));
    await until('some of it is there', async () => (await received(location)) === 400_000);
    expect(await tus.offset(location)).toBe(400_000);
    expect(await refused).toMatch(/^HTTP\/1.1 423 /);
    // What it brings now comes too late.
    hanging.write(randomBytes(300_000));
    expect((await tus.patch(location, 400_000, bytes.subarray(400_000))).status).toBe(204);
    hanging.destroy();
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });

  it('never mixes the bytes of requests that come at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const bodies = Array.from({ length: 6 }, () => file(600_000));
      const location = await tus.begin(600_000);
      const answers = await Promise.all(bodies.map((body) => tus.patch(location, 0, body)));
      for (const { status } of answers) expect([204, 409, 423]).toContain(status);
      const offset = await tus.offset(location);
      if (offset < 600_000) {
        // All were stopped: what is there is the beginning of one of them.
        const beginning = await readFile(partial(location));
        const whose = bodies.find((body) => body.subarray(0, beginning.length).equals(beginning));
        expect(whose).toBeDefined();
        expect((await tus.patch(location, offset, (whose as Buffer).subarray(offset))).status).toBe(204);
      }
      const stored = sha256(await served(ada, idOf(location)));
      expect(bodies.map(sha256)).toContain(stored);
    }
  }, 60_000);

  it('is ended by its sender also where the process that was at it is dead, idle or says nothing any more', async () => {
    const location = await tus.begin(1_000);
    await tus.patch(location, 0, file(500));
    const end = async (holder: string, silence: string): Promise<number> => {
      await database.query(
        `UPDATE attachments SET state = 'STORING', storing_by = $2, storing_since = now() - $3::interval WHERE id = $1`,
        [idOf(location), holder, silence],
      );
      return (await tus.request('DELETE', location)).status;
    };
    expect(await end('x.1.elsewhere', '20 seconds')).toBe(423);
    expect(await end('x.1.elsewhere', '31 seconds')).toBe(204);
    expect(await received(location)).toBe(0);
    // The process before this one had its number.
    expect(await end(`x.${process.pid}.${hostname()}`, '0 seconds')).toBe(204);
    // Its own, which it could not release.
    expect(await end(story.app.get(Spool).processName, '0 seconds')).toBe(204);
  });

  it.each([
    ['was ended', 2_000, `state = '${PENDING_DELETION}'`, 410, 'UPLOAD_EXPIRED'],
    ['is in the hands of another process', 2_000, `storing_by = 'x.1.elsewhere'`, 423, 'UPLOAD_LOCKED'],
    ['was given back by another process', 1_000, `state = 'EXPECTED', storing_by = NULL`, 423, 'UPLOAD_LOCKED'],
  ])('that %s meanwhile is refused to who brings its bytes', async (_, size, change, status, code) => {
    const location = await tus.begin(size);
    const ends = [
      holdCalls(story.app, UploadHolds, 'release'),
      holdCalls(story.app, AttachmentsRepository, 'complete'),
    ];
    const answer = tus.patch(location, 0, file(1_000));
    await until('its bytes came', () => ends.some(({ count }) => count === 1));
    await database.query(`UPDATE attachments SET ${change} WHERE id = $1`, [idOf(location)]);
    for (const end of ends) end.release();
    const refused = await answer;
    expect([refused.status, codeOf(refused)]).toEqual([status, code]);
  });

  it('is never said to have no bytes while it is finished or ended', async () => {
    const bytes = file(1_000);
    const ask = async (meanwhile: (location: string) => Promise<TusAnswer>): Promise<[number, string | null]> => {
      const location = await tus.begin(bytes.length);
      await tus.patch(location, 0, bytes.subarray(0, 900));
      const files = story.app.get(PartialFiles, { strict: false });
      const sizeOf = files.sizeOf.bind(files);
      const looks = jest.spyOn(files, 'sizeOf').mockImplementationOnce(async (id) => {
        expect((await meanwhile(location)).status).toBe(204);
        return sizeOf(id);
      });
      try {
        const { status, headers } = await tus.head(location);
        return [status, headers.get('upload-offset')];
      } finally {
        looks.mockRestore();
      }
    };
    expect(await ask((location) => tus.patch(location, 900, bytes.subarray(900)))).toEqual([200, '1000']);
    expect(await ask((location) => tus.request('DELETE', location))).toEqual([410, null]);
  });

  it('leaves no file of a process that finishes it after it was ended and swept', async () => {
    const location = await tus.begin(1_000);
    const completions = holdCalls(story.app, AttachmentsRepository, 'complete');
    const answer = tus.patch(location, 0, file(1_000));
    await until('it is stored', () => completions.count === 1);
    await database.query(`UPDATE attachments SET state = '${PENDING_DELETION}', swept_at = now() WHERE id = $1`, [
      idOf(location),
    ]);
    const stored = async (): Promise<string[]> =>
      (await filesUnder(join(directory, 'attachments'))).filter((path) => path.includes(idOf(location)));
    expect(await stored()).toHaveLength(1);
    completions.release();
    expect((await answer).status).toBe(410);
    await until('it is swept again', async () => (await stored()).length === 0);
  });

  it('is in the hands of one process at a time', async () => {
    const other = await startStory({ databaseUrl: story.databaseUrl }, { DATA_DIR: directory });
    try {
      const bytes = file(500_000);
      const location = await tus.begin(bytes.length);
      const there = new TusClient(ada, other.url);
      const running = tus.open(location, 0, bytes.length);
      running.write(bytes.subarray(0, 200_000));
      await until('some of it is there', async () => (await received(location)) === 200_000);
      expect(await there.offset(location)).toBe(200_000);
      const refused = await there.patch(location, 200_000, bytes.subarray(200_000));
      expect([refused.status, codeOf(refused)]).toEqual([423, 'UPLOAD_LOCKED']);
      expect((await there.request('DELETE', location)).status).toBe(423);
      running.destroy();
      await until('it is given back', async () => {
        const { rows } = await database.query('SELECT state FROM attachments WHERE id = $1', [idOf(location)]);
        return rows[0]?.state === 'EXPECTED';
      });
      expect((await there.patch(location, 200_000, bytes.subarray(200_000))).status).toBe(204);
      expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
      // One that says nothing any more is taken for dead, wherever it was.
      const stale = await tus.begin(1_000);
      await database.query(
        `UPDATE attachments SET state = 'STORING', storing_by = 'x.1.elsewhere', storing_since = now() - $2::interval WHERE id = $1`,
        [idOf(stale), '20 seconds'],
      );
      expect((await there.patch(stale, 0, file(1_000))).status).toBe(423);
      await database.query(`UPDATE attachments SET storing_since = now() - interval '31 seconds' WHERE id = $1`, [
        idOf(stale),
      ]);
      expect((await there.patch(stale, 0, file(1_000))).status).toBe(204);
    } finally {
      await other.close();
    }
  }, 60_000);
});

describe('a resumable upload to a server that is killed', () => {
  let database: TestDatabase;
  let directory: string;
  let server: ServerProcess;
  let ada: Person;
  let control: string;

  const start = async (): Promise<void> => {
    server = await ServerProcess.start({
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      DISK_FAULTS: control,
      NODE_OPTIONS: `--import ${new URL('../../support/disk-faults.mjs', import.meta.url).href}`,
    });
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'parley-tus-killed-'));
    control = join(directory, 'faults.json');
    await start();
    ada = await Person.register(server.url, 'ada');
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it('goes on at once after the next start, with the bytes that were there', async () => {
    const bytes = file(3 * MEGABYTE);
    let tus = new TusClient(ada, server.url);
    const location = await tus.begin(bytes.length, { filename: 'long.bin' });
    const partial = join(directory, 'tus', idOf(location));
    for (const end of [1_000_000, 2_000_000]) {
      const offset = await tus.offset(location);
      const running = tus.open(location, offset, bytes.length - offset);
      running.write(bytes.subarray(offset, end));
      await until('it is in the middle', async () => (await stat(partial).catch(() => ({ size: 0 }))).size === end);
      await server.kill();
      running.destroy();
      await start();
      tus = new TusClient(ada, server.url);
      expect(await tus.offset(location)).toBe(end);
    }
    expect((await tus.patch(location, 2_000_000, bytes.subarray(2_000_000))).status).toBe(204);
    const { url } = await request(server, ada, idOf(location));
    const stored = Buffer.from(await (await fetch(new URL(url, server.url))).arrayBuffer());
    expect(sha256(stored)).toBe(sha256(bytes));
    await until('nothing lies about', async () => (await filesUnder(join(directory, 'tus'))).length === 0);
  }, 60_000);

  it.each([
    ['the directory cannot be made', 'mkdir', 'EROFS', '/tus'],
    ['a file cannot be opened', 'open', 'EMFILE', '/tus/'],
    ['the disk is full', 'write', 'ENOSPC', '/tus/'],
    ['the spool is full, when all of it is there', 'write', 'ENOSPC', '/spool/'],
    ['the store is, when all of it is there', 'rename', 'EDQUOT', '/spool/'],
  ])('loses nothing where %s', async (_, call, code, path) => {
    const bytes = file(300_000);
    const tus = new TusClient(ada, server.url);
    const location = await tus.begin(bytes.length);
    expect((await tus.patch(location, 0, bytes.subarray(0, 100_000))).status).toBe(204);
    await writeFile(control, JSON.stringify({ call, code, path }));
    const answer = await tus.patch(location, 100_000, bytes.subarray(100_000));
    await rm(control);
    expect([answer.status, codeOf(answer)]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const offset = await tus.offset(location);
    expect(offset).toBeGreaterThanOrEqual(100_000);
    expect((await tus.patch(location, offset, bytes.subarray(offset))).status).toBe(204);
    const { url } = await request(server, ada, idOf(location));
    const stored = Buffer.from(await (await fetch(new URL(url, server.url))).arrayBuffer());
    expect(sha256(stored)).toBe(sha256(bytes));
  });
});

/** Another process listens elsewhere. */
const request = async (server: ServerProcess, person: Person, id: string): Promise<Anything> => {
  const response = await fetch(`${server.url}/attachments/${id}`, {
    headers: { authorization: `Bearer ${person.accessToken}` },
  });
  return response.json();
};

describe('a resumable upload to a server whose files are in S3', () => {
  let s3: S3Server;
  let directory: string;
  let story: Story;

  beforeAll(async () => {
    s3 = await startS3();
    directory = await mkdtemp(join(tmpdir(), 'parley-tus-s3-'));
    story = await startStory({ timings: SLOW_STORE_TIMINGS }, { DATA_DIR: directory, ...s3.environment });
  }, 60_000);
  afterAll(async () => {
    await story.close();
    await s3.close();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it('ends in the store like every other', async () => {
    const ada = await story.person('ada');
    const tus = new TusClient(ada, story.url);
    const bytes = file(300_000);
    const location = await tus.begin(bytes.length);
    await tus.patch(location, 0, bytes.subarray(0, 100_000));
    expect(await s3.keys()).toEqual([]);
    expect((await tus.patch(location, 100_000, bytes.subarray(100_000))).status).toBe(204);
    expect(await s3.keys()).toEqual([`${idOf(location)}/original`]);
    expect(sha256(await served(ada, idOf(location)))).toBe(sha256(bytes));
  });
});
