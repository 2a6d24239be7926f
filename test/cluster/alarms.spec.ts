import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseYaml } from '@redocly/openapi-core';
import { createTestDatabase } from '../support/postgres.js';
import { ServerProcess } from '../support/process.js';
import { onlyWith } from '../support/programs.js';
import { RedisServer } from '../support/redis.js';
import { type Anything, until } from '../support/story.js';

const TIMEOUT_MS = 120_000;
const alerts = readFileSync('docs/operations/alerts.yml', 'utf8');
const board = readFileSync('docs/operations/grafana.json', 'utf8');
const rules = (parseYaml(alerts) as Anything).groups.flatMap(({ rules }: Anything) => rules) as Anything[];

/** The series that an expression reads: what stands where a name may, and is no function, label or word of the language. */
const series = (text: string): string[] => text.match(/\b(?:parley|nodejs|process)_[a-z0-9_]+/g) ?? [];

onlyWith(describe, 'redis-server')('the rules for alarms and the board', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let server: ServerProcess;
  let scraped = '';
  /** Of each series, what Prometheus would know by name. */
  const names = new Set<string>();

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    // All that any of them shows: over Redis, and several behind one port.
    server = await ServerProcess.start({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      DRAIN_SECONDS: '0',
      WORKERS: '2',
    });
    scraped = await (await fetch(`${server.url}/metrics`)).text();
    for (const [, name = '', type] of scraped.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      names.add(name);
      if (type === 'histogram') for (const suffix of ['bucket', 'sum', 'count']) names.add(`${name}_${suffix}`);
    }
  }, TIMEOUT_MS);
  afterAll(async () => {
    await server.kill();
    await Promise.all([redis.kill(), database.drop()]);
  }, TIMEOUT_MS);

  it('read only what a process of a cluster shows', () => {
    expect(rules.length).toBeGreaterThan(10);
    for (const { alert, expr } of rules)
      for (const name of series(expr)) expect([alert, name, names.has(name)]).toEqual([alert, name, true]);
    for (const name of series(board)) expect([name, names.has(name)]).toEqual([name, true]);
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
