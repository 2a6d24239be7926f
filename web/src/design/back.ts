import { useLayoutEffect, useRef } from 'preact/hooks';

/** What is over the place, the newest last. All of it has one entry in the history, so that one may follow another. */
const over: (() => void)[] = [];
/** On the way back out of that entry. */
let isLeaving = false;
let afterLeaving: (() => void) | undefined;

// What was over the place is gone with a reload: going back must not lead to the same place once.
if (isOver()) leave();

// Before the router's.
window.addEventListener('popstate', () => {
  if (isLeaving) {
    isLeaving = false;
    afterLeaving?.();
    afterLeaving = undefined;
  } else if (!isOver()) over.at(-1)?.();
  setTimeout(settle);
});

export function isOver(): boolean {
  return (history.state as { isOver?: boolean } | null)?.isOver === true;
}

/** Out of the entry of what is over the place. `isAwaited` says what follows. */
export function leave(): void {
  isLeaving = true;
  history.back();
}

/** Whether the history is on its way back, which `go` has to wait for. */
export function isAwaited(go: () => void): boolean {
  if (isLeaving) afterLeaving = go;
  return isLeaving;
}

/** The entry is there as long as something is over the place. */
function settle(): void {
  if (isLeaving || isOver() === over.length > 0) return;
  if (isOver()) leave();
  else history.pushState({ ...history.state, isOver: true }, '');
}

/** While the component is shown, going back leads out of it and not out of the place around it. */
export function useBack(onBack: () => void): void {
  const latest = useRef(onBack);
  latest.current = onBack;
  // Before it is seen: who goes back at once would leave the place else.
  useLayoutEffect(() => {
    const back = (): void => latest.current();
    over.push(back);
    settle();
    return () => {
      over.splice(over.indexOf(back), 1);
      // Later: what follows it is over the place by then.
      setTimeout(settle);
    };
  }, []);
}
