import { describe, expect, it, jest } from '@jest/globals';
import { fold } from '../../src/outbox/fold.js';
import type { MessageTarget, OutboxCommand, OutboxItem } from '../../src/outbox/types.js';
import type { MessageItem } from '../../src/store/types.js';
import { StorageError, type StoredValue } from '../../src/ports/storage.js';
import { ChatError } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/protocol.generated.js';
import { ME } from '../sync/model-server.js';
import { Device, file, settled, World } from './device.js';
import { rejection } from '../support/virtual-clock.js';

async function connected(): Promise<{ world: World; device: Device }> {
  const world = new World();
  const device = await Device.start(world);
  await device.connect();
  device.sync.open('c0');
  await settled();
  return { world, device };
}

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

  it('that cannot be read refuse their message, and what follows goes on', async () => {
    const { world, device } = await connected();
    const gone = { ...file('cat'), read: () => Promise.reject(new ChatError('UNREADABLE_FILE', 'It is gone.')) };
    void device.send('a', 'picture', 'c0', [gone]).catch(() => undefined);
    void device.send('b', 'next');
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['next']);
    expect(device.states()).toEqual([['picture', 'rejected']]);
  });
});

describe('what is done offline to messages', () => {
  it('becomes one command each: edits, reactions, read cursors and what undoes itself', async () => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    const target = { messageId: world.server.rooms.get('c0')?.messages.at(-1)?.id ?? '' };
    const [seq, conversationId] = [world.server.rooms.get('c0')?.messages.length ?? 0, 'c0'];
    world.server.send('c0', 'u1');
    await device.receive();
    await device.disconnect();
    world.frames.length = 0;
    await device.enqueue({ type: 'edit', clientId: 'e1', conversationId, target, content: 'second' });
    await device.enqueue({ type: 'edit', clientId: 'e2', conversationId, target, content: 'third' });
    await device.enqueue({ type: 'react', clientId: 'r1', conversationId, target, emoji: '+1', remove: false });
    await device.enqueue({ type: 'react', clientId: 'r2', conversationId, target, emoji: '+1', remove: true });
    await device.enqueue({ type: 'read', clientId: 'x1', conversationId, seq });
    await device.enqueue({ type: 'read', clientId: 'x2', conversationId, seq: seq + 1 });
    await device.enqueue({ type: 'read', clientId: 'x3', conversationId, seq });
    expect(device.items()[0]).toEqual(['third', 'sent']);
    await device.connect();
    await settled();
    expect(world.frames.map(({ event }) => event).sort()).toEqual(['edit_message', 'mark_read']);
    expect(world.texts()).toEqual(['third']);
    expect(device.states()).toEqual([]);
  });

  it('asks nobody about an edit of a message that was deleted meanwhile', async () => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    const { id = '', seq = 0 } = world.server.rooms.get('c0')?.messages.at(-1) ?? {};
    await device.disconnect();
    const target = { messageId: id };
    await device.enqueue({ type: 'edit', clientId: 'e1', conversationId: 'c0', target, content: 'second' });
    world.server.change('c0', seq, 'delete');
    world.faults.push({ code: 'MESSAGE_DELETED' });
    await device.connect();
    await settled();
    expect(device.states()).toEqual([]);
    expect(device.items()).toEqual([[null, 'sent']]);
  });

  it('changes a message that was not sent in its place, and follows one that may have been', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'first');
    await device.enqueue({
      type: 'edit',
      clientId: 'e1',
      conversationId: 'c0',
      target: { clientId: 'a' },
      content: 'changed',
    });
    await device.send('b', 'dropped');
    await device.enqueue({
      type: 'delete',
      clientId: 'd1',
      conversationId: 'c0',
      target: { clientId: 'b' },
      for: 'everyone',
    });
    await device.connect();
    await settled();
    expect(world.texts()).toEqual(['changed']);
    world.faults.push('unanswered');
    void device.send('c', 'third');
    await settled();
    await device.enqueue({
      type: 'edit',
      clientId: 'e2',
      conversationId: 'c0',
      target: { clientId: 'c' },
      content: 'later',
    });
    await device.send('d', 'fourth');
    await world.clock.advance(30_000);
    expect(world.texts()).toEqual(['changed', 'later', 'fourth']);
    expect(device.states()).toEqual([]);
  });
});

