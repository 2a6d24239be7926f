import { describe, expect, it } from '@jest/globals';
import type { ConversationItem, StoreKey } from '../../src/store/types.js';
import { CONVERSATION, loggedIn, OTHER } from '../client/fake-server.js';
import { Device, settled, World } from '../outbox/device.js';
import { ME, noChanges } from '../sync/model-server.js';

async function connected(messages = 0): Promise<{ world: World; device: Device }> {
  const world = new World();
  for (let index = 0; index < messages; index += 1) world.server.send('c0', 'u1');
  const device = await Device.start(world);
  await device.connect();
  device.sync.open('c0');
  await settled();
  return { world, device };
}

function count(device: Device, ...keys: StoreKey[]): Map<StoreKey, number> {
  const counts = new Map<StoreKey, number>(keys.map((key) => [key, 0]));
  for (const key of keys) device.store.subscribe(key, () => counts.set(key, (counts.get(key) ?? 0) + 1));
  return counts;
}

describe('what is subscribed to', () => {
  it('is notified only of what changed, and shows the same objects for what did not', async () => {
    const { world, device } = await connected(5);
    world.server.createRoom('c9');
    await device.receive();
    const counts = count(
      device,
      'messages:c0',
      'messages:c9',
      'conversation:c0',
      'conversation:c9',
      'conversations',
      'friends',
      'receipts:c0',
      'user:u1',
      'me',
    );
    const before = device.store.getSnapshot('messages:c0');
    world.server.send('c9', 'u1');
    await device.receive();
    expect(Object.fromEntries(counts)).toEqual({
      'messages:c0': 0,
      'messages:c9': 1,
      'conversation:c0': 0,
      'conversation:c9': 1,
      conversations: 1,
      friends: 0,
      'receipts:c0': 0,
      'user:u1': 0,
      me: 0,
    });
    expect(device.store.getSnapshot('messages:c0')).toBe(before);
    world.server.send('c0', 'u1');
    await device.receive();
    const after = device.store.getSnapshot('messages:c0');
    expect(after.items).toHaveLength(6);
    for (const [index, item] of before.items.entries()) expect(after.items[index]).toBe(item);
  });

  it('is let go of when something changes behind the last subscription, with the messages in it, and stays the same until then', async () => {
    const { world, device } = await connected(5);
    world.server.createRoom('c9');
    await device.receive();
    const change = async (): Promise<void> => {
      world.server.send('c9', 'u1');
      await device.receive();
    };
    const subscribe = (): (() => void) => device.store.subscribe('messages:c0', () => undefined);
    let end = subscribe();
    const before = device.store.getSnapshot('messages:c0');
    // As React does where what it is given to subscribe with is another one.
    end();
    end = subscribe();
    expect(device.store.getSnapshot('messages:c0')).toBe(before);
    await change();
    expect(device.store.getSnapshot('messages:c0')).toBe(before);
    end();
    expect(device.store.getSnapshot('messages:c0')).toBe(before);
    await change();
    const after = device.store.getSnapshot('messages:c0');
    expect(after).not.toBe(before);
    expect(after).toEqual(before);
  });

  it('is let go of also where a listener has ended it in the midst of the change', async () => {
    const { world, device } = await connected(5);
    let end = (): void => undefined;
    device.store.subscribe('conversations', () => end());
    let calls = 0;
    end = device.store.subscribe('messages:c0', () => (calls += 1));
    const before = device.store.getSnapshot('messages:c0');
    world.server.send('c0', 'u1');
    await device.receive();
    expect(calls).toBe(0);
    world.server.createRoom('c9');
    await device.receive();
    const after = device.store.getSnapshot('messages:c0');
    world.server.send('c9', 'u1');
    await device.receive();
    expect([after === before, device.store.getSnapshot('messages:c0') === after]).toEqual([false, false]);
  });

  it('is not notified when the same things arrive once more', async () => {
    const { world, device } = await connected(5);
    const counts = count(device, 'messages:c0', 'conversations', 'receipts:c0');
    const { sent } = world.server;
    for (const event of sent) device.sync.handle(event);
    await settled();
    expect([...counts.values()]).toEqual([0, 0, 0]);
  });
});

