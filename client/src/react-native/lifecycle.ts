import type { Lifecycle, LifecycleState } from '../ports/environment.js';

/** The part of React Native's `AppState` that is used. */
export interface ReactNativeAppState {
  readonly currentState: string;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

/**
 * `background` closes the socket in the same tick, `active` connects. All else (`inactive` while a call comes in or the
 * task switcher is open, `unknown` at the start, `extension`) leaves the state as it was.
 */
export function appStateLifecycle(appState: ReactNativeAppState): Lifecycle {
  let state: LifecycleState = appState.currentState === 'background' ? 'background' : 'active';
  const listeners = new Set<(state: LifecycleState) => void>();
  let subscription: { remove(): void } | undefined;
  const change = (next: string): void => {
    if ((next !== 'active' && next !== 'background') || next === state) return;
    state = next;
    for (const listener of listeners) listener(next);
  };
  return {
    getState: () => {
      // While nobody listens, nothing keeps it up to date.
      if (subscription === undefined) change(appState.currentState);
      return state;
    },
    subscribe: (listener) => {
      // Each subscription is one, also of the same function twice.
      const own = (next: LifecycleState): void => listener(next);
      if (subscription === undefined) {
        change(appState.currentState);
        subscription = appState.addEventListener('change', change);
      }
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        subscription?.remove();
        subscription = undefined;
      };
    },
  };
}
