import { useLayoutEffect } from 'preact/hooks';
import { useState, useSyncExternalStore } from '../react.js';

const SHOWN_MS = 6_000;

interface Toast {
  id: number;
  text: string;
}

const NONE: readonly Toast[] = [];
let toasts = NONE;
let lastId = 0;
const listeners = new Set<() => void>();
/** Those of the page and of each open dialog, the topmost last. */
let places: readonly object[] = [];

function show(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of [...listeners]) listener();
}

/** Says something for a moment. */
export function notify(text: string): void {
  const id = (lastId += 1);
  show([...toasts.filter((toast) => toast.text !== text), { id, text }].slice(-3));
  setTimeout(() => show(toasts.filter((toast) => toast.id !== id)), SHOWN_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whatever is around an open modal dialog is behind it and inert, also for a screen reader: each dialog has its own. */
export function Toasts() {
  const [place] = useState({});
  useLayoutEffect(() => {
    const put = (next: readonly object[]): void => {
      places = next;
      show(toasts);
    };
    put([...places, place]);
    return () => put(places.filter((other) => other !== place));
  }, []);
  const shown = useSyncExternalStore(subscribe, () => (places.at(-1) === place ? toasts : NONE));
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div class="toast" key={id}>
          {text}
        </div>
      ))}
    </div>
  );
}
