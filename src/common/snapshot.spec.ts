import { describe, expect, it } from '@jest/globals';
import { isVisibleIn } from './snapshot.js';

describe('a snapshot of the database', () => {
  it.each([
    ['what committed before everything under way', '10:20:12,15', 9n, true],
    ['what was under way', '10:20:12,15', 12n, false],
    ['the last that was under way', '10:20:12,15', 15n, false],
    ['what committed beside what was under way', '10:20:12,15', 13n, true],
    ['what had not begun', '10:20:12,15', 20n, false],
    ['what came later', '10:20:12,15', 21n, false],
    ['all before it where nothing was under way', '20:20:', 19n, true],
    ['what comes next where nothing was under way', '20:20:', 20n, false],
  ])('says of %s whether it saw it', (_, snapshot, xid, expected) => {
    expect(isVisibleIn(snapshot, xid)).toBe(expected);
  });
});
