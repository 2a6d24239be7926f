/** The type of a global, where the platform's types declare it: the package's own types compile without those of browsers. */
export type GlobalOf<Name extends string> = typeof globalThis extends Record<Name, infer Value> ? Value : never;

export type WebLocks = GlobalOf<'navigator'> extends { locks: infer Locks } ? Locks : never;

/** An array of bytes that owns them; before TypeScript 5.7 the type had no parameter. */
export type Bytes = ReturnType<typeof Uint8Array.from>;
