import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { DialectAnnouncements } from '../../realtime/commands/dialect-announcements.js';

const DIALECT = 'namespaced-events';
/** Messages whose notes are remembered. */
const MAX_NOTES = 20_000;

interface Note {
  senderId: string;
  clientId: string;
  note: string;
}

/**
 * What a client says with a message and nothing else has a word for, until those who are connected have received it: kept in
 * memory, on every process that holds one of them.
 */
@Injectable()
export class MessageNotes {
  private readonly notes = new BoundedMap<string, string>(MAX_NOTES);

  constructor(private readonly announcements: DialectAnnouncements) {
    announcements.subscribe(DIALECT, (announcement) => {
      const { senderId, clientId, note } = announcement as Note;
      const key = `${senderId} ${clientId}`;
      if (!this.notes.has(key)) this.notes.set(key, note);
    });
  }

  /** Of a message that is about to be delivered. One that was sent already keeps its own. */
  note(senderId: string, receiverId: string, clientId: string, note: string): void {
    if (this.of(senderId, clientId) !== null) return;
    this.announcements.announce(DIALECT, [senderId, receiverId], { senderId, clientId, note } satisfies Note);
  }

  of(senderId: string, clientId: string | null): string | null {
    return this.notes.get(`${senderId} ${clientId}`) ?? null;
  }
}
