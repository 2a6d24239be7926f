import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../../test/support/story.js';
import type { HookClient } from '../../src/react/client.js';
import {
  type ChatClient,
  type ClientOptions,
  createClient,
  type MessageItem,
  type UploadSource,
} from '../../src/index.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { socketIoOver } from '../../src/ports/socket-io.js';
import type { Storage } from '../../src/ports/storage.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { FakeLifecycle } from '../support/fake-ports.js';

const WAIT_TIMEOUT_MS = 60_000;

describe('a client of a real server', () => {
  let story: Story;
  const clients: ChatClient[] = [];

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await story.close();
  });

  const client = (options: Partial<ClientOptions> = {}): ChatClient => {
    const made = createClient({ url: story.url, storage: memoryStorage(), tokens: memoryTokens(), ...options });
    clients.push(made);
    return made;
  };
  const registered = async (options: Partial<ClientOptions> = {}): Promise<ChatClient> => {
    const made = client(options);
    const name = `user${randomUUID().slice(0, 8)}`;
    await made.register({ username: name, email: `${name}@example.com`, password: 'a long password' });
    await live(made);
    return made;
  };
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const end = Date.now() + WAIT_TIMEOUT_MS;
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`not within ${WAIT_TIMEOUT_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const live = (who: ChatClient): Promise<void> => until('live', () => who.connection.getSnapshot().status === 'live');
  const idOf = (who: ChatClient): string => who.userId as string;
  const texts = (who: ChatClient, conversationId: string): (string | null)[] =>
    who.messages(conversationId).items.map(({ content }) => content);
  const firstConversation = async (who: ChatClient): Promise<string> => {
    await until('a conversation', () => who.conversations.items.length > 0);
    return who.conversations.items[0]?.id as string;
  };

  describe('counts what is unread as the server does, on every device', () => {
    const unread = (who: ChatClient): number | undefined => who.conversations.items[0]?.me.unreadCount;
    /** Somebody who writes, and two devices of a member who holds none of it. */
    const group = async (texts: number): Promise<{ ada: ChatClient; devices: ChatClient[]; id: string }> => {
      const [ada, grace] = [await registered(), await registered()];
      const { id } = await ada.conversations.createGroup({ title: '0', memberIds: [idOf(grace)] });
      for (let index = 0; index < texts; index += 1) ada.send({ conversationId: id, content: `${index}` });
      await until('all is sent', () => ada.outbox.items.length === 0);
      const username = grace.observe('me').getSnapshot()?.username ?? '';
      await grace.close();
      const devices = [client(), client()];
      for (const device of devices) {
        await device.login({ username, password: 'a long password' });
        await live(device);
      }
      return { ada, devices, id };
    };
    const all = async (devices: ChatClient[], count: number): Promise<void> => {
      await until(`${count} are unread`, () => devices.every((device) => unread(device) === count));
      expect(devices.map(unread)).toEqual([count, count]);
    };

    it('where a part was read behind which not everything counts', async () => {
      const { ada, devices, id } = await group(5);
      for (let index = 1; index <= 5; index += 1) await ada.conversations.update(id, { title: `${index}` });
      await all(devices, 5);
      // All texts: only changes of the title are behind them.
      const newest = devices[0]?.conversations.items[0]?.lastSeq ?? 0;
      await devices[0]?.markRead(id, newest - 5);
      await all(devices, 0);
      expect(unread(ada)).toBe(0);
      ada.send({ conversationId: id, content: 'one more' });
      await all(devices, 1);
    });

    it('where a message is deleted that it holds, and that was counted with others that it does not', async () => {
      const { ada, devices, id } = await group(3);
      const { clientId } = ada.send({ conversationId: id, content: 'held' });
      await all(devices, 4);
      await ada.conversations.update(id, { title: 'another view of it' });
      await until('it is known', () => devices.every(({ conversations }) => conversations.items[0]?.title !== '0'));
      const held = ada.messages(id).items.find((item) => item.clientId === clientId);
      if (held === undefined) throw new Error('it was sent');
      await ada.delete(held, { for: 'everyone' });
      await all(devices, 3);
      expect(unread(ada)).toBe(0);
    });
  });

  it('sends to a user it never wrote to, and both see the one message', async () => {
    const [ada, grace] = [await registered(), await registered()];
    const { clientId, stored } = ada.send({ receiverId: idOf(grace), content: 'Hello!' });
    await stored;
    const conversationId = await firstConversation(grace);
    await until('it arrives', () => texts(grace, conversationId).includes('Hello!'));
    await until('it is acknowledged', () => ada.outbox.items.length === 0);
    await until('it is shown', () => texts(ada, conversationId).length === 1);
    expect(ada.messages(conversationId).items.filter((item) => item.clientId === clientId)).toMatchObject([
      { state: 'sent', content: 'Hello!', seq: 1 },
    ]);
    await until('it is counted', () => grace.conversations.items[0]?.me.unreadCount === 1);
    // What a stranger has read is not shown before it has answered.
    grace.send({ conversationId, content: 'And you!' });
    await grace.markRead(conversationId);
    expect(grace.conversations.items[0]?.me.unreadCount).toBe(0);
    await until('the receipt arrives', () =>
      ada
        .observe(`receipts:${conversationId}`)
        .getSnapshot()
        .some(({ userId, lastReadSeq }) => userId === idOf(grace) && lastReadSeq >= 1),
    );
  });

  it('lists at once a conversation with a person it writes to offline for the first time, which becomes the real one', async () => {
    const lifecycle = new FakeLifecycle();
    const [ada, grace] = [await registered({ lifecycle }), await registered()];
    await until('the profile', () => grace.users.me.getSnapshot() !== undefined);
    const name = grace.users.me.getSnapshot()?.username;
    await ada.users.fetch(idOf(grace));
    lifecycle.set('background');
    ada.send({ receiverId: idOf(grace), content: 'Hello!' });
    const [pending] = ada.conversations.items;
    const pendingId = pending?.id as string;
    expect(ada.conversations.items).toMatchObject([{ isPending: true, type: 'DIRECT', lastMessage: 'Hello!' }]);
    expect(pending?.members.map(({ user }) => user.username)).toContain(name);
    const shown = ada.messages(pendingId);
    const counts: [conversations: number, isFirstShown: boolean][] = [];
    const count = (): void => {
      counts.push([ada.conversations.items.length, shown.getSnapshot().items[0]?.content === 'Hello!']);
    };
    const ends = [shown.subscribe(count), ada.conversations.subscribe(count)];
    expect(shown.getSnapshot().items).toMatchObject([{ content: 'Hello!', state: 'pending' }]);
    // The app goes on with the id that it has.
    ada.send({ conversationId: pendingId, content: 'Are you there?' });
    void ada.react(shown.items[0] as MessageItem, '👍');
    expect(ada.conversations.items).toHaveLength(1);
    lifecycle.set('active');
    await until('acknowledged', () => ada.outbox.items.length === 0);
    const [real] = ada.conversations.items;
    expect(ada.conversations.items).toHaveLength(1);
    expect(real?.id).not.toBe(pendingId);
    expect(real?.isPending).toBeUndefined();
    expect(ada.conversations.get(pendingId).getSnapshot()).toBe(real);
    expect([...new Set(counts.map(String))]).toEqual(['1,true']);
    await until('all is shown', () => shown.getSnapshot().items.length === 2);
    expect(shown.getSnapshot()).toBe(ada.messages(real?.id as string).getSnapshot());
    expect(shown.getSnapshot().items).toMatchObject([
      { content: 'Hello!', state: 'sent', reactions: [{ emoji: '👍', mine: true }] },
      { content: 'Are you there?', state: 'sent' },
    ]);
    for (const end of ends) end();
    const conversationId = await firstConversation(grace);
    await until('both arrive', () => texts(grace, conversationId).length === 2);
    expect(texts(grace, conversationId)).toEqual(['Hello!', 'Are you there?']);
  });

  it('shows at once what is sent offline, and sends it in order on return', async () => {
    const lifecycle = new FakeLifecycle();
    const [ada, grace] = [await registered({ lifecycle }), await registered()];
    await ada.send({ receiverId: idOf(grace), content: 'first' }).stored;
    const conversationId = await firstConversation(grace);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    ada.messages(conversationId).open();
    await until('the history', () => texts(ada, conversationId).length === 1);
    lifecycle.set('background');
    expect(ada.connection.getSnapshot().status).toBe('offline');
    for (const content of ['second', 'third', 'fourth']) ada.send({ conversationId, content });
    expect(ada.messages(conversationId).items.map(({ content, state }) => [content, state])).toEqual([
      ['first', 'sent'],
      ['second', 'pending'],
      ['third', 'pending'],
      ['fourth', 'pending'],
    ]);
    lifecycle.set('active');
    await until('all arrive', () => texts(grace, conversationId).length === 4);
    expect(texts(grace, conversationId)).toEqual(['first', 'second', 'third', 'fourth']);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    expect(ada.messages(conversationId).items.map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });

  it('shows at once what is sent, with the newest messages, wherever one is in the history', async () => {
    const lifecycle = new FakeLifecycle();
    const [ada, grace] = [await registered({ lifecycle }), await registered()];
    for (let count = 0; count < 120; count += 1)
      await ada.send({ receiverId: idOf(grace), content: `${count}` }).stored;
    const conversationId = await firstConversation(grace);
    await until('all have arrived', () => grace.conversations.items[0]?.lastSeq === 120);
    const messages = ada.messages(conversationId);
    messages.open();
    await until('the newest', () => texts(ada, conversationId).at(-1) === '119');
    await messages.jumpTo(30);
    expect([texts(ada, conversationId).includes('29'), messages.hasNewer]).toEqual([true, true]);
    lifecycle.set('background');
    ada.send({ conversationId, content: 'written there' });
    expect(texts(ada, conversationId).slice(-2)).toEqual(['119', 'written there']);
    lifecycle.set('active');
    await until('it arrives', () => texts(grace, conversationId).at(-1) === 'written there');
    expect(messages.hasNewer).toBe(false);
  });

  it('sends after a restart what was written before it, and shows the cache before there is a network', async () => {
    const [storage, tokens, lifecycle] = [memoryStorage(), memoryTokens(), new FakeLifecycle()];
    const grace = await registered();
    const ada = await registered({ storage, tokens, lifecycle });
    await ada.send({ receiverId: idOf(grace), content: 'before' }).stored;
    const conversationId = await firstConversation(grace);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    const close = ada.messages(conversationId).open();
    await until('the history', () => texts(ada, conversationId).length === 1);
    close();
    lifecycle.set('background');
    await ada.send({ conversationId, content: 'while away' }).stored;
    await ada.close();
    const again = client({ storage, tokens, url: 'http://127.0.0.1:9' });
    await again.ready;
    // Another address is another account: nothing of it is shown.
    expect(again.conversations.items).toEqual([]);
    await again.close();
    const back = client({ storage, tokens, lifecycle });
    await back.ready;
    await until('the cache', () => back.conversations.items.length === 1);
    back.messages(conversationId).open();
    await until('both', () => texts(back, conversationId).length === 2);
    expect(texts(back, conversationId)).toEqual(['before', 'while away']);
    lifecycle.set('active');
    await until('it arrives', () => texts(grace, conversationId).length === 2);
    await until('acknowledged', () => back.outbox.items.length === 0);
  });

  it('is live where the platform’s WebSocket does not come through, and sends', async () => {
    const opened: string[] = [];
    class BlockedWebSocket extends EventTarget {
      constructor(url: string) {
        super();
        opened.push(url);
        queueMicrotask(() => this.dispatchEvent(new Event('error')));
      }

      close(): void {}
    }
    const socket = socketIoOver(BlockedWebSocket as unknown as new (url: string) => WebSocket);
    const [ada, ben] = [await registered({ socket }), await registered()];
    ada.send({ receiverId: idOf(ben), content: 'another way' });
    const id = await firstConversation(ben);
    await until('it', () => texts(ben, id).includes('another way'));
    expect(opened[0]).toBe(`${story.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  });

  it('is what the hooks take', async () => {
    const hooked: HookClient = await registered();
    expect(hooked.connection.getSnapshot()).toMatchObject({ status: 'live' });
  });

  it('edits, deletes and reacts, shown at once and the same for both', async () => {
    const [ada, grace] = [await registered(), await registered()];
    for (const content of ['one', 'two', 'three']) ada.send({ receiverId: idOf(grace), content });
    const conversationId = await firstConversation(grace);
    // The list comes page by page, and what was sent before it is asked for is not in it at once.
    for (const who of [ada, grace]) await until('all are there', () => who.messages(conversationId).items.length === 3);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    const [one, two] = ada.messages(conversationId).items;
    await ada.edit(one as never, 'one, edited');
    await ada.delete(two as never);
    await grace.react(grace.messages(conversationId).items[2] as never, '👍');
    const view = (who: ChatClient) =>
      who
        .messages(conversationId)
        .items.map(({ content, deletedAt, reactions }) => [
          content,
          deletedAt !== null,
          reactions.map(({ emoji, count }) => [emoji, count]),
        ]);
    const expected = [
      ['one, edited', false, []],
      [null, true, []],
      ['three', false, [['👍', 1]]],
    ];
    await until('both agree', () =>
      [ada, grace].every((who) => JSON.stringify(view(who)) === JSON.stringify(expected)),
    );
    expect(view(ada)).toEqual(expected);
  });

  it('makes a group, adds people to it, gives roles and takes people out', async () => {
    const [ada, bob, cy] = await Promise.all([registered(), registered(), registered()]);
    const [adaId, bobId, cyId] = [idOf(ada), idOf(bob), idOf(cy)];
    const { id } = await ada.conversations.createGroup({ title: 'Trip', memberIds: [bobId] });
    await ada.conversations.addMembers(id, [cyId]);
    await until('the added one sees the group', () => cy.conversations.items.some((one) => one.id === id));
    await ada.conversations.updateMember(id, bobId, 'ADMIN');
    await bob.conversations.removeMember(id, cyId);
    await until('who was taken out sees it no longer', () => cy.conversations.items.every((one) => one.id !== id));
    const { items } = await ada.conversations.members(id);
    expect(items.map(({ user, role }) => [user.id, role]).toSorted()).toEqual(
      [
        [adaId, 'OWNER'],
        [bobId, 'ADMIN'],
      ].toSorted(),
    );
  });

  it('shows a refused message, lets it be edited, and goes on with the next', async () => {
    const [ada, grace] = [await registered(), await registered()];
    ada.send({ receiverId: idOf(grace), content: 'fine' });
    const conversationId = await firstConversation(grace);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    const { clientId } = ada.send({ conversationId, content: 'x'.repeat(8_001) });
    ada.send({ conversationId, content: 'after it' });
    await until('refused', () => ada.outbox.items.some(({ state }) => state === 'rejected'));
    await until('the next arrives', () => texts(grace, conversationId).includes('after it'));
    const refusal = () => ada.messages(conversationId).items.find((item) => item.clientId === clientId);
    await until('it is shown', () => refusal() !== undefined);
    expect(refusal()).toMatchObject({ state: 'rejected', error: { code: 'VALIDATION_FAILED' } });
    await ada.outbox.edit(clientId, 'short');
    await until('it arrives', () => texts(grace, conversationId).includes('short'));
    expect(ada.messages(conversationId).items.filter((item) => item.clientId === clientId)).toHaveLength(1);
  });

  it('sends files where Blob and FormData take no bytes, as in React Native', async () => {
    const [ada, grace] = [await registered(), await registered()];
    const source = (name: string, bytes: Uint8Array): UploadSource => ({
      name,
      mimeType: 'text/plain',
      size: bytes.length,
      read: async (start, end) => bytes.subarray(start, end),
    });
    // More than one chunk of the storage, and what could be taken for the end of a part.
    const long = new TextEncoder().encode('\r\n--boundary--\r\nlong '.repeat(20_000));
    const [{ Blob: blob }, { FormData: form }] = [globalThis, globalThis];
    class NoBlob {
      constructor() {
        throw new Error("Creating blobs from 'ArrayBuffer' and 'ArrayBufferView' are not supported");
      }
    }
    Object.assign(globalThis, { Blob: NoBlob, FormData: NoBlob });
    try {
      ada.send({ receiverId: idOf(grace), attachments: [source('Ümläut "quoted".txt', long)] });
      await until('acknowledged', () => ada.outbox.items.length === 0);
      expect(await ada.upload(source('alone.txt', new Uint8Array([65, 66])))).toMatchObject({ size: 2 });
    } finally {
      Object.assign(globalThis, { Blob: blob, FormData: form });
    }
    const conversationId = await firstConversation(grace);
    await until('it arrives', () => grace.messages(conversationId).items.length === 1);
    const [attachment] = grace.messages(conversationId).items[0]?.attachments ?? [];
    expect(attachment).toMatchObject({ name: 'Ümläut quoted.txt', size: long.length });
    const stored = await fetch(new URL(attachment?.url ?? '', story.url));
    expect(Buffer.compare(Buffer.from(await stored.arrayBuffer()), long)).toBe(0);
  });

  it('sends a file that was copied before, and text of other conversations does not wait for it', async () => {
    const [ada, grace] = [await registered(), await registered()];
    const bytes = new TextEncoder().encode('a note\n'.repeat(1_000));
    const file = {
      name: 'note.txt',
      mimeType: 'text/plain',
      size: bytes.length,
      read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
    };
    const sent = ada.send({ receiverId: idOf(grace), content: 'see', attachments: [file] });
    await sent.stored;
    const conversationId = await firstConversation(grace);
    await until('it arrives', () => grace.messages(conversationId).items.length === 1);
    const [item] = grace.messages(conversationId).items;
    expect(item?.attachments).toMatchObject([{ name: 'note.txt', size: bytes.length, kind: 'FILE' }]);
    await until('acknowledged', () => ada.outbox.items.length === 0);
  });

  it('shows who was asked, and no longer who was asked in vain, though the server sends no event for one’s own deeds', async () => {
    const [ada, grace, joan] = [await registered(), await registered(), await registered()];
    const { id } = await ada.friends.request(idOf(grace));
    expect(ada.friends.requests.items.map(({ receiverId }) => receiverId)).toEqual([idOf(grace)]);
    await ada.friends.cancel(id);
    expect(ada.friends.requests.items).toEqual([]);
    await joan.friends.request(idOf(ada));
    await until('the request', () => ada.friends.requests.items.length === 1);
    await ada.friends.reject(ada.friends.requests.items[0]?.id as string);
    expect(ada.friends.requests.items).toEqual([]);
    const stranger = idOf(await registered());
    expect(ada.users.get(stranger).getSnapshot()).toBeUndefined();
    await ada.users.fetch(stranger);
    expect(ada.users.get(stranger).getSnapshot()?.id).toBe(stranger);
  });

  it('shows typing, presence and friendships', async () => {
    const [ada, grace] = [await registered(), await registered()];
    await ada.friends.request(idOf(grace));
    await until('the request', () => grace.friends.requests.items.length === 1);
    await grace.friends.accept(grace.friends.requests.items[0]?.id as string);
    await until('both are friends', () => ada.friends.items.length === 1 && grace.friends.items.length === 1);
    const conversationId = await firstConversation(ada);
    const close = grace.messages(conversationId).open();
    await until('the presence', () => grace.presence(idOf(ada)).getSnapshot()?.isOnline === true);
    await until('typing', () => {
      ada.typing(conversationId, true);
      return grace.observe(`typing:${conversationId}`).getSnapshot().includes(idOf(ada));
    });
    close();
    expect(grace.friends.requests.items).toEqual([]);
  });

  it('removes all that the device holds at a log-out, and starts anew with another user', async () => {
    const storage = memoryStorage();
    const destroyed: string[] = [];
    const watched: Storage = {
      kind: storage.kind,
      open: (name) => storage.open(name),
      destroy: async (name) => {
        destroyed.push(name);
        await storage.destroy(name);
      },
    };
    const [ada, grace] = [await registered({ storage: watched }), await registered()];
    ada.send({ receiverId: idOf(grace), content: 'secret' });
    await until('acknowledged', () => ada.outbox.items.length === 0);
    const name = idOf(ada);
    await ada.logout();
    expect(ada.conversations.items).toEqual([]);
    expect(ada.connection.getSnapshot().status).toBe('ended');
    // What is owed to the server looks again that nothing is left.
    expect([...new Set(destroyed)]).toEqual([expect.stringContaining(name)]);
    expect(() => ada.markRead('none')).not.toThrow();
    const other = `user${randomUUID().slice(0, 8)}`;
    await ada.register({ username: other, email: `${other}@example.com`, password: 'a long password' });
    await live(ada);
    expect(ada.conversations.items).toEqual([]);
    await until('the profile', () => ada.users.me.getSnapshot()?.username === other);
  });

  it('comes to an end with its session, keeps what was not sent, and sends it after the next log-in', async () => {
    const lifecycle = new FakeLifecycle();
    const ada = client({ lifecycle });
    const name = `user${randomUUID().slice(0, 8)}`;
    await ada.register({ username: name, email: `${name}@example.com`, password: 'a long password' });
    await live(ada);
    const grace = await registered();
    ada.send({ receiverId: idOf(grace), content: 'first' });
    const conversationId = await firstConversation(grace);
    await until('acknowledged', () => ada.outbox.items.length === 0);
    await ada.http.request('/auth/logout-all', { method: 'POST' });
    await until('ended', () => ada.connection.getSnapshot().status === 'ended');
    ada.send({ conversationId, content: 'written after the end' });
    const draft = ada.draft(conversationId);
    draft.set('half a sen');
    expect(draft.getSnapshot()).toBe('half a sen');
    await ada.login({ username: name, password: 'a long password' });
    await until('it arrives', () => texts(grace, conversationId).includes('written after the end'));
    expect(texts(grace, conversationId)).toEqual(['first', 'written after the end']);
    expect(draft.getSnapshot()).toBe('half a sen');
    draft.clear();
    expect(draft.getSnapshot()).toBe('');
    ada.keepDraft(conversationId, 'another');
    await ada.logout();
    await ada.login({ username: name, password: 'a long password' });
    expect(ada.draft(conversationId).getSnapshot()).toBe('');
  });
});
