import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseYaml } from '@redocly/openapi-core';
import { content, deviceAt, expectToReachAll, linesOf } from '../support/processes/cluster.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, type Device, Person, request, startStory, type Story, until } from '../support/story.js';
import { deviceIn, workersOf } from '../support/processes/workers.js';

const TIMEOUT_MS = 600_000;
const alerts = readFileSync('docs/operations/alerts.yml', 'utf8');
const board = readFileSync('docs/operations/grafana.json', 'utf8');
const rules = (parseYaml(alerts) as Anything).groups.flatMap(({ rules }: Anything) => rules) as Anything[];

/** The series that an expression reads: what stands where a name may, and is no function, label or word of the language. */
const series = (text: string): string[] => text.match(/\b(?:parley|nodejs|process)_[a-z0-9_]+/g) ?? [];

onlyWith(describe, 'redis-server')('two processes behind one port, and another machine, over Redis', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let directory: string;
  let server: ServerProcess;
  let elsewhere: Story;
  let people: Person[];
  const devices: Device[] = [];
  let group: string;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    directory = mkdtempSync(join(tmpdir(), 'parley-workers-redis-'));
    elsewhere = await startStory({ databaseUrl: database.url, redisUrl: redis.url, rateLimits: false });
    server = await ServerProcess.start(
      {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        JWT_SECRET: 'a secret that is long enough for every test',
        DATA_DIR: directory,
        WORKERS: '2',
        RATE_LIMITS: 'off',
      },
      { logFile: join(directory, 'log') },
    );
    people = [await elsewhere.person('ada'), await elsewhere.person('grace'), await elsewhere.person('hedy')];
    const [ada, grace, hedy] = people as [Person, Person, Person];
    devices.push(
      await deviceIn(1, server.url, ada),
      await deviceIn(2, server.url, grace),
      await deviceAt(elsewhere, hedy),
    );
    group = await ada.group('Three processes', grace, hedy);
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const { socket } of devices) socket.close();
    await Promise.all([server.kill(), elsewhere.close()]);
    await Promise.all([redis.kill(), database.drop()]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  }, TIMEOUT_MS);

  it(
    'deliver what any of them stores, once and in order, to clients of all',
    async () => {
      await expectToReachAll(devices, group, 'there');
      expect(devices.every((device) => linesOf(device).length >= 12)).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'are one where Redis was away meanwhile',
    async () => {
      await redis.kill();
      const sent = await devices[0]?.must('send_message', { conversationId: group, content: 'without Redis' });
      expect(sent.message.content).toBe('without Redis');
      for (const device of devices) await device.next('message:new', content('without Redis'));
      await redis.start();
      await until('both are certain again', async () => {
        const states = await Promise.all([server, elsewhere].map(({ url }) => request(url, 'GET', '/health/ready')));
        return states.every(({ body }) => body.status === 'ok');
      });
      await expectToReachAll(devices, group, 'again');
      for (const device of devices) expect(linesOf(device).filter((line) => line === 'without Redis')).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'let go of a connection whose session was ended on the other machine',
    async () => {
      const guest = await elsewhere.person('guest');
      const [one, two] = [await deviceIn(1, server.url, guest), await deviceIn(2, server.url, guest)];
      expect((await guest.call('POST', '/auth/logout', { refreshToken: guest.refreshToken })).status).toBe(204);
      for (const device of [one, two]) await device.next('session:ended', ({ code }) => code === 'LOGGED_OUT');
    },
    TIMEOUT_MS,
  );

  it(
    'go on where one of the two is killed',
    async () => {
      process.kill((await workersOf(server)).get(2) ?? 0, 'SIGKILL');
      await devices[1]?.next('disconnect');
      const [, grace] = people as [Person, Person];
      await devices[0]?.must('send_message', { conversationId: group, content: 'while one is gone' });
      await devices[2]?.next('message:new', content('while one is gone'));
      devices[1]?.socket.close();
      devices[1] = await deviceIn(2, server.url, grace);
      await expectToReachAll(devices, group, 'replaced');
    },
    TIMEOUT_MS,
  );

  /** What either of them shows is all that any of the rules reads. */
  describe('and the rules for alarms and the board', () => {
    let scraped = '';
    /** Of each series, what Prometheus would know by name. */
    const names = new Set<string>();
    const types = new Map<string, string>();

    beforeAll(async () => {
      scraped = await (await fetch(`${server.url}/metrics`)).text();
      for (const [, name = '', type = ''] of scraped.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        names.add(name);
        types.set(name, type);
        if (type === 'histogram') for (const suffix of ['bucket', 'sum', 'count']) names.add(`${name}_${suffix}`);
      }
    }, TIMEOUT_MS);

    it('read only what a process of a cluster shows', () => {
      expect(rules.length).toBeGreaterThan(10);
      for (const { alert, expr } of rules)
        for (const name of series(expr)) expect([alert, name, names.has(name)]).toEqual([alert, name, true]);
      for (const name of series(board)) expect([name, names.has(name)]).toEqual([name, true]);
    });

    it('ask for the increase of counters alone, which do not fall when one of several processes ends', () => {
      const expressions = [...rules.map(({ expr }) => String(expr)), board];
      const rising = expressions.flatMap((text) => [...text.matchAll(/\b(?:increase|i?rate)\((\w+)/g)]);
      expect(rising.length).toBeGreaterThan(10);
      for (const [, name = ''] of rising)
        expect([name, types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, ''))]).toEqual([
          name,
          expect.stringMatching(/^(counter|histogram)$/),
        ]);
    });

    it('count every worker as a process of the cluster, so that machines that do not receive each other are noticed', async () => {
      const value = (text: string, name: string): number | undefined => {
        const [, found] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
        return found === undefined ? undefined : Number(found);
      };
      await until('all three receive each other', async () => {
        const texts = await Promise.all(
          [server, elsewhere].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
        );
        const processes = texts.reduce((sum, text) => sum + (value(text, 'parley_workers') ?? 1), 0);
        return processes === 3 && texts.every((text) => value(text, 'parley_cluster_peers') === processes - 1);
      });
      const { expr } = rules.find(({ alert }) => alert === 'ParleyClusterSplit');
      expect(expr).toContain('< sum((parley_workers or parley_cluster_bus_up) and parley_cluster_bus_up == 1) - 1');
    });

    it('have each a severity, a summary, and a paragraph that says what to do about it where they are about several processes', () => {
      const page = readFileSync('docs/operations/cluster.md', 'utf8');
      for (const { alert, expr, labels, annotations } of rules) {
        expect(['page', 'ticket']).toContain(labels.severity);
        expect(annotations.summary).toEqual(expect.any(String));
        if (series(expr).some((name) => name.startsWith('parley_cluster_'))) expect(page).toContain(`\`${alert}\``);
      }
    });

    it('name no alarm of the cluster in the page that does not exist', () => {
      const page = readFileSync('docs/operations/cluster.md', 'utf8');
      const known = new Set(rules.map(({ alert }) => alert));
      for (const [, alert] of page.matchAll(/`(Parley[A-Z][A-Za-z]+)`/g)) expect(known).toContain(alert);
    });

    it('would ring for the cluster by what a process says when Redis goes away', async () => {
      const value = async (name: string): Promise<number> => {
        const text = await (await fetch(`${server.url}/metrics`)).text();
        return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      };
      await until('the bus is up', async () => (await value('parley_cluster_bus_up')) === 1, TIMEOUT_MS);
      const before = await value('parley_cluster_catch_ups_total');
      await redis.kill();
      await until('the bus is away', async () => (await value('parley_cluster_bus_up')) === 0, TIMEOUT_MS);
      const asks = async (): Promise<boolean> => (await value('parley_cluster_catch_ups_total')) > before;
      await until('it asks the database', asks, TIMEOUT_MS);
      expect(await value('parley_cluster_bus_up')).toBe(0);
    });
  });
});
