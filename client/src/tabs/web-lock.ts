import type { Lock } from '../ports/environment.js';

/** The lock of all tabs of an origin: a tab that is closed, crashes or is killed lets go at once. */
export function webLock(locks: LockManager): Lock {
  return {
    run: async (name, work, { signal, steal } = {}) =>
      locks.request(name, steal === true ? { steal } : signal === undefined ? {} : { signal }, () => work()),
  };
}
