import { describe, expect, it } from '@jest/globals';
import { BatchPace, GATHERING_WINDOW_MS, MIN_GATHERING_RATE } from './batch-pace.js';

/** Batches that take `duration` each, at a steady rate of messages, for a second. Returns how long each rested. */
function steady(pace: BatchPace, rate: number, duration: number, from = 0): { rests: number[]; end: number } {
  const rests: number[] = [];
  let now = from;
  let size = 1;
  while (now < from + 1_000) {
    const startedAt = now;
    now += duration;
    const rest = pace.restAfter(size, startedAt, now);
    rests.push(rest);
    now += rest;
    size = Math.round(rate * (now - startedAt));
  }
  return { rests, end: now };
}

describe('the pace of batches', () => {
  it('lets no message wait for company while few come', () => {
    const { rests } = steady(new BatchPace(), MIN_GATHERING_RATE / 2, 2);
    expect(Math.max(...rests)).toBe(0);
  });

  it('begins batches one gathering window apart once many come', () => {
    const { rests } = steady(new BatchPace(), MIN_GATHERING_RATE * 4, 2);
    expect(rests.at(-1)).toBe(GATHERING_WINDOW_MS - 2);
  });

  it('adds nothing to a batch that takes longer than the gathering window', () => {
    const { rests } = steady(new BatchPace(), MIN_GATHERING_RATE * 4, GATHERING_WINDOW_MS + 5);
    expect(Math.max(...rests)).toBe(0);
  });

  it('does not take one burst after a quiet time for a steady stream', () => {
    const pace = new BatchPace();
    expect(pace.restAfter(1, 0, 2)).toBe(0);
    expect(pace.restAfter(40, 60_000, 60_002)).toBe(0);
    expect(pace.restAfter(1, 60_002, 60_004)).toBe(0);
  });

  it('stops gathering when the stream ends', () => {
    const pace = new BatchPace();
    const { end, rests } = steady(pace, MIN_GATHERING_RATE * 4, 2);
    expect(rests.at(-1)).toBeGreaterThan(0);
    expect(pace.restAfter(1, end + 500, end + 502)).toBe(0);
  });
});
