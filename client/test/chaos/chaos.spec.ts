import { describe, expect, it } from '@jest/globals';
import { Chaos } from './chaos.js';

describe('three people with two phones each, while everything fails', () => {
  it('lose and double nothing, and every phone shows what the server has', async () => {
    const { violations, sent, faults, sabotageFound } = await Chaos.run({ seed: 3, sends: 150 });
    expect(violations).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(150);
    // Each kind of fault came, and the judge finds what is wrong where something is.
    expect(Object.keys(faults)).toHaveLength(14);
    expect(Object.entries(faults).filter(([, count]) => count === 0)).toEqual([]);
    expect(sabotageFound.map((line) => line.split(':')[0]).toSorted()).toEqual(['doubled', 'lost', 'overtaken']);
  }, 600_000);
});
