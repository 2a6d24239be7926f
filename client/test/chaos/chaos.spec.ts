import { describe, expect, it } from '@jest/globals';
import { Chaos } from './chaos.js';

describe('three people with two phones each, while everything fails', () => {
  it('lose and double nothing, and every phone shows what the server has', async () => {
    const { violations, sent } = await Chaos.run({ seed: 3, sends: 150 });
    expect(violations).toEqual([]);
    expect(sent).toBe(150);
  }, 600_000);
});
