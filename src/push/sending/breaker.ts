/** Answers of a provider that are remembered. */
const WINDOW = 100;
/** Fewer answers say nothing about the provider. */
const MIN_ANSWERS = 10;
/** More than one in so many is not credible. */
const MAX_SHARE = 5;

/**
 * Whether it is believed that tokens are none. A provider, or a proxy before it, that lost its mind could otherwise make a
 * server forget every phone it knows; and no more than a fifth of them at once is ever right.
 */
export class Breaker {
  private readonly answers: boolean[] = [];
  private tripped = false;

  /** @param removals for each answer that came: whether it says that the token is none. Answers whether that is believed. */
  admit(removals: readonly boolean[]): boolean {
    this.answers.push(...removals);
    this.answers.splice(0, Math.max(0, this.answers.length - WINDOW));
    const count = this.answers.filter(Boolean).length;
    this.tripped = this.answers.length >= MIN_ANSWERS && count * MAX_SHARE > this.answers.length;
    return !this.tripped;
  }

  get isTripped(): boolean {
    return this.tripped;
  }
}
