import { Injectable } from '@nestjs/common';
import { EventBus } from '../../events/event-bus.js';

/**
 * What a dialect announces to itself on every process that holds one of its users, where nothing else of the server has a word
 * for it. Kept nowhere: a process that misses it does without, and so does one of the version before that does not know it.
 */
@Injectable()
export class DialectAnnouncements {
  constructor(private readonly events: EventBus) {}

  /** @param announcement as JSON has it: other processes receive it so */
  announce(dialect: string, userIds: readonly string[], announcement: unknown): void {
    this.events.publish('dialect.announced', { dialect, userIds, announcement });
  }

  /** What any process announces, this one included. In the order in which one process did. */
  subscribe(dialect: string, handler: (announcement: unknown) => void): void {
    this.events.subscribeToAll('dialect.announced', (event) => {
      if (event.dialect === dialect) handler(event.announcement);
    });
  }
}
