import { Injectable } from '@nestjs/common';
import { EventBus } from '../../events/event-bus.js';

/** Views that are out of date when they are read are read again, so often at the most. */
const MAX_READS = 3;

/**
 * Views of users, and of what shows some. What was read before a profile or presence changed is not sent behind the change: users
 * have no version that would show it.
 */
@Injectable()
export class FreshReads {
  /** How often anybody's profile or presence has changed. */
  private changes = 0;

  constructor(events: EventBus) {
    for (const name of ['user.changed', 'presence.changed'] as const)
      events.subscribeToAll(name, () => {
        this.changes += 1;
      });
  }

  /** Reads again where that was overtaken. */
  async read<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const before = this.changes;
      const result = await work();
      if (before === this.changes || attempt === MAX_READS) return result;
    }
  }
}
