import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { BoundedMap } from '../../common/bounded-map.js';

/** How long what comes too early waits for what is missing before it. */
export const GAP_TIMEOUT_MS = 200;
/** The same while what may be missing is about to be read from the database. */
export const REPAIR_TIMEOUT_MS = 2_000;
/** Conversations whose last sequence number is remembered: at least this many, at most twice as many. */
const MAX_REMEMBERED = 20_000;

/**
 * @param isLate what came behind it in the order has happened already, or may have: it was delivered, or nothing was delivered
 *   here before it; or something before it was given up, which may have been that somebody left, and `settle` has not been called since
 */
type Deliver = (isLate: boolean) => void;

/** Conversations with gaps, and numbers in one gap, that are remembered in case they are found in the database. */
const MAX_GAPS = 3_000;
const MAX_GAP = 200;

interface Early {
  seq: number;
  deliver: Deliver;
  /** Undefined for what happens to a message later. */
  isMessage?: true;
  /** Nothing was delivered before it. */
  isFirst?: true;
}

/**
 * The order in which events of one conversation are delivered: the only one on the way out. What one client is written
 * stays in that order by its connection's outbound queue.
 *
 * - **By sequence.** Two connections of the database may report what they committed the other way round: a message and a
 *   change of members, say, and a member that was just added would be sent what came before it. Guarantee: in a
 *   conversation that this process has delivered to before, `inSequence` delivers in the order of sequence numbers, as
 *   long as what is missing arrives within `gapTimeoutMs`. After that it is taken for lost with another process.
 * - **In turn.** Some events must be read from the database first. Guarantee: `inTurn` delivers in the order of its
 *   calls, so that an older view never overtakes a newer one, and a message never the view of the conversation before it.
 */
export class ConversationSequencer {
  private recent = new Map<string, number>();
  private older = new Map<string, number>();
  private readonly early = new Map<string, Early[]>();
  /** By conversation: what nothing was delivered before. */
  private readonly firsts = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** By conversation: numbers that were given up. */
  private readonly missing = new BoundedMap<string, Set<number>>(MAX_GAPS);
  /** Conversations in whose rooms there may be somebody who left with what was given up: before which number, and since when. */
  private readonly uncertain = new BoundedMap<string, { before: number; since: number }>(MAX_GAPS);
  /** Conversation and number of what was delivered out of its order, or found in the database: never again. */
  private readonly outOfOrder = new BoundedMap<string, true>(MAX_REMEMBERED);
  /** Conversations of which something was passed over while nothing was delivered of them. Bounded as those. */
  private passedOver = new Set<string>();
  private formerlyPassedOver = new Set<string>();
  private readonly turns = new KeyedMutex();
  /** For how long what is missing is waited for. 0: it would not come in that time. */
  gapTimeoutMs = GAP_TIMEOUT_MS;

  /**
   * @param report is given what a delivery in turn throws, and whose it was; it holds up nothing behind it.
   * @param firstHoldMs for how long the first message of a conversation that nothing was delivered of waits for one before it:
   *   where several processes store messages, two of them may arrive the other way round
   */
  constructor(
    private readonly report: (error: unknown, id: string) => void,
    private readonly firstHoldMs = 0,
  ) {}

  /** Delivers once everything below `seq` was delivered: at once where nothing is missing. */
  inSequence(conversationId: string, seq: number, deliver: Deliver): void {
    if (this.outOfOrder.size > 0 && this.outOfOrder.has(`${conversationId}:${seq}`)) return;
    this.accept(conversationId, seq, deliver);
  }

  /**
   * The same for a message that was read from the database because it may not have arrived: not at all where it was delivered
   * already or waits to be. Should it arrive after all, it is not delivered again.
   */
  ifMissing(conversationId: string, seq: number, deliver: Deliver): void {
    if (!this.isMissing(conversationId, seq)) return;
    this.outOfOrder.set(`${conversationId}:${seq}`, true);
    this.accept(conversationId, seq, deliver);
  }

  /** Whether it was not delivered, as far as that is known, and does not wait to be. */
  isMissing(conversationId: string, seq: number): boolean {
    if (this.outOfOrder.has(`${conversationId}:${seq}`) || this.isWaiting(conversationId, seq)) return false;
    const isBehind = seq <= (this.last(conversationId) ?? 0);
    const isKnown = seq >= (this.firsts.get(conversationId) ?? 0);
    return !isBehind || !isKnown || this.missing.get(conversationId)?.has(seq) === true;
  }

