import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../src/config/timings.js';
import { type Person, startStory, type Story } from '../support/story.js';
import { type ChatClient, DIALECTS } from './clients.js';

const PICTURE = 'https://files.example.com/beach.png';

describe('five dialects on one server', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } });
  });
  afterAll(() => story.close());

  const people = async (count: number): Promise<Person[]> =>
    Promise.all(Array.from({ length: count }, () => story.person()));

  describe.each(DIALECTS.map((dialect) => ({ ...dialect })))('$name', (dialect) => {
    it('reaches clients of all five, on every device of both sides', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      await ada.directConversation(bob);
      const adas = await Promise.all(DIALECTS.map(({ connect }) => connect(ada)));
      const bobs = await Promise.all(DIALECTS.map(({ connect }) => connect(bob)));
      const sender = await dialect.connect(ada);
      const said = `from ${dialect.name}`;
      await sender.send(bob, said);
      const received = await Promise.all([...adas, ...bobs].map((client) => client.receive(said)));
      expect(received).toEqual(received.map(() => ({ senderId: ada.id, text: said, files: [] })));
    });

    it('lives a story: both ways, in order, history, unread, read', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      const adas = await dialect.connect(ada);
      const bobs = await dialect.connect(bob);
      await adas.send(bob, 'one');
      expect(await bobs.receive('one')).toEqual({ senderId: ada.id, text: 'one', files: [] });
      await bobs.send(ada, 'two');
      expect((await adas.receive('two')).senderId).toBe(bob.id);
      await adas.send(bob, 'three');
      await bobs.receive('three');
      if (bobs.unread !== undefined) expect(await bobs.unread(ada)).toBe(1);
      const history = await bobs.history(ada);
      expect(history.map(({ senderId, text }) => [senderId, text])).toEqual([
        [ada.id, 'one'],
        [bob.id, 'two'],
        [ada.id, 'three'],
      ]);
      if (bobs.read !== undefined) await bobs.read(ada);
      if (bobs.unread !== undefined) expect(await bobs.unread(ada)).toBe(0);
      if (bobs.read !== undefined) {
        const [conversation] = (await bob.must('GET', '/conversations')).items;
        expect(conversation.me.unreadCount).toBe(0);
      }
    });

    it('says who comes and goes', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      await ada.befriend(bob);
      const bobs = await dialect.connect(bob);
      if (bobs.receiveOnline === undefined) return;
      const adas = await dialect.connect(ada);
      await bobs.receiveOnline(ada, true);
      expect((await bob.must('GET', `/users/${ada.id}`)).isOnline).toBe(true);
      await adas.close();
      ada.disconnect();
      await bobs.receiveOnline(ada, false);
      expect((await bob.must('GET', `/users/${ada.id}`)).isOnline).toBe(false);
    });

    it('says that somebody is gone who deletes the account while connected', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      await ada.befriend(bob);
      const bobs = await dialect.connect(bob);
      if (bobs.receiveOnline === undefined) return;
      await dialect.connect(ada);
      await bobs.receiveOnline(ada, true);
      await ada.must('DELETE', '/users/me', { password: 'correct horse' });
      await bobs.receiveOnline(ada, false);
      expect((await bob.call('GET', `/users/${ada.id}`)).status).toBe(404);
    });

    it('says that somebody is online who accepts to be a friend', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      // A user who was written to, and has not answered, is not shown to be online.
      await bob.send(await bob.directConversation(ada), 'hello');
      const adas = await ada.device();
      const bobs = await dialect.connect(bob);
      if (bobs.receiveOnline === undefined) return;
      expect((await bob.must('GET', `/users/${ada.id}`)).isOnline).toBeUndefined();
      await bob.befriend(ada);
      await bobs.receiveOnline(ada, true);
      adas.socket.close();
    });

    it('says who types, also to others', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      const conversationId = await ada.directConversation(bob);
      const adas = await dialect.connect(ada);
      const parleys = await bob.device();
      await parleys.must('join_conversation', { conversationId });
      if (adas.type !== undefined) {
        await adas.type(bob);
        expect(await parleys.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: true });
      }
      await parleys.must('typing', { conversationId, isTyping: true });
      if (dialect.name !== 'parley') await adas.receiveTyping?.(bob);
      // Where it has no word for that, it goes on all the same.
      await parleys.must('send_message', { conversationId, content: 'typed' });
      expect(await adas.receive('typed')).toEqual({ senderId: bob.id, text: 'typed', files: [] });
    });

    it('carries a picture, in its own way', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      const adas = await dialect.connect(ada);
      const bobs = await dialect.connect(bob);
      if (dialect.name === 'namespaced-events') {
        // It has no word for sending one, and shows one by its address.
        await ada.must('POST', `/conversations/${await ada.directConversation(bob)}/messages`, {
          attachments: [{ url: PICTURE, kind: 'IMAGE' }],
        });
        expect(await bobs.receive(PICTURE)).toMatchObject({ files: [PICTURE] });
        return;
      }
      await adas.send(bob, 'look', [PICTURE]);
      expect(await bobs.receive('look')).toEqual({ senderId: ada.id, text: 'look', files: [PICTURE] });
      const [message] = await ada.history(await ada.directConversation(bob));
      expect(message).toMatchObject({ kind: 'IMAGE', attachments: [{ external: true, url: PICTURE }] });
    });

    it('comes back, and finds what it missed', async () => {
      const [ada, bob] = (await people(2)) as [Person, Person];
      const adas = await dialect.connect(ada);
      const bobs = await dialect.connect(bob);
      await adas.send(bob, 'before');
      await bobs.receive('before');
      await bobs.close();
      await adas.send(bob, 'meanwhile');
      const again = await dialect.connect(bob);
      expect((await again.history(ada)).map(({ text }) => text)).toEqual(['before', 'meanwhile']);
      await adas.send(bob, 'after');
      await again.receive('after');
    });

    it('keeps the rules: blocks, oneself, nobody, nothing, too much', async () => {
      const [ada, bob, cy] = (await people(3)) as [Person, Person, Person];
      const adas = await dialect.connect(ada);
      await adas.send(bob, 'still friends');
      await bob.must('POST', '/blocks', { userId: ada.id });
      await expect(adas.send(bob, 'blocked')).rejects.toThrow('CANNOT_MESSAGE');
      await expect(adas.send(ada, 'to myself')).rejects.toThrow('CANNOT_MESSAGE_SELF');
      await expect(
        adas.send({ ...cy, id: '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11' } as Person, 'to nobody'),
      ).rejects.toThrow('NOT_FOUND');
      await expect(adas.send(cy, '')).rejects.toThrow('VALIDATION_FAILED');
      await expect(adas.send(cy, 'x'.repeat(8_001))).rejects.toThrow('VALIDATION_FAILED');
      await adas.send(cy, 'x'.repeat(8_000));
    });

    it('shows nothing to a stranger, and ends with its session', async () => {
      const [ada, bob, stranger] = (await people(3)) as [Person, Person, Person];
      const [adas, strangers] = await Promise.all([dialect.connect(ada), dialect.connect(stranger)]);
      await adas.send(bob, 'a secret');
      await adas.send(stranger, 'hello');
      // In order: had the secret come at all, it had come before.
      await strangers.receive('hello');
      const received: Awaited<ReturnType<ChatClient['receive']>>[] = await strangers.history(ada);
      expect(received.map(({ text }) => text)).toEqual(['hello']);
    });
  });
});