describe('messages that are shown', () => {
  it('stay the same objects while the outbox works on what nobody sees: cursors, and tries', async () => {
    const { world, device } = await connected(5);
    const counts = count(device, 'messages:c0');
    const before = device.store.getSnapshot('messages:c0');
    await device.enqueue({ type: 'read', clientId: 'r1', conversationId: 'c0', seq: 5 });
    await settled();
    expect(world.frames).toMatchObject([{ event: 'mark_read' }]);
    expect(counts.get('messages:c0')).toBe(0);
    expect(device.store.getSnapshot('messages:c0')).toBe(before);

    // Once when it is typed, and once when it is sent.
    await device.send('a', 'hello');
    await settled();
    expect(device.items().at(-1)).toEqual(['hello', 'sent']);
    expect(counts.get('messages:c0')).toBe(2);
  });

  it.each([[{}], [[]], [{ items: null }], [{ items: [{}] }]])(
    'come also where the first page was not the server’s: %j',
    async (page) => {
      const world = new World();
      for (let index = 0; index < 5; index += 1) world.server.send('c0', 'u1');
      world.pages.push(page);
      const device = await Device.start(world);
      await device.connect();
      device.sync.open('c0');
      await settled();
      expect(world.pages).toEqual([]);
      expect(device.store.getSnapshot('messages:c0')).toMatchObject({ isLoading: true, items: [] });
      await world.clock.advance(60_000);
      expect(device.store.getSnapshot('messages:c0')).toMatchObject({ isLoading: false });
      expect(device.items()).toHaveLength(5);
    },
  );
});

