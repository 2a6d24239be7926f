/**
 * Keeps the order in which one connection changes things (contract, section 4): what it sends is stored in the order in
 * which it was sent, however each send names its conversation and whatever it has to look up first, and of two changes
 * the last one sent wins.
 *
 * Sends are prepared one after the other and stored beside each other, so that those of one connection still share a
 * batch. A change (an edit, a deletion, a reaction) runs alone: behind all that was sent before it, and before all that
 * was sent after it. Whatever fails delays nothing but itself.
 *
 * No queue of common/async: on the path of a message, a send that has nothing to look up is handed over within the call,
 * and sends are stored beside each other, which a queue would store one by one.
 */
export class CommandSequencer {
  /** Settles once what was sent last may be followed; undefined while nothing has to be waited for. */
  private tail: Promise<void> | undefined;
  private storing = 0;
  private whenStored: (() => void) | undefined;

  /**
   * A send.
   * @param prepare looks up what the send needs. Where nothing is waited for and it answers at once, so is `store` called.
   * @param store hands it over; its order is that of the calls.
   */
  send<Draft, Result>(
    prepare: () => Draft | Promise<Draft>,
    store: (draft: Draft) => Promise<Result>,
  ): Promise<Result> {
    if (this.tail !== undefined) return this.sendLater(this.tail.then(prepare), store);
    let draft: Draft | Promise<Draft>;
    try {
      draft = prepare();
    } catch (error) {
      return Promise.reject(error);
    }
    return draft instanceof Promise ? this.sendLater(draft, store) : this.track(store(draft));
  }

  /** A change. */
  change<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.tail ?? Promise.resolve();
    const result = before.then(() => this.allStored()).then(work);
    this.follow(result);
    return result;
  }

  private sendLater<Draft, Result>(
    prepared: Promise<Draft>,
    store: (draft: Draft) => Promise<Result>,
  ): Promise<Result> {
    const handedOver = prepared.then((draft) => ({ result: this.track(store(draft)) }));
    this.follow(handedOver);
    // Within an object: a promise of a promise would be one that waits for both.
    return handedOver.then(({ result }) => result);
  }

  private follow(work: Promise<unknown>): void {
    const tail: Promise<void> = work.then(ignore, ignore).then(() => {
      if (this.tail === tail) this.tail = undefined;
    });
    this.tail = tail;
  }

  private track<Result>(result: Promise<Result>): Promise<Result> {
    this.storing += 1;
    result.then(this.done, this.done);
    return result;
  }

  private readonly done = (): void => {
    this.storing -= 1;
    if (this.storing === 0) this.whenStored?.();
  };

  /** Resolves once no send is being stored. Later ones wait behind the change that asks, so there will be such a moment. */
  private allStored(): Promise<void> | undefined {
    if (this.storing === 0) return undefined;
    return new Promise((resolve) => {
      this.whenStored = () => {
        this.whenStored = undefined;
        resolve();
      };
    });
  }
}

function ignore(): void {}
