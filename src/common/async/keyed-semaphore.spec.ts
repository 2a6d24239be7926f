import { describe, expect, it, jest } from '@jest/globals';
import { KeyedSemaphore, type KeyedSemaphoreBounds } from './keyed-semaphore.js';

const BOUNDS: KeyedSemaphoreBounds = {
  maxPerKey: 2,
  maxTotal: 3,
  maxQueuedPerKey: 3,
  maxQueuedTotal: 5,
  waitTimeoutMs: 1_000,
};

function started(bounds: Partial<KeyedSemaphoreBounds> = {}) {
  const semaphore = new KeyedSemaphore({ ...BOUNDS, ...bounds });
  /** Names of what runs, in the order it began. */
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (key: string, name: string): Promise<string> => {
    const result = semaphore.run(key, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
    // Those that a test leaves waiting are refused some time after it.
    result.catch(() => undefined);
    return result;
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settled();
  };
  return { semaphore, begun, run, end };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codeOf = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'resolved',
    (error: { code: string }) => error.code,
  );

describe('a keyed semaphore', () => {
  it('runs so many of one key at once, and the rest in the order they came', async () => {
    const { begun, run, end } = started();
    const all = ['a1', 'a2', 'a3', 'a4'].map((name) => run('a', name));
    await settled();
    expect(begun).toEqual(['a1', 'a2']);
    await end('a2');
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    await end('a1');
    await end('a3');
    await end('a4');
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('lets another key in while one has many waiting', async () => {
    const { begun, run } = started();
    for (const name of ['a1', 'a2', 'a3', 'a4']) void run('a', name);
    void run('b', 'b1');
    await settled();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
  });

  it('gives keys that wait for the total their turns one by one', async () => {
    const { begun, run, end } = started({ maxPerKey: 2, maxTotal: 1 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) void run('a', name);
    void run('b', 'b1');
    await settled();
    for (const name of ['a1', 'a2', 'b1', 'a3']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  it('refuses a key whose own queue is full as RATE_LIMITED, and others where all queues are as OVERLOADED', async () => {
    const { run } = started({ maxTotal: 2 });
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) void run('a', name);
    expect(await codeOf(run('a', 'a6'))).toBe('RATE_LIMITED');
    for (const name of ['b1', 'b2']) void run('b', name);
    expect(await codeOf(run('b', 'b3'))).toBe('OVERLOADED');
    await expect(run('c', 'c1')).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
  });

  it('ends a wait that takes too long, says whose fault it is, and goes on without it', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { semaphore, begun, run, end } = started({ maxTotal: 2 });
      void run('a', 'a1');
      void run('a', 'a2');
      const own = codeOf(run('a', 'a3'));
      const other = codeOf(run('b', 'b1'));
      jest.advanceTimersByTime(999);
      void run('a', 'a4');
      jest.advanceTimersByTime(1);
      expect(await own).toBe('RATE_LIMITED');
      expect(await other).toBe('OVERLOADED');
      await end('a1');
      expect(begun).toEqual(['a1', 'a2', 'a4']);
      await end('a2');
      await end('a4');
      expect(semaphore.load).toEqual({ holders: 0, queued: 0, keys: 0 });
    } finally {
      jest.useRealTimers();
    }
  });

  it('gives the place back when the work throws, and only once however often it is given back', async () => {
    const { semaphore } = started();
    await expect(semaphore.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(semaphore.load).toEqual({ holders: 0, queued: 0, keys: 0 });
    const release = await semaphore.acquire('a');
    const other = await semaphore.acquire('a');
    release();
    release();
    expect(semaphore.load).toMatchObject({ holders: 1 });
    other();
  });

  it('never has more holders than its bounds, and forgets every key, whatever the order of the ends', async () => {
    const { semaphore } = started({ maxQueuedPerKey: 100, maxQueuedTotal: 1_000, waitTimeoutMs: 60_000 });
    const running = new Map<string, number>();
    let total = 0;
    let most = 0;
    const work = async (key: string, steps: number): Promise<void> =>
      semaphore.run(key, async () => {
        running.set(key, (running.get(key) ?? 0) + 1);
        most = Math.max(most, (total += 1));
        expect(running.get(key)).toBeLessThanOrEqual(2);
        for (let step = 0; step < steps; step += 1) await settled();
        running.set(key, (running.get(key) ?? 0) - 1);
        total -= 1;
      });
    await Promise.all(Array.from({ length: 200 }, (_, index) => work(`k${index % 7}`, (index * 31) % 5)));
    expect(most).toBe(3);
    expect(semaphore.load).toEqual({ holders: 0, queued: 0, keys: 0 });
  });

  it('says when to come back as it is asked to', async () => {
    const { run } = started({ maxQueuedPerKey: 0, retryAfterMs: () => 4_321 });
    for (const name of ['a1', 'a2']) void run('a', name);
    await expect(run('a', 'a3')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 4_321 });
  });
});
