import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { EventBus } from '../../events/event-bus.js';
import type { MessageView } from '../../views/messages.view.js';

/** Messages that somebody deleted for itself last: more than are sent while they, or a change of them, wait for their turn. */
const MAX_HIDDEN = 10_000;
/** Of one message. */
const MAX_USERS = 1_000;

/**
 * Users who were shown, of late, that they deleted a message for themselves. That is sent at once, and waits for no turn: the message
 * itself, or a change of it, that comes behind it would show the message again.
 */
@Injectable()
export class HiddenMessages {
  /** By message and user: the version that was shown deleted to this user alone. */
  private readonly versions = new BoundedMap<string, Map<string, number>>(MAX_HIDDEN);

  constructor(events: EventBus) {
    events.subscribeToAll('message.hidden', ({ userId, message: { id, version } }) => {
      const versions = this.versions.get(id) ?? new BoundedMap<string, number>(MAX_USERS);
      // The one that was deleted last is forgotten last.
      this.versions.delete(id);
      this.versions.set(id, versions.set(userId, version));
    });
  }

  /**
   * The users who have been shown this version deleted, or a later one. What was deleted at an earlier version was deleted before a
   * change of it, which knows of that.
   */
  from({ id, version }: MessageView): string[] {
    const versions = this.versions.get(id);
    if (versions === undefined) return [];
    return [...versions].flatMap(([userId, shown]) => (shown >= version ? userId : []));
  }
}
