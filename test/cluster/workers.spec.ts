import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { content, expectToReachAll, watchOrder } from '../support/processes/cluster.js';
import { migratedDataDirectory } from '../support/processes/data-directory.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { Device, Person, request, until } from '../support/story.js';
import { TusClient } from '../support/clients/tus.js';
import {
  deviceIn,
  isAlive,
  OneConnection,
  slotOf,
  WORKER_START_TIMEOUT_MS,
  workersOf,
} from '../support/processes/workers.js';

const TIMEOUT_MS = 600_000;
const GUESSES = 10;
/** No guess is given back while a test runs, however long it takes. */
const FEW_GUESSES = JSON.stringify({ loginByAccount: { burst: GUESSES, points: 1, perSeconds: 86_400 } });
const metric = async (url: string, name: string): Promise<number> => {
  const { body } = await request(url, 'GET', '/metrics');
  const lines = (body as string)
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

const allThere = async (url: string): Promise<boolean> => {
  const answer = await request(url, 'GET', '/health/ready').catch(() => undefined);
  return answer?.status === 200 && answer.body.checks.workers === 'up';
};

describe('two processes behind one port', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let directory: string;
  let server: ServerProcess;
  let url: string;
  let ada: Person;
  let grace: Person;
  let group: string;
  const devices: Device[] = [];

  const open = async (slot: number, person: Person, options: Record<string, unknown> = {}): Promise<Device> => {
    const device = await deviceIn(slot, url, person, options);
    devices.push(device);
    return device;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'parley-workers-'));
    server = await ServerProcess.start(
      { DATABASE_URL: database.url, DATA_DIR: directory, WORKERS: '2', LIMITS: FEW_GUESSES },
      { logFile: join(directory, 'log') },
    );
    ({ url } = server);
    ada = await Person.register(url, 'ada');
    grace = await Person.register(url, 'grace');
    await ada.befriend(grace);
    group = await ada.group('Two processes', grace);
  }, TIMEOUT_MS);
  afterEach(() => {
    for (const { socket } of devices.splice(0)) socket.close();
  });
  afterAll(async () => {
    await server.kill();
    await database.drop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  }, TIMEOUT_MS);

  it(
    'deliver what either of them stores, once and in order, to clients of both',
    async () => {
      const [adas, graces] = [await open(1, ada), await open(2, grace)];
      const swapped = [adas, graces].map((device) => watchOrder(device, group));
      await expectToReachAll([adas, graces], group, 'line');
      expect(swapped.map((found) => found())).toEqual([[], []]);
    },
    TIMEOUT_MS,
  );

  it(
    'let go of a connection whose session was ended at the other one',
    async () => {
      const guest = await Person.register(url, 'guest');
      const other = await Person.login(url, guest.username);
      const [here, there] = [await open(1, guest), await open(2, other)];
      expect((await guest.call('POST', '/auth/logout', { refreshToken: guest.refreshToken })).status).toBeLessThan(300);
      expect(await here.next('session:ended')).toBeDefined();
      // That it goes on shows only in what is asked over it after that.
      await there.must('set_active', { active: true });
      expect(there.socket.connected).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'answer polls about sessions of both over one connection that stays open',
    async () => {
      const connection = new OneConnection(url);
      const sessions: string[] = [];
      const path = (sid: string): string => `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      // Which one a connection is dealt out to is chance; the other one's sessions begin over other connections.
      while (new Set(sessions.map((sid) => sid.slice(0, 3))).size < 2) {
        const opened = await (
          await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { connection: 'close' } })
        ).text();
        sessions.push((JSON.parse(opened.slice(1)) as { sid: string }).sid);
      }
      for (const sid of sessions) {
        expect(await connection.request('POST', path(sid), `40${JSON.stringify({ token: ada.accessToken })}`)).toBe(
          'ok',
        );
        expect(await connection.request('GET', path(sid))).toMatch(/^40\{"sid"/);
        const ready = await request(url, 'GET', '/health/live');
        expect(ready.status).toBe(200);
        const sent = ['send_message', { conversationId: group, content: `by ${sid}` }];
        expect(await connection.request('POST', path(sid), `421${JSON.stringify(sent)}`)).toBe('ok');
        let received = '';
        while (!received.includes('"ok":true')) received += await connection.request('GET', path(sid));
        expect(received).toContain(`by ${sid}`);
      }
      // What is of no session, and of one that no process knows.
      expect(await connection.request('GET', '/health/live')).toBe('{"status":"ok"}');
      for (const slot of [1, 2, 3])
        expect(await connection.request('GET', path(`w${slot}.nobodys`))).toMatch(/"code":1/);
      expect(connection.ports.size).toBe(1);
      for (const sid of sessions) await connection.request('POST', path(sid), '1');
      connection.close();
    },
    TIMEOUT_MS,
  );

  it(
    'serve clients of long polling alone, and upgrade those that begin with it, in whichever process they began',
    async () => {
      const pollers = [
        await open(1, ada, { transports: ['polling'], upgrade: false }),
        await open(2, ada, { transports: ['polling'], upgrade: false }),
      ];
      const upgraders: Device[] = [];
      for (let index = 0; index < 6; index += 1)
        upgraders.push(await open((index % 2) + 1, grace, { transports: ['polling', 'websocket'], upgrade: true }));
      for (const [index, { socket }] of upgraders.entries()) {
        await until('it is upgraded', () => socket.io.engine.transport.name === 'websocket');
        expect(slotOf(upgraders[index] as Device)).toBe((index % 2) + 1);
      }
      for (const [index, device] of [...pollers, ...upgraders].entries())
        await device.must('send_message', { conversationId: group, content: `from client ${index}` });
      for (const device of [...pollers, ...upgraders])
        for (let index = 0; index < 8; index += 1) await device.next('message:new', content(`from client ${index}`));
      expect([...pollers, ...upgraders].every(({ socket }) => socket.connected)).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'end what asks to upgrade a session that no process has, and bytes that were sent too early',
    async () => {
      for (const slot of [1, 2]) {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.on('error', () => undefined).resume();
        socket.write(
          `GET /socket.io/?EIO=4&transport=websocket&sid=w${slot}.nobodys HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
            'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly',
        );
        await once(socket, 'close');
      }
      expect((await request(url, 'GET', '/health/live')).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'take the parts of an upload whichever of them each comes to',
    async () => {
      const client = new TusClient(ada, url);
      const bytes = new Uint8Array(60_000).map((_, index) => index % 251);
      const close = { connection: 'close' };
      const { headers } = await client.create(bytes.length, { filename: 'parts.bin' }, close);
      const location = headers.get('location') ?? '';
      for (let offset = 0; offset < bytes.length; offset += 10_000) {
        const part = await client.patch(location, offset, bytes.subarray(offset, offset + 10_000), close);
        expect(part.status).toBeLessThan(300);
      }
      const { text } = await client.request('GET', location, close);
      const file = await fetch(new URL(JSON.parse(text).attachment.url, url));
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
    },
    TIMEOUT_MS,
  );

  it(
    'count guesses at a password together',
    async () => {
      const victim = await Person.register(url, 'victim');
      const statuses: number[] = [];
      for (let guess = 0; guess < 24; guess += 1) {
        const answer = await fetch(`${url}/auth/login`, {
          method: 'POST',
          // A connection each, dealt out in turn.
          headers: { 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify({ username: victim.username, password: `guess ${guess}` }),
        });
        statuses.push(answer.status);
        await answer.text();
      }
      expect(statuses).toEqual(Array.from({ length: 24 }, (_, guess) => (guess < GUESSES ? 401 : 429)));
    },
    TIMEOUT_MS,
  );

  it(
    'show one set of metrics, whichever of them is asked',
    async () => {
      await until('both are there', () => allThere(url));
      const [adas, graces] = [await open(1, ada), await open(2, grace)];
      const shown = [
        /^parley_workers 2$/m,
        /^parley_cluster_bus_up 1$/m,
        /^parley_cluster_peers 1$/m,
        /^process_start_time_seconds \d+/m,
      ];
      // Of one that does not answer in time the sum has what it had counted before.
      await until('each of four answers has what both have stored', async () => {
        const before = await metric(url, 'parley_messages_stored_total');
        for (const device of [adas, graces, adas, graces])
          await device.must('send_message', { conversationId: group, content: 'counted' });
        const stored = new RegExp(`^parley_messages_stored_total ${before + 4}$`, 'm');
        const answers: string[] = [];
        for (let time = 0; time < 4; time += 1)
          answers.push(await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text());
        return answers.every((text) => [stored, ...shown].every((pattern) => pattern.test(text)));
      });
      expect(await metric(url, 'parley_workers')).toBe(2);
      await until('connections are added up', async () => (await metric(url, 'parley_connections')) >= 2);
    },
    TIMEOUT_MS,
  );

  it(
    'lose nothing that was acknowledged where one of them is killed under load, and another one takes its place',
    async () => {
      const [adas, graces] = [await open(1, ada), await open(2, grace)];
      const stored = await metric(url, 'parley_messages_stored_total');
      const victim = (await workersOf(server)).get(2);
      const acknowledged: string[] = [];
      let number = 0;
      const send = async (device: Device): Promise<void> => {
        number += 1;
        const text = `under load ${number}`;
        const answer = await device.ask('send_message', { conversationId: group, content: text });
        if (answer.ok === true) acknowledged.push(text);
        else if (answer.error?.code !== 'RATE_LIMITED') throw new Error(JSON.stringify(answer));
        await new Promise((resolve) => setTimeout(resolve, 210));
      };
      let isLoaded = true;
      const load = (async () => {
        while (isLoaded) await send(adas);
      })();
      for (let time = 0; time < 5; time += 1) await send(graces);
      process.kill(victim ?? 0, 'SIGKILL');
      await graces.next('disconnect');
      // The other one goes on meanwhile.
      const before = acknowledged.length;
      await until('messages go on', () => acknowledged.length > before + 3);
      const back = await open(2, grace);
      expect((await workersOf(server)).get(2)).not.toBe(victim);
      // The next one may have been stored before that connection was there; what follows it was not even sent.
      const seen = acknowledged.length + 1;
      await until('more was sent', () => acknowledged.length > seen);
      await back.next('message:new', content(acknowledged[seen] ?? ''));
      isLoaded = false;
      await load;
      const texts = new Set((await ada.history(group)).map((message) => message.content));
      expect(acknowledged.filter((text) => !texts.has(text))).toEqual([]);
      const received = adas.all('message:new').map(({ message }) => message);
      expect(received).toHaveLength(new Set(received.map(({ seq }) => seq)).size);
      // What the dead one had stored last may come behind what is newer, and what was sent here never does.
      const own = received.flatMap(({ senderId, seq }) => (senderId === ada.id ? [seq] : []));
      expect(own.length).toBeGreaterThan(0);
      expect(own).toEqual(own.toSorted((one, other) => one - other));
      // What the dead one had counted is still a part of it.
      expect(await metric(url, 'parley_messages_stored_total')).toBeGreaterThanOrEqual(stored);
      expect(await metric(url, 'parley_worker_restarts_total')).toBe(1);
      expect(readFileSync(join(directory, 'log'), 'utf8')).toMatch(/worker 2 .* ended: SIGKILL; another one starts/);
    },
    TIMEOUT_MS,
  );

  it(
    'keep their address where all of them are killed at once',
    async () => {
      const pids = [...(await workersOf(server)).values()];
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until('both are replaced', async () => {
        const now = [...(await workersOf(server)).values()];
        return now.length === 2 && !now.some((pid) => pids.includes(pid));
      });
      await until('and ready', () => allThere(url), WORKER_START_TIMEOUT_MS);
      expect((await request(url, 'GET', '/health/live')).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'keep their address where the last one that listens is killed while another one starts',
    async () => {
      for (const slot of [1, 2]) {
        const pid = (await workersOf(server)).get(slot) ?? 0;
        process.kill(pid, 'SIGKILL');
        await until('it is replaced', async () => ![undefined, pid].includes((await workersOf(server)).get(slot)));
      }
      await until('both are ready', () => allThere(url), WORKER_START_TIMEOUT_MS);
      expect((await request(url, 'GET', '/health/live')).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'wait longer each time before they replace one that dies at once',
    async () => {
      // Those that were killed before count, too: where they were enough, nothing is left to do.
      const isLogged = (): boolean => {
        const log = readFileSync(join(directory, 'log'), 'utf8');
        return /worker 1 .*starts in 0\.5 s/.test(log) && /worker 1 .*starts in 1 s/.test(log);
      };
      while (!isLogged()) {
        await until('it is there', async () => (await workersOf(server)).has(1), WORKER_START_TIMEOUT_MS);
        const pid = (await workersOf(server)).get(1) ?? 0;
        process.kill(pid, 'SIGKILL');
        await until('it is gone', async () => (await workersOf(server)).get(1) !== pid);
      }
      // Readiness counts a worker as there for some seconds after its death.
      await until('both are there', async () => (await workersOf(server)).size === 2, WORKER_START_TIMEOUT_MS);
      await until('and ready', () => allThere(url), WORKER_START_TIMEOUT_MS);
      expect((await request(url, 'GET', '/health/live')).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'end at one SIGTERM to the first, each in order, with the exit code of one',
    async () => {
      const [adas, graces] = [await open(1, ada), await open(2, grace)];
      const pids = [...(await workersOf(server)).values()];
      expect(pids).toHaveLength(2);
      const stopped = server.stop();
      for (const device of [adas, graces])
        expect(await device.next('session:ended')).toMatchObject({ code: 'SERVER_SHUTDOWN', retry: true });
      expect(await stopped).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
      await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
    },
    TIMEOUT_MS,
  );
});

describe('several processes on an embedded database', () => {
  let directory: string;
  let server: ServerProcess | undefined;
  const start = async (more: Record<string, string> = {}): Promise<ServerProcess> => {
    server = await ServerProcess.start({ DATA_DIR: directory, DATABASE_URL: '', WORKERS: '2', ...more });
    return server;
  };

  beforeEach(async () => {
    directory = await migratedDataDirectory('parley-workers-');
  }, TIMEOUT_MS);
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  }, TIMEOUT_MS);

  it(
    'end with the first one, however that ends, and the next start on the same directory just works',
    async () => {
      const first = await start();
      const [ada, grace] = [await Person.register(first.url, 'ada'), await Person.register(first.url, 'grace')];
      await ada.befriend(grace);
      const device = await ada.device();
      const pids = [...(await workersOf(first)).values()];
      await first.kill();
      await until('they have ended', () => !pids.some(isAlive));
      await device.next('disconnect');
      const second = await start();
      const friend = await Person.login(second.url, grace.username);
      // A user who was online in a process that was killed is not any more.
      expect((await friend.must('GET', `/users/${ada.id}`)).isOnline).toBe(false);
      ada.disconnect();
      expect(await second.stop()).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'start nothing where one of them could not, and say why in one line',
    async () => {
      const another = createServer().listen(0, '127.0.0.1');
      await once(another, 'listening');
      const { port } = another.address() as AddressInfo;
      try {
        await expect(start({ PORT: String(port), MIN_FREE_DISK_MB: '0' })).rejects.toThrow(
          /no server: [^]*PORT \d+ is in use by another program\n$/,
        );
      } finally {
        another.close();
      }
      await expect(ServerProcess.start({ DATABASE_URL: '', WORKERS: 'many' })).rejects.toThrow(/WORKERS must be auto/);
    },
    TIMEOUT_MS,
  );
});
