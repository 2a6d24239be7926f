import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatQueries } from '../../src/realtime/commands/chat-queries.js';
import { type Person, startStory, type Story } from '../support/story.js';
import { olderDevice } from './clients.js';
import { Frames } from './frames.js';

/** Clients of older dialects cannot sync: whoever would miss something must come back for it. */
describe('what cannot be read for clients of older dialects', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  const opened: { socket: { close(): unknown } }[] = [];
  let restore = (): void => undefined;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    await ada.directConversation(bob);
  });
  afterEach(() => restore());
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  /** Has everything fail that is read to show a message or a list to a dialect, as where the database is not reached. */
  function failReads(): void {
    const reads = story.app.get(ChatQueries);
    const fail = (): Promise<never> => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    const methods = { usersNamed: fail, pairOf: fail, directory: fail, directConversations: fail, online: fail };
    Object.assign(reads, methods);
    restore = () => {
      for (const name of Object.keys(methods)) Reflect.deleteProperty(reads, name);
    };
  }
  const frames = (path: string): Frames => {
    const made = new Frames(story.url + path);
    opened.push(made);
    return made;
  };

  it.each(['direct-events', 'namespaced-events'])('ends a connection of %s that misses a message', async (dialect) => {
    const bobs = olderDevice(bob, dialect);
    opened.push(bobs);
    await bobs.next('connect');
    // The list of who is online, where there is one, has been sent.
    if (dialect === 'namespaced-events') await bobs.next('users:online');
    failReads();
    await ada.say(await ada.directConversation(bob), 'missed');
    await bobs.next('disconnect');
    restore();
    const again = olderDevice(bob, dialect);
    opened.push(again);
    await again.next('connect');
    await ada.say(await ada.directConversation(bob), 'received');
    const { payload } = await again.nextOf(['receiveMessage', 'message:receive']);
    expect(payload.text ?? payload.content).toBe('received');
  });

  it('ends a native WebSocket that misses a message', async () => {
    const bobs = await frames('/').open();
    bobs.say({ event: 'authenticate', token: bob.accessToken });
    await bobs.event('userStatus', ({ userId }) => userId === bob.id);
    failReads();
    await ada.say(await ada.directConversation(bob), 'missed');
    expect(await bobs.closed).toEqual({ code: 1001, reason: 'UNAVAILABLE' });
  });

  it.each(['/users', '/rooms'])('closes %s of ws-rooms where its list cannot be read', async (path) => {
    failReads();
    expect((await frames(`${path}?token=${bob.accessToken}`).closed).code).toBe(1013);
  });
});
