import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../src/ports/storage.js';
import { connected, Device, file, settled } from './device.js';

describe('a storage that fails', () => {
  it('is not read again and again once it is closed', async () => {
    const { world, device } = await connected();
    device.storageFailure = new StorageError('CLOSED', 'The storage is closed.');
    device.storageFailures = 1_000;
    device.outbox.lookAgain();
    await world.clock.advance(10_000);
    expect(device.storageFailures).toBe(999);
  });

  it('to answer, as where another tab is halted in a transaction, is given as the reason until it answers', async () => {
    const { world, device } = await connected();
    let release = (): void => undefined;
    device.storageHold = new Promise((resolve) => (release = resolve));
    const reasons = (): unknown[] => device.outbox.getSnapshot().map(({ lastError }) => lastError?.code);
    const stored = device.send('a', 'before');
    await world.clock.advance(4_000);
    expect(reasons()).toEqual([undefined]);
    await world.clock.advance(2_000);
    expect(reasons()).toEqual(['STORAGE']);
    void device.send('b', 'behind');
    await world.clock.advance(6_000);
    expect(reasons()).toEqual(['STORAGE', 'STORAGE']);
    expect(world.frames).toEqual([]);
    release();
    expect(await stored).toBe(true);
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['before', 'behind']);
    expect(device.states()).toEqual([]);
  });

  it('since it was closed ends the copying of files: their message is not stored, and nobody reads them again', async () => {
    const { world, device } = await connected();
    let reads = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const read = (): Promise<Uint8Array> => {
      reads += 1;
      return released.then(() => new TextEncoder().encode('cat'));
    };
    const failures: unknown[] = [];
    for (const id of ['a', 'b'])
      device.send(id, id, 'c0', [{ ...file('cat'), read }]).catch((error: unknown) => failures.push(error));
    await settled();
    void device.outbox.stop();
    device.storageFailure = new StorageError('CLOSED', 'The storage is closed.');
    device.storageFailures = 1_000;
    release();
    await world.clock.advance(120_000);
    expect(failures).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
    expect(reads).toBe(2);
  });

  it('for a moment is given the files all the same, also where another tab leads by then', async () => {
    const { world, device } = await connected();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = { ...file('cat'), read: () => released.then(() => new TextEncoder().encode('cat')) };
    const stored: boolean[] = [];
    void device.send('a', 'picture', 'c0', [slow]).then((isStored) => stored.push(isStored));
    await settled();
    await device.outbox.stop();
    device.storageFailures = 3;
    release();
    await world.clock.advance(30_000);
    expect(stored).toEqual([true]);
  });

  it('to write quickly does not keep messages from being sent, though a tab that was halted asks it again first', async () => {
    const { world, device } = await connected({ isShared: true });
    device.writeMs = 4_000;
    void device.send('a', 'one');
    void device.send('b', 'two');
    await world.clock.advance(8_500);
    // Stored, and stored as begun: that took as long as if the tab had been halted.
    expect(world.frames).toEqual([]);
    await world.clock.advance(4_000);
    expect(world.texts()).toEqual(['one']);
    await world.clock.advance(60_000);
    expect(world.texts()).toEqual(['one', 'two']);
    expect(device.states()).toEqual([]);
  });

  it('when the app starts is asked again, until it answers what was kept', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'hello');
    device.kill();
    const again = await Device.start(world, Number.POSITIVE_INFINITY, 5);
    expect(again.states()).toEqual([]);
    await world.clock.advance(60_000);
    expect(again.states()).toEqual([['hello', 'queued']]);
    await again.connect();
    await settled();
    expect(world.texts()).toEqual(['hello']);
  });

  it('when a conversation is opened without a network is asked for its messages until it answers, and they are kept', async () => {
    const { world, device } = await connected();
    for (let count = 0; count < 60; count += 1) world.server.send('c0', 'u1');
    await device.receive();
    await device.sync.settle();
    device.kill();
    const again = await Device.start(world);
    again.storageFailures = 8;
    again.sync.open('c0');
    await world.clock.advance(10_000);
    expect([again.storageFailures > 0, again.items()]).toEqual([true, []]);
    await world.clock.advance(120_000);
    expect(again.items()).toHaveLength(50);
  });

  it('without a network holds up nothing else, and is asked again later', async () => {
    const { world, device } = await connected();
    world.server.send('c0', 'u1', null, 'written');
    await device.receive();
    device.sync.open('c0');
    await device.sync.settle();
    device.kill();
    const again = await Device.start(world);
    again.storageRefuses = (stores) =>
      Promise.resolve(stores.includes('coverage') ? new Error('The disk does not answer.') : undefined);
    again.sync.open('c0');
    let isIdle = false;
    void again.sync.idle().then(() => (isIdle = true));
    await world.clock.advance(8_000);
    expect([isIdle, again.items()]).toEqual([true, []]);
    again.storageRefuses = () => Promise.resolve(undefined);
    await world.clock.advance(13_000);
    expect(again.items()).toEqual([['written', 'sent']]);
  });

  it('while there is a connection is asked for messages five times, and then forgets what it cannot bring up to date', async () => {
    const { world, device } = await connected();
    world.server.send('c0', 'u1', null, 'written');
    await device.receive();
    // As sync says it all once more.
    await device.disconnect();
    await device.connect();
    await device.sync.settle();
    device.kill();
    const again = await Device.start(world);
    await again.connect();
    let reads = 0;
    again.storageRefuses = (stores) => {
      if (!stores.includes('coverage')) return Promise.resolve(undefined);
      reads += 1;
      return Promise.resolve(new Error('The disk does not answer.'));
    };
    world.server.edit('c0', 1, 'changed');
    await again.receive();
    await world.clock.advance(7_000);
    expect(reads).toBe(4);
    await world.clock.advance(1_000);
    again.storageRefuses = () => Promise.resolve(undefined);
    await world.clock.advance(10_000);
    await again.sync.settle();
    again.kill();
    const offline = await Device.start(world);
    offline.sync.open('c0');
    await settled();
    expect(offline.items()).toEqual([]);
    await offline.connect();
    expect(offline.items()).toEqual([['changed', 'sent']]);
  });

  it('delays what is typed, and loses or doubles none of it', async () => {
    const { world, device } = await connected();
    device.storageFailures = 5;
    void device.send('a', 'one');
    void device.send('b', 'two');
    await settled();
    expect(world.frames).toEqual([]);
    await world.clock.advance(120_000);
    expect(world.texts()).toEqual(['one', 'two']);
    expect(device.states()).toEqual([]);
  });

  it('since it is full gives up its cache for a picture', async () => {
    const { world, device } = await connected();
    for (const text of ['one', 'two']) await device.send(text, text);
    await settled();
    await device.receive();
    const database = await world.storage.open('phone');
    const cached = (): Promise<number> =>
      database.transaction(
        'readonly',
        ['messages'],
        async (transaction) => (await transaction.range('messages')).length,
      );
    expect(await cached()).toBeGreaterThan(0);
    device.storageRefuses = async (stores) =>
      stores.includes('uploads') && (await cached()) > 0
        ? new StorageError('QUOTA', 'The storage is full.')
        : undefined;
    void device.send('c', 'three', 'c0', [file('cat')]);
    await world.clock.advance(10_000);
    expect(world.texts()).toEqual(['one', 'two', 'three file-cat']);
    expect(await cached()).toBe(0);
    expect(device.items().map(([text]) => text)).toEqual(expect.arrayContaining(['one', 'two', 'three file-cat']));
  });

  it('is said of what waits for it, until it takes it', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    const errors = (): unknown[] =>
      device.store
        .getSnapshot('messages:c0')
        .items.filter(({ id }) => id === null)
        .map(({ error }) => error?.code);
    device.storageFailure = new StorageError('QUOTA', 'The storage is full.');
    device.storageFailures = 100;
    void device.send('a', 'one');
    void device.send('b', 'two', 'c0', [file('cat')]);
    await world.clock.advance(30_000);
    expect(errors()).toEqual(['STORAGE', 'STORAGE']);
    device.storageFailures = 0;
    await world.clock.advance(120_000);
    expect(errors()).toEqual([undefined, undefined]);
    await device.connect();
    await world.clock.advance(10_000);
    expect(world.texts()).toEqual(['one', 'two file-cat']);
  });
});
