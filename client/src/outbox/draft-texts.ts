import { Listeners } from '../connection/listeners.js';

/** What is written and not sent, by conversation. */
export class DraftTexts {
  #texts: ReadonlyMap<string, string>;
  readonly #listeners = new Listeners();

  constructor(texts: Iterable<readonly [conversationId: string, text: string]> = []) {
    this.#texts = new Map(texts);
  }

  readonly subscribe = this.#listeners.add;

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
