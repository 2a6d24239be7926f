import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OutboundQueue, OutboundQueues } from '../../../src/realtime/engine/outbound/outbound-queue.js';
import { frame, OPCODE, RawWebSocket } from '../../support/clients/raw-web-socket.js';
import { type Person, startStory, type Story, until } from '../../support/story.js';

const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';
/** Answers of 800 KB each: more than the system takes by itself, and than the server keeps. */
const ANSWERS = 40;
const ENDED = '42["session:ended",{"code":"SLOW_CONSUMER","retry":true}]';

describe('a client that does not read what it asks for', () => {
  let story: Story;
  let mallory: Person;
  let victim: Person;
  let cursor: string;
  const opened: RawWebSocket[] = [];

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [mallory, victim] = [await story.person('mallory'), await story.person('victim')];
    cursor = (await mallory.must('GET', '/sync')).cursor;
    const conversationId = await mallory.directConversation(victim);
    for (let n = 0; n < 100; n += 1) await mallory.send(conversationId, 'x'.repeat(8_000));
  });
  afterAll(async () => {
    for (const raw of opened) raw.close();
    await story.close();
  });

  const questions = (question: (n: number) => string): string[] =>
    Array.from({ length: ANSWERS }, (_, n) => question(n));

  const isEnded = (): boolean => {
    const { queues } = story.app.get<{ queues: Set<OutboundQueue> }>(OutboundQueues);
    return [...queues].some((queue) => queue.isEnded);
  };

  /** Resolves once the server has ended a client for what it did not read. */
  const overflowed = (): Promise<void> => until('the server has seen enough', isEnded);

  /** A client is gone at its own end first: the next one must not be taken for it. */
  const alone = (): Promise<void> => until('the one before is gone', () => !isEnded());

  /** Enters, asks without reading, and reads on once the server has seen enough. Returns all that came in the end. */
  async function overflow(path: string, entrance: string, entered: string, asked: string[]): Promise<string> {
    await alone();
    const raw = await RawWebSocket.open(story.url, path);
    opened.push(raw);
    raw.send(entrance);
    await until('it is let in', () => raw.text.includes(entered));
    raw.stopReading();
    raw.write(Buffer.concat(asked.map((question) => frame(OPCODE.text, question))));
    await overflowed();
    raw.socket.resume();
    await until('the connection is ended', () => raw.isClosed);
    return raw.text;
  }

  /** @param behind what Socket.IO still sends behind it: its own disconnect, or nothing */
  function expectLast(text: string, behind: RegExp): void {
    expect(text.split(ENDED).length).toBe(2);
    expect(text.slice(text.indexOf(ENDED) + ENDED.length)).toMatch(behind);
    expect(text.length).toBeLessThan(ANSWERS * 800_000);
  }

  it('is sent SLOW_CONSUMER in place of what waited for it, in the own dialect', async () => {
    const entrance = `40{"token":"${mallory.accessToken}"}`;
    const asked = questions((n) => `42${n}["sync",{"cursor":"${cursor}","limit":100}]`);
    expectLast(await overflow(SOCKET_IO, entrance, 'session:ready', asked), /^\W{0,4}41\W{0,4}$/);
  });

  it('is sent the same in a dialect of Socket.IO, and loses its connection, from which alone its client comes back', async () => {
    const entrance = `40{"token":"${mallory.accessToken}","dialect":"direct-events"}`;
    const asked = questions((n) => `42${n}["getChatHistory",{"otherUserId":"${victim.id}","limit":100}]`);
    expectLast(await overflow(SOCKET_IO, entrance, '40{"sid"', asked), /^\W{0,4}$/);
  });

  it('is sent it as the reason of the close frame, over a native WebSocket', async () => {
    const entrance = JSON.stringify({ event: 'authenticate', token: mallory.accessToken });
    const asked = questions(() => JSON.stringify({ event: 'fetchChats', receiverId: victim.id, limit: 100 }));
    const text = await overflow('/', entrance, 'userStatus', asked);
    expect(text.slice(-'SLOW_CONSUMER'.length - 2)).toBe('\x03\xf0SLOW_CONSUMER');
  });

  it('is sent it at its next poll, over long polling', async () => {
    await alone();
    const polling = `${story.url}/socket.io/?EIO=4&transport=polling`;
    const opening = await (await fetch(polling)).text();
    const session = `${polling}&sid=${JSON.parse(opening.slice(1)).sid}`;
    const post = (body: string): Promise<Response> => fetch(session, { method: 'POST', body });
    await post(`40{"token":"${mallory.accessToken}"}`);
    let entered = '';
    while (!entered.includes('session:ready')) entered += await (await fetch(session)).text();
    await post(questions((n) => `42${n}["sync",{"cursor":"${cursor}","limit":100}]`).join('\x1e'));
    await overflowed();
    expect(await (await fetch(session)).text()).toBe(`${ENDED}\x1e41`);
  });

  it('goes on as long as it reads, however much that is', async () => {
    const raw = await RawWebSocket.open(story.url, SOCKET_IO);
    opened.push(raw);
    raw.send(`40{"token":"${mallory.accessToken}"}`);
    await until('it is let in', () => raw.text.includes('session:ready'));
    for (let n = 0; n < 15; n += 1) {
      raw.send(`42${n}["sync",{"cursor":"${cursor}","limit":100}]`);
      await until('it is answered', () => raw.text.includes(`43${n}[{"ok":true`));
    }
    expect([raw.text.includes('SLOW_CONSUMER'), raw.isClosed]).toEqual([false, false]);
  });
});
