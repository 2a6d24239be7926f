import { type Limit, LIMITS, type LimitName, type LimitTable } from './limits.js';

/** What is wrong with a table of limits; the message goes behind the name of its variable. */
export class LimitsError extends Error {
  override readonly name = 'LimitsError';
}

/** The parts of a limit that may be set, and what they may be. */
const BOUNDS = { burst: 1_000_000_000, points: 1_000_000_000, perSeconds: 604_800 } as const;
type Part = keyof typeof BOUNDS;

/**
 * Reads `LIMITS`: a JSON object of limits' names, each with the parts that differ from the default, such as
 * `{ "messages": { "burst": 100, "points": 20 } }`.
 * @throws LimitsError
 */
export function parseLimits(text: string | undefined): LimitTable {
  if (text === undefined || text.trim() === '') return LIMITS;
  const table: Record<LimitName, Limit> = { ...LIMITS };
  for (const [name, parts] of Object.entries(objectOf(text))) {
    if (!isLimitName(name))
      throw new LimitsError(`names no limit "${name}"; there are ${Object.keys(LIMITS).join(', ')}`);
    if (!isObject(parts)) throw new LimitsError(`must give "${name}" as an object, such as { "burst": 10 }`);
    for (const [part, value] of Object.entries(parts)) checkPart(name, part, value);
    table[name] = { ...LIMITS[name], ...parts };
  }
  return table;
}

function checkPart(name: LimitName, part: string, value: unknown): void {
  if (!Object.hasOwn(BOUNDS, part))
    throw new LimitsError(`has "${part}" in "${name}", where only ${Object.keys(BOUNDS).join(', ')} may be set`);
  const most = BOUNDS[part as Part];
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    throw new LimitsError(`must have a whole number from 1 to ${most} as "${part}" of "${name}"`);
}

function objectOf(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!isObject(parsed)) throw new LimitsError('must be a JSON object, such as { "messages": { "burst": 100 } }');
  return parsed;
}

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
