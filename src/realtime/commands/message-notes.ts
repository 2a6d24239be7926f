import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { EventBus } from '../../events/event-bus.js';

/** Messages whose notes are remembered. */
const MAX_NOTES = 20_000;

/**
 * What a client of an older dialect says with a message and nothing else has a word for, until those who are connected have received
 * it: kept in memory, on every process that holds one of them.
 */
@Injectable()
export class MessageNotes {
  private readonly notes = new BoundedMap<string, string>(MAX_NOTES);

  constructor(private readonly events: EventBus) {
    events.subscribeToAll('message.noted', ({ senderId, clientId, note }) => {
      const key = `${senderId} ${clientId}`;
      if (!this.notes.has(key)) this.notes.set(key, note);
    });
  }

  /** Of a message that is about to be sent. One that was sent already keeps its own. */
  note(senderId: string, receiverId: string, clientId: string, note: string): void {
    if (this.of(senderId, clientId) !== null) return;
    this.events.publish('message.noted', { senderId, receiverId, clientId, note });
  }

  of(senderId: string, clientId: string | null): string | null {
    return this.notes.get(`${senderId} ${clientId}`) ?? null;
  }
}
