import { describe, expect, it, jest } from '@jest/globals';
import { sendCommand } from '../../src/outbox/commands.js';
import { fold } from '../../src/outbox/fold.js';
import type { MessageTarget, OutboxCommand, OutboxItem } from '../../src/outbox/types.js';
import type { MessageItem } from '../../src/store/types.js';
import type { Message } from '../../src/protocol/protocol.generated.js';
import { ME } from '../sync/model-server.js';
import { connected, Device, file, settled, World } from './device.js';
import { rejection } from '../support/virtual-clock.js';

describe('what is done offline to messages', () => {
  it('counts as read up to where the server says: its database may have been put back', async () => {
    const item = { clientId: 'x1', command: { type: 'read', clientId: 'x1', conversationId: 'c0', seq: 9 } };
    const answer = await sendCommand(async () => ({ lastReadSeq: 3 }) as never, item as OutboxItem, []);
    expect(answer.readIn).toEqual({ conversationId: 'c0', seq: 3 });
  });

  it('becomes one command each: edits, reactions and read cursors', async () => {
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
    // A reaction that is taken back may have been there before it was given.
    expect(world.frames.map(({ event }) => event).sort()).toEqual(['edit_message', 'mark_read', 'react']);
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

  const sentAndOffline = async (): Promise<{ world: World; device: Device; target: MessageTarget }> => {
    const { world, device } = await connected();
    await device.send('a', 'first');
    await settled();
    const target = { messageId: newest(device).id ?? '' };
    await device.disconnect();
    world.frames.length = 0;
    return { world, device, target };
  };

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

  it.each<[string, ('edit' | 'react' | 'everyone' | 'me')[], string[]]>([
    ['nothing that others see goes with a deletion for oneself', ['edit', 'react', 'me'], ['edit', 'react', 'me']],
    ['nor does a deletion for everyone', ['everyone', 'me'], ['everyone', 'me']],
    ['what nobody sees any more goes with a deletion for everyone', ['edit', 'react', 'everyone'], ['everyone']],
    ['but not the deletion for oneself', ['me', 'everyone'], ['me', 'everyone']],
    ['what is said twice is said once', ['everyone', 'everyone', 'me', 'me'], ['everyone', 'me']],
  ])('is left out only where nobody sees it: %s', async (_, given, sent) => {
    const { world, device, target } = await sentAndOffline();
    for (const [index, what] of given.entries()) {
      const about = { clientId: `x${index}`, conversationId, target };
      if (what === 'edit') await device.enqueue({ ...about, type: 'edit', content: 'second' });
      else if (what === 'react') await device.enqueue(react(about.clientId, target));
      else await device.enqueue({ ...about, type: 'delete', for: what });
    }
    expect(newest(device).deletedAt).not.toBeNull();
    expect(newest(device).hiddenAt !== undefined).toBe(given.includes('me'));
    const names = device.outbox
      .getSnapshot()
      .map(({ command }) => (command.type === 'delete' ? command.for : command.type));
    expect(names).toEqual(sent);
    await device.connect();
    await settled();
    expect(world.frames).toHaveLength(sent.length);
    expect(device.states()).toEqual([]);
  });

  it.each([true, false])('is sent as it was given last, whatever is there: removed %s', async (isRemoved) => {
    const { world, device, target } = await sentAndOffline();
    // Which of the two changes anything, only the server knows for certain.
    await device.enqueue(react('r1', target, '+1', !isRemoved));
    await device.enqueue(react('r2', target, '+1', isRemoved));
    await device.connect();
    await settled();
    expect(world.frames).toMatchObject([{ event: 'react', payload: { emoji: '+1', remove: isRemoved } }]);
    expect(device.states()).toEqual([]);
  });

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

  it('leaves the outbox for good with the message that it answers, where both were sent by the same step', async () => {
    const world = new World();
    const device = await Device.start(world);
    await device.send('a', 'first');
    await device.enqueue(reply('b', 'second', 'a'));
    const sent = ['a', 'b'].map((clientId) => ({
      ...{ clientId, message: world.server.send('c0', ME, clientId, clientId) as Message },
    }));
    device.sync.apply({ settled: sent });
    expect(device.outbox.getSnapshot()).toEqual([]);
    await settled();
    device.kill();
    const again = await Device.start(world);
    expect(again.outbox.getSnapshot()).toEqual([]);
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

  it('goes without the quotation where that message is of another conversation: in its turn, and waits for no file there', async () => {
    const { world, device } = await connected();
    world.server.createRoom('c9');
    await device.receive();
    await device.disconnect();
    await device.send('a', 'film', 'c9', [file('film')]);
    await device.send('b', 'caption', 'c9');
    await device.enqueue(reply('c', 'first', 'b'));
    await device.send('d', 'second');
    await device.connect();
    expect(device.outbox.getSnapshot().map(({ clientId }) => clientId)).toEqual(['a', 'b']);
    expect(world.texts()).toEqual(['first', 'second']);
    await world.clock.advance(2_000);
    expect(world.texts('c9')).toEqual(['film file-film', 'caption']);
    for (const frame of sends(world)) expect(frame).not.toHaveProperty('replyToId');
  });

  it('quotes it also where one of them names the user, and the other the conversation with them', async () => {
    const { world, device } = await connected();
    jest.spyOn(device.sync, 'directConversationWith').mockReturnValue('c0');
    await device.disconnect();
    await device.enqueue({ type: 'send', clientId: 'a', receiverId: 'u1', content: 'first' });
    await device.enqueue(reply('b', 'second', 'a'));
    await device.send('c', 'third');
    await device.connect();
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['first', 'second', 'third']);
    expect(world.answers.get('b')).toBe(device.store.getSnapshot('messages:c0').items[0]?.id);
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

describe('what is done to a message on its way that is refused then', () => {
  const [of, target] = ['c0', { clientId: 'a' }];
  const edit = (clientId: string, content: string): OutboxCommand => ({
    ...{ type: 'edit', clientId, conversationId: of, target, content },
  });
  const removal: OutboxCommand = { type: 'delete', clientId: 'd', conversationId: of, target, for: 'everyone' };
  /** One whose answer was lost, so that nobody knows whether it has arrived. */
  const onItsWay = async (): Promise<{ world: World; device: Device }> => {
    const { world, device } = await connected();
    world.refused.add('bad');
    world.faults.push('lost');
    await device.send('a', 'bad');
    await settled();
    expect(world.frames).toHaveLength(1);
    return { world, device };
  };

  it('becomes its text, which nobody sends before the user says so, and which a later one replaces', async () => {
    const { world, device } = await onItsWay();
    await device.enqueue(edit('e', 'older'));
    await world.clock.advance(60_000);
    expect(device.states()).toEqual([['older', 'rejected']]);
    const tries = world.frames.length;
    const again = await Device.start(world);
    await again.connect();
    await world.clock.advance(60_000);
    expect([again.states(), world.frames.length]).toEqual([[['older', 'rejected']], tries]);
    await again.outbox.revise('a', 'newer');
    await world.clock.advance(60_000);
    expect([world.texts(), again.states(), again.items()]).toEqual([['newer'], [], [['newer', 'sent']]]);
  });

  it('takes it away where that is a deletion, with what replies to it quotes', async () => {
    const { world, device } = await onItsWay();
    await device.enqueue({ type: 'send', clientId: 'b', conversationId: of, content: 'reply', replyToClientId: 'a' });
    await device.enqueue(removal);
    await world.clock.advance(60_000);
    expect([world.texts(), device.states(), device.items()]).toEqual([['reply'], [], [['reply', 'sent']]]);
  });

  it.each<[string, OutboxCommand, string[]]>([
    ['an edit', edit('e', 'changed'), ['changed']],
    ['a deletion', removal, []],
  ])('comes of %s that another tab stores before it knows', async (_, command, texts) => {
    const { world, device } = await onItsWay();
    const tab = await Device.follow(world, device);
    await world.clock.advance(60_000);
    expect(device.states()).toEqual([['bad', 'rejected']]);
    await tab.enqueue(command);
    let seen = device.outbox.getSnapshot();
    device.outbox.subscribe(() => (seen = device.outbox.getSnapshot()));
    device.outbox.lookAgain();
    await settled();
    expect(seen).toBe(device.outbox.getSnapshot());
    expect(device.states()).toEqual(texts.map((text) => [text, 'rejected']));
  });
});

describe('an outbox that has ended', () => {
  it('drops nothing, and folds nothing into what another tab may have sent since', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'text');
    await device.outbox.stop();
    const next = await Device.start(world);
    await next.connect();
    await settled();
    expect(world.texts()).toEqual(['text']);
    const target = { clientId: 'a' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId: 'c0', target, content: 'changed' });
    expect(await device.outbox.cancel('a')).toBe(false);
    next.outbox.lookAgain();
    await world.clock.advance(1_000);
    expect([world.texts(), next.states()]).toEqual([['changed'], []]);
  });
});

describe('an edit of what seemed to be on its way and had not left', () => {
  it('that was stored by a tab that did not know whether its message had left takes it out at the next start, with what was done to it', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'thought better of it');
    const target = { clientId: 'a' };
    const of = { conversationId: 'c0', target };
    await device.enqueue({ type: 'react', clientId: 'r', ...of, emoji: '👍', remove: false });
    const tab = await Device.follow(world, device);
    await tab.enqueue({ type: 'delete', clientId: 'd', ...of, for: 'everyone' });
    device.kill();
    const again = await Device.start(world);
    expect(again.states()).toEqual([]);
    await again.connect();
    await world.clock.advance(1_000);
    expect([world.frames, world.texts()]).toEqual([[], []]);
  });

  it('that is stored by another tab while its message waits goes out with it, and a deletion takes it out with what is done later', async () => {
    const { world, device } = await connected();
    await device.disconnect();
    await device.send('a', 'misspelt');
    await device.send('b', 'thought better of it');
    const tab = await Device.follow(world, device);
    const of = (clientId: string) => ({ conversationId: 'c0', target: { clientId } });
    const stored = async (command: OutboxCommand): Promise<void> => {
      await tab.enqueue(command);
      device.outbox.lookAgain();
      await settled();
    };
    await stored({ type: 'edit', clientId: 'e', ...of('a'), content: 'corrected' });
    await stored({ type: 'delete', clientId: 'd', ...of('b'), for: 'everyone' });
    // By a tab that does not know of that yet.
    await stored({ type: 'edit', clientId: 'f', ...of('b'), content: 'too late' });
    expect(device.states()).toContainEqual(['corrected', 'queued']);
    await device.connect();
    await world.clock.advance(1_000);
    expect(world.frames.map(({ payload }) => (payload as { content: string }).content)).toEqual(['corrected']);
    expect([world.texts(), device.states()]).toEqual([['corrected'], []]);
  });

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
