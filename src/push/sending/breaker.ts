/** Answers of a provider that are remembered. */
const WINDOW = 100;
/** Fewer answers say nothing about the provider. */
const MIN_ANSWERS = 10;
/** More than one in so many is not credible. */
const MAX_SHARE = 5;

/** What a provider answered about a device: whether its token is none. */
export interface TokenAnswer {
  deviceId: string;
  userId: string;
  isRemoval: boolean;
}

/**
 * Whether it is believed that tokens are none. A provider, or a proxy before it, that lost its mind could otherwise make a
 * server forget every phone it knows; and no more than a fifth of them at once is ever right. A user whose tokens are called
 * none counts once, whatever number they are: one alone, who may register any tokens, says nothing of the provider.
 */
export class Breaker {
  private answers: readonly TokenAnswer[] = [];
  private tripped = false;

  /** Takes the answers that came. Returns whether it is believed of tokens that they are none. */
  admit(answers: readonly TokenAnswer[]): boolean {
    // A token that was not believed to be none is tried again: however often, it counts once.
    const again = new Set(answers.flatMap(({ deviceId, isRemoval }) => (isRemoval ? [deviceId] : [])));
    const before = this.answers.filter(({ deviceId, isRemoval }) => !isRemoval || !again.has(deviceId));
    this.answers = [...before, ...answers].slice(-WINDOW);
    const users = new Set(this.answers.flatMap(({ userId, isRemoval }) => (isRemoval ? [userId] : []))).size;
    const size = this.answers.filter(({ isRemoval }) => !isRemoval).length + users;
    // Answers are enough of them, not users: a server of two people loses no phone either.
    this.tripped = this.answers.length >= MIN_ANSWERS && users > 1 && users * MAX_SHARE > size;
    return !this.tripped;
  }

  get isTripped(): boolean {
    return this.tripped;
  }
}
