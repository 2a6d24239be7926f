import { describe, expect, it } from '@jest/globals';
import { runChaos } from './chaos.js';
import type { Mode } from './house.js';

/** The short form of `npm run chaos`. */
describe('chaos', () => {
  const SECONDS = 8;

  it.each<[Mode, number]>([
    ['embedded', 4],
    ['external', 9],
  ])(
    'loses, doubles and misplaces nothing while the server, its %s database and the networks between them fail',
    async (mode, seed) => {
      const lines: string[] = [];
      const { violations, faults, acknowledged, logs } = await runChaos({
        seed,
        mode,
        seconds: SECONDS,
        tell: (line) => lines.push(line),
      });
      expect({ violations, logs, lines: violations.length === 0 ? [] : lines }).toEqual({
        violations: [],
        logs: undefined,
        lines: [],
      });
      expect(faults).toBeGreaterThan(2);
      expect(acknowledged).toBeGreaterThan(20);
    },
    120_000,
  );
});
