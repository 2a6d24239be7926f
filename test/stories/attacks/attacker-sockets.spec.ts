import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { frame, OPCODE, RawWebSocket } from '../../support/clients/raw-web-socket.js';
import { type Device, Person, until } from '../../support/story.js';

const MEGABYTE = 1024 * 1024;
const METRICS_TOKEN = 'a token for metrics';
const ENGINE = '/socket.io/?EIO=4&transport=websocket';
/** How many messages of an honest pair are measured. */
const MEASURED = 100;
/** How much work of the server may come before one message of others while it is attacked, as so many messages are while it is not. */
const MAX_WORK_BEFORE_IN_MESSAGES = 400;

/** So many of a small frame in one piece that a turn of the event loop has its fill of them. */
const many = (bytes: Buffer, count = 5_000): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));

describe('an attacker on sockets', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let [ada, bob]: [Person, Person] = [] as never;
  let [adas, bobs]: [Device, Device] = [] as never;
  let conversationId: string;
  /** The server's work for one message of theirs while nobody attacks. */
  let calmMs: number;
  const opened: RawWebSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    // So that the attacker has an address of its own, and its limits are not those of the others.
    server = await ServerProcess.start({
      DATABASE_URL: database.url,
      TRUSTED_PROXIES: '1',
      // What the honest pair sends to be measured is more than people send.
      LIMITS: JSON.stringify({ messages: { burst: 1_000_000 }, events: { burst: 3_000, points: 200 } }),
      METRICS_TOKEN,
    });
    [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    [adas, bobs] = [await ada.device(), await bob.device()];
    conversationId = await ada.directConversation(bob);
    const before = await server.cpuMs();
    await p95();
    calmMs = ((await server.cpuMs()) - before) / MEASURED;
  });
  afterAll(async () => {
    for (const raw of opened) raw.close();
    ada.disconnect();
    bob.disconnect();
    await server.stop();
    await database.drop();
  });

  async function open(path: string, ipAddress?: string): Promise<RawWebSocket> {
    const raw = await RawWebSocket.open(server.url, path, ipAddress);
    opened.push(raw);
    return raw;
  }

  /** How many sockets are let in, as the server counts them. */
  async function connections(): Promise<number> {
    const metrics = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
    return Number(/^parley_connections (\d+)$/m.exec(await metrics.text())?.[1]);
  }

  /** The server's work between sending and the other's receiving, below which 95 of 100 messages stay. */
  async function p95(): Promise<number> {
    const work: number[] = [];
    for (let n = 0; n < MEASURED; n += 1) {
      const content = `message ${Math.random()}`;
      const before = await server.cpuMs();
      await adas.must('send_message', { conversationId, content });
      await bobs.next('message:new', ({ message }) => message.content === content);
      work.push((await server.cpuMs()) - before);
    }
    work.sort((one, other) => one - other);
    return work[Math.floor(work.length * 0.95)] ?? 0;
  }

  /** Attacks, measures an honest pair meanwhile, and waits for the attack's end. */
  async function attack(act: (isEnough: () => boolean) => Promise<unknown>): Promise<void> {
    let isMeasured = false;
    const attacking = act(() => isMeasured);
    const attacked = await p95();
    isMeasured = true;
    await attacking;
    expect(server.isRunning).toBe(true);
    expect(attacked).toBeLessThan(MAX_WORK_BEFORE_IN_MESSAGES * calmMs);
  }

  /** Keeps several connections of this kind flooding, each replaced by the next when the server ends it. */
  function floodAnew(path: string, bytes: Buffer, connections = 4): (isEnough: () => boolean) => Promise<number> {
    return async (isEnough) => {
      let ended = 0;
      const one = async (): Promise<void> => {
        while (!isEnough()) {
          const raw = await open(path);
          raw.stopReading();
          await raw.flood(bytes, isEnough);
          if (raw.isClosed) ended += 1;
          raw.close();
        }
      };
      await Promise.all(Array.from({ length: connections }, one));
      return ended;
    };
  }

  it.each([
    ['connects with a wrong token', frame(OPCODE.text, '40{"token":"x"}')],
    ['connects to namespaces that do not exist', frame(OPCODE.text, '40/nowhere,')],
    ['disconnects', frame(OPCODE.text, '41')],
    ['events', frame(OPCODE.text, '42["send_message",{}]')],
    ['binary events', frame(OPCODE.text, '451-["x",{"_placeholder":true,"num":0}]')],
    ['binary frames', frame(OPCODE.binary, 'xxxx')],
    ['garbage', frame(OPCODE.text, 'garbage')],
    ["Engine.IO's pings", frame(OPCODE.text, '2')],
    ["Engine.IO's pongs", frame(OPCODE.text, '3')],
    ["Engine.IO's nothing", frame(OPCODE.text, '6')],
    ['pings', frame(OPCODE.ping, 'x')],
    ['pongs', frame(OPCODE.pong, 'x')],
  ])('ends a connection to /socket.io/ that floods with %s before anybody is known', async (_, bytes) => {
    const raw = await open(ENGINE);
    await raw.flood(many(bytes), () => false);
    expect(raw.isClosed).toBe(true);
    // What it was sent before: the opening, and of each kind of refusal one.
    expect(raw.text.split('"message"').length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['pings', frame(OPCODE.ping, 'x')],
    ['pongs', frame(OPCODE.pong, 'x')],
    ['frames', frame(OPCODE.text, '{"event":"sendMessage"}')],
    ['garbage', frame(OPCODE.text, 'garbage')],
  ])('ends a native connection that floods with %s before anybody is known', async (_, bytes) => {
    const raw = await open('/');
    await raw.flood(many(bytes), () => false);
    expect(raw.isClosed).toBe(true);
  });

  it('ends a session of long polling that floods, however many packets a request holds', async () => {
    const path = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const opening = await (await fetch(path)).text();
    const { sid } = JSON.parse(opening.slice(1));
    const body = Array.from({ length: 20_000 }, () => '3').join('\x1e');
    await fetch(`${path}&sid=${sid}`, { method: 'POST', body }).catch(() => undefined);
    expect((await fetch(`${path}&sid=${sid}`)).status).toBe(400);
  });

  it('goes on carrying messages while connects without an account are flooded', async () => {
    let ended = 0;
    await attack(async (isEnough) => {
      ended = await floodAnew(ENGINE, many(frame(OPCODE.text, '40{"token":"x"}')))(isEnough);
    });
    expect(ended).toBeGreaterThan(0);
  });

  it('makes one socket of a connection, however many connects arrive in one piece', async () => {
    const raw = await open(ENGINE);
    const connects = Array.from({ length: 150 }, () => frame(OPCODE.text, `40{"token":"${ada.accessToken}"}`));
    raw.write(Buffer.concat(connects));
    await until('the connection is ended', () => raw.isClosed);
    expect(raw.text.split('session:ready').length - 1).toBeLessThanOrEqual(1);
  });

  it('lets an honest client try another namespace once, and answers that there is none', async () => {
    const raw = await open(ENGINE);
    raw.send(`40{"token":"${ada.accessToken}"}`);
    await until('it is let in', () => raw.text.includes('session:ready'));
    raw.send('40/elsewhere,{}');
    await until('it is answered', () => raw.text.includes('44/elsewhere,{"message":"Invalid namespace"}'));
    raw.send('421["join_conversation",{}]');
    await until('it is still answered', () => raw.text.includes('431[{"ok":false'));
    raw.send('40/elsewhere,{}');
    await until('the connection is ended', () => raw.isClosed);
    expect(raw.text.split('44/elsewhere').length - 1).toBe(1);
  });

  it('leaves no connection behind whose connect was refused', async () => {
    const raw = await open(ENGINE);
    raw.send('40{"token":"x"}');
    await until('it is refused', () => raw.text.includes('UNAUTHORIZED'));
    await until('the connection is ended', () => raw.isClosed);
    expect(raw.text).not.toContain('session:ready');
  });

  it.each([
    ['/socket.io/', ENGINE],
    ['/', '/'],
  ])('keeps nothing for connections to %s that ping and do not read their pongs', async (_, path) => {
    const before = await server.memory();
    let ended = 0;
    await attack(async (isEnough) => {
      ended = await floodAnew(path, many(frame(OPCODE.ping, 'x'.repeat(100)), 20_000))(isEnough);
    });
    expect(ended).toBeGreaterThan(0);
    expect((await server.memory()) - before).toBeLessThan(100 * MEGABYTE);
  });

  it('keeps nothing for an upgrade that is probed without end', async () => {
    const before = await server.memory();
    const opening = await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(opening.slice(1));
    const raw = await open(`${ENGINE}&sid=${sid}`);
    raw.stopReading();
    await raw.flood(many(frame(OPCODE.text, '2probe'), 20_000), () => false);
    expect(raw.isClosed).toBe(true);
    expect((await server.memory()) - before).toBeLessThan(100 * MEGABYTE);
  });

  it('goes on where upgrades are asked for without end, of a session and of the files of a client', async () => {
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { 'x-forwarded-for': '203.0.113.8' },
    });
    const { sid } = JSON.parse((await polling.text()).slice(1)) as { sid: string };
    // More than a session may ask for.
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, async () => (await open(`${ENGINE}&sid=${sid}`, '203.0.113.8')).close()),
      );
    for (const file of ['socket.io.js', 'socket.io.min.js.map'])
      (await open(`/socket.io/${file}`, '203.0.113.8')).close();
    await adas.must('send_message', { conversationId, content: 'still there' });
    await bobs.next('message:new', ({ message }) => message.content === 'still there');
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });

  it('ends somebody let in who asks for much and reads none of it', async () => {
    const [mallory, victim] = [
      await Person.register(server.url, 'mallory'),
      await Person.register(server.url, 'victim'),
    ];
    const connected = await connections();
    const raw = await open(ENGINE, '203.0.113.8');
    raw.send(`40{"token":"${mallory.accessToken}"}`);
    await until('it is let in', () => raw.text.includes('session:ready'));
    const cursor = /"syncCursor":"([^"]+)"/.exec(raw.text)?.[1];
    raw.stopReading();
    const long = await mallory.directConversation(victim);
    for (let n = 0; n < 100; n += 1) await mallory.send(long, 'x'.repeat(8_000));
    const before = await server.memory();
    // Each answer is 800 KB: more than the system takes by itself, and than the server keeps.
    for (let n = 0; n < 40; n += 1) raw.send(`42${n}["sync",{"cursor":"${cursor}","limit":100}]`);
    await until('it is ended', async () => (await connections()) === connected);
    expect((await server.memory()) - before).toBeLessThan(100 * MEGABYTE);
  });

  it('reads somebody let in who floods ever more slowly, and ends it, while others go on', async () => {
    const mallory = await Person.register(server.url, 'mallory');
    const before = await server.memory();
    const raws: RawWebSocket[] = [];
    for (let n = 0; n < 4; n += 1) {
      const raw = await open(ENGINE, '203.0.113.8');
      raw.send(`40{"token":"${mallory.accessToken}"}`);
      await until('it is let in', () => raw.text.includes('session:ready'));
      raw.stopReading();
      raws.push(raw);
    }
    const unknown = many(frame(OPCODE.text, `42["${'x'.repeat(60)}"]`), 1_000);
    await attack(() => Promise.all(raws.map((raw) => raw.flood(unknown, () => false))));
    expect(raws.map(({ isClosed }) => isClosed)).toEqual([true, true, true, true]);
    expect((await server.memory()) - before).toBeLessThan(150 * MEGABYTE);
    await adas.must('send_message', { conversationId, content: 'after all that' });
    await bobs.next('message:new', ({ message }) => message.content === 'after all that');
  });
});
