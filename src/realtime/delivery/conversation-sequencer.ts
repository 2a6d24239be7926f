/** How long what comes too early waits for what is missing before it. */
const GAP_TIMEOUT_MS = 200;
/** Conversations whose place is remembered: at least this many, at most twice as many. */
const REMEMBERED = 20_000;

interface Waiting {
  seq: number;
  act: () => void;
}

/**
 * Puts what two connections of the database report of one conversation back into the order in which it was committed:
 * a message and a change of members may be heard of the other way round, and a member that was just added would be sent
 * what came before it.
 *
 * Guarantee: of a conversation that this process has spoken of before, `told` acts in the order of sequence numbers, as
 * long as what is missing arrives within GAP_TIMEOUT_MS. After that it is taken for lost with another process.
 */
export class ConversationSequencer {
  private recent = new Map<string, number>();
  private older = new Map<string, number>();
  private readonly waiting = new Map<string, Waiting[]>();

  /** Acts once everything below `seq` has acted. */
  told(conversationId: string, seq: number, act: () => void): void {
    const last = this.last(conversationId);
    if (last !== undefined && seq > last + 1) return this.wait(conversationId, { seq, act });
    this.remember(conversationId, Math.max(seq, last ?? 0));
    act();
    if (this.waiting.size > 0) this.release(conversationId);
  }

  /** Acts once `seq` itself has acted: for what happens to a message later. */
  after(conversationId: string, seq: number, act: () => void): void {
    const waiting = this.waiting.get(conversationId);
    if (waiting === undefined || seq <= (this.last(conversationId) ?? seq)) act();
    else insert(waiting, { seq, act });
  }

  private wait(conversationId: string, item: Waiting): void {
    const waiting = this.waiting.get(conversationId);
    if (waiting !== undefined) return insert(waiting, item);
    this.waiting.set(conversationId, [item]);
    this.giveUpLater(conversationId, item);
  }

  private giveUpLater(conversationId: string, first: Waiting): void {
    setTimeout(() => {
      const waiting = this.waiting.get(conversationId);
      if (waiting?.[0] !== first) return;
      this.remember(conversationId, first.seq - 1);
      this.release(conversationId);
    }, GAP_TIMEOUT_MS).unref();
  }

  private release(conversationId: string): void {
    const waiting = this.waiting.get(conversationId);
    if (waiting === undefined) return;
    let last = this.last(conversationId) ?? 0;
    let released = 0;
    for (const { seq } of waiting) {
      if (seq > last + 1) break;
      last = Math.max(last, seq);
      released += 1;
    }
    const acts = waiting.splice(0, released);
    const [next] = waiting;
    if (next === undefined) this.waiting.delete(conversationId);
    else if (released > 0) this.giveUpLater(conversationId, next);
    this.remember(conversationId, last);
    for (const { act } of acts) act();
  }

  private last(conversationId: string): number | undefined {
    return this.recent.get(conversationId) ?? this.older.get(conversationId);
  }

  private remember(conversationId: string, seq: number): void {
    this.recent.set(conversationId, seq);
    if (this.recent.size < REMEMBERED) return;
    this.older = this.recent;
    this.recent = new Map();
  }
}

/** Behind all of the same sequence number. */
function insert(waiting: Waiting[], item: Waiting): void {
  const index = waiting.findIndex(({ seq }) => seq > item.seq);
  waiting.splice(index === -1 ? waiting.length : index, 0, item);
}