describe('a change of a message', () => {
  const conversationId = 'c0';
  const newest = (device: Device): MessageItem =>
    device.store.getSnapshot(`messages:${conversationId}`).items.at(-1) as MessageItem;
  const react = (clientId: string, target: MessageTarget, emoji = '+1', remove = false): OutboxCommand => ({
    ...{ type: 'react', clientId, conversationId, target, emoji, remove },
  });

  it.each([
    ['reaction', 'TOO_MANY_REACTIONS', 'react'],
    ['deletion', 'FORBIDDEN', 'delete'],
    ['edit', 'EDIT_WINDOW_CLOSED', 'edit'],
    // To the server it is not there any more, or not for this user: what was typed is not lost without a word.
    ['reaction', 'NOT_FOUND', 'react'],
    ['deletion', 'NOT_FOUND', 'delete'],
    ['edit', 'NOT_FOUND', 'edit'],
  ] as const)(
    'that the server refuses for good, a %s, is shown on its message until it is dropped',
    async (_, code, type) => {
      const { world, device } = await connected();
      await device.send('a', 'first');
      await settled();
      const target = { messageId: newest(device).id ?? '' };
      world.faults.push({ code });
      const about = { clientId: 'x', conversationId, target };
      if (type === 'react') await device.enqueue(react('x', target));
      else if (type === 'delete') await device.enqueue({ ...about, type, for: 'everyone' });
      else await device.enqueue({ ...about, type, content: 'second' });
      await settled();
      expect(device.outbox.getSnapshot()).toMatchObject([{ clientId: 'x', state: 'rejected', lastError: { code } }]);
      const [refused] = device.outbox.getSnapshot();
      expect(newest(device)).toMatchObject({ content: 'first', reactions: [], deletedAt: null, state: 'sent' });
      expect(newest(device)).toMatchObject({ refusedChanges: [refused] });
      expect(newest(device).isChanging).toBeUndefined();
      // After a restart as well, and without being sent again.
      device.kill();
      const again = await Device.start(world);
      again.sync.open(conversationId);
      await again.connect();
      await world.clock.advance(60_000);
      expect(newest(again).refusedChanges).toHaveLength(1);
      expect(await again.outbox.cancel('x')).toBe(true);
      expect(newest(again).refusedChanges).toBeUndefined();
      expect(again.states()).toEqual([]);
    },
  );

  it.each([true, false])(
    'that was refused is sent again when the user says so (of one: %j), an edit with another text too',
    async (isNamed) => {
      const { world, device } = await connected();
      await device.send('a', 'first');
      await settled();
      const target = { messageId: newest(device).id ?? '' };
      world.faults.push({ code: 'FORBIDDEN' }, { code: 'VALIDATION_FAILED' });
      await device.enqueue(react('r', target));
      await device.enqueue({ type: 'edit', clientId: 'e', conversationId, target, content: 'second' });
      await settled();
      expect(newest(device).refusedChanges?.map(({ clientId }) => clientId)).toEqual(['r', 'e']);
      device.outbox.retryNow(isNamed ? 'r' : undefined);
      await device.outbox.revise('e', 'third');
      await world.clock.advance(1_000);
      expect(newest(device)).toMatchObject({ content: 'third', reactions: [{ emoji: '+1' }] });
      expect(newest(device).refusedChanges).toBeUndefined();
      expect(device.states()).toEqual([]);
      // By then it is the server's, and changed there.
      expect(await rejection(device.outbox.revise('a', 'too late'))).toMatchObject({ code: 'ABORTED' });
    },
  );

  it('takes the place of one like it that was refused', async () => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    const target = { messageId: newest(device).id ?? '' };
    world.faults.push({ code: 'FORBIDDEN' });
    await device.enqueue(react('r1', target));
    await settled();
    world.frames.length = 0;
    // What never was needs no undoing.
    await device.enqueue(react('r2', target, '+1', true));
    await settled();
    expect(device.states()).toEqual([]);
    expect(world.frames).toEqual([]);
  });

  it('that is not sent yet is shown at once, and follows it', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'first');
    await device.enqueue(react('r1', { clientId: 'a' }));
    await device.enqueue(react('r2', { clientId: 'a' }, 'heart'));
    expect(newest(device)).toMatchObject({ state: 'pending', reactions: [{ emoji: '+1' }, { emoji: 'heart' }] });
    await device.enqueue(react('r3', { clientId: 'a' }, 'heart', true));
    expect(newest(device).reactions).toEqual([{ emoji: '+1', count: 1, mine: true }]);
    device.kill();
    const again = await Device.start(world);
    again.sync.open(conversationId);
    await again.connect();
    await world.clock.advance(1_000);
    expect(world.frames.map(({ event }) => event)).toEqual(['send_message', 'react']);
    expect(newest(again)).toMatchObject({ state: 'sent', reactions: [{ emoji: '+1' }] });
    expect(again.states()).toEqual([]);
  });

  it('that may be on its way is shown at once, too', async () => {
    const { world, device } = await connected();
    world.faults.push('lost', undefined);
    void device.send('a', 'first');
    await settled();
    const target = { clientId: 'a' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId, target, content: 'second' });
    expect(newest(device)).toMatchObject({ state: 'pending', content: 'second', isChanging: true });
    await device.enqueue({ type: 'delete', clientId: 'd', conversationId, target, for: 'everyone' });
    expect(newest(device).deletedAt).not.toBeNull();
    await world.clock.advance(30_000);
    expect(world.texts()).toEqual([null]);
    expect(device.states()).toEqual([]);
  });

  it('goes with its message where that is refused and dropped', async () => {
    const { world, device } = await connected();
    world.refused.add('bad');
    await device.disconnect();
    await device.send('a', 'bad');
    await device.enqueue(react('r', { clientId: 'a' }));
    await device.connect();
    await world.clock.advance(1_000);
    expect(newest(device)).toMatchObject({ state: 'rejected', reactions: [{ emoji: '+1' }] });
    expect(await device.outbox.cancel('a')).toBe(true);
    expect(device.states()).toEqual([]);
  });
});

