import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { ended } from '../../support/bounded.js';
import { migratedDataDirectory } from '../../support/processes/data-directory.js';
import { DatabaseProxy } from '../../support/servers/database-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Person, request, startStory, type Story, until } from '../../support/story.js';

/** More than the connections that a server at rest keeps: some of these requests need a new one. */
const PARALLEL = 12;

/** PostgreSQL ends and starts again, on a machine that may have other things to do. */
const RESTART_MS = 120_000;

/** What requests at the same time are answered. */
async function statuses(person: Person): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: PARALLEL }, () => person.call('PATCH', '/users/me', { displayName: randomUUID() })),
  );
  return answers.map(({ status }) => status);
}

async function readiness(url: string): Promise<number> {
  return (await request(url, 'GET', '/health/ready')).status;
}

describe('an embedded PostgreSQL that somebody else asks to shut down once its connections have ended', () => {
  let directory: string;
  let server: ServerProcess;
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({ DATA_DIR: directory, DATABASE_URL: '', RATE_LIMITS: 'off' });
  /** The lines of postmaster.pid: first its number, fourth its port, last what it is doing. None while there is no file. */
  const postmaster = (): string[] => {
    try {
      return readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return [];
    }
  };

  beforeAll(async () => {
    directory = await migratedDataDirectory('parley-shutdown-');
    server = await start();
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    rmSync(directory, { recursive: true, force: true });
  });

  it('is ended and started again while the server runs, and then every request is answered', async () => {
    const ada = await Person.register(server.url, 'ada');
    const [pid, , , port] = postmaster();
    process.kill(Number(pid), 'SIGTERM');
    await until('another PostgreSQL runs', () => ![undefined, '', pid].includes(postmaster()[0]), RESTART_MS);
    await until('the server is ready', async () => (await readiness(server.url)) === 200, RESTART_MS);
    await until('all are answered', async () => (await statuses(ada)).every((status) => status === 200));
    expect(await readiness(server.url)).toBe(200);
    expect(postmaster()[3]).toBe(port);
  }, 300_000);

  it('is ended and started again by a server that finds it, whoever is still connected to it', async () => {
    const ada = await Person.register(server.url, 'ada');
    const [pid, , , port] = postmaster();
    const password = readFileSync(join(directory, 'postgres-password'), 'utf8').trim();
    const lingering = new pg.Client(`postgresql://postgres:${password}@127.0.0.1:${port}/parley`);
    lingering.on('error', () => undefined);
    const gone = new Promise<void>((resolve) => lingering.once('end', () => resolve()));
    await lingering.connect();
    await server.kill();
    process.kill(Number(pid), 'SIGTERM');
    await until('it shuts down', () => postmaster()[7]?.trim() === 'stopping');

    server = await start();
    await ended('the connection of somebody else', gone);
    expect(postmaster()[0]).not.toBe(pid);
    expect(await readiness(server.url)).toBe(200);
    expect(await statuses(await Person.login(server.url, ada.username))).toEqual(
      Array.from({ length: PARALLEL }, () => 200),
    );
  });
});

describe('a database that lets nobody in any more, while the connections that there are live on', () => {
  let testDatabase: TestDatabase;
  let proxy: DatabaseProxy;
  let story: Story;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    proxy = await DatabaseProxy.start(testDatabase.url);
    story = await startStory({ databaseUrl: proxy.url, rateLimits: false });
  });
  afterAll(async () => {
    await story.close();
    await proxy.stop();
    await testDatabase.drop();
  });

  it('makes the server say that it is not ready, until it lets in again', async () => {
    const ada = await story.person('ada');
    expect(await readiness(story.url)).toBe(200);

    proxy.isRefusing = true;
    await until('a request is refused', async () => (await statuses(ada)).includes(503));
    // An answer of just now is given again for a moment.
    await until('the server is not ready', async () => (await readiness(story.url)) === 503);
    // One at a time: a connection that lives answers each of them.
    for (let time = 0; time < 5; time += 1) {
      expect((await ada.call('GET', '/users/me')).status).toBe(200);
      const { status, body } = await request(story.url, 'GET', '/health/ready');
      expect([status, body.checks.database]).toEqual([503, 'down']);
    }

    proxy.isRefusing = false;
    // Without any other request: it is asked nothing while it is out of rotation.
    await until('the server is ready', async () => (await readiness(story.url)) === 200);
    expect(await statuses(ada)).toEqual(Array.from({ length: PARALLEL }, () => 200));
  });
});
