import type { Lock } from '../ports/environment.js';

/** The lock of a process without tabs (React Native, Node): in the order of the requests, for all clients that share it. */
export function processLock(): Lock {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run: async (name, work, { signal } = {}) => {
      // Not throwIfAborted: React Native has none.
      if (signal?.aborted === true) throw reasonOf(signal);
      const before = tails.get(name) ?? Promise.resolve();
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      // A waiter that gave up still keeps its place, and passes the lock on when its turn comes.
      const tail = before.then(() => held);
      tails.set(name, tail);
      try {
        await (signal === undefined ? before : orAborted(before, signal));
        return await work();
      } finally {
        letGo();
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
  };
}

function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

const reasonOf = (signal: AbortSignal): unknown => signal.reason ?? new Error('The wait was ended.');
