import { errorText } from '../texts/error-text.js';
import { useSyncExternalStore } from '../react.js';

const SHOWN_MS = 6_000;

interface Toast {
  id: number;
  text: string;
}

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

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

/** Does it, and says why where it fails. Resolves with whether it was done. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    notify(errorText(error));
    return false;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
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
