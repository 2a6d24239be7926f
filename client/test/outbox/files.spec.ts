import { describe, expect, it, jest } from '@jest/globals';
import type { OutboxItem, UploadSource } from '../../src/outbox/types.js';
import { ChatError } from '../../src/protocol/errors.js';
import { connected, Device, file, settled } from './device.js';

describe('files', () => {
  it('are uploaded as a step of their own message, and text elsewhere does not wait for them', async () => {
    const { world, device } = await connected();
    world.server.createRoom('c9');
    await device.receive();
    void device.send('a', 'picture', 'c0', [file('cat')]);
    void device.send('b', 'after it', 'c0');
    void device.send('c', 'elsewhere', 'c9');
    await settled();
    expect(world.texts('c9')).toEqual(['elsewhere']);
    expect(world.texts('c0')).toEqual([]);
    expect(device.outbox.getSnapshot()[0]).toMatchObject({ state: 'uploading', progress: 0.5 });
    await world.clock.advance(2_000);
    expect(world.texts('c0')).toEqual(['picture file-cat', 'after it']);
  });

  it('that the server does not take are tried with growing waits, and given up where it fails at them for good', async () => {
    const { world, device } = await connected();
    for (let index = 0; index < 20; index += 1) world.uploadFaults.push({ code: 'INTERNAL_ERROR' });
    void device.send('a', 'picture', 'c0', [file('cat')]);
    void device.send('b', 'next');
    await world.clock.advance(10_000);
    const { length } = world.uploadFaults;
    // Half a second apart it would be done by now.
    expect(length).toBeGreaterThan(10);
    expect(length).toBeLessThan(18);
    await world.clock.advance(900_000);
    expect(device.states()).toEqual([['picture', 'rejected']]);
    expect(world.texts()).toEqual(['next']);
  });

  it('that took many tries are not counted against their message, nor against the next try of the user', async () => {
    const { world, device } = await connected();
    for (let index = 0; index < 20; index += 1) world.uploadFaults.push({ code: 'NETWORK' });
    world.faults.push({ code: 'INTERNAL_ERROR' });
    void device.send('a', 'picture', 'c0', [file('cat')]);
    await world.clock.advance(3_600_000);
    expect(world.texts()).toEqual(['picture file-cat']);
    for (let index = 0; index < 20; index += 1) world.uploadFaults.push({ code: 'INTERNAL_ERROR' });
    world.faults.push({ code: 'INTERNAL_ERROR' });
    void device.send('b', 'second', 'c0', [file('dog')]);
    await world.clock.advance(3_600_000);
    expect(device.states()).toEqual([['second', 'rejected']]);
    device.outbox.retryNow('b');
    await world.clock.advance(10_000);
    expect(world.texts()).toEqual(['picture file-cat', 'second file-dog']);
  });

  it('that could not be uploaded leave their message one that can be dropped, and begin at once over another connection', async () => {
    const { world, device } = await connected();
    world.uploadFaults.push({ code: 'NOT_CONNECTED' }, { code: 'NETWORK' });
    void device.send('a', 'picture', 'c0', [file('cat')]);
    await settled();
    // Without a wait after the first, with one after the second.
    expect([world.uploadFaults, device.states()]).toEqual([[], [['picture', 'waiting']]]);
    expect(await device.outbox.cancel('a')).toBe(true);
    await world.clock.advance(60_000);
    expect([world.texts('c0'), device.states()]).toEqual([[], []]);
  });

  it('that are more than a message takes are refused before any of them is uploaded, and what follows goes on', async () => {
    const { world, device } = await connected();
    const upload = jest.spyOn(world.uploadFaults, 'shift');
    void device.send(
      'a',
      'album',
      'c0',
      Array.from({ length: 11 }, (_, index) => file(`${index}`)),
    );
    void device.send('b', 'next');
    await world.clock.advance(1_000);
    expect(device.states()).toEqual([['album', 'rejected']]);
    expect(device.outbox.getSnapshot()[0]?.lastError).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(upload).not.toHaveBeenCalled();
    expect(world.texts()).toEqual(['next']);
  });

  it('that one try has uploaded count as done while another goes on', async () => {
    const { world, device } = await connected();
    const seen: number[] = [];
    device.outbox.subscribe(() => {
      for (const { progress } of device.outbox.getSnapshot()) if (progress !== undefined) seen.push(progress);
    });
    void device.send('a', 'album', 'c0', [file('cat'), file('dog')]);
    await world.clock.advance(500);
    world.uploadFaults.push({ code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' });
    await world.clock.advance(60_000);
    expect(world.texts('c0')).toEqual(['album file-cat file-dog']);
    expect(world.uploadFaults).toEqual([]);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(new Set(seen)).toEqual(new Set([0, 0.25, 0.5, 0.75]));
  });

  it('that are being copied while their message is dropped bring nothing of it back', async () => {
    const { world, device } = await connected();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = { ...file('dog'), read: () => released.then(() => new TextEncoder().encode('dog')) };
    const sent = device.send('a', 'album', 'c0', [file('cat'), slow]);
    await settled();
    expect(await device.outbox.cancel('a')).toBe(true);
    release();
    await sent;
    void device.send('b', 'next');
    await world.clock.advance(2_000);
    expect(device.states()).toEqual([]);
    device.kill();
    const again = await Device.start(world);
    await again.connect();
    await world.clock.advance(2_000);
    expect(again.states()).toEqual([]);
    expect(world.texts('c0')).toEqual(['next']);
  });

  it('are uploaded anew once for each time that the user tries their message', async () => {
    const { world, device } = await connected();
    const serve = world.do.bind(world);
    let refusals = 3;
    world.do = (event, payload) => {
      if (event !== 'send_message' || refusals === 0) return serve(event, payload);
      refusals -= 1;
      throw new ChatError('VALIDATION_FAILED', 'Not valid.', { errors: { attachmentIds: ['is not known'] } });
    };
    await device.send('a', 'picture', 'c0', [file('cat')]);
    await world.clock.advance(60_000);
    expect([device.states(), refusals]).toEqual([[['picture', 'rejected']], 1]);
    device.outbox.retryNow('a');
    await world.clock.advance(60_000);
    expect([device.states(), refusals, world.texts()]).toEqual([[], 0, ['picture file-cat']]);
  });

  it('survive a kill in the middle of the upload', async () => {
    const { world, device } = await connected();
    await device.send('a', 'picture', 'c0', [file('cat')]);
    await settled();
    device.kill();
    const again = await Device.start(world);
    expect(again.states()).toEqual([['picture', 'queued']]);
    await again.connect();
    await world.clock.advance(2_000);
    expect(world.texts('c0')).toEqual(['picture file-cat']);
  });

  it('at which the server failed before a kill are not shown as being uploaded after it', async () => {
    const { world, device } = await connected();
    world.uploadFaults.push({ code: 'INTERNAL_ERROR' }, { code: 'INTERNAL_ERROR' });
    await device.send('a', 'picture', 'c0', [file('cat')]);
    await world.clock.advance(1_000);
    expect(device.outbox.getSnapshot()[0]).toMatchObject({ state: 'waiting', progress: 0, internalErrors: 2 });
    device.kill();
    const [item] = (await Device.start(world)).outbox.getSnapshot();
    expect(item).toMatchObject({ state: 'queued', internalErrors: 2 });
    for (const field of ['progress', 'retryAt']) expect(item).not.toHaveProperty(field);
  });

  it.each([false, true])(
    'that were not all copied before a kill refuse their message, which can still be changed and deleted (other tabs: %j)',
    async (isShared) => {
      const { world, device } = await connected({ isShared });
      const slow = { ...file('cat'), read: () => new Promise<never>(() => undefined) };
      void device.send('a', 'picture', 'c0', [slow]);
      await settled();
      device.kill();
      const again = await Device.start(world);
      await again.connect();
      await world.clock.advance(60_000);
      const of = { conversationId: 'c0', target: { clientId: 'a' } };
      await again.enqueue({ type: 'edit', clientId: 'e', ...of, content: 'changed' });
      await world.clock.advance(60_000);
      expect(again.states()).toEqual([['changed', 'rejected']]);
      await again.outbox.revise('a', 'revised');
      await world.clock.advance(60_000);
      expect(again.states()).toEqual([['revised', 'rejected']]);
      await again.enqueue({ type: 'delete', clientId: 'd', ...of, for: 'everyone' });
      expect([again.states(), world.texts()]).toEqual([[], []]);
    },
  );

  it('that cannot be read refuse their message, and what follows goes on', async () => {
    const { world, device } = await connected();
    const gone = { ...file('cat'), read: () => Promise.reject(new ChatError('UNREADABLE_FILE', 'It is gone.')) };
    void device.send('a', 'picture', 'c0', [gone]).catch(() => undefined);
    void device.send('b', 'next');
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['next']);
    expect(device.states()).toEqual([['picture', 'rejected']]);
  });

  describe('of a message that was refused', () => {
    const gone = { ...file('cat'), read: () => Promise.reject(new ChatError('UNREADABLE_FILE', 'It is gone.')) };

    it('are replaced, or left out, by an edit of it: one that cannot be read is in nobody’s way', async () => {
      const { world, device } = await connected();
      for (const clientId of ['a', 'b']) await device.send(clientId, 'picture', 'c0', [gone]);
      const edited = device.outbox.revise('a', 'without', []);
      await Promise.all([edited, device.outbox.revise('b', '', [file('dog'), file('cow')])]);
      await world.clock.advance(4_000);
      expect(device.states()).toEqual([]);
      expect(world.frames.map(({ payload }) => payload)).toEqual([
        { clientId: 'a', conversationId: 'c0', content: 'without' },
        { clientId: 'b', conversationId: 'c0', attachmentIds: ['file-dog', 'file-cow'] },
      ]);
    });

    it('are replaced also after a kill that cut their copying short', async () => {
      const { world, device } = await connected();
      void device.send('a', 'picture', 'c0', [{ ...file('cat'), read: () => new Promise<never>(() => undefined) }]);
      await settled();
      device.kill();
      const again = await Device.start(world);
      await again.connect();
      await world.clock.advance(1_000);
      expect(again.states()).toEqual([['picture', 'rejected']]);
      await again.outbox.revise('a', 'picture', [file('dog')]);
      await world.clock.advance(2_000);
      expect(world.texts()).toEqual(['picture file-dog']);
    });

    it('are replaced at the very moment at which one could not be read, while others would still be copied', async () => {
      const { world, device } = await connected();
      let finish = (): void => undefined;
      const read = jest.fn<UploadSource['read']>(async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        return file('dog').read(0, 3);
      });
      const unsubscribe = device.outbox.subscribe(() => {
        if (device.outbox.getSnapshot()[0]?.state !== 'rejected') return;
        unsubscribe();
        void device.outbox.revise('a', 'picture', [{ ...file('dog'), read }]);
      });
      await device.send('a', 'picture', 'c0', [gone, file('cow')]);
      await world.clock.advance(2_000);
      expect(device.states()).toEqual([['picture', 'queued']]);
      finish();
      await world.clock.advance(2_000);
      expect(world.texts()).toEqual(['picture file-dog']);
    });

    it('are left away at the very moment at which one could not be read, and hold up nothing', async () => {
      const { world, device } = await connected();
      const unsubscribe = device.outbox.subscribe(() => {
        if (device.outbox.getSnapshot()[0]?.state !== 'rejected') return;
        unsubscribe();
        void device.outbox.revise('a', 'no picture', []);
      });
      await device.send('a', 'picture', 'c0', [gone, file('cow')]);
      await device.send('b', 'behind it', 'c0');
      await world.clock.advance(2_000);
      expect(world.texts()).toEqual(['no picture', 'behind it']);
    });

    it('are those that another tab has put in their place', async () => {
      const { device } = await connected();
      await device.send('a', 'picture', 'c0', [gone]);
      const { files: _, lastError: __, ...item } = device.outbox.getSnapshot()[0] as OutboxItem;
      device.outbox.takeRows({ rows: [['outbox', 'a', { ...item, state: 'queued' }]] });
      expect(device.outbox.getSnapshot()[0]).not.toHaveProperty('files');
    });

    it('are not replaced of one that was not refused', async () => {
      const { device } = await connected();
      await device.disconnect();
      await device.send('a', 'picture', 'c0', [file('cat')]);
      const replaced = device.outbox.revise('a', 'picture', []);
      await expect(replaced).rejects.toThrow('Only a message that was refused takes other files.');
    });
  });
});
