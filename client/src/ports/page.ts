/** The ports' implementations on what a browser says of its page and its network. They follow the first load. */
import type { Connectivity, Lifecycle, LifecycleState } from './environment.js';

type Target = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

function listen(target: Target, events: readonly string[], listener: (event: Event) => void): () => void {
  for (const event of events) target.addEventListener(event, listener);
  return () => {
    for (const event of events) target.removeEventListener(event, listener);
  };
}

/** Of a browser window; elsewhere nobody knows. */
export function defaultConnectivity(): Connectivity {
  const { window, navigator } = globalThis as { window?: Target; navigator?: { onLine?: boolean } };
  if (window?.addEventListener === undefined) return { isOnline: () => undefined, subscribe: () => () => undefined };
  return {
    isOnline: () => navigator?.onLine,
    subscribe: (listener) => listen(window, ['online', 'offline'], (event) => listener(event.type === 'online')),
  };
}

/**
 * The lifecycle of a browser page: a hidden tab is inactive and keeps its connection, since it may have to count and to ring; one that
 * the browser freezes or puts away loses it. Elsewhere (Node) always active; React Native: `appStateLifecycle` of `@parley/client/react-native`.
 */
export function defaultLifecycle(): Lifecycle {
  const { window, document } = globalThis as { window?: Target; document?: Document };
  if (window?.addEventListener === undefined || document?.addEventListener === undefined)
    return { getState: () => 'active', subscribe: () => () => undefined };
  let isAway = false;
  const getState = (): LifecycleState =>
    isAway ? 'background' : document.visibilityState === 'hidden' ? 'inactive' : 'active';
  return {
    getState,
    subscribe: (listener) => {
      const notify = ({ type }: Event): void => {
        // One that is hidden is neither put away by that nor back.
        if (type !== 'visibilitychange' || document.visibilityState === 'visible') {
          isAway = type === 'pagehide' || type === 'freeze';
          listener(isAway ? 'background' : 'active');
        }
        if (getState() === 'inactive') listener('inactive');
      };
      const ends = [
        listen(window, ['pagehide', 'pageshow'], notify),
        listen(document, ['freeze', 'resume', 'visibilitychange'], notify),
      ];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
