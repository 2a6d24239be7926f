import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';

/** More than anybody joins while messages from before wait to be delivered. */
const MAX_CONVERSATIONS = 20_000;

/**
 * Conversations in which a connection was let in whose user does not read what was written before it joined. It is in their rooms
 * by what the database says, so what is older may still be on its way to them: in its turn, or on the bus.
 */
@Injectable()
export class Newcomers {
  private readonly firstSeqs = new BoundedMap<string, number>(MAX_CONVERSATIONS);

  /** @param seq the first number that the user reads */
  note(conversationId: string, seq: number): void {
    if (seq <= 1) return;
    const known = this.firstSeqs.get(conversationId) ?? 0;
    // The one that was noted last is forgotten last.
    this.firstSeqs.delete(conversationId);
    this.firstSeqs.set(conversationId, Math.max(seq, known));
  }

  /** Whether there may be somebody here who does not read a message of this number. */
  areBehind(conversationId: string, seq: number): boolean {
    return seq < (this.firstSeqs.get(conversationId) ?? 0);
  }
}
