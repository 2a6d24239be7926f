import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives a burst at once, then says when there is more, and keeps its word', () => {
    const bucket = new TokenBucket(3, 2);
    expect(bucket.retryAfterMs).toBe(0);
    expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, true, false]);
    expect(bucket.retryAfterMs).toBe(500);
    jest.advanceTimersByTime(200);
    expect([bucket.take(), bucket.retryAfterMs]).toEqual([false, 300]);
    jest.advanceTimersByTime(300);
    expect([bucket.retryAfterMs, bucket.take(), bucket.take()]).toEqual([0, true, false]);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket(2, 1_000);
    jest.advanceTimersByTime(60_000);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
  });
});
