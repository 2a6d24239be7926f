import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { randomBytes, randomUUID } from 'node:crypto';
import { Device, request, startStory, type Story, until } from '../../support/story.js';

describe('reconnection', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  it('brings back what a short drop missed, and says so', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = new Device(
      story.url,
      { token: bob.accessToken },
      { reconnection: true, reconnectionDelay: 1_500, randomizationFactor: 0 },
    );
    await bobs.next('session:ready');
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    bobs.drop();
    await bobs.next('disconnect');
    await ada.send(conversationId, 'missed');
    expect(await bobs.next('session:ready')).toMatchObject({ userId: bob.id, recovered: true });
    await ada.send(conversationId, 'after');
    await bobs.next('message:new', ({ message }) => message.content === 'after');
    expect(bobs.all('message:new').map(({ message }) => message.content)).toEqual(['before', 'missed', 'after']);
    bobs.socket.close();
  });

  it('recovers nobody whose membership or session changed meanwhile, and sync brings exactly what is theirs', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.group('Left', bob);
    const bobs = new Device(
      story.url,
      { token: bob.accessToken },
      { reconnection: true, reconnectionDelay: 1_500, randomizationFactor: 0 },
    );
    const { syncCursor } = await bobs.next('session:ready');
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    // It comes back when it is asked to: what changes does so while it is away.
    bobs.socket.io.reconnection(false);
    bobs.drop();
    await bobs.next('disconnect');
    await ada.must('DELETE', `/conversations/${conversationId}/members/${bob.id}`);
    await ada.send(conversationId, 'without him');
    bobs.socket.connect();
    expect((await bobs.next('session:ready')).recovered).toBe(false);
    expect((await bob.sync(syncCursor)).pages[0].leftConversationIds).toEqual([conversationId]);
    await bobs.must('leave_conversation', conversationId);
    expect(JSON.stringify(bobs.received)).not.toContain('without him');
    bobs.socket.close();
  });

  it('misses nothing between the fetch, the connection and the cursor, however often the line drops', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    let cursor = (await bob.must('GET', '/sync')).cursor;
    let isDone = false;
    let failure: unknown;
    const sending = (async () => {
      for (let index = 0; index < 150; index += 1) await ada.send(conversationId, `${index}`);
    })();
    sending.then(
      () => (isDone = true),
      (error: unknown) => (failure = error),
    );
    const have = new Map<string, number>();
    for (let drops = 0; !isDone || have.size < 150; drops += 1) {
      if (failure !== undefined || drops > 500)
        throw new Error(`after ${drops} drops ${have.size} are there`, { cause: failure });
      const device = new Device(story.url, { token: bob.accessToken });
      const { syncCursor } = await device.next('session:ready');
      const round = await bob.sync(cursor, 7);
      for (const page of round.pages) for (const message of page.messages) have.set(message.id, message.seq);
      // The connection receives all since its own cursor; from there the next sync may begin.
      cursor = syncCursor;
      device.drop();
      for (const { message } of device.all('message:new')) have.set(message.id, message.seq);
    }
    await sending;
    expect([...have.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  it('ends a client that does not read, and nobody else', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const stalled = await stalledConnection(story.url, bob.accessToken);
    const connections = async (): Promise<number> => {
      const { body } = await request(story.url, 'GET', '/metrics');
      return Number(/^parley_connections (\d+)$/m.exec(body)?.[1]);
    };
    await until('all three are connected', async () => (await connections()) === 3);
    const content = 'x'.repeat(8_000);
    let sent = 0;
    await until('the stalled one is ended', async () => {
      await Promise.all(
        Array.from({ length: 100 }, () =>
          adas.must('send_message', { conversationId, content, clientId: randomUUID() }),
        ),
      );
      sent += 100;
      return (await connections()) === 2;
    });
    await until('the other device has received everything', () => bobs.all('message:new').length === sent);
    expect(bobs.socket.connected).toBe(true);
    stalled.destroy();
  });
});

/** A WebSocket by hand that connects, authenticates, and then never reads again. */
async function stalledConnection(url: string, token: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  const frame = (text: string): Buffer => {
    const payload = Buffer.from(text);
    const header =
      payload.length < 126
        ? Buffer.from([0x81, 0x80 | payload.length])
        : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
    // A mask of zeros leaves the payload as it is.
    return Buffer.concat([header, Buffer.alloc(4), payload]);
  };
  let received = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.includes('"sid"') && !received.includes('asked')) {
        received += 'asked';
        socket.write(frame(`40${JSON.stringify({ token })}`));
      }
      if (received.includes('session:ready')) {
        socket.pause();
        resolve();
      }
    });
  });
  socket.on('error', () => undefined);
  return socket;
}
