import { describe, expect, it } from '@jest/globals';
import { retryAfterMs, retryDelayMs } from './retries.js';

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

  it('read what an answer asks for as seconds or as a date', () => {
    const now = Date.parse('2026-11-27T10:00:00Z');
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs('Fri, 27 Nov 2026 10:01:00 GMT', now)).toBe(60_000);
    for (const header of [undefined, '', 'soon', '-1', 'Thu, 01 Jan 1970 00:00:00 GMT'])
      expect(retryAfterMs(header, now)).toBe(0);
  });
});