  private accept(conversationId: string, seq: number, deliver: Deliver): void {
    const last = this.last(conversationId);
    // Before the first there is nothing to wait for, but where several processes store messages.
    if (last === undefined && seq > 1) {
      if (this.firstHoldMs > 0 && (this.gapTimeoutMs > 0 || this.early.has(conversationId)))
        return this.hold(conversationId, { seq, deliver, isMessage: true, isFirst: true });
      this.firsts.set(conversationId, seq);
    }
    if (last !== undefined && seq > last + 1) {
      if (this.gapTimeoutMs > 0 || this.early.has(conversationId))
        return this.wait(conversationId, { seq, deliver, isMessage: true });
      this.giveUp(conversationId, seq);
    }
    if (last !== undefined && seq <= last) {
      this.found(conversationId, seq);
      this.outOfOrder.set(`${conversationId}:${seq}`, true);
    }
    this.remember(conversationId, Math.max(seq, last ?? 0));
    deliver((last !== undefined && seq <= last) || this.isUncertain(conversationId));
    if (this.early.size > 0) this.release(conversationId);
  }

  /**
   * Nobody who had left when it was asked who reads this number is in the conversation's rooms any more. What was given up may
   * still come, and is delivered as before.
   * @param lettingInSince since when the oldest connection is being let in (`performance.now()`): what is read for it may be older
   */
  settle(conversationId: string, seq: number, lettingInSince: number | undefined): void {
    const uncertain = this.uncertain.get(conversationId);
    if (uncertain === undefined || uncertain.before > seq) return;
    if (lettingInSince === undefined || lettingInSince > uncertain.since) this.uncertain.delete(conversationId);
  }

  /** Delivers once `seq` itself was delivered, as long as that arrives in time: for what happens to a message later. */
  afterSequence(conversationId: string, seq: number, deliver: () => void): void {
    const last = this.last(conversationId);
    const mayCome = this.early.has(conversationId) || (last !== undefined && this.gapTimeoutMs > 0);
    if (mayCome && seq > (last ?? 0)) this.wait(conversationId, { seq, deliver });
    else deliver();
  }

  /** Nobody here is to receive `seq`: what comes behind it does not wait for it. */
  passOver(conversationId: string, seq: number): void {
    this.found(conversationId, seq);
    const last = this.last(conversationId);
    if (last === undefined) return this.notePassedOver(conversationId);
    this.remember(conversationId, Math.max(seq, last));
    if (this.early.size > 0) this.release(conversationId);
  }

  /**
   * Delivers at once where nothing of this conversation is under way, else behind it. What takes time holds up what comes
   * after it. The id may be another than a conversation's, for what has an order of its own.
   */
  inTurn(id: string, deliver: () => void | Promise<void>): void {
    const report = (error: unknown): void => this.report(error, id);
    if (this.turns.isLocked(id)) {
      this.turns.run(id, deliver).catch(report);
      return;
    }
    try {
      const delivering = deliver();
      if (delivering !== undefined) this.turns.run(id, () => delivering).catch(report);
    } catch (error) {
      report(error);
    }
  }

  /** Whether something of it is under way that takes time: what is called in turn now happens later. */
  isInTurn(id: string): boolean {
    return this.turns.isLocked(id);
  }

  /** Whether a message of it was delivered or passed over before, as far as that is remembered. */
  knows(conversationId: string): boolean {
    return (
      this.last(conversationId) !== undefined ||
      this.passedOver.has(conversationId) ||
      this.formerlyPassedOver.has(conversationId)
    );
  }

  private notePassedOver(conversationId: string): void {
    this.passedOver.add(conversationId);
    if (this.passedOver.size < MAX_REMEMBERED) return;
    this.formerlyPassedOver = this.passedOver;
    this.passedOver = new Set();
  }

  /**
   * All of it up to this number is repaired: it was delivered, or who is concerned is asked to sync. Neither is it a gap, nor does
   * what comes behind it wait for it.
   */
  closeGaps(conversationId: string, upTo: number): void {
    for (const seq of this.missing.get(conversationId) ?? []) if (seq <= upTo) this.found(conversationId, seq);
    const last = this.last(conversationId);
    if (last === undefined || upTo <= last) return;
    this.remember(conversationId, upTo);
    if (this.early.size > 0) this.release(conversationId);
  }

