import type { Unsubscribe } from '../ports/environment.js';

/** Those who want to know of something, in the order in which they came. */
export class Listeners<Values extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...values: Values) => void>();

  /** One function may be added twice. @throws TypeError what is no function */
  readonly add = (listener: (...values: Values) => void): Unsubscribe => {
    const entry = listener.bind(undefined);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  get size(): number {
    return this.#listeners.size;
  }

  call(...values: Values): void {
    callEach(this.#listeners, ...values);
  }
}

/**
 * None that was ended by one before it. One that throws stops neither the others nor whoever calls: its fault is the
 * application's, and is reported.
 */
export function callEach<Values extends readonly unknown[]>(
  listeners: ReadonlySet<(...values: Values) => void>,
  ...values: Values
): void {
  for (const listener of [...listeners]) {
    try {
      if (listeners.has(listener)) listener(...values);
    } catch (error) {
      // oxlint-disable-next-line no-console -- a library has no other place that the application looks at
      console.error(error);
    }
  }
}
