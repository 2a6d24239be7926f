import * as v from 'valibot';

/** What is said of a value that is not the object it should be. */
export interface ObjectFaults {
  readonly notAnObject: string;
  /** A key that does not belong there. */
  readonly surplus: (key: string, allowed: readonly string[]) => string;
  /** A key that has to be there and is not. */
  readonly missing?: (key: string) => string;
}

/**
 * A schema of an object with these keys alone. Its own ones: valibot's strictObject also takes `constructor`, `__proto__` and
 * what else every object inherits.
 */
export function exactObject<const Entries extends v.ObjectEntries>(entries: Entries, faults: ObjectFaults) {
  const allowed = Object.keys(entries);
  const surplus = (fields: object): string | undefined => Object.keys(fields).find((key) => !allowed.includes(key));
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, faults.notAnObject),
    v.check(
      (fields) => surplus(fields) === undefined,
      ({ input }) => faults.surplus(surplus(input) ?? '', allowed),
    ),
    v.object(entries, ({ path }) => faults.missing?.(String(path?.[0]?.key)) ?? faults.notAnObject),
  );
}

/** No array, and not null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
