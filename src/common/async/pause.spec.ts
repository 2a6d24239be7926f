import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Pause } from './pause.js';

describe('a pause', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('ends at its time and not before', async () => {
    const pause = new Pause();
    let isOver = false;
    const waiting = pause.wait(1_000, { keepsAlive: true }).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await waiting;
    expect(isOver).toBe(true);
  });

  it('ends at once where it is cut short, and leaves no timer behind', async () => {
    const pause = new Pause();
    const waiting = pause.wait(1_000, { keepsAlive: true });
    pause.cutShort();
    await waiting;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is not cut short by a call before it began', async () => {
    const pause = new Pause();
    pause.cutShort();
    let isOver = false;
    const waiting = pause.wait(1_000, { keepsAlive: true }).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(500);
    expect(isOver).toBe(false);
    pause.cutShort();
    await waiting;
  });
});