describe('a reply to a message that has no id yet', () => {
  const reply = (clientId: string, content: string, replyToClientId: string): OutboxCommand => ({
    ...{ type: 'send', clientId, conversationId: 'c0', content, replyToClientId },
  });
  const sends = (world: World): unknown[] =>
    world.frames.filter(({ event }) => event === 'send_message').map(({ payload }) => payload);

  it('is sent behind it, with its id, also after a restart', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'first');
    await device.enqueue(reply('b', 'second', 'a'));
    await device.send('c', 'third');
    device.kill();
    const again = await Device.start(world);
    again.sync.open('c0');
    await again.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['first', 'second', 'third']);
    const id = again.store.getSnapshot('messages:c0').items[0]?.id;
    expect(sends(world)).toMatchObject([{ clientId: 'a' }, { clientId: 'b', replyToId: id }, { clientId: 'c' }]);
    expect(again.states()).toEqual([]);
  });

  it('stands once in the outbox when its message was sent, however often that is said', async () => {
    const world = new World();
    const device = await Device.start(world);
    await device.send('a', 'first');
    await device.enqueue(reply('b', 'second', 'a'));
    const message = world.server.send('c0', ME, 'a', 'first') as Message;
    device.outbox.settled([
      { clientId: 'a', message },
      { clientId: 'a', message },
    ]);
    expect(device.outbox.getSnapshot()).toMatchObject([{ clientId: 'b', command: { replyToId: message.id } }]);
  });

  it('gets it where the message was sent before this tab knew', async () => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    await device.enqueue(reply('b', 'second', 'a'));
    await world.clock.advance(1_000);
    expect(sends(world).at(-1)).toMatchObject({ replyToId: device.store.getSnapshot('messages:c0').items[0]?.id });
  });

  it('lets nothing overtake it while its message is asked for', async () => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    void device.enqueue(reply('b', 'second', 'a'));
    void device.send('c', 'third');
    await settled();
    expect(world.texts()).toEqual(['first', 'second', 'third']);
    await device.disconnect();
    await device.enqueue(reply('d', 'fourth', 'a'));
    await device.send('e', 'fifth');
    device.kill();
    const again = await Device.start(world);
    await again.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
  });

  it('goes without the quotation where that message is refused or deleted, and waits for nobody', async () => {
    const { world, device } = await connected();
    world.refused.add('bad');
    await device.disconnect();
    await device.send('a', 'bad');
    await device.enqueue(reply('b', 'answers what is refused', 'a'));
    await device.send('c', 'gone');
    await device.enqueue(reply('d', 'answers what is deleted', 'c'));
    await device.enqueue({ type: 'delete', clientId: 'e', conversationId: 'c0', target: { clientId: 'c' }, for: 'me' });
    await device.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['answers what is refused', 'answers what is deleted']);
    expect(device.states()).toEqual([['bad', 'rejected']]);
    await device.enqueue(reply('f', 'answers what was refused before', 'a'));
    await world.clock.advance(1_000);
    expect(world.texts()).toContain('answers what was refused before');
    expect(await device.outbox.cancel('a')).toBe(true);
    for (const frame of sends(world)) expect(frame).not.toHaveProperty('replyToId');
  });

  it('goes without the quotation where another tab has dropped that message, and what was done to that goes with it', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'dropped');
    expect(await device.outbox.cancel('a')).toBe(true);
    const target = { clientId: 'a' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId: 'c0', target, content: 'changed' });
    await device.enqueue(reply('b', 'answers what is gone', target.clientId));
    const unknown = { clientId: 'unknown' };
    await device.enqueue({ type: 'edit', clientId: 'f', conversationId: 'c0', target: unknown, content: 'changed' });
    await device.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['answers what is gone']);
    expect(sends(world).at(-1)).not.toHaveProperty('replyToId');
    expect(device.outbox.getSnapshot().map(({ clientId, state }) => [clientId, state])).toEqual([['f', 'rejected']]);
  });

  it('goes without the quotation where the server knows nothing of what it answers, and what follows after it', async () => {
    const { world, device } = await connected();
    world.faults.push({ code: 'VALIDATION_FAILED', errors: { replyToId: ['names no message'] } });
    await device.enqueue({ type: 'send', clientId: 'a', conversationId: 'c0', content: 'text', replyToId: 'gone' });
    void device.send('b', 'next');
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['text', 'next']);
    expect(sends(world).map((send) => 'replyToId' in Object(send))).toEqual([true, false, false]);
    expect(device.states()).toEqual([]);
  });
});

