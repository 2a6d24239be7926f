import type { Lock } from '../ports/environment.js';

interface Waiter {
  grant(): void;
  rob(): void;
}

/** The lock of a process without tabs (React Native, Node): in the order of the requests, for all clients that share it. */
export function processLock(): Lock {
  /** By name; the first one holds it. */
  const queues = new Map<string, Waiter[]>();
  return {
    run: (name, work, { signal, steal } = {}) =>
      new Promise((resolve, reject) => {
        const queue = queues.get(name) ?? [];
        queues.set(name, queue);
        const leave = (): void => {
          const place = queue.indexOf(waiter);
          if (place >= 0) queue.splice(place, 1);
          if (place === 0) queue[0]?.grant();
          if (queue.length === 0 && queues.get(name) === queue) queues.delete(name);
        };
        const abort = (): void => {
          leave();
          // Not throwIfAborted, and not always a reason: React Native.
          reject(signal?.reason ?? new Error('The wait was ended.'));
        };
        const waiter: Waiter = {
          grant: () => {
            signal?.removeEventListener('abort', abort);
            Promise.resolve().then(work).finally(leave).then(resolve, reject);
          },
          rob: () => reject(new Error('The lock was taken over.')),
        };
        if (signal?.aborted === true) return abort();
        if (steal === true) queue.splice(0, 1, waiter)[0]?.rob();
        else queue.push(waiter);
        if (queue[0] === waiter) waiter.grant();
        else signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}
