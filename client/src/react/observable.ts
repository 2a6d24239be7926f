import { useCallback, useRef, useSyncExternalStore } from 'react';
import type { Observable } from '../connection/types.js';

const itself = <Snapshot>(snapshot: Snapshot): Snapshot => snapshot;

/**
 * The observable's value, or what `select` takes from it; the component renders again only when that has changed, by
 * identity or, for lists, by their items. `select` must give equal results for equal snapshots. `getInitial` says what a server
 * renders, and a browser until it has taken that over: the same in both, whatever either knows by then.
 */
export function useObservable<Snapshot, Selected = Snapshot>(
  observable: Observable<Snapshot>,
  select: (snapshot: Snapshot) => Selected = itself as unknown as (snapshot: Snapshot) => Selected,
  getInitial?: () => Selected,
): Selected {
  const last = useRef<Selected | undefined>(undefined);
  const subscribe = useCallback((listener: () => void) => observable.subscribe(listener), [observable]);
  const getSnapshot = (): Selected => {
    const selected = select(observable.getSnapshot());
    if (isSame(last.current, selected)) return last.current as Selected;
    last.current = selected;
    return selected;
  };
  return useSyncExternalStore(subscribe, getSnapshot, getInitial ?? getSnapshot);
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  return (
    Array.isArray(one) &&
    Array.isArray(other) &&
    one.length === other.length &&
    one.every((item, index) => Object.is(item, other[index]))
  );
}