describe('an edit of what seemed to be on its way and had not left', () => {
  it('lets no older edit come after a newer one that was folded into its message', () => {
    const item = (command: OutboxCommand, sequence: number): OutboxItem => ({
      ...{ clientId: command.clientId, command, lane: 'c0', sequence, state: 'queued', attempts: 0, createdAt: 0 },
    });
    const edit = (clientId: string, content: string): OutboxCommand => ({
      ...{ type: 'edit', clientId, conversationId: 'c0', target: { clientId: 'a' }, content },
    });
    const send = item({ type: 'send', clientId: 'a', conversationId: 'c0', content: 'text' }, 1);
    const older = item(edit('e1', 'older'), 2);
    const { replaced, removed, isNeeded } = fold([send, older], edit('e2', 'newer'));
    expect(replaced.map(({ command }) => command)).toEqual([{ ...send.command, content: 'newer' }]);
    expect([removed, isNeeded]).toEqual([[older], false]);
  });
});

describe('a storage that fails', () => {
  it('is not read again and again once it is closed', async () => {
    const { world, device } = await connected();
    device.storageFailure = new StorageError('CLOSED', 'The storage is closed.');
    device.storageFailures = 1_000;
    device.outbox.lookAgain();
    await world.clock.advance(10_000);
    expect(device.storageFailures).toBe(999);
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
    expect(failures).toMatchObject([{ code: 'CLOSED' }, { code: 'CLOSED' }]);
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

  it('is said of what waits for it, until it takes it', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    const errors = (): unknown[] => device.outbox.getSnapshot().map(({ lastError }) => lastError?.code);
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
