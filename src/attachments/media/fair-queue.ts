interface Waiting<Work> {
  owner: string;
  work: Work;
}

/**
 * The next user, by what each has cost so far (start-time fair queueing): of those who wait, the one that had least. A user who
 * sends much waits for itself; one who comes anew waits for what is under way and for those who had as little. No semaphore of common/async
 * does: it gives everybody as many turns, and here one turn may cost a thousand times another.
 */
export class FairQueue<Work> {
  private readonly waiting = new Map<string, Work[]>();
  /** Up to where each owner's work reaches in virtual time; only what is beyond `virtualNow` says anything. */
  private readonly reached = new Map<string, number>();
  private virtualNow = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  sizeOf(owner: string): number {
    return this.waiting.get(owner)?.length ?? 0;
  }

  push(owner: string, work: Work): void {
    const own = this.waiting.get(owner);
    if (own === undefined) this.waiting.set(owner, [work]);
    else own.push(work);
    this.count += 1;
  }

  /** The next one, which is taken out; undefined where nobody waits. */
  shift(): Waiting<Work> | undefined {
    let owner: string | undefined;
    for (const candidate of this.waiting.keys())
      if (owner === undefined || this.startOf(candidate) < this.startOf(owner)) owner = candidate;
    if (owner === undefined) return undefined;
    const own = this.waiting.get(owner) ?? [];
    const work = own.shift() as Work;
    if (own.length === 0) this.waiting.delete(owner);
    this.count -= 1;
    this.virtualNow = this.startOf(owner);
    return { owner, work };
  }

  /** Takes one out that waits, if it still does. */
  remove(owner: string, work: Work): boolean {
    const own = this.waiting.get(owner) ?? [];
    const index = own.indexOf(work);
    if (index === -1) return false;
    own.splice(index, 1);
    if (own.length === 0) this.waiting.delete(owner);
    this.count -= 1;
    return true;
  }

  /** What the work of an owner that was taken out has cost. */
  charge(owner: string, cost: number): void {
    this.reached.set(owner, this.startOf(owner) + cost);
    for (const [other, reached] of this.reached) if (reached <= this.virtualNow) this.reached.delete(other);
    // Where nobody waits, nobody is compared with anybody.
    if (this.count === 0) this.reached.clear();
  }

  private startOf(owner: string): number {
    return Math.max(this.virtualNow, this.reached.get(owner) ?? 0);
  }
}
