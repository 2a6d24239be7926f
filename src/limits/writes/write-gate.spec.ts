import { describe, expect, it } from '@jest/globals';
import { Configuration } from '../../config/configuration.js';
import { WriteGate } from './write-gate.js';

describe('WriteGate', () => {
  it.each([
    [16, 4],
    [6, 2],
    [4, 1],
  ])('of a pool of %i connections lets one user change %i things at once', async (size, bound) => {
    const configuration = Configuration.fromEnvironment({
      JWT_SECRET: 'a secret for the tests of a gate alone',
      DATABASE_POOL_SIZE: String(size),
    });
    const gate = new WriteGate(configuration);
    const ends: (() => void)[] = [];
    const changes = Array.from({ length: 8 }, () =>
      gate.run({ userId: 'user' }, () => new Promise<void>((end) => void ends.push(end))),
    );
    await Promise.resolve();
    expect(ends).toHaveLength(bound);
    for (let ended = 0; ended < changes.length; ended++) {
      ends[ended]?.();
      await changes[ended];
    }
  });
});
