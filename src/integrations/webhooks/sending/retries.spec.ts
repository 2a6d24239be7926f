import { describe, expect, it } from '@jest/globals';
import { retryDelayMs } from './retries.js';

describe('retries of a webhook', () => {
  it('go on for more than five days, each after a longer wait, and end', () => {
    const delays: number[] = [];
    for (let attempts = 1; ; attempts += 1) {
      const delay = retryDelayMs(attempts, 0, 0.5);
      if (delay === undefined) break;
      delays.push(delay);
    }
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(5 * 86_400_000);
    expect([...delays].sort((one, other) => one - other)).toEqual(delays);
  });

  it('come apart by a fifth, and wait as long as an answer asks, but no more than a day', () => {
    expect([retryDelayMs(2, 0, 0), retryDelayMs(2, 0, 1)]).toEqual([240_000, 360_000]);
    expect(retryDelayMs(1, 600_000, 0.5)).toBe(600_000);
    expect(retryDelayMs(1, 1e12, 0.5)).toBe(86_400_000);
  });
});
