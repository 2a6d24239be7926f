import { describe, expect, it } from '@jest/globals';
import { ChatError } from '../../src/protocol/errors.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { Synchroniser, type SyncPorts } from '../../src/sync/engine.js';
import { RowWriter } from '../../src/sync/row-writer.js';
import { settled } from '../outbox/device.js';
import { Chance, ME, ModelServer, noChanges } from './model-server.js';
import { VirtualClock } from '../support/virtual-clock.js';

interface Asked {
  answer: (answer: unknown) => void;
  fail: (error: unknown) => void;
}

const ready = { userId: ME, sessionId: 's', serverTime: '', syncCursor: '', recovered: false };

async function startedSynchroniser(): Promise<{
  sync: Synchroniser;
  asked: Asked[];
  joined: Asked[];
  clock: VirtualClock;
}> {
  const clock = new VirtualClock();
  const database = await memoryStorage({ strict: true }).open('account');
  const [asked, joined]: [Asked[], Asked[]] = [[], []];
  const never = () => new Promise<never>(() => undefined);
  const request = () => new Promise((answer, fail) => asked.push({ answer, fail }));
  const join = () => new Promise((answer, fail) => joined.push({ answer, fail }));
  const sync = new Synchroniser({
    database,
    writer: new RowWriter(database, clock, {}),
    clock,
    random: { number: () => 0, uuid: () => 'uuid' },
    request: request as SyncPorts['request'],
    join: join as SyncPorts['join'],
    leave: () => undefined,
    fetchPage: never,
    fetchFriends: never,
    fetchUser: never,
    fetchPresent: never,
    settled: () => [],
  });
  await sync.start();
  return { sync, asked, joined, clock };
}

describe('a sync that was asked for on a connection that is lost', () => {
  it.each([
    ['fails late', ({ fail }: Asked) => fail(new ChatError('NETWORK', 'The connection was lost.'))],
    ['is answered late', ({ answer }: Asked) => answer(noChanges())],
  ])('%s, and ends nothing of the catching up on the next one', async (_, end) => {
    const { sync, asked } = await startedSynchroniser();
    const [former, next] = [new AbortController(), new AbortController()];
    const ended = sync.catchUp(ready, former.signal).catch(() => 'lost');
    await settled();
    const [first] = asked.splice(0) as [Asked];
    former.abort();
    expect(await ended).toBe('lost');
    let isCaughtUp = false;
    void sync.catchUp(ready, next.signal).then(() => (isCaughtUp = true));
    await settled();
    const [second] = asked.splice(0) as [Asked];
    end(first);
    await settled();
    expect(isCaughtUp).toBe(false);
    second.answer(noChanges());
    await settled();
    expect(isCaughtUp).toBe(true);
  });
});

describe('a conversation that is joined', () => {
  it('does not come back where it was left before the answer has arrived', async () => {
    const { sync, asked, joined } = await startedSynchroniser();
    void sync.catchUp(ready, new AbortController().signal);
    await settled();
    const conversation = new ModelServer(new Chance(1)).conversation('c0');
    asked[0]?.answer({ ...noChanges(), conversations: [conversation] });
    await settled();
    sync.open('c0');
    expect(joined).toHaveLength(1);
    sync.handle({ name: 'conversation:removed', payload: { conversationId: 'c0' } });
    joined[0]?.answer({ conversation });
    await settled();
    expect([...sync.state.conversations.keys()]).toEqual([]);
  });
});

describe('a conversation that the server could not let a connection join', () => {
  it('is joined again after a while, as long as it is open and it is not refused for good', async () => {
    const { sync, asked, joined, clock } = await startedSynchroniser();
    void sync.catchUp(ready, new AbortController().signal);
    await settled();
    asked[0]?.answer(noChanges());
    await settled();
    const close = sync.open('c0');
    expect(joined).toHaveLength(1);
    joined[0]?.fail(new ChatError('UNAVAILABLE', 'Not now.', { retryAfterMs: 3_000 }));
    await clock.advance(2_999);
    expect(joined).toHaveLength(1);
    await clock.advance(1);
    expect(joined).toHaveLength(2);
    joined[1]?.fail(new ChatError('OVERLOADED', 'Not now.'));
    await clock.advance(10_000);
    expect(joined).toHaveLength(3);
    joined[2]?.fail(new ChatError('OVERLOADED', 'Not now.'));
    await settled();
    close();
    await clock.advance(10_000);
    expect(joined).toHaveLength(3);
    sync.open('c0');
    joined[3]?.fail(new ChatError('NOT_FOUND', 'Not found.'));
    await clock.advance(60_000);
    expect(joined).toHaveLength(4);
  });
});
