import { describe, expect, it } from '@jest/globals';
import { ChatError } from '../../src/protocol/errors.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { Synchroniser, type SyncPorts } from '../../src/sync/engine.js';
import { RowWriter } from '../../src/sync/row-writer.js';
import { settled } from '../outbox/device.js';
import { ME, noChanges } from './model-server.js';
import { VirtualClock } from '../support/virtual-clock.js';

interface Asked {
  answer: (answer: unknown) => void;
  fail: (error: unknown) => void;
}

const ready = { userId: ME, sessionId: 's', serverTime: '', syncCursor: '', recovered: false };

async function startedSynchroniser(): Promise<{ sync: Synchroniser; asked: Asked[] }> {
  const clock = new VirtualClock();
  const database = await memoryStorage({ strict: true }).open('account');
  const asked: Asked[] = [];
  const never = () => new Promise<never>(() => undefined);
  const request = () => new Promise((answer, fail) => asked.push({ answer, fail }));
  const sync = new Synchroniser({
    database,
    writer: new RowWriter(database, clock, {}),
    clock,
    random: { number: () => 0, uuid: () => 'uuid' },
    request: request as SyncPorts['request'],
    join: never,
    leave: () => undefined,
    fetchPage: never,
    fetchFriends: never,
    fetchUser: never,
    fetchPresent: never,
    settled: () => [],
  });
  await sync.start();
  return { sync, asked };
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
