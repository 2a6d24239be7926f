import type { Observable } from '../connection/types.js';
import type { Clock, Unsubscribe } from '../ports/environment.js';
import { ChatError } from '../protocol/errors.js';
import { waitsFor } from './item.js';
import type { OutboxItem } from './types.js';

const TIMEOUT_MS = 15_000;

/** Resolves when nothing waits in a lane but what was refused, and changes of such a message. Rejects with TIMEOUT. */
export function sentTo(
  outbox: Observable<readonly OutboxItem[]>,
  isLane: (lane: string) => boolean,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let end: Unsubscribe = () => undefined;
    const timer = clock.setTimeout(() => {
      end();
      reject(new ChatError('TIMEOUT', 'What was typed there is not sent yet.'));
    }, TIMEOUT_MS);
    const look = (): void => {
      const items = outbox.getSnapshot();
      const refused = new Set(items.filter(({ state }) => state === 'rejected').map(({ clientId }) => clientId));
      // What answers a refused message is sent without the quotation.
      const isRefused = (item: OutboxItem): boolean =>
        refused.has(item.clientId) || (item.command.type !== 'send' && refused.has(waitsFor(item) ?? ''));
      if (items.some((item) => isLane(item.lane) && !isRefused(item))) return;
      clock.clearTimeout(timer);
      end();
      resolve();
    };
    end = outbox.subscribe(look);
    look();
  });
}
