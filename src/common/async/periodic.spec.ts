import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Periodic } from './periodic.js';

describe('periodic work', () => {
  let began = 0;
  let running = 0;
  let most = 0;
  let ends: (() => void)[] = [];
  let failures: string[] = [];
  let periodic: Periodic;

  beforeEach(() => {
    jest.useFakeTimers();
    [began, running, most, ends, failures] = [0, 0, 0, [], []];
    periodic = new Periodic(
      1_000,
      async () => {
        began += 1;
        most = Math.max(most, (running += 1));
        await new Promise<void>((resolve) => ends.push(resolve));
        running -= 1;
        if (began === 1) throw new Error('the first fails');
      },
      ({ message }) => failures.push(message),
    );
  });
  afterEach(() => void jest.useRealTimers());

  const end = async (): Promise<void> => {
    ends.shift()?.();
    await jest.advanceTimersByTimeAsync(0);
  };
  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  it('is done at the start and after each interval, also behind one that failed', async () => {
    periodic.start();
    await pass(0);
    await end();
    expect([began, failures]).toEqual([1, ['the first fails']]);
    await pass(999);
    expect(began).toBe(1);
    await pass(1);
    expect(began).toBe(2);
  });

  it('may leave the start out', async () => {
    periodic.startLater();
    await pass(999);
    expect(began).toBe(0);
    await pass(1);
    expect(began).toBe(1);
  });

  it('is never done twice at the same time: a time that comes meanwhile is left out', async () => {
    periodic.start();
    await pass(5_500);
    expect([began, most]).toEqual([1, 1]);
    await end();
    expect(began).toBe(1);
    await pass(500);
    expect([began, most]).toEqual([2, 1]);
  });

  it('is done once more, however often it was asked for while it was under way', async () => {
    periodic.soon();
    await pass(0);
    periodic.soon();
    periodic.soon();
    await end();
    expect([began, most]).toEqual([2, 1]);
    await end();
    expect(began).toBe(2);
  });

  it('is waited for where it stops, and begins no more', async () => {
    periodic.start();
    await pass(0);
    periodic.soon();
    let hasStopped = false;
    const stopping = periodic.stop().then(() => (hasStopped = true));
    await pass(10_000);
    expect([hasStopped, periodic.isStopped]).toEqual([false, true]);
    await end();
    await stopping;
    periodic.soon();
    periodic.start();
    await pass(10_000);
    expect([began, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it('stops at once where nothing is under way', async () => {
    await periodic.stop();
    expect(began).toBe(0);
  });
});
