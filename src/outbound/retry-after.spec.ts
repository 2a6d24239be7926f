import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.js';

describe('what an answer asks to wait', () => {
  const now = Date.parse('2026-11-27T10:00:00Z');

  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    ['-1', 0],
    ['9'.repeat(400), Infinity],
    ['Fri, 27 Nov 2026 10:01:00 GMT', 60_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('is read of %s', (header, milliseconds) => {
    expect(retryAfterMs(header, now)).toBe(milliseconds);
  });

  it.each([undefined, null, '', ' ', 'soon', '0x10'])('is nothing where the header is %s', (header) => {
    expect(retryAfterMs(header, now)).toBeUndefined();
  });
});
