import type { StoredSession, TokenStore } from '../ports/token-store.js';

/** The part of `expo-secure-store` that is used: `import * as SecureStore from 'expo-secure-store'` fits. */
export interface ExpoSecureStore {
  /** Readable after the first unlock, so that the app can answer a push while the phone is locked. */
  readonly AFTER_FIRST_UNLOCK?: number;
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string, options?: { keychainAccessible?: number }): Promise<void>;
  deleteItemAsync(key: string): Promise<void>;
}

/** The session in the keychain. On iOS it survives a reinstallation of the app; log out to remove it. */
export function secureStoreTokens(secureStore: ExpoSecureStore, key = 'parley.session'): TokenStore {
  const { AFTER_FIRST_UNLOCK } = secureStore;
  const options = AFTER_FIRST_UNLOCK === undefined ? {} : { keychainAccessible: AFTER_FIRST_UNLOCK };
  return {
    load: async () => {
      const read = (): Promise<string | null> => secureStore.getItemAsync(key);
      // One that was only busy answers at the second time. One that is locked is asked again by the client; where what it
      // holds can never be read (Android, restored from a backup), that goes on until the user logs in.
      const text = await read().catch(read);
      return text === null ? undefined : parsed(text);
    },
    save: (session) => secureStore.setItemAsync(key, JSON.stringify(session), options),
    clear: () => secureStore.deleteItemAsync(key),
  };
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
