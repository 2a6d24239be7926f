import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

// What the client's hooks take of React, by Preact alone: with preact/compat the page would be a tenth larger.
export { createContext, createElement, type ComponentChildren as ReactNode } from 'preact';
export { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';

/** Renders again whenever the snapshot is another object; what changed between rendering and subscribing is not missed. */
export function useSyncExternalStore<Snapshot>(
  subscribe: (listener: () => void) => () => void,
  getSnapshot: () => Snapshot,
  _getServerSnapshot?: () => Snapshot,
): Snapshot {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const snapshot = getSnapshot();
  const shown = useRef({ snapshot, getSnapshot });
  shown.current = { snapshot, getSnapshot };
  useLayoutEffect(() => {
    const check = (): void => {
      if (!Object.is(shown.current.snapshot, shown.current.getSnapshot())) render(0);
    };
    check();
    return subscribe(check);
  }, [subscribe]);
  return snapshot;
}
