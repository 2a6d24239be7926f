import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BackgroundLoop } from './background-loop.js';

describe('a background loop', () => {
  let steps = 0;
  let answers: (number | undefined | Error)[] = [];
  let during: (() => void | Promise<void>) | undefined;
  let failures: string[] = [];
  let loop: BackgroundLoop;

  beforeEach(() => {
    jest.useFakeTimers();
    [steps, answers, during, failures] = [0, [], undefined, []];
    loop = new BackgroundLoop(
      async () => {
        steps += 1;
        const answer = answers.shift();
        await during?.();
        if (answer instanceof Error) throw answer;
        return answer;
      },
      ({ message }) => failures.push(message),
      { minMs: 100, maxMs: 400 },
    );
  });
  afterEach(async () => {
    await loop.stop();
    // A rest that went on would begin another step at its end.
    const done = steps;
    await pass(60_000);
    expect(steps).toBe(done);
    jest.useRealTimers();
  });

  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  it('rests as long as a step says, and ends where there is nothing to do', async () => {
    answers = [1_000, undefined];
    loop.start();
    await pass(999);
    expect(steps).toBe(1);
    await pass(1);
    expect(steps).toBe(2);
    await pass(60_000);
    expect(steps).toBe(2);
  });

  it('begins anew when there is something to do again', async () => {
    loop.start();
    await pass(0);
    loop.start();
    await pass(0);
    expect(steps).toBe(2);
  });

  it('takes another step where it is started during the last one, also at its very beginning or end', async () => {
    let calls = 0;
    during = () => {
      calls += 1;
      if (calls === 1) loop.start();
      // Behind the answer, and before the loop has seen it.
      if (calls === 2) void Promise.resolve().then(() => loop.start());
    };
    loop.start();
    await pass(0);
    expect(steps).toBe(3);
  });

  it('goes on with its rest where it is started, and ends it where it is woken', async () => {
    answers = [1_000, 1_000, undefined];
    loop.start();
    await pass(500);
    loop.start();
    await pass(0);
    expect(steps).toBe(1);
    loop.wake();
    await pass(0);
    expect(steps).toBe(2);
  });

  it('has no rest after a step during which it was woken', async () => {
    answers = [1_000, undefined];
    during = () => {
      if (steps > 1) return;
      loop.wake();
      expect(loop.isAwake).toBe(true);
    };
    loop.start();
    await pass(0);
    expect(steps).toBe(2);
    expect(loop.isAwake).toBe(false);
  });

  it('rests after a failure also where it was woken during the step, and ends that rest where it is woken again', async () => {
    answers = [new Error('away'), undefined];
    during = () => {
      if (steps === 1) loop.wake();
    };
    loop.start();
    await pass(99);
    expect(steps).toBe(1);
    loop.wake();
    await pass(0);
    expect(steps).toBe(2);
  });

  it('is not begun by being woken', async () => {
    loop.wake();
    await pass(1_000);
    expect([steps, loop.isAwake]).toEqual([0, false]);
  });

  it('takes one step at a time, and ends a rest within it where it is woken', async () => {
    during = () => loop.rest(1_000);
    loop.start();
    loop.start();
    await pass(500);
    loop.start();
    expect(steps).toBe(1);
    loop.wake();
    await pass(0);
    expect(steps).toBe(2);
  });

  it('reports a failure and tries again, after twice as long each time and at most after the longest, until one succeeds', async () => {
    const failing = (): Error => new Error('away');
    answers = [failing(), failing(), failing(), failing(), 5, failing(), undefined];
    loop.start();
    for (const [milliseconds, expected] of [
      [0, 1],
      [100, 2],
      [200, 3],
      [400, 4],
      [400, 5],
      [5, 6],
      [99, 6],
      [1, 7],
    ] as const) {
      await pass(milliseconds);
      expect(steps).toBe(expected);
    }
    expect(failures).toHaveLength(5);
  });

  it('ends its rest where it stops, and begins no more', async () => {
    answers = [1_000];
    loop.start();
    await pass(1);
    await loop.stop();
    loop.start();
    loop.wake();
    await loop.rest(1_000);
    await pass(10_000);
    expect([steps, loop.isStopped]).toEqual([1, true]);
  });

  it('is waited for where a step is under way', async () => {
    let end = (): void => undefined;
    during = () => new Promise<void>((resolve) => (end = resolve));
    loop.start();
    await pass(0);
    let hasStopped = false;
    const stopping = loop.stop().then(() => (hasStopped = true));
    await pass(10_000);
    expect(hasStopped).toBe(false);
    end();
    await stopping;
    expect(steps).toBe(1);
  });
});
