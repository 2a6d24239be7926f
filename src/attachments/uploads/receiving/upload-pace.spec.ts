import { describe, expect, it } from '@jest/globals';
import { isTooSlow, PACE_WINDOW_MS, UPLOAD_TIMEOUT_MS } from './upload-pace.js';

const MEGABYTE = 1024 * 1024;

/** When an upload at an even rate is ended, in seconds; undefined where it comes in whole. */
function endOf(bytesPerSecond: number, size: number, announced: number | undefined = size): number | undefined {
  for (let second = 1; second <= UPLOAD_TIMEOUT_MS / 1_000; second += 1) {
    const received = second * bytesPerSecond;
    if (received >= size) return undefined;
    const receivedInWindow = bytesPerSecond * Math.min(second, PACE_WINDOW_MS / 1_000);
    if (isTooSlow({ elapsedMs: second * 1_000, received, receivedInWindow, announced })) return second;
  }
  return UPLOAD_TIMEOUT_MS / 1_000;
}

describe('the pace of an upload', () => {
  it('ends a trickle of one byte a second after half a minute', () => {
    expect(endOf(1, 1_000_000)).toBe(30);
    expect(endOf(1, 1_000_000, undefined)).toBe(30);
  });

  it.each([
    ['a photo of 3 MB over EDGE', 10_000, 3 * MEGABYTE],
    ['a photo of 2 MB over GPRS', 4_000, 2 * MEGABYTE],
    ['a voice message over the worst of GPRS', 2_100, 200_000],
    ['a film of 100 MB over 3G', 150_000, 100 * MEGABYTE],
  ])('lets %s pass', (_, rate, size) => {
    expect(endOf(rate, size)).toBeUndefined();
  });

  it('rises with time: a rate that is enough at first is not for ever', () => {
    const end = endOf(1_000, 10 * MEGABYTE, undefined) ?? 0;
    expect(end).toBeGreaterThan(50);
    expect(end).toBeLessThan(120);
  });

  it('ends within two minutes who reserves a film and sends what a voice needs', () => {
    expect(endOf(5_000, 60 * MEGABYTE)).toBeLessThan(120);
  });

  it('judges by the last half minute, not by a first burst', () => {
    expect(isTooSlow({ elapsedMs: 60_000, received: 50 * MEGABYTE, receivedInWindow: 100, announced: undefined })).toBe(
      true,
    );
  });
});
