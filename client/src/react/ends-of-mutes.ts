import type { Observable } from '../connection/types.js';
import type { Conversation } from '../protocol/protocol.generated.js';

/** The longest time that a timer takes; a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The same conversations, whose listeners are also called when the mute of one of them ends. */
export function withEndsOfMutes(
  conversations: Observable<readonly Conversation[]>,
): Observable<readonly Conversation[]> {
  return {
    getSnapshot: () => conversations.getSnapshot(),
    subscribe: (listener) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const call = (): void => {
        wait();
        listener();
      };
      const wait = (): void => {
        clearTimeout(timer);
        const now = Date.now();
        const ends = conversations.getSnapshot().map(({ me }) => Date.parse(me.mutedUntil ?? '') - now);
        const next = Math.min(...ends.filter((ms) => ms > 0));
        if (Number.isFinite(next)) timer = setTimeout(call, Math.min(next, MAX_TIMER_MS));
      };
      const end = conversations.subscribe(call);
      wait();
      return () => {
        clearTimeout(timer);
        end();
      };
    },
  };
}
