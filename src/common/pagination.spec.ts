import { describe, expect, it } from '@jest/globals';
import { isTimeText } from './pagination.js';

describe('isTimeText', () => {
  it.each([
    ['2026-02-28T00:00:00.000Z', true],
    ['2026-02-30T00:00:00.000Z', false],
    ['2026-13-01T00:00:00.000Z', false],
    ['2026-01-01T24:00:00.000Z', false],
    ['2026-01-01', false],
    [5, false],
  ])('of %s is %s', (text, expected) => {
    expect(isTimeText(text)).toBe(expected);
  });
});
