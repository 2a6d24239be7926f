import { within } from '../connection/time-limit.js';
import { systemClock } from '../ports/platform.js';
import type { StoredSession, TokenStore } from '../ports/token-store.js';

/** The part of `expo-secure-store` that is used: `import * as SecureStore from 'expo-secure-store'` fits. */
export interface ExpoSecureStore {
  /** Readable after the first unlock, so that the app can answer a push while the phone is locked. */
  readonly AFTER_FIRST_UNLOCK?: number;
  /** As before, and not in a backup that becomes another phone. */
  readonly AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY?: number;
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string, options?: { keychainAccessible?: number }): Promise<void>;
  deleteItemAsync(key: string): Promise<void>;
}

/** A keychain that hangs counts as one that fails: a start, a log-in and a log-out do not wait for it for ever. */
const ANSWER_TIMEOUT_MS = 3_000;

/** The session in the keychain. On iOS it survives a reinstallation of the app; log out to remove it. */
export function secureStoreTokens(secureStore: ExpoSecureStore, key = 'parley.session'): TokenStore {
  const { AFTER_FIRST_UNLOCK } = secureStore;
  const options = AFTER_FIRST_UNLOCK === undefined ? {} : { keychainAccessible: AFTER_FIRST_UNLOCK };
  const read = (): Promise<string | null> => secureStore.getItemAsync(key);
  let written: Promise<unknown> = Promise.resolve();
  let newest: (() => Promise<void>) | undefined;
  let begun: (() => Promise<void>) | undefined;
  /**
   * One after the other, whether or not anybody still waits: an older session must not come after a newer one, or a log-out.
   * One that hangs holds up the others no longer than anybody waits; what it may still do then is written over.
   */
  const write = (work: () => Promise<void>): Promise<void> => {
    newest = work;
    const done = written.then(() => {
      begun = work;
      return work();
    });
    written = written.then(() => answered(done)).catch(() => undefined);
    const writeOver = (): void => {
      if (begun !== work && newest !== undefined) write(newest).catch(() => undefined);
    };
    done.then(writeOver, writeOver);
    return answered(done);
  };
  return {
    load: async () => {
      // One that was only busy answers at the second time. One that is locked is asked again by the client; where what it
      // holds can never be read (Android, restored from a backup), that goes on until the user logs in.
      const text = await answered(read().catch(read));
      return text === null ? undefined : parsed(text);
    },
    save: (session) => write(() => secureStore.setItemAsync(key, JSON.stringify(session), options)),
    clear: () => write(() => secureStore.deleteItemAsync(key)),
  };
}

function answered<Result>(work: Promise<Result>): Promise<Result> {
  const late = (): Promise<never> => Promise.reject(new Error('The keychain does not answer.'));
  return within(systemClock, ANSWER_TIMEOUT_MS, work, late);
}

function parsed(text: string): StoredSession | undefined {
  try {
    const session = JSON.parse(text) as Partial<StoredSession> | null;
    const { url, userId, accessToken } = session ?? {};
    const isWhole = [url, userId, accessToken].every((field) => typeof field === 'string');
    return isWhole ? (session as StoredSession) : undefined;
  } catch {
    return undefined;
  }
}
