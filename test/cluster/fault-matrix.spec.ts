import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../src/config/timings.js';
import { content, deviceAt } from '../support/processes/cluster.js';
import { NetworkLink } from '../support/servers/network-link.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { sideBySide } from '../support/processes/side-by-side.js';
import { type Anything, type Device, type Person, request, startStory, type Story, until } from '../support/story.js';

const TIMEOUT_MS = 600_000;
const MESSAGES = 8;

/** What can be broken, and mended. */
interface Fault {
  readonly name: string;
  /** Whether the west certainly notices. Where not, all may still arrive. */
  readonly isNoticed: boolean;
  begin(redis: RedisServer, link: NetworkLink): unknown;
  end(redis: RedisServer, link: NetworkLink): unknown;
}

const heal = (_: RedisServer, link: NetworkLink): void => link.heal();
const FAULTS: readonly Fault[] = [
  {
    name: 'Redis is killed, and begins empty',
    isNoticed: true,
    begin: (redis) => redis.kill(),
    end: (redis) => redis.start(),
  },
  {
    name: 'Redis stands still',
    isNoticed: true,
    begin: (redis) => redis.signal('SIGSTOP'),
    end: (redis) => redis.signal('SIGCONT'),
  },
  { name: 'one of them is refused', isNoticed: true, begin: (_, link) => link.refuse(), end: heal },
  { name: 'nothing reaches one of them', isNoticed: true, begin: (_, link) => link.hold('toClient'), end: heal },
  { name: 'nothing comes from one of them', isNoticed: true, begin: (_, link) => link.hold('toServer'), end: heal },
  {
    name: 'all ways of one of them end in a black hole',
    isNoticed: true,
    begin: (_, link) => link.hold('toServer', 'toClient'),
    end: heal,
  },
  { name: 'the way to one of them is slow', isNoticed: false, begin: (_, link) => link.delay(700), end: heal },
  { name: 'the way to one of them is narrow', isNoticed: false, begin: (_, link) => link.throttle(2_000), end: heal },
  { name: 'the connections of one of them are reset', isNoticed: false, begin: (_, link) => link.cut(), end: heal },
  {
    name: 'Redis ends who subscribes',
    isNoticed: false,
    begin: (redis) => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    end: () => undefined,
  },
  {
    name: 'Redis ends who is behind',
    isNoticed: false,
    begin: (redis) => redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 2kb 1kb 1'),
    end: (redis) => redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60'),
  },
];

/** Two processes on one Redis and one database, and two users in them. */
interface TwoProcesses {
  readonly redis: RedisServer;
  readonly link: NetworkLink;
  readonly east: Story;
  readonly west: Story;
  readonly ada: Person;
  readonly grace: Person;
  /** In the east, as ada's. */
  readonly neighbour: Device;
  readonly adas: Device;
  readonly graces: Device;
  readonly direct: string;
  close(): Promise<void>;
}

async function startTwoProcesses(): Promise<TwoProcesses> {
  const [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
  const link = await NetworkLink.start({ host: '127.0.0.1', port: redis.port });
  const timings = { ...TIMINGS, clusterHeartbeatMs: 500, clusterCatchUpMs: 500 };
  const shared = { databaseUrl: database.url, rateLimits: false, timings };
  const east = await startStory({ ...shared, redisUrl: redis.url });
  const west = await startStory({ ...shared, redisUrl: `redis://127.0.0.1:${link.port}` });
  const [ada, grace] = [await east.person('ada'), await east.person('grace')];
  const direct = await ada.befriend(grace);
  const [adas, neighbour, graces] = [
    await deviceAt(east, ada),
    await deviceAt(east, grace),
    await deviceAt(west, grace),
  ];
  const close = async (): Promise<void> => {
    for (const device of [adas, neighbour, graces]) device.socket.close();
    await Promise.all([east.close(), west.close()]);
    await link.close();
    redis.signal('SIGCONT');
    await Promise.all([redis.kill(), database.drop()]);
  };
  return { redis, link, east, west, ada, grace, neighbour, adas, graces, direct, close };
}

async function status({ url }: Story): Promise<{ code: number; status: string }> {
  const answer = await request(url, 'GET', '/health/ready');
  return { code: answer.status, status: answer.body.status };
}

async function expectNothingLost({ name, isNoticed, begin, end }: Fault, processes: TwoProcesses): Promise<void> {
  const { redis, link, east, west, ada, grace, neighbour, adas, graces, direct } = processes;
  const group = await ada.group(name, grace);
  await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
  await begin(redis, link);
  if (isNoticed) await until('it is noticed', async () => (await status(west)).status === 'degraded');
  try {
    const texts = Array.from({ length: MESSAGES }, (_, index) => `${name} ${index}`);
    for (const [index, text] of texts.entries()) {
      const sender = index % 2 === 0 ? adas : graces;
      await sender.must('send_message', { conversationId: direct, content: text });
    }
    // On the same process, and on the other one: read from the database where the bus does not bring it.
    for (const text of texts)
      for (const device of [neighbour, adas, graces]) await device.next('message:new', content(text));
    await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
    await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
    await ada.send(group, `${name}: without her`);
    for (const story of [east, west]) expect((await status(story)).code).toBe(200);
  } finally {
    await end(redis, link);
  }
  await until('both are whole again', async () => {
    const states = await Promise.all([east, west].map(status));
    return states.every((state) => state.status === 'ok');
  });
  await ada.send(direct, `${name}: over`);
  await graces.must('send_message', { conversationId: direct, content: `${name}: over there` });
  for (const device of [neighbour, adas, graces])
    for (const text of ['over', 'over there']) await device.next('message:new', content(`${name}: ${text}`));
  for (const device of [neighbour, adas, graces]) {
    const messages = device.all('message:new').map(({ message }: Anything) => message);
    expect(messages).toHaveLength(new Set(messages.map(({ id }: Anything) => id)).size);
    if (device !== adas)
      expect(messages.filter((message: Anything) => message.content === `${name}: without her`)).toEqual([]);
  }
}

onlyWith(describe, 'redis-server')('two processes', () => {
  /** Half of the faults befall these, and half of them those: one after the other, since each is healed before the next. */
  const pairs: TwoProcesses[] = [];
  const queues: Promise<void>[] = [];

  beforeAll(async () => {
    // What is waited for here are silences, and the looks that follow them.
    expect(TIMINGS).toMatchObject({ clusterHeartbeatMs: 1_000, clusterCatchUpMs: 2_000 });
    for (let count = 0; count < 2; count += 1) {
      pairs.push(await startTwoProcesses());
      queues.push(Promise.resolve());
    }
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const pair of pairs) await pair.close();
  });

  it.each(FAULTS)(
    'lose, double and refuse nothing while $name',
    sideBySide(FAULTS, (fault) => {
      const index = FAULTS.indexOf(fault) % pairs.length;
      const run = (queues[index] as Promise<void>).then(() => expectNothingLost(fault, pairs[index] as TwoProcesses));
      queues[index] = run.catch(() => undefined);
      return run;
    }),
    TIMEOUT_MS,
  );
});
