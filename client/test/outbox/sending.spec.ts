import { describe, expect, it, jest } from '@jest/globals';
import { OutboxItems } from '../../src/outbox/items.js';
import type { StoredValue } from '../../src/ports/storage.js';
import { until } from '../support/clients.js';
import { connected, Device, settled, World } from './device.js';

describe('sending from the outbox', () => {
  it('shows a message at once and has it stored before its first byte leaves', async () => {
    const { world, device } = await connected();
    const durable = device.send('a', 'hello');
    expect(device.items()).toEqual([['hello', 'pending']]);
    expect(world.frames).toEqual([]);
    await durable;
    await settled();
    expect(device.items()).toEqual([['hello', 'sent']]);
    expect(device.states()).toEqual([]);
    expect(world.texts()).toEqual(['hello']);
  });

  it('sends on return what was typed offline, in order, and nobody taps', async () => {
    const world = new World();
    const device = await Device.start(world);
    for (const [index, text] of ['one', 'two', 'three'].entries()) await device.send(`k${index}`, text);
    expect(device.states().map(([, state]) => state)).toEqual(['queued', 'queued', 'queued']);
    await device.connect();
    await settled();
    expect(world.texts()).toEqual(['one', 'two', 'three']);
    expect(device.states()).toEqual([]);
  });

  it('looks at each of many that wait a few times, however many there are', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    for (let n = 0; n < 200; n += 1) await device.send(`${n}`, `${n}`);
    const finding = jest.spyOn(OutboxItems.prototype, 'find');
    try {
      await device.connect();
      await until('all of them are sent', () => world.texts().length === 200);
      expect(finding.mock.calls.length).toBeLessThan(200 * 20);
    } finally {
      finding.mockRestore();
    }
  });

  it('holds exactly one row for a message while its event, its answer and a repeat of both arrive', async () => {
    const { world, device } = await connected();
    world.faults.push('unanswered');
    void device.send('a', 'hello');
    await settled();
    expect(device.items()).toEqual([['hello', 'pending']]);
    // Its event is proof enough: it is not sent again.
    await device.receive();
    expect(device.items()).toEqual([['hello', 'sent']]);
    await world.clock.advance(60_000);
    expect(device.items()).toEqual([['hello', 'sent']]);
    expect(world.frames).toHaveLength(1);
  });

  it('is the only one that repeats: one frame a try, with the same clientId, until the server answers', async () => {
    const { world, device } = await connected();
    world.faults.push('lost', 'lost', { code: 'OVERLOADED', retryAfterMs: 5_000 }, { code: 'INTERNAL_ERROR' });
    void device.send('a', 'hello');
    await world.clock.advance(9_000);
    expect(world.frames).toHaveLength(1);
    await world.clock.advance(120_000);
    expect(world.frames.map(({ payload }) => (payload as { clientId: string }).clientId)).toEqual([
      'a',
      'a',
      'a',
      'a',
      'a',
    ]);
    expect(world.texts()).toEqual(['hello']);
  });

  it('waits as long as the server says, also through a new connection', async () => {
    const { world, device } = await connected();
    world.faults.push({ code: 'RATE_LIMITED', retryAfterMs: 50_000 });
    void device.send('a', 'hello');
    await settled();
    expect(device.states()).toEqual([['hello', 'waiting']]);
    await device.disconnect();
    await device.connect();
    await world.clock.advance(40_000);
    expect(world.frames).toHaveLength(1);
    await world.clock.advance(15_000);
    expect(world.texts()).toEqual(['hello']);
  });

  it('keeps what was wrong with each field of a message that was refused', async () => {
    const { world, device } = await connected();
    const errors = { content: ['is too long'] };
    world.faults.push({ code: 'VALIDATION_FAILED', errors });
    await device.send('a', 'hello');
    await settled();
    expect(device.outbox.getSnapshot()).toMatchObject([{ state: 'rejected', lastError: { errors } }]);
    expect(device.store.getSnapshot('messages:c0').items.at(-1)).toMatchObject({ error: { errors } });
  });

  it('says of no message that only waits for the server that it failed, and all the same why it was refused then', async () => {
    const { world, device } = await connected();
    const shown = (): unknown => device.store.getSnapshot('messages:c0').items.find(({ clientId }) => clientId === 'a');
    world.faults.push({ code: 'TIMEOUT' }, { code: 'CANNOT_MESSAGE' });
    void device.send('a', 'hello');
    await settled();
    const [waiting] = device.outbox.getSnapshot();
    expect(waiting).toMatchObject({ state: 'waiting', lastError: { code: 'TIMEOUT' } });
    expect(shown()).toMatchObject({ state: 'pending' });
    expect(shown()).not.toHaveProperty('error');
    await world.clock.advance(60_000);
    expect(shown()).toMatchObject({ state: 'rejected', error: { code: 'CANNOT_MESSAGE' } });
  });

  it('never lets a later message overtake one that could not be sent yet', async () => {
    const { world, device } = await connected();
    world.faults.push({ code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' });
    for (const text of ['one', 'two', 'three']) void device.send(text, text);
    await world.clock.advance(60_000);
    expect(world.texts()).toEqual(['one', 'two', 'three']);
  });

  it('shows what the server refuses, goes on with the rest, and sends it when it was changed', async () => {
    const { world, device } = await connected();
    world.refused.add('bad');
    for (const text of ['one', 'bad', 'three']) void device.send(text, text);
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['one', 'three']);
    expect(device.states()).toEqual([['bad', 'rejected']]);
    expect(device.items()).toEqual([
      ['one', 'sent'],
      ['three', 'sent'],
      ['bad', 'rejected'],
    ]);
    await device.outbox.revise('bad', 'better');
    await world.clock.advance(1_000);
    expect(device.items()).toEqual([
      ['one', 'sent'],
      ['three', 'sent'],
      ['better', 'sent'],
    ]);
    expect(device.states()).toEqual([]);
  });

  it('drops what was refused, and nothing that may have arrived', async () => {
    const { world, device } = await connected();
    world.refused.add('bad');
    void device.send('bad', 'bad');
    await settled();
    expect(await device.outbox.cancel('bad')).toBe(true);
    expect(device.items()).toEqual([]);
    world.faults.push('unanswered');
    void device.send('a', 'hello');
    await world.clock.advance(15_000);
    world.faults.push('lost');
    expect(await device.outbox.cancel('a')).toBe(false);
  });

  it('that another tab has dropped for this one is gone at once, also where no sync comes', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    const follower = await Device.follow(world, device);
    void follower.send('a', 'hello');
    await settled();
    device.outbox.lookAgain();
    await settled();
    expect(await follower.outbox.cancel('a')).toBe(true);
    expect(follower.items()).toEqual([]);
  });

  it('that another tab has brought to its end is gone, also for those who watch, once it is changed here', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'hello');
    const database = await world.storage.open('phone');
    await database.transaction('readwrite', ['outbox'], (transaction) => transaction.delete('outbox', 'a'));
    let shown = device.outbox.getSnapshot();
    device.outbox.subscribe(() => (shown = device.outbox.getSnapshot()));
    await device.outbox.revise('a', 'changed');
    await settled();
    expect(shown).toEqual([]);
  });

  it('that another tab has stored and dropped in one transaction is gone', async () => {
    const { device } = await connected();
    await device.disconnect();
    void device.send('a', 'hello');
    await settled();
    const stored = device.outbox.getSnapshot()[0] as unknown as StoredValue;
    device.outbox.takeRows({
      rows: [
        ['outbox', 'a', stored],
        ['outbox', 'a', undefined],
      ],
    });
    expect(device.outbox.getSnapshot()).toEqual([]);
  });

  it('is not shown as sending for ever when the app was killed in the middle: it is sent again, and stored once', async () => {
    const { world, device } = await connected();
    world.faults.push('unanswered');
    await device.send('a', 'hello');
    await settled();
    expect(device.states()).toEqual([['hello', 'sending']]);
    device.kill();
    const again = await Device.start(world);
    expect(again.states()).toEqual([['hello', 'queued']]);
    // Nobody knows whether it arrived: it is not changed in its place.
    expect(await again.outbox.cancel('a')).toBe(false);
    await again.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['hello']);
    expect(again.states()).toEqual([]);
  });

  it('stays sent after a reload, once it was acknowledged', async () => {
    const { world, device } = await connected();
    await device.send('a', 'hello');
    await settled();
    expect(device.items()).toEqual([['hello', 'sent']]);
    device.kill();
    const again = await Device.start(world);
    again.sync.open('c0');
    await settled();
    expect(again.states()).toEqual([]);
    expect(again.items()).toEqual([['hello', 'sent']]);
  });

  it('while the connection is being made again shows at once, and stays until it is sent', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    void device.send('a', 'hello');
    await world.clock.advance(60_000);
    expect(device.items()).toEqual([['hello', 'pending']]);
    await device.connect();
    await settled();
    expect(device.items()).toEqual([['hello', 'sent']]);
  });

  it('refuses what is larger than a frame may be before it leaves, and goes on with the rest', async () => {
    const { world, device } = await connected();
    for (const text of ['x'.repeat(200_000), '🙂'.repeat(25_000), 'after']) void device.send(text, text);
    const target = { messageId: 'c0-1' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId: 'c0', target, content: '"'.repeat(30_000) });
    await world.clock.advance(1_000);
    expect(device.outbox.getSnapshot().map(({ state, lastError }) => [state, lastError?.code])).toEqual([
      ['rejected', 'PAYLOAD_TOO_LARGE'],
      ['rejected', 'PAYLOAD_TOO_LARGE'],
      ['rejected', 'PAYLOAD_TOO_LARGE'],
    ]);
    expect(world.texts()).toEqual(['after']);
    // The longest that is valid, of whatever it is made.
    for (const text of ['"'.repeat(8_000), '€'.repeat(8_000), '🙂'.repeat(8_000)]) void device.send(`k${text}`, text);
    await world.clock.advance(1_000);
    expect(world.texts()).toHaveLength(4);
  });

  it('goes on behind a message at which the server fails for good', async () => {
    const { world, device } = await connected();
    for (let index = 0; index < 20; index += 1) world.faults.push({ code: 'INTERNAL_ERROR' });
    void device.send('a', 'poison');
    void device.send('b', 'next');
    await world.clock.advance(900_000);
    expect(device.states()).toEqual([['poison', 'rejected']]);
    expect(world.texts()).toEqual(['next']);
  });

  it('goes on behind it in an app, too, that is used for a second at a time', async () => {
    const { world, device: first } = await connected();
    let device = first;
    for (let index = 0; index < 20; index += 1) world.faults.push({ code: 'INTERNAL_ERROR' });
    void device.send('a', 'poison');
    void device.send('b', 'next');
    for (let run = 0; run < 20; run += 1) {
      await world.clock.advance(1_000);
      device.kill();
      device = await Device.start(world);
      await device.connect();
    }
    await settled();
    expect(device.states()).toEqual([['poison', 'rejected']]);
    expect(world.texts()).toEqual(['next']);
  });
});
