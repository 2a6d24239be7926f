import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createEmptyDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Device, Person, request, until } from '../../support/story.js';

const TOKEN = 'who reads the metrics of this test';

interface Line {
  level: string;
  message: string;
  context?: string;
  [field: string]: unknown;
}

describe('a server in production', () => {
  let directory: string;
  let database: TestDatabase;
  let server: ServerProcess;
  const logFile = (): string => join(directory, 'server.log');
  const text = (): string => readFileSync(logFile(), 'utf8');
  /** Those that are written to their end. Throws where one is no JSON. */
  const lines = (): Line[] =>
    text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const environment = (): Record<string, string> => ({
    NODE_ENV: 'production',
    // As those who log whatever they can.
    NODE_OPTIONS: '--trace-warnings',
    DATABASE_URL: database.url,
    DATA_DIR: directory,
    JWT_SECRET: 'f0b9 a secret for a production that is none 77aa',
    LOG_LEVEL: 'info',
    LOG_REQUESTS: 'on',
    METRICS_TOKEN: TOKEN,
  });

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'parley-log-'));
    database = await createEmptyDatabase();
    server = await ServerProcess.start(environment(), { logFile: logFile() });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  it('logs every line as JSON, from the first one to the last: start, migrations, log-ins, refusals, requests, stop', async () => {
    const ada = await Person.register(server.url, 'ada');
    const device = await ada.device();
    await request(server.url, 'POST', '/auth/login', { username: ada.username, password: 'correct horse' });
    await request(server.url, 'POST', '/auth/login', { username: ada.username, password: 'a wrong horse' });
    await request(server.url, 'POST', '/auth/login', { email: 'typed.by.mistake@example.com', password: 'battery' });
    await request(server.url, 'GET', '/users/me', undefined, 'no-token');
    await new Promise((resolve, reject) => {
      fetch(`${server.url}/users/me`, { headers: { 'x-request-id': 'the-id-of-a-client' } }).then(resolve, reject);
    });
    device.socket.close();
    await server.stop();
    // What it printed last is written by this process, behind its end.
    await until('the log is written', () => lines().some(({ message }) => message === 'ended'));

    const logged = lines();
    expect(text().endsWith('\n')).toBe(true);
    const messages = logged.map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringMatching(/^Parley listens on http/));
    expect(messages).toContainEqual(expect.stringMatching(/^migration 20261120000000_init was applied$/));
    expect(messages).toContain('ended');
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'log', message: 'logged in', context: 'Logins', userId: ada.id }),
    );
    expect(logged).toContainEqual(expect.objectContaining({ message: 'a log-in failed', userId: ada.id }));
    expect(logged).toContainEqual(expect.objectContaining({ message: 'a log-in failed', userId: null }));
    expect(logged).toContainEqual(expect.objectContaining({ message: 'a token was refused', code: 'UNAUTHORIZED' }));
    expect(logged).toContainEqual(
      expect.objectContaining({
        message: 'GET /users/me 401',
        context: 'Http',
        requestId: 'the-id-of-a-client',
        code: 'UNAUTHORIZED',
        milliseconds: expect.any(Number),
      }),
    );
    for (const secret of ['correct horse', 'a wrong horse', 'battery', 'typed.by.mistake', ada.accessToken, ada.email])
      expect(text()).not.toContain(secret);
    server = await ServerProcess.start(environment(), { logFile: logFile() });
  });

  it('runs joined to a few files, and describes itself and names lines of sources as if it were not', async () => {
    const described = await request(server.url, 'GET', '/docs-json');
    const { info: _, ...written } = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));
    expect(described.body).toMatchObject(written);

    const ada = await Person.register(server.url, 'ada');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('ALTER TABLE blocks RENAME TO blocks_elsewhere');
      expect((await ada.call('GET', '/blocks')).status).toBe(500);
      await client.query('ALTER TABLE blocks_elsewhere RENAME TO blocks');
    } finally {
      await client.end();
    }
    let stack = '';
    await until('the failure is in the log', () => {
      stack = JSON.stringify(lines().find(({ message }) => message === 'a request failed')) ?? '';
      return stack !== '';
    });
    expect(stack).toMatch(/src\/friends\/blocks\/blocks\.service\.ts:\d+:\d+/);
    expect(stack).not.toContain('dist/bundle/main.js');
  });

  it('says why it does not start in one line of JSON', async () => {
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: { PATH: process.env.PATH, ...environment(), JWT_SECRET: 'short' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ level: 'fatal', message: expect.stringContaining('JWT_SECRET') });
    expect(output.trimEnd()).not.toContain('\n');
  });

  it('shows in metrics that Prometheus can read what clients ask for, what they are refused, and what that takes', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const [device, other] = [await ada.device(), await bob.device()];
    await device.must('send_message', { conversationId, content: 'hello' });
    await other.next('message:new');
    expect((await device.ask('send_message', { conversationId, content: '' })).ok).toBe(false);
    const stranger = new Device(server.url, { token: 'none' });
    await stranger.next('connect_error');
    expect((await ada.call('GET', `/conversations/${ada.id}`)).status).toBe(404);

    let found = new Map<string, number>();
    // A request is counted when its answer has gone.
    await until('the refused request is counted', async () => {
      found = await scrape();
      return found.has('parley_refusals_total{door="http",code="NOT_FOUND"}');
    });
    expect(found.get('parley_socket_event_duration_seconds_count{event="send_message"}')).toBe(2);
    expect(found.get('parley_refusals_total{door="socket",code="VALIDATION_FAILED"}')).toBe(1);
    expect(found.get('parley_refusals_total{door="handshake",code="UNAUTHORIZED"}')).toBe(1);
    expect(found.get('parley_messages_stored_total')).toBe(1);
    // To the sender's own connection as well.
    expect(found.get('parley_deliveries_total')).toBeGreaterThanOrEqual(2);
    expect(found.get('parley_connections')).toBe(2);
    for (const pool of ['commands', 'reads', 'background']) {
      // The server's own work may wait in it at any moment, and not for long.
      const waiting = `parley_database_waiting{pool="${pool}"}`;
      expect(found.has(waiting)).toBe(true);
      await until(`nothing waits in ${pool}`, async () => (await scrape()).get(waiting) === 0);
      expect(found.has(`parley_database_connections{pool="${pool}",state="used"}`)).toBe(true);
      expect(found.get(`parley_database_connections_max{pool="${pool}"}`)).toBeGreaterThan(0);
    }
    expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    // Those of several processes, and of push, which has sent nothing here: test/cluster/workers-and-redis.spec.ts.
    for (const file of ['alerts.yml', 'grafana.json'])
      for (const name of series(readFileSync(`docs/operations/${file}`, 'utf8')))
        if (!/^parley_(cluster_|push_|workers?(_|$))/.test(name)) expect(names).toContain(name);
    device.socket.close();
    other.socket.close();
  });

  /** Names of series that were answered, with what Prometheus derives of them. */
  const names = new Set<string>();

  /** Every sample, after the text format was held to its grammar. */
  async function scrape(): Promise<Map<string, number>> {
    const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain;.* version=0\.0\.4/);
    const samples = new Map<string, number>();
    const types = new Map<string, string>();
    const body = await answer.text();
    expect(body.endsWith('\n')).toBe(true);
    for (const line of body.split('\n')) {
      if (line === '') continue;
      const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
      if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
      if (line.startsWith('#')) {
        expect(line).toMatch(/^# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* ./);
        continue;
      }
      const [, name = '', labels = '', value = ''] =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+)$/.exec(line) ??
        [];
      expect(line).toBe(`${name}${labels} ${value}`);
      expect(Number.isNaN(Number(value)) && value !== 'Nan').toBe(false);
      expect(samples.has(name + labels)).toBe(false);
      samples.set(name + labels, Number(value));
      names.add(name);
      const base = name.replace(/_(bucket|sum|count)$/, '');
      expect(types.has(name) || types.has(base)).toBe(true);
    }
    for (const [name, type] of types) {
      if (!name.startsWith('parley_')) continue;
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (/duration|time/.test(name)) expect(name).toMatch(/_seconds$/);
    }
    return samples;
  }

  function series(source: string): Set<string> {
    return new Set(source.match(/\b(?:parley|nodejs|process)_[a-z0-9_]+/g) ?? []);
  }
});
