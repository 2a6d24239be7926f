import type { Frame } from './frame.js';

interface Peer {
  /** Of its last frame. */
  number: number;
  seenAt: number;
}

export type Reception = 'own' | 'next' | 'repeated' | 'gap';

/**
 * The other processes, as their frames show them. Each frame has a number, so that whatever was lost shows at the next one;
 * and each process sends one with every heartbeat, so that there is a next one.
 */
export class Peers {
  private readonly peers = new Map<string, Peer>();
  private ownSeenAt = Number.NEGATIVE_INFINITY;
  /** When own frames were sent that did not come back yet, by their numbers; without those that are too late already. */
  private readonly ownSentAt = new Map<number, number>();
  /** Whether one of them was too late. */
  private isLate = false;

  /** @param silenceMs a process of which nothing came for so long is stopped, dead or cut off */
  constructor(
    private readonly nodeId: string,
    private readonly silenceMs: number,
  ) {}

  get count(): number {
    return this.peers.size;
  }

  /** Whether nothing is received of one of these processes, this one left out. */
  miss(nodeIds: readonly string[]): boolean {
    return nodeIds.some((nodeId) => nodeId !== this.nodeId && !this.peers.has(nodeId));
  }

  /** A frame of this process. */
  sent(number: number, now: number): void {
    this.ownSentAt.set(number, now);
    this.forgetLate(now);
  }

  /** `gap`: something before it was lost, or may have been. */
  receive({ nodeId, number, isLast }: Pick<Frame, 'nodeId' | 'number' | 'isLast'>, now: number): Reception {
    if (nodeId === this.nodeId) {
      this.ownSeenAt = now;
      this.cameBack(number, now);
      return 'own';
    }
    const known = this.peers.get(nodeId);
    if (known !== undefined && number <= known.number) return 'repeated';
    if (isLast) this.peers.delete(nodeId);
    else this.peers.set(nodeId, { number, seenAt: now });
    // Of a process that is new, or was taken for dead, the first frame begins the count.
    return number === (known?.number ?? 0) + 1 ? 'next' : 'gap';
  }

  /** Whether a process has fallen silent since this was asked last: it is forgotten. */
  forgetSilent(now: number): boolean {
    const silent = [...this.peers].filter(([, { seenAt }]) => now - seenAt > this.silenceMs);
    for (const [nodeId] of silent) this.peers.delete(nodeId);
    return silent.length > 0;
  }

  /**
   * Whether what this process publishes comes back to it, and in time: that is how it knows that it receives anything. Where
   * the way is slower than what is published, frames come all the time, and later and later.
   */
  receivesItself(now: number): boolean {
    this.forgetLate(now);
    return !this.isLate && now - this.ownSeenAt <= this.silenceMs;
  }

  /** One that comes says that of those before it none is under way any more: they have come, or were lost. */
  private cameBack(number: number, now: number): void {
    this.forgetLate(now);
    if (this.ownSentAt.has(number)) this.isLate = false;
    for (const earlier of this.ownSentAt.keys()) {
      if (earlier > number) return;
      this.ownSentAt.delete(earlier);
    }
  }

  private forgetLate(now: number): void {
    for (const [number, sentAt] of this.ownSentAt) {
      if (now - sentAt <= this.silenceMs) return;
      this.ownSentAt.delete(number);
      this.isLate = true;
    }
  }
}
