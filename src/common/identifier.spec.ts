import { describe, expect, it } from '@jest/globals';
import { newId, UUID_PATTERN } from './identifier.js';

describe('a new id', () => {
  it('is a UUIDv7 of now, and follows the one before, however many are made', () => {
    const began = Date.now();
    const ids = Array.from({ length: 100_000 }, newId);
    expect(ids.every((id) => UUID_PATTERN.test(id) && id[14] === '7' && '89ab'.includes(id[19] ?? ''))).toBe(true);
    expect(ids.every((id, index) => index === 0 || (ids[index - 1] as string) < id)).toBe(true);
    const time = Number.parseInt((ids[0] as string).replace('-', '').slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(began);
    expect(time).toBeLessThanOrEqual(Date.now());
    // Not only counted: the last digits are random.
    expect(new Set(ids.map((id) => id.slice(-8))).size).toBeGreaterThan(99_000);
  });
});
