import { Listeners } from '../connection/listeners.js';

/** What is written and not sent, by conversation. */
export class DraftTexts {
  #texts: ReadonlyMap<string, string> = new Map();
  readonly #listeners = new Listeners();

  readonly subscribe = this.#listeners.add;

  /** All of them. */
  get all(): Iterable<readonly [conversationId: string, text: string]> {
    return this.#texts;
  }

  /** Nothing but these is left. */
  clear(left: Iterable<readonly [conversationId: string, text: string]>): void {
    this.#texts = new Map(left);
    this.#listeners.call();
  }

  /** Empty where there is none. */
  of(conversationId: string): string {
    return this.#texts.get(conversationId) ?? '';
  }

  /** Together; an empty text removes what there is. */
  put(changes: Iterable<readonly [conversationId: string, text: string]>): void {
    const texts = new Map(this.#texts);
    for (const [conversationId, text] of changes) {
      if (text === '') texts.delete(conversationId);
      else texts.set(conversationId, text);
    }
    this.#texts = texts;
    this.#listeners.call();
  }
}
