import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { content, deviceAt } from '../support/processes/cluster.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { Device, Person, request, startStory, until } from '../support/story.js';

const TIMEOUT_MS = 120_000;
const CERTIFICATE = resolve('test/fixtures/redis-tls.pem');
const GUESSES = 10;

/** What docs/operations/cluster.md says to write into redis.conf. */
function documentedUser(): string[] {
  const page = readFileSync('docs/operations/cluster.md', 'utf8');
  const [, line = ''] = /^(user parley .*)$/m.exec(page) ?? [];
  return line.split(' ');
}

/** By TLS alone. The certificate is its own authority, and good for 127.0.0.1. */
const overTls = (port: number): string[] => [
  ...['--port', '0', '--tls-port', String(port)],
  ...['--tls-cert-file', CERTIFICATE, '--tls-key-file', CERTIFICATE, '--tls-ca-cert-file', CERTIFICATE],
  ...['--tls-auth-clients', 'no'],
];

interface Server {
  readonly url: string;
  end(): Promise<unknown>;
}

async function startWithin(databaseUrl: string, environment: Record<string, string>): Promise<Server> {
  const { url, close } = await startStory({ databaseUrl }, environment);
  return { url, end: close };
}

/** Which authorities are trusted beside the system's, Node reads at the start of a process. */
async function startWithCertificate(databaseUrl: string, environment: Record<string, string>): Promise<Server> {
  const server = await ServerProcess.start({
    DATABASE_URL: databaseUrl,
    NODE_EXTRA_CA_CERTS: CERTIFICATE,
    ...environment,
  });
  return { url: server.url, end: () => server.kill() };
}

async function checksOf(server: Server): Promise<Record<string, string>> {
  return (await request(server.url, 'GET', '/health/ready')).body.checks;
}

onlyWith(describe, 'redis-server').each([
  {
    how: 'by a user who may do nothing else',
    settings: () => ['--user', ...documentedUser().slice(1), '--user', 'default', 'off'],
    urlOf: (redis: RedisServer) => redis.url.replace('redis://', 'redis://parley:the-password@'),
    startServer: startWithin,
  },
  {
    how: 'by TLS, with a certificate of its own',
    settings: overTls,
    urlOf: (redis: RedisServer) => redis.url.replace('redis://', 'rediss://'),
    startServer: startWithCertificate,
  },
])('two processes that reach Redis $how', ({ settings, urlOf, startServer }) => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const servers: Server[] = [];
  const devices: Device[] = [];

  const start = (): Promise<Server> =>
    startServer(database.url, {
      REDIS_URL: urlOf(redis),
      DRAIN_SECONDS: '0',
      // None comes back while this test runs.
      LIMITS: JSON.stringify({ loginByAccount: { burst: GUESSES, points: 1, perSeconds: 3_600 } }),
    });

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(settings), createTestDatabase()]);
    servers.push(...(await Promise.all([start(), start()])));
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const { socket } of devices) socket.close();
    await Promise.all(servers.map((server) => server.end()));
    await Promise.all([redis?.kill(), database?.drop()]);
  }, TIMEOUT_MS);

  it(
    'say that it is up, and deliver each other what happens',
    async () => {
      const [east, west] = servers as [Server, Server];
      for (const server of servers)
        await until('Redis is up', async () => (await checksOf(server)).redis === 'up', TIMEOUT_MS);
      const [ada, grace] = [await Person.register(east.url, 'ada'), await Person.register(west.url, 'grace')];
      const direct = await ada.directConversation(grace);
      devices.push(await deviceAt(west, grace));
      await ada.send(direct, 'across');
      const { message } = (await devices[0]?.next('message:new', content('across'))) ?? {};
      expect(message.senderId).toBe(ada.id);
    },
    TIMEOUT_MS,
  );

  it(
    'count guesses together',
    async () => {
      const [east, west] = servers as [Server, Server];
      const mia = await Person.register(east.url, 'mia');
      const guess = async ({ url }: Server): Promise<number> =>
        (await request(url, 'POST', '/auth/login', { username: mia.username, password: 'a wrong guess' })).status;
      const statuses: number[] = [];
      for (let index = 0; index < GUESSES * 2 + 2; index += 1)
        statuses.push(await guess(index % 2 === 0 ? east : west));
      // Each for itself would let twice as many pass. On a busy machine one may not wait for an answer, and count alone.
      const passed = statuses.filter((status) => status === 401).length;
      expect(passed).toBeGreaterThanOrEqual(GUESSES);
      expect(passed).toBeLessThan(GUESSES * 2);
      expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - passed);
    },
    TIMEOUT_MS,
  );
});

onlyWith(it, 'redis-server')(
  'a process does not speak to a Redis whose certificate nobody it trusts has signed, and goes on alone',
  async () => {
    const [redis, database] = await Promise.all([RedisServer.start(overTls), createTestDatabase()]);
    const server = await startWithin(database.url, {
      REDIS_URL: redis.url.replace('redis://', 'rediss://'),
      DRAIN_SECONDS: '0',
    });
    try {
      expect(await request(server.url, 'GET', '/health/ready')).toMatchObject({
        status: 200,
        body: { status: 'degraded', checks: { redis: 'down' } },
      });
    } finally {
      await server.end();
      await Promise.all([redis.kill(), database.drop()]);
    }
  },
  TIMEOUT_MS,
);
