import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { historyRange } from './history-range.js';

describe('the range of a page of history', () => {
  const visible = { from: 5, to: 100 };

  it.each([
    [{ limit: 10 }, { from: 91, to: 100 }],
    [
      { limit: 10, before: 91 },
      { from: 81, to: 90 },
    ],
    [
      { limit: 10, before: 8 },
      { from: 5, to: 7 },
    ],
    [
      { limit: 10, before: 5 },
      { from: 5, to: 4 },
    ],
    [
      { limit: 10, before: 5000 },
      { from: 91, to: 100 },
    ],
    [
      { limit: 10, after: 95 },
      { from: 96, to: 100 },
    ],
    [
      { limit: 10, after: 0 },
      { from: 5, to: 14 },
    ],
    [
      { limit: 10, after: 100 },
      { from: 101, to: 100 },
    ],
    [
      { limit: 10, around: 50 },
      { from: 45, to: 54 },
    ],
    [
      { limit: 10, around: 5 },
      { from: 5, to: 14 },
    ],
    [
      { limit: 10, around: 99 },
      { from: 91, to: 100 },
    ],
    [
      { limit: 10, around: 9999 },
      { from: 91, to: 100 },
    ],
  ])('%j is %j', (position, range) => {
    expect(historyRange(position, visible)).toMatchObject(range);
  });

  it.each([
    ['the newest page', {}, 100],
    ['a page before', { before: 50 }, 49],
    ['a page after', { after: 50 }, 51],
    ['a page around', { around: 50 }, 50],
  ])('keeps %s at its end where not all of it fits', (_, position, anchor) => {
    expect(historyRange({ limit: 10, ...position }, visible).anchor).toBe(anchor);
  });

  it('refuses two positions at once', () => {
    expect(() => historyRange({ limit: 10, before: 5, after: 3 }, visible)).toThrow('not valid');
  });

  it('never shows what is not visible, never more than the limit, and pages without gap or overlap', () => {
    const integer = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(integer, integer, fc.integer({ min: 1, max: 100 }), (from, length, limit) => {
        const all = { from: from + 1, to: from + length };
        const seen: number[] = [];
        let before: number | undefined;
        for (;;) {
          const range = historyRange({ limit, before }, all);
          if (range.to < range.from) break;
          expect(range.to - range.from + 1).toBeLessThanOrEqual(limit);
          for (let seq = range.to; seq >= range.from; seq -= 1) seen.push(seq);
          before = range.from;
        }
        expect(seen).toEqual(Array.from({ length }, (_, index) => all.to - index));
      }),
    );
  });
});
