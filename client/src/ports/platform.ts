/**
 * The ports' implementations on what browsers, Node and React Native have in common. Together with page.ts and
 * socket-io.ts the only files of the core that read the clock, randomness and the platform.
 */
import type { Clock, Random, Timer } from './environment.js';
import type { GlobalOf, WebLocks } from './platform-types.js';
import type { Fetch } from './network.js';
import type { StoredSession, TokenStore } from './token-store.js';

/** Longer than a browser takes that answers at all. */
const TOKENS_TIMEOUT_MS = 5_000;
/** setTimeout takes no longer time than this. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  // React Native has it too; without it a clock that is set makes a wait longer or shorter once.
  elapsed: () => globalThis.performance?.now() ?? Date.now(),
  setTimeout: (work, delayMs) => ({ timer: setTimeout(work, Math.min(delayMs, MAX_TIMER_MS)) }),
  clearTimeout: (timer: Timer | undefined) => clearTimeout(timer?.timer as ReturnType<typeof setTimeout> | undefined),
};

export const systemRandom: Random = {
  number: () => Math.random(),
  uuid: () => {
    const { crypto } = globalThis as { crypto?: Crypto };
    // Only in secure contexts, and not in React Native. What is named by it is the user's own: it need not be secret.
    if (crypto?.randomUUID !== undefined) return crypto.randomUUID();
    // Version 4: a 0 stands for any digit, the 8 for one from there on.
    return '00000000-0000-4000-8000-000000000000'.replace(/[08]/g, (place) =>
      (+place ^ ((Math.random() * 16) >> (+place / 4))).toString(16),
    );
  },
};

export const systemFetch: Fetch = (url, init) => globalThis.fetch(url, init);

export function memoryTokens(): TokenStore {
  let held: StoredSession | undefined;
  return {
    load: async () => held,
    save: async (session) => void (held = session),
    clear: async () => void (held = undefined),
  };
}

/**
 * The session in IndexedDB, which is the same for all tabs at any moment. Of localStorage each of the browser's processes
 * has a copy that lags: a tab that gets the lock after a renewal might still read the token that was spent.
 */
export function indexedDbTokens(factory: GlobalOf<'indexedDB'>, name = 'parley.session'): TokenStore {
  const run = <Result>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      let isLate = false;
      // Some browsers forget to answer.
      const timer = setTimeout(() => {
        isLate = true;
        reject(new Error('The storage failed.'));
      }, TOKENS_TIMEOUT_MS);
      // Opened for each call, which is rare: a connection that is kept dies behind one's back.
      // At whatever version it is: a deployment that was taken back must find its way in again.
      const opening = factory.open(name);
      opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('session'));
      opening.addEventListener('error', () => reject(opening.error));
      opening.addEventListener('success', () => {
        const database = opening.result;
        const end = (work: () => void): void => {
          clearTimeout(timer);
          database.close();
          work();
        };
        try {
          if (isLate) return end(() => undefined);
          const transaction = database.transaction('session', mode, { durability: 'strict' });
          const request = ask(transaction.objectStore('session'));
          transaction.addEventListener('complete', () => end(() => resolve(request.result)));
          transaction.addEventListener('abort', () => end(() => reject(transaction.error)));
        } catch (error) {
          // The browser is closing the connection.
          end(() => reject(error));
        }
      });
    });
  const read = () => run<StoredSession | null | undefined>('readonly', (store) => store.get(0));
  const write = async (session: StoredSession | null): Promise<void> =>
    void (await run('readwrite', (store) => store.put(session, 0)));
  return {
    load: async () => (await read()) ?? undefined,
    save: write,
    // A row stays, by which a log-out is known from a store that the browser has emptied.
    clear: () => write(null),
    wasEmptied: async () => (await read()) === undefined,
  };
}

/** The session in localStorage, for pages that want it there: shared by the tabs of an origin, readable by every script of it. */
export function localStorageTokens(storage: GlobalOf<'localStorage'>, key = 'parley.session'): TokenStore {
  return {
    load: async () => {
      const text = storage.getItem(key);
      try {
        return text === null ? undefined : ((JSON.parse(text) as StoredSession | null) ?? undefined);
      } catch {
        return undefined;
      }
    },
    save: async (session) => storage.setItem(key, JSON.stringify(session)),
    clear: async () => storage.setItem(key, 'null'),
    wasEmptied: async () => storage.getItem(key) === null,
  };
}

/** IndexedDB in a browser that allows it; else memory, which a restart empties. */
export function defaultTokens(): TokenStore {
  try {
    const { document, indexedDB } = globalThis as { document?: unknown; indexedDB?: IDBFactory };
    if (document !== undefined && indexedDB != null) return indexedDbTokens(indexedDB);
  } catch {
    // Storage is denied on this page.
  }
  return memoryTokens();
}

/** Undefined where the browser has none: an insecure origin, a very old one. */
export function findWebLocks(): WebLocks | undefined {
  return (globalThis as { navigator?: { locks?: WebLocks } }).navigator?.locks;
}