describe('conversations', () => {
  it('are listed with what was written there last, sent or not, and keep their place where the device’s clock is behind', async () => {
    const { world, device } = await connected(1);
    const list = (): readonly ConversationItem[] => device.store.getSnapshot('conversations');
    const last = (): unknown[] => {
      const found = list().find(({ id }) => id === 'c0');
      return [found?.lastMessage, found?.lastMessageBy, found?.lastMessageState];
    };
    const [before] = list();
    await device.disconnect();
    await device.send('a', 'first');
    await device.send('b', 'typed offline');
    expect(last()).toEqual(['typed offline', ME, 'pending']);
    expect(list()[0]?.lastMessageAt).toBe(before?.lastMessageAt);
    const shown = list();
    expect(list()).toBe(shown);
    const target = { clientId: 'b' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId: 'c0', target, content: 'changed' });
    expect(last()).toEqual(['changed', ME, 'pending']);
    await device.enqueue({ type: 'edit', clientId: 'f', conversationId: 'c0', target, content: 'typed offline' });
    await device.connect();
    await world.clock.advance(1_000);
    await device.receive();
    expect(device.states()).toEqual([]);
    expect(last()).toEqual(['typed offline', ME, undefined]);
  });

  it('are listed with a message that was refused only until another one comes', async () => {
    const { world, device } = await connected();
    world.refused.add('refused');
    await device.send('c', 'refused');
    await world.clock.advance(1_000);
    expect(device.states()).toEqual([['refused', 'rejected']]);
    const last = (): unknown[] => {
      const found = device.store.getSnapshot('conversation:c0');
      return [found?.lastMessage, found?.lastMessageState];
    };
    expect(last()).toEqual(['refused', 'rejected']);
    world.server.send('c0', 'u1');
    await device.receive();
    expect(last()).toEqual(['text 1', undefined]);
  });

  it('are listed above all that was there where something is written, by no clock of the device', async () => {
    const { client, clock, catchUp } = await loggedIn();
    await catchUp();
    clock.wallMs -= 30 * 86_400_000;
    const list = (): unknown[] => client.conversations.items.map(({ id }) => id);
    for (const receiverId of ['u2', 'u3']) client.send({ receiverId, content: 'hello' });
    expect(list()).toEqual(['user:u3', 'user:u2', CONVERSATION]);
    clock.wallMs -= 86_400_000;
    client.send({ receiverId: 'u4', content: 'hello' });
    expect(list()).toEqual(['user:u4', 'user:u3', 'user:u2', CONVERSATION]);
    await client.close();
  });

  it('are listed with what is written by the server’s clock where that is known', async () => {
    const { client, clock, sockets, catchUp } = await loggedIn();
    await catchUp();
    clock.wallMs += 30 * 86_400_000;
    client.suspend();
    client.resume();
    await settled();
    sockets.last.welcome(ME);
    await settled();
    sockets.last.answer('sync', { ok: true, data: noChanges() });
    await settled();
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'live', clockAheadMs: 30 * 86_400_000 });
    client.suspend();
    client.send({ receiverId: 'u2', content: 'hello' });
    expect(client.conversations.items[0]).toMatchObject({ id: 'user:u2', lastMessageAt: '2026-11-26T12:00:00.000Z' });
    await client.close();
  });

  it('are listed with what comes above what was written by a clock that is ahead, and refused', async () => {
    const { client, clock, sockets, catchUp } = await loggedIn();
    // How far it is ahead is not known yet where something is written at a start without a network.
    clock.wallMs += 30 * 86_400_000;
    client.send({ receiverId: 'u2', content: 'hello' });
    clock.wallMs -= 30 * 86_400_000;
    await catchUp();
    client.messages(CONVERSATION).open();
    await settled();
    sockets.last.answer('send_message', { ok: false, error: { code: 'FORBIDDEN', message: 'No.' } });
    await settled();
    const list = (): unknown[] => client.conversations.items.map(({ id, lastMessageState }) => [id, lastMessageState]);
    expect(list()).toEqual([
      ['user:u2', 'rejected'],
      [CONVERSATION, undefined],
    ]);
    const [named] = client.messages(CONVERSATION).getSnapshot().items;
    const lastMessageAt = '2026-11-26T12:01:00.000Z';
    sockets.last.listeners.event('message:new', {
      message: { ...named, id: 'c0-4', seq: 4, senderId: OTHER, createdAt: lastMessageAt },
      conversation: { id: CONVERSATION, lastMessage: 'text', lastMessageAt, lastSeq: 4 },
    });
    await settled();
    expect(list()).toEqual([
      [CONVERSATION, undefined],
      ['user:u2', 'rejected'],
    ]);
    await client.close();
  });

  it('quote a message of one’s own that is not sent yet, as it is shown', async () => {
    const { device } = await connected(1);
    await device.disconnect();
    await device.send('a', 'question');
    await device.enqueue({
      type: 'send',
      clientId: 'b',
      conversationId: 'c0',
      content: 'answer',
      replyToClientId: 'a',
    });
    const quoted = (): unknown => device.store.getSnapshot('messages:c0').items.at(-1)?.replyTo;
    expect(quoted()).toMatchObject({ id: null, seq: null, senderId: ME, content: 'question', deletedAt: null });
    await device.enqueue({
      type: 'edit',
      clientId: 'e',
      conversationId: 'c0',
      target: { clientId: 'a' },
      content: 'Q?',
    });
    expect(quoted()).toMatchObject({ content: 'Q?' });
  });

  it('are listed as the server cuts them: in the midst of no emoji', async () => {
    const { device } = await connected(1);
    await device.disconnect();
    const text = `${'a'.repeat(199)}😀`;
    const last = (): unknown => device.store.getSnapshot('conversation:c0')?.lastMessage;
    await device.send('a', `${text}cut`);
    expect(last()).toBe(text);
    const target = { clientId: 'a' };
    await device.enqueue({ type: 'edit', clientId: 'e', conversationId: 'c0', target, content: `b${text}` });
    expect(last()).toBe(`b${'a'.repeat(199)}`);
    await device.enqueue({ type: 'edit', clientId: 'f', conversationId: 'c0', target, content: `${text}cut` });
    expect(last()).toBe(text);
  });

  it('stand by newest activity, with what is unread in them', async () => {
    const { world, device } = await connected();
    world.server.createRoom('c8');
    world.server.createRoom('c9');
    await device.receive();
    for (const id of ['c8', 'c9', 'c8']) world.server.send(id, 'u1');
    await device.receive();
    const list = device.store.getSnapshot('conversations');
    expect(list.slice(0, 2).map(({ id, me }) => [id, me.unreadCount])).toEqual([
      ['c8', 2],
      ['c9', 1],
    ]);
    device.sync.read('c8', 2);
    expect(device.store.getSnapshot('conversation:c8')?.me.unreadCount).toBe(0);
  });
});

