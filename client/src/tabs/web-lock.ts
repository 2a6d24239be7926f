import type { Lock } from '../ports/environment.js';
import type { WebLocks } from '../ports/platform-types.js';
import { processLock } from './process-lock.js';

/**
 * The lock of all tabs of an origin: a tab that is closed, crashes or is killed lets go at once. A page without an origin of its
 * own (a sandboxed frame) shares nothing with any other, and is refused such locks: there it is one of this page.
 */
export function webLock(locks: WebLocks): Lock {
  const own = processLock();
  return {
    run: async (name, work, options = {}) => {
      const { signal, steal } = options;
      let isGranted = false;
      const granted = (): ReturnType<typeof work> => {
        isGranted = true;
        return work();
      };
      try {
        return await locks.request(name, steal === true ? { steal } : signal === undefined ? {} : { signal }, granted);
      } catch (error) {
        if (isGranted || (error as Error | undefined)?.name !== 'SecurityError') throw error;
        return own.run(name, work, options);
      }
    },
  };
}
