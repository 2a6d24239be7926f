import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { DiskProbe, FreeSpace } from '../../../src/common/free-space.js';
import { ServerProcess } from '../../support/processes/process.js';
import { type Person, Person as People, request, type Story, startStory, until } from '../../support/story.js';

const MEGABYTE = 1024 * 1024;

describe('a disk that is nearly full', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  let conversationId: string;
  let free = 1_000 * MEGABYTE;
  const look = async (): Promise<void> => story.app.get(FreeSpace).check();

  beforeAll(async () => {
    story = await startStory({}, { MIN_FREE_DISK_MB: '100' });
    story.app.get(DiskProbe).freeBytes = async () => free;
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    conversationId = await ada.directConversation(bob);
  });
  afterEach(() => {
    free = 1_000 * MEGABYTE;
  });
  afterAll(() => story.close());

  it('refuses what would be stored, shows in readiness, answers reads, and goes on by itself', async () => {
    const device = await ada.device();
    const said = await device.must('send_message', { conversationId, content: 'before' });
    free = 99 * MEGABYTE;
    await look();

    const refused = await device.ask('send_message', { conversationId, content: 'during' });
    expect(refused).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) } });
    for (const [event, payload] of [
      ['edit_message', { messageId: said.message.id, content: 'other' }],
      ['delete_message', { messageId: said.message.id, for: 'everyone' }],
      ['react', { messageId: said.message.id, emoji: '👍' }],
      ['mark_read', { conversationId, seq: 1 }],
    ] as const)
      expect(await device.ask(event, payload)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
    for (const [method, path, body] of [
      ['POST', '/friends/requests', { userId: bob.id }],
      ['POST', `/conversations/${conversationId}/messages`, { content: 'during' }],
      ['PATCH', '/users/me', { displayName: 'Ada' }],
    ] as const) {
      const answer = await ada.call(method, path, body);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 503, code: 'UNAVAILABLE' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const upload = await ada.upload(new Uint8Array(10));
    expect({ status: upload.status, code: upload.body.code }).toEqual({ status: 503, code: 'UNAVAILABLE' });
    expect(await request(story.url, 'GET', '/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'error', checks: { database: 'up', disk: 'full' } },
    });
    expect((await request(story.url, 'GET', '/health/live')).status).toBe(200);
    expect(await bob.history(conversationId)).toHaveLength(1);
    expect(await device.ask('sync', {})).toMatchObject({ ok: true });

    // At the floor it does not swing to and fro.
    free = 101 * MEGABYTE;
    await look();
    expect((await request(story.url, 'GET', '/health/ready')).status).toBe(503);
    free = 120 * MEGABYTE;
    await look();
    expect((await request(story.url, 'GET', '/health/ready')).status).toBe(200);
    expect(await device.ask('send_message', { conversationId, content: 'after' })).toMatchObject({ ok: true });
  });

  it('keeps its floor when many bytes come at once', async () => {
    const space = story.app.get(FreeSpace);
    free = 150 * MEGABYTE;
    await space.requireSpaceFor(40 * MEGABYTE);
    await expect(space.requireSpaceFor(60 * MEGABYTE)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('says so once when it begins and once when it ends', async () => {
    const lines: string[] = [];
    const log = { error: (line: string) => lines.push(line), log: (line: string) => lines.push(line) };
    const space = new FreeSpace(
      { paths: ['/one', '/other'], minFreeBytes: 100 * MEGABYTE, log },
      {
        freeBytes: async (path: string) => (path === '/one' ? undefined : free),
      },
    );
    for (const megabytes of [500, 50, 40, 105, 500, 500]) {
      free = megabytes * MEGABYTE;
      await space.check();
    }
    expect(lines).toEqual([
      'writes are refused: 50 MB are free at /other, and MIN_FREE_DISK_MB is 100',
      'writes are taken again: 500 MB are free at /other',
    ]);
  });

  it('of the database alone is 503 as well, and readiness shows it', async () => {
    const client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    try {
      for (const code of ['53100', '53200', '53400', '58030']) {
        await client.query(`
          CREATE OR REPLACE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '${code}'; END $$;
          CREATE OR REPLACE TRIGGER no_space BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION no_space();
          CREATE OR REPLACE TRIGGER no_space BEFORE INSERT ON friend_requests FOR EACH ROW EXECUTE FUNCTION no_space();`);
        // One by the writer, one by Prisma.
        for (const [path, body] of [
          [`/conversations/${conversationId}/messages`, { content: 'during' }],
          ['/friends/requests', { userId: bob.id }],
        ] as const) {
          const answer = await ada.call('POST', path, body);
          expect({ code, path, status: answer.status, answer: answer.body.code }).toEqual({
            code,
            path,
            status: 503,
            answer: 'UNAVAILABLE',
          });
        }
        expect((await request(story.url, 'GET', '/health/ready')).body.checks.disk).toBe('full');
      }
    } finally {
      await client.query('DROP FUNCTION no_space() CASCADE');
      await client.end();
    }
    await ada.send(conversationId, 'again');
  });
});

/** A small disk of its own needs the right to mount one. */
function mountSmallDisk(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=755', 'tmpfs', directory]);
  if (status === 0) return directory;
  rmSync(directory, { recursive: true });
  return undefined;
}

const disk = process.getuid?.() === 0 ? mountSmallDisk() : undefined;

(disk === undefined ? describe.skip : describe)('a real small disk with an embedded PostgreSQL', () => {
  let server: ServerProcess;
  const directory = disk ?? '';

  beforeAll(async () => {
    chmodSync(directory, 0o755);
    server = await ServerProcess.start({
      DATA_DIR: directory,
      DATABASE_URL: '',
      MIN_FREE_DISK_MB: '100',
      RATE_LIMITS: 'off',
    });
  });
  afterAll(async () => {
    await server.stop();
    spawnSync('umount', [directory]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('fills up without an error of the server, and is taken up again when it was cleared', async () => {
    const [ada, bob] = [await People.register(server.url, 'ada'), await People.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const filler = join(directory, 'filler');
    const { size } = statSync(directory);
    expect(size).toBeGreaterThan(0);
    while ((await request(server.url, 'GET', '/health/ready')).status === 200) {
      // Below what the server keeps free, and never all of it: on a busy machine it looks later than this fills.
      const { bavail, bsize } = statfsSync(directory);
      if (bavail * bsize > 80 * MEGABYTE) writeFileSync(filler, Buffer.alloc(20 * MEGABYTE), { flag: 'a' });
      const answer = await ada.call('POST', `/conversations/${conversationId}/messages`, {
        content: 'x'.repeat(4_000),
      });
      expect([201, 503]).toContain(answer.status);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const answer = await ada.call('POST', `/conversations/${conversationId}/messages`, { content: 'refused' });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 503, code: 'UNAVAILABLE' });
    rmSync(filler);
    await until('it is ready', async () => (await request(server.url, 'GET', '/health/ready')).status === 200);
    await ada.send(conversationId, 'there is room again');
  });
});
