import { useSyncExternalStore } from '../react.js';

const MINUTE_MS = 60_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.visibilityState === 'visible') for (const listener of [...listeners]) listener();
}

/** One timer for all. What is not seen is not drawn: it is once it is seen again. */
function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    timer = setInterval(tick, MINUTE_MS);
    document.addEventListener('visibilitychange', tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  };
}

/** Renders again each minute: for how long ago something was. */
export const useMinute = (): unknown => useSyncExternalStore(subscribe, () => Math.floor(Date.now() / MINUTE_MS));

/** Renders again each day, and in another time zone, where it begins at another moment: for a time that is one of today. */
export const useToday = (): unknown => useSyncExternalStore(subscribe, () => new Date().setHours(0, 0, 0, 0));