  /** The same of all of it: so much was missed that not all of that was read. */
  forgetGaps(conversationId: string): void {
    this.missing.delete(conversationId);
    this.uncertain.delete(conversationId);
  }

  private found(conversationId: string, seq: number): void {
    const missing = this.missing.get(conversationId);
    if (missing?.delete(seq) === true && missing.size === 0) this.forgetGaps(conversationId);
  }

  /** Not where gaps are the rule, since nothing of other processes arrives: there members are repaired with what is read. */
  private isUncertain(conversationId: string): boolean {
    return this.gapTimeoutMs > 0 && this.uncertain.size > 0 && this.uncertain.has(conversationId);
  }

  private hold(conversationId: string, item: Early): void {
    const early = this.early.get(conversationId);
    if (early !== undefined) return insert(early, item);
    this.early.set(conversationId, [item]);
    setTimeout(() => {
      const [first] = this.early.get(conversationId) ?? [];
      // It was delivered meanwhile, behind one before it.
      if (first === undefined || first.seq > item.seq) return;
      const before = this.nextMessage(conversationId);
      if (this.last(conversationId) === undefined) {
        this.firsts.set(conversationId, before);
        this.uncertain.set(conversationId, { before, since: performance.now() });
      } else this.giveUp(conversationId, before);
      this.remember(conversationId, before - 1);
      this.release(conversationId);
    }, this.firstHoldMs).unref();
  }

  private isWaiting(conversationId: string, wanted: number): boolean {
    return this.early.get(conversationId)?.some(({ seq, isMessage }) => seq === wanted && isMessage === true) === true;
  }

  private wait(conversationId: string, item: Early): void {
    const early = this.early.get(conversationId);
    if (early !== undefined) return insert(early, item);
    this.early.set(conversationId, [item]);
    this.giveUpLater(conversationId, item);
  }

  private giveUpLater(conversationId: string, item: Early): void {
    setTimeout(() => {
      const [first] = this.early.get(conversationId) ?? [];
      // What came before it meanwhile waits for the same.
      if (first === undefined || first.seq > item.seq) return;
      const before = this.nextMessage(conversationId);
      this.giveUp(conversationId, before);
      this.remember(conversationId, before - 1);
      this.release(conversationId);
    }, this.gapTimeoutMs).unref();
  }

  /** The number of the first message that waits; where only changes do, the one behind the last that is changed. */
  private nextMessage(conversationId: string): number {
    const early = this.early.get(conversationId) ?? [];
    return early.find(({ isMessage }) => isMessage === true)?.seq ?? (early.at(-1)?.seq ?? 0) + 1;
  }

  private giveUp(conversationId: string, before: number): void {
    const missing = this.missing.get(conversationId) ?? new Set();
    for (let seq = Math.max((this.last(conversationId) ?? 0) + 1, before - MAX_GAP); seq < before; seq += 1)
      missing.add(seq);
    // The one that was given up last is forgotten last.
    this.forgetGaps(conversationId);
    if (missing.size === 0) return;
    this.missing.set(conversationId, missing);
    this.uncertain.set(conversationId, { before, since: performance.now() });
  }

  private release(conversationId: string): void {
    const early = this.early.get(conversationId);
    if (early === undefined) return;
    let last = this.last(conversationId) ?? 0;
    let released = 0;
    for (const { seq, isMessage } of early) {
      if (seq > (isMessage === true ? last + 1 : last)) break;
      last = Math.max(last, seq);
      released += 1;
    }
    const due = early.splice(0, released);
    const [next] = early;
    if (next === undefined) this.early.delete(conversationId);
    else if (released > 0) this.giveUpLater(conversationId, next);
    this.remember(conversationId, last);
    for (const { deliver, isFirst = false } of due) deliver(isFirst || this.isUncertain(conversationId));
  }

  private last(conversationId: string): number | undefined {
    return this.recent.get(conversationId) ?? this.older.get(conversationId);
  }

  private remember(conversationId: string, seq: number): void {
    this.recent.set(conversationId, seq);
    if (this.recent.size < MAX_REMEMBERED) return;
    this.older = this.recent;
    this.recent = new Map();
  }
}

/** Behind all of the same sequence number; a message before what happens to it. */
function insert(early: Early[], item: Early): void {
  const index = early.findIndex(
    ({ seq, isMessage }) => seq > item.seq || (seq === item.seq && item.isMessage === true && isMessage !== true),
  );
  early.splice(index === -1 ? early.length : index, 0, item);
}
