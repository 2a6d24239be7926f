import type { Unsubscribe } from '../ports/environment.js';

/** Those who want to know of something, in the order in which they came. */
export class Listeners<Values extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...values: Values) => void>();

  /** One function may be added twice. */
  readonly add = (listener: (...values: Values) => void): Unsubscribe => {
    const entry = (...values: Values): void => listener(...values);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  call(...values: Values): void {
    for (const listener of [...this.#listeners]) listener(...values);
  }
}
