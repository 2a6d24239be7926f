import { client } from '../session/client.js';

/** Held by every tab that is looked at. */
const LOOKED_AT = 'parley.looked-at';

/**
 * Says whether somebody looks at this browser's chat. All tabs share one connection, so one that is hidden says that nobody
 * does only when it gets for itself alone what each visible tab holds a share of: also one that was closed has let go then.
 */
export function reportActivity(): void {
  let letGo: (() => void) | undefined;
  const isVisible = (): boolean => document.visibilityState === 'visible';
  // On plain http there are no locks: there each tab has a connection of its own, and speaks for itself.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) {
    const report = (): void => client.setActive(isVisible());
    document.addEventListener('visibilitychange', report);
    return report();
  }
  const look = (): void => {
    client.setActive(true);
    locks
      .request(LOOKED_AT, { mode: 'shared' }, async () => {
        if (!isVisible()) return;
        // Another tab may have said otherwise while this one waited for its share.
        client.setActive(true);
        await new Promise<void>((resolve) => (letGo = resolve));
      })
      .catch(() => undefined);
  };
  const lookAway = (): void => {
    letGo?.();
    letGo = undefined;
    locks
      .request(LOOKED_AT, () => {
        if (!isVisible()) client.setActive(false);
      })
      .catch(() => undefined);
  };
  document.addEventListener('visibilitychange', () => (isVisible() ? look() : lookAway()));
  if (isVisible()) look();
  else lookAway();
}
