import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ended } from '../support/bounded.js';
import { freePort } from '../support/servers/free-port.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { onlyWith, programPath } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, Device, Person, request, until } from '../support/story.js';

const TIMEOUT_MS = 120_000;
const CLIENTS = 8;

onlyWith(
  describe,
  'redis-server',
  'haproxy',
)('two processes behind HAProxy, with clients of long polling alone', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let servers: ServerProcess[];
  let directory: string;
  let balancer: ChildProcess;
  let url: string;
  let ada: Person;
  let group: string;
  const devices: Device[] = [];

  const poll = async (person: Person): Promise<Device> => {
    for (;;) {
      const device = new Device(url, { token: person.accessToken }, { transports: ['polling'], upgrade: false });
      const { event, payload } = await device.nextOf(['session:ready', 'connect_error']);
      if (event === 'session:ready') {
        devices.push(device);
        return device;
      }
      device.socket.close();
      // The balancer has not seen yet that this process takes nobody, or has ended: as every client does, it tries again.
      if (payload !== undefined) expect(payload).toMatchObject({ code: 'UNAVAILABLE' });
      await new Promise((resolve) => setTimeout(resolve, payload?.retryAfterMs ?? 250));
    }
  };
  /** As its users have it: with the reconnecting that Socket.IO's own client does. */
  const openOlder = (at: string): Device => {
    const options = { query: { dialect: 'direct-events' }, reconnection: true };
    const device = new Device(at, { token: ada.accessToken }, options);
    devices.push(device);
    return device;
  };
  /** In which process a device is. */
  const nodeOf = ({ socket }: Device): string => socket.io.engine.id?.split('.')[0] ?? '';

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const start = (name: string, port: number): Promise<ServerProcess> =>
      ServerProcess.start({
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        NODE_NAME: name,
        PORT: String(port),
        RATE_LIMITS: 'off',
        TRUSTED_PROXIES: '1',
        DRAIN_SECONDS: '9',
      });
    servers = await Promise.all([start('east', ports[0]), start('west', ports[1])]);
    directory = await mkdtemp(join(tmpdir(), 'parley-balancer-'));
    // The example itself, on ports that are free. A process of a busy machine may answer its checks late; one that is to end
    // says so at once.
    const example = await readFile('examples/balancer/haproxy.cfg', 'utf8');
    const configured = example
      .replace('127.0.0.1:3001', `127.0.0.1:${ports[0]}`)
      .replace('127.0.0.1:3002', `127.0.0.1:${ports[1]}`)
      .replace('timeout connect 5s', 'timeout connect 5s\n  timeout check 20s')
      .replace('bind :8080', `bind 127.0.0.1:${ports[2]}`);
    await writeFile(join(directory, 'haproxy.cfg'), configured);
    balancer = spawn(programPath('haproxy') ?? '', ['-f', join(directory, 'haproxy.cfg'), '-db'], { stdio: 'ignore' });
    await ended(
      'the start of HAProxy',
      new Promise((resolve, reject) => balancer.once('spawn', resolve).once('error', reject)),
    );
    url = `http://127.0.0.1:${ports[2]}`;
    await until('it reaches them', async () => {
      const answer = await request(url, 'GET', '/health/ready').catch(() => undefined);
      return answer?.status === 200;
    });
    ada = await Person.register(url, 'ada');
    group = await ada.group('Behind a balancer');
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const { socket } of devices) socket.close();
    balancer.kill('SIGKILL');
    await Promise.all(servers.map((server) => server.kill()));
    await Promise.all([redis.kill(), database.drop(), rm(directory, { recursive: true, force: true })]);
  }, TIMEOUT_MS);

  it('are given a page and its files by one process: another one may have those of another build', async () => {
    const cookieOf = async (path: string, cookie?: string): Promise<string | null> => {
      const answer = await fetch(url + path, { headers: cookie === undefined ? {} : { cookie } });
      await answer.arrayBuffer();
      return answer.headers.get('set-cookie');
    };
    expect(await cookieOf('/')).toMatch(/^parley-process=(east|west);/);
    const [kept, changed] = ['parley-process=east', 'parley-process=north'];
    for (let times = 0; times < 4; times += 1) expect(await cookieOf('/assets/any.js', kept)).toBeNull();
    expect(await cookieOf('/assets/any.js', changed)).toMatch(/^parley-process=(east|west);/);
    expect(await cookieOf('/socket.io/?EIO=4&transport=polling')).toBeNull();
  });

  it(
    'stay with the process they began with, and receive what is sent at the other',
    async () => {
      for (let index = 0; index < CLIENTS; index += 1) await poll(ada);
      expect(new Set(devices.map(nodeOf))).toEqual(new Set(['east', 'west']));
      for (const [index, device] of devices.entries())
        await device.must('send_message', { conversationId: group, content: `from ${index}` });
      for (const device of devices)
        for (let index = 0; index < CLIENTS; index += 1)
          await device.next('message:new', ({ message }: Anything) => message.content === `from ${index}`);
      expect(devices.slice(0, CLIENTS).every(({ socket }) => socket.connected)).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'are sent away in order by one that ends, and find the other one',
    async () => {
      const moving = devices.filter((device) => nodeOf(device) === 'east');
      const older: Device[] = [];
      do {
        const device = openOlder(url);
        await device.next('connect');
        older.push(device);
      } while (older.every((device) => nodeOf(device) !== 'east'));
      const [east] = servers;
      if (east === undefined) throw new Error('no server');
      const bob = await Person.register(url, 'bob');
      await ada.befriend(bob);
      // The last of them.
      let bobs: Device;
      do bobs = await poll(bob);
      while (nodeOf(bobs) !== 'east');
      const stopped = east.stop();
      // At once, whatever else takes its time: who is away for long is shown to be gone.
      const returned = bobs.next('disconnect').then(() => poll(bob));
      returned.catch(() => undefined);
      for (const [index, device] of moving.entries()) {
        expect(await device.next('session:ended')).toMatchObject({ code: 'SERVER_SHUTDOWN', retry: true });
        await device.next('disconnect');
        expect(nodeOf(await poll(ada))).toBe('west');
        if (index > 0) continue;
        // One that has not seen that yet. Socket.IO's own client tries again after a lost connection, and not after a refusal.
        const late = openOlder(east.url);
        expect((await late.nextOf(['connect_error', 'disconnect'])).payload?.code).toBeUndefined();
        expect(late.socket.active).toBe(true);
        late.socket.close();
      }
      expect(nodeOf(await returned)).toBe('west');
      // Clients of older dialects come back by themselves, as after any lost connection.
      for (const device of older)
        await until('an older client is at the other process', async () => {
          return device.socket.connected && nodeOf(device) === 'west';
        });
      expect(await stopped).toBe(0);
      // A user who was sent away last, and came back, was never gone.
      await ada.send(group, 'when it has ended');
      const watching = devices.find((device) => nodeOf(device) === 'west' && !moving.includes(device));
      await watching?.next('message:new', ({ message }: Anything) => message.content === 'when it has ended');
      const updates = watching?.all('presence:update').filter(({ userId }) => userId === bob.id);
      expect(updates?.map(({ isOnline }) => isOnline)).toEqual([true]);
    },
    TIMEOUT_MS,
  );
});
