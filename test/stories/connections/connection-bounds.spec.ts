import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { Frames } from '../../dialects/frames.js';
import { Device, startStory, type Story, until } from '../../support/story.js';

const MAX_OF_USER = 5;
const MAX_OF_ADDRESS = 10;

describe('the bounds of connections', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ maxConnectionsPerUser: MAX_OF_USER, maxUnauthenticatedConnections: MAX_OF_ADDRESS });
  });
  afterAll(() => story.close());

  it('ends the oldest connection of the session that has most of them, and says so', async () => {
    const ada = await story.person();
    const { body } = await ada.call('POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const phone = new Device(story.url, { token: body.accessToken });
    await phone.next('session:ready');
    const tabs: Device[] = [];
    for (let n = 0; n < MAX_OF_USER + 2; n += 1) tabs.push(await ada.device());
    const surplus = tabs.splice(0, 3);
    for (const tab of surplus) {
      expect(await tab.next('session:ended')).toEqual({ code: 'TOO_MANY_CONNECTIONS', retry: false });
      expect(await tab.next('disconnect')).toBe('io server disconnect');
    }
    for (const device of [phone, ...tabs]) {
      expect((await device.ask('set_nothing')).error.code).toBe('UNKNOWN_EVENT');
      expect(device.all('session:ended')).toEqual([]);
    }
    phone.socket.close();
  });

  it('counts the connections of older clients with the others, and gives places back', async () => {
    const bob = await story.person();
    const first = await bob.device();
    const natives: Frames[] = [];
    for (let n = 0; n < MAX_OF_USER; n += 1) {
      const native = await new Frames(story.url).open();
      native.send({ event: 'authenticate', token: bob.accessToken });
      await native.next(({ event, data }) => event === 'userStatus' && data.userId === bob.id);
      natives.push(native);
    }
    await first.next('session:ended', ({ code }) => code === 'TOO_MANY_CONNECTIONS');
    const [oldest, ...others] = natives;
    const dialect = new Device(story.url, { token: bob.accessToken, dialect: 'namespaced-events' });
    await dialect.next('connect');
    expect(await oldest?.closed).toEqual({ code: 1008, reason: 'TOO_MANY_CONNECTIONS' });
    for (const native of others) native.socket.close();
    await Promise.all(others.map(({ closed }) => closed));
    await until('there is room again', async () => {
      const device = await bob.device();
      return device.socket.connected && dialect.socket.connected;
    });
    dialect.socket.close();
  });

  it('keeps so many connections of one IP address open that were not let in, and does not count those that were', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => story.person()));
    for (const person of people) for (let n = 0; n < MAX_OF_USER; n += 1) await person.device();
    const idle = await Promise.all(Array.from({ length: MAX_OF_ADDRESS }, () => new Frames(story.url).open()));
    const refused = new Device(story.url, { token: people[0]?.accessToken });
    await refused.next('connect_error');
    const polled = await fetch(`${story.url}/socket.io/?EIO=4&transport=polling`);
    expect([polled.status, await polled.json()]).toEqual([403, { code: 4, message: 'TOO_MANY_CONNECTIONS' }]);
    expect((await new Frames(story.url).closed).code).toBe(1006);
    for (const frames of idle) frames.socket.close();
    await Promise.all(idle.map(({ closed }) => closed));
    await until('there is room again', async () => {
      const device = new Device(story.url, { token: people[0]?.accessToken });
      const { event } = await device.nextOf(['session:ready', 'connect_error']);
      device.socket.close();
      return event === 'session:ready';
    });
  });

  it('ends a connection whose client has left its namespace', async () => {
    const device = await (await story.person()).device();
    device.socket.io.engine.write('1');
    expect(await device.next('disconnect')).toMatch(/^transport/);
  });

  it.each([
    ['acknowledgements', ['3[]']],
    ['acknowledgements with bytes', ['61-[{"_placeholder":true,"num":0}]', Buffer.from('x')]],
  ])('ends a connection that sends %s, for which the server never asks', async (_, frames) => {
    const device = await (await story.person()).device();
    for (let n = 0; n < 60; n += 1) for (const frame of frames) device.socket.io.engine.write(frame);
    expect(await device.next('disconnect')).toMatch(/^transport/);
  });

  it('keeps a user out for a while whose connections flood again and again, and nobody else', async () => {
    const [mallory, ada] = [await story.person(), await story.person()];
    const flood = async (): Promise<string> => {
      const device = new Device(story.url, { token: mallory.accessToken });
      const { event, payload } = await device.nextOf(['session:ready', 'connect_error']);
      if (event === 'connect_error') {
        expect(payload).toEqual({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
        return 'kept out';
      }
      // More connects than a connection carries.
      const { engine } = device.socket.io;
      for (let n = 0; n < 3; n += 1) engine.write('0/nowhere,');
      return device.next('disconnect');
    };
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== 'kept out' && outcomes.length < 10) outcomes.push(await flood());
    expect(outcomes.at(-1)).toBe('kept out');
    expect(outcomes.length).toBeGreaterThan(5);
    expect((await ada.device()).socket.connected).toBe(true);
  });

  it('ends a TCP connection beyond those that there may be', async () => {
    const small = await startStory({ maxConnections: 3, databaseUrl: story.databaseUrl });
    try {
      const { hostname, port } = new URL(small.url);
      const sockets = Array.from({ length: 6 }, () => connect(Number(port), hostname));
      let closed = 0;
      for (const socket of sockets) {
        socket.on('close', () => (closed += 1));
        socket.on('error', () => undefined);
      }
      await until('three are closed', () => closed >= 3);
      expect(closed).toBe(3);
      for (const socket of sockets) socket.destroy();
    } finally {
      await small.close();
    }
  });
});
