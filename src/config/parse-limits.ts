import * as v from 'valibot';
import { exactObject } from './exact-object.js';
import { LIMITS, type LimitName, type LimitTable } from './limits.js';

/** What is wrong with a table of limits; the message goes behind the name of its variable. */
export class LimitsError extends Error {
  override readonly name = 'LimitsError';
}

/** The parts of a limit that may be set, and the most that each may be. */
const MAX_PARTS = { burst: 1_000_000_000, points: 1_000_000_000, perSeconds: 604_800 } as const;
const NAMES = Object.keys(LIMITS) as LimitName[];
const NOT_A_TABLE = 'must be a JSON object, such as { "messages": { "burst": 100 } }';

const table = v.pipe(
  v.string(),
  v.parseJson(undefined, NOT_A_TABLE),
  exactObject(Object.fromEntries(NAMES.map((name) => [name, v.optional(limitSchema(name))])), {
    notAnObject: NOT_A_TABLE,
    surplus: (name) => `names no limit "${name}"; there are ${NAMES.join(', ')}`,
  }),
);

/** One limit: what is given of it, the rest as it is by default. */
function limitSchema(name: LimitName) {
  const part = (key: keyof typeof MAX_PARTS) => {
    const fault = `must have a whole number from 1 to ${MAX_PARTS[key]} as "${key}" of "${name}"`;
    return v.optional(
      v.pipe(v.number(fault), v.integer(fault), v.minValue(1, fault), v.maxValue(MAX_PARTS[key], fault)),
    );
  };
  return v.pipe(
    exactObject(
      { burst: part('burst'), points: part('points'), perSeconds: part('perSeconds') },
      {
        notAnObject: `must give "${name}" as an object, such as { "burst": 10 }`,
        surplus: (key, parts) => `has "${key}" in "${name}", where only ${parts.join(', ')} may be set`,
      },
    ),
    v.transform((parts) => ({ ...LIMITS[name], ...parts })),
  );
}

/**
 * Reads `LIMITS`: a JSON object of limits' names, each with the parts that differ from the default, such as
 * `{ "messages": { "burst": 100, "points": 20 } }`.
 * @throws LimitsError
 */
export function parseLimits(text: string | undefined): LimitTable {
  if (text === undefined || text.trim() === '') return LIMITS;
  const result = v.safeParse(table, text, { abortEarly: true });
  if (!result.success) throw new LimitsError(result.issues[0].message);
  return { ...LIMITS, ...result.output };
}
