import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { LIMITS } from './limits.js';
import { LimitsError, parseLimits } from './parse-limits.js';

describe('the table of limits', () => {
  it('is the default where nothing is set', () => {
    expect(parseLimits(undefined)).toBe(LIMITS);
    expect(parseLimits(' ')).toBe(LIMITS);
  });

  it('changes the parts that are named, and nothing else', () => {
    const table = parseLimits('{ "messages": { "burst": 100 }, "http": { "points": 7, "perSeconds": 2 } }');
    expect(table.messages).toEqual({ ...LIMITS.messages, burst: 100 });
    expect(table.http).toEqual({ ...LIMITS.http, points: 7, perSeconds: 2 });
    expect(table.search).toBe(LIMITS.search);
  });

  it.each([
    ['no JSON', '{'],
    ['an array', '[]'],
    ['null', 'null'],
    ['an unknown limit', '{ "kindness": { "burst": 1 } }'],
    ['a name of Object itself', '{ "constructor": { "burst": 1 } }'],
    ['a limit that is no object', '{ "messages": 5 }'],
    ['an unknown part', '{ "messages": { "per": "address" } }'],
    ['zero', '{ "messages": { "burst": 0 } }'],
    ['a fraction', '{ "messages": { "points": 0.5 } }'],
    ['a text', '{ "messages": { "points": "5" } }'],
    ['null as a part', '{ "messages": { "points": null } }'],
    ['what is too large', '{ "messages": { "perSeconds": 1000000 } }'],
  ])('refuses %s in one line', (_, text) => {
    expect(() => parseLimits(text)).toThrow(LimitsError);
    expect(() => parseLimits(text)).toThrow(/^[^\n]+$/);
  });

  it('is documented with its numbers', () => {
    const documented = readFileSync('docs/operations.md', 'utf8');
    for (const [name, { per, burst, points, perSeconds }] of Object.entries(LIMITS)) {
      const count = (value: number): string => value.toLocaleString('en-US');
      expect(documented).toContain(
        `| \`${name}\` | ${per} | ${count(burst)} | ${count(points)} in ${count(perSeconds)} s |`,
      );
    }
  });
});