describe('the window of messages', () => {
  it('loads older ones page by page to the beginning, without a gap', async () => {
    const { device } = await connected(130);
    const snapshot = () => device.store.getSnapshot('messages:c0');
    expect(snapshot().items).toHaveLength(50);
    expect(snapshot()).toMatchObject({ hasOlder: true, hasNewer: false });
    for (const expected of [100, 130]) {
      await device.sync.load('c0', 'older');
      expect(snapshot().items.map(({ seq }) => seq)).toEqual(
        Array.from({ length: expected }, (_, index) => 131 - expected + index),
      );
    }
    expect(snapshot().hasOlder).toBe(false);
    await device.sync.load('c0', 'older');
    expect(snapshot().items).toHaveLength(130);
  });

  it('keeps what was typed on the screen where its answer comes before what stands before it, in its place once that is there', async () => {
    const { world, device } = await connected(60);
    const snapshot = () => device.store.getSnapshot('messages:c0');
    const seen = new Set<string>();
    device.store.subscribe('messages:c0', () => {
      const own = snapshot().items.filter(({ content }) => content?.startsWith('mine'));
      seen.add(own.map(({ content, state }) => `${content?.trim()} ${state}`).join());
    });
    // Stored by another process of the server, which says so later; and the page that would bring it fails.
    world.server.send('c0', 'u1', null, 'before mine');
    world.pages.push({});
    await device.send('k', 'mine 1');
    await settled();
    expect(snapshot().items.at(-1)?.state).toBe('sent');
    await device.send('l', 'mine 2');
    await settled();
    expect(
      snapshot()
        .items.slice(-3)
        .map(({ seq }) => seq),
    ).toEqual([60, 62, 63]);
    const before = snapshot();
    device.sync.read('c0', 60);
    expect(snapshot().items).toBe(before.items);
    await world.clock.advance(60_000);
    expect(
      snapshot()
        .items.slice(-4)
        .map(({ seq }) => seq),
    ).toEqual([60, 61, 62, 63]);
    expect([...seen].filter((line) => !line.startsWith('mine 1 '))).toEqual([]);
  });

  it('lets a list that asks as long as there are older ones wait where they cannot be fetched, full or not', async () => {
    for (const shown of [200, 400]) {
      const { world, device } = await connected(700);
      const snapshot = () => device.store.getSnapshot('messages:c0');
      while (snapshot().items.length < shown) await device.sync.load('c0', 'older');
      // None that it can read.
      world.pages.push(...Array.from({ length: 100 }, () => ({})));
      let asked = 0;
      const asking = (async () => {
        while (snapshot().hasOlder && asked < 100) {
          asked += 1;
          await device.sync.load('c0', 'older');
        }
      })();
      await world.clock.advance(2_000);
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThan(10);
      world.pages.length = 0;
      await world.clock.advance(60_000);
      await asking;
      expect([snapshot().hasOlder, asked < 100]).toEqual([false, true]);
    }
  });

  it('jumps to a message, goes on from there in both directions, and back to the newest', async () => {
    const { world, device } = await connected(400);
    const snapshot = () => device.store.getSnapshot('messages:c0');
    const seqs = () => snapshot().items.map(({ seq }) => seq ?? 0);
    await device.sync.jumpTo('c0', 150);
    expect(seqs()).toContain(150);
    expect(snapshot()).toMatchObject({ hasOlder: true, hasNewer: true });
    await device.sync.load('c0', 'newer');
    await device.sync.load('c0', 'older');
    expect(seqs()).toEqual(Array.from({ length: seqs().length }, (_, index) => (seqs()[0] ?? 0) + index));
    world.server.send('c0', 'u1');
    await device.receive();
    expect(seqs()).not.toContain(401);
    await device.sync.jumpToNewest('c0');
    expect(seqs().at(-1)).toBe(401);
    expect(snapshot().hasNewer).toBe(false);
  });

  it('keeps the mark of what was unread when it was opened, also after it was read', async () => {
    const { world, device } = await connected(3);
    const first = () => device.store.getSnapshot('messages:c0').firstUnreadSeq;
    expect(first()).toBe(1);
    device.sync.read('c0', 3);
    world.server.send('c0', 'u1');
    await device.receive();
    expect(first()).toBe(1);
    expect(device.store.getSnapshot('conversation:c0')?.me.unreadCount).toBe(1);
  });

  it('marks nothing as unread that lies before what a member who came back may see', async () => {
    const { world, device } = await connected(3);
    const first = () => device.store.getSnapshot('messages:c0').firstUnreadSeq;
    expect(first()).toBe(1);
    await device.disconnect();
    world.server.leave('c0', ME);
    for (let count = 0; count < 5; count += 1) world.server.send('c0', 'u1');
    world.server.join('c0', ME);
    for (let count = 0; count < 3; count += 1) world.server.send('c0', 'u1');
    await device.connect();
    await world.clock.advance(1_000);
    const { items } = device.store.getSnapshot('messages:c0');
    expect(items.length).toBeGreaterThan(0);
    const seqs = items.map(({ seq }) => seq);
    expect([null, ...seqs]).toContain(first());
  });

  it('counts a message no more that is deleted unread and not held, after its event', async () => {
    const world = new World();
    for (let index = 0; index < 8; index += 1) world.server.send('c0', 'u1');
    const device = await Device.start(world);
    await device.connect();
    const unread = () => device.store.getSnapshot('conversation:c0')?.me.unreadCount;
    expect(unread()).toBe(8);
    world.server.change('c0', 8, 'delete');
    await device.receive();
    await world.clock.advance(1_000);
    expect(unread()).toBe(7);
    world.server.change('c0', 2, 'delete');
    await device.receive();
    await world.clock.advance(1_000);
    expect(unread()).toBe(6);
  });

  it('shows what is in the cache before there is a network, after a restart', async () => {
    const { world, device } = await connected(60);
    await device.sync.settle();
    device.kill();
    const again = await Device.start(world);
    again.sync.open('c0');
    await settled();
    expect(again.items()).toHaveLength(50);
    let asked = 0;
    const endless = async (): Promise<void> => {
      for (; asked < 3 && again.store.getSnapshot('messages:c0').hasOlder; asked += 1)
        await again.sync.load('c0', 'older');
    };
    const done = endless();
    await settled();
    expect(asked).toBe(0);
    await world.clock.advance(5_000);
    await done;
    expect(asked).toBe(3);
  });
});

describe('another database under the same app', () => {
  it('is shown as it is, and what was typed meanwhile goes out', async () => {
    const { world, device } = await connected(20);
    await device.disconnect();
    await device.send('a', 'typed offline');
    world.server.restore();
    await device.connect();
    await world.clock.advance(10_000);
    const items = device.items();
    expect(items).toHaveLength(19);
    expect(items.at(-1)).toEqual(['typed offline', 'sent']);
    expect(device.states()).toEqual([]);
  });
});
