import { describe, expect, it, jest } from '@jest/globals';
import {
  appStateLifecycle,
  expoFileSource,
  netInfoConnectivity,
  secureStoreTokens,
} from '../../src/react-native/index.js';
import { rejection } from '../support/virtual-clock.js';

describe('the lifecycle by AppState', () => {
  const appState = (currentState: string) => {
    const listeners = new Set<(state: string) => void>();
    return {
      currentState,
      listeners,
      addEventListener(_: 'change', listener: (state: string) => void) {
        listeners.add(listener);
        return { remove: () => void listeners.delete(listener) };
      },
      change(state: string): void {
        this.currentState = state;
        for (const listener of listeners) listener(state);
      },
    };
  };

  it('emits background and active in the same tick, and inactive never', () => {
    const native = appState('active');
    const lifecycle = appStateLifecycle(native);
    const received: string[] = [];
    const end = lifecycle.subscribe((state) => received.push(state));
    for (const state of ['inactive', 'active', 'inactive', 'background', 'inactive', 'extension', 'active'])
      native.change(state);
    expect(received).toEqual(['background', 'active']);
    native.change('inactive');
    expect(lifecycle.getState()).toBe('active');
    end();
    expect(native.listeners.size).toBe(0);
  });

  it('starts as it is, also where that is in the background or unknown', () => {
    expect(appStateLifecycle(appState('background')).getState()).toBe('background');
    expect(appStateLifecycle(appState('unknown')).getState()).toBe('active');
  });

  it('notices what happened while nobody listened', () => {
    const native = appState('active');
    const lifecycle = appStateLifecycle(native);
    native.change('background');
    expect(lifecycle.getState()).toBe('background');
    native.change('active');
    const received: string[] = [];
    lifecycle.subscribe((state) => received.push(state));
    native.change('active');
    expect(received).toEqual([]);
    expect(lifecycle.getState()).toBe('active');
  });
});

describe('the connectivity by NetInfo', () => {
  it('calls each listener once for every change, and knows nothing before the first', () => {
    const listeners = new Set<(state: { isConnected: boolean | null }) => void>();
    const connectivity = netInfoConnectivity({
      addEventListener: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    });
    const received: boolean[][] = [[], []];
    const ends = received.map((list) => connectivity.subscribe((isOnline) => list.push(isOnline)));
    const change = (isConnected: boolean | null): void => listeners.forEach((listener) => listener({ isConnected }));
    expect(connectivity.isOnline()).toBeUndefined();
    for (const isConnected of [null, true, true, false, null, true]) change(isConnected);
    expect(received).toEqual([
      [true, false, true],
      [true, false, true],
    ]);
    expect(connectivity.isOnline()).toBe(true);
    for (const end of ends) end();
    expect(listeners.size).toBe(0);
  });

  it('calls its listeners where the phone goes from one network to another', () => {
    const listeners = new Set<(state: { isConnected: boolean | null; type: string }) => void>();
    const connectivity = netInfoConnectivity({
      addEventListener: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    });
    const received: boolean[] = [];
    connectivity.subscribe((isOnline) => received.push(isOnline));
    for (const type of ['wifi', 'wifi', 'cellular', 'cellular', 'wifi'])
      listeners.forEach((listener) => listener({ isConnected: true, type }));
    expect(received).toEqual([true, true, true]);
  });
});

describe('the token store by expo-secure-store', () => {
  const session = { url: 'https://chat.example', userId: 'ada', accessToken: 'a', refreshToken: 'r' };
  class SecureStore {
    readonly items = new Map<string, string>();
    readonly options: unknown[] = [];
    failures = 0;
    readonly AFTER_FIRST_UNLOCK = 0;
    async getItemAsync(key: string): Promise<string | null> {
      if (this.failures-- > 0) throw new Error('Could not decrypt the value');
      return this.items.get(key) ?? null;
    }
    async setItemAsync(key: string, value: string, options?: unknown): Promise<void> {
      if (!/^[\w.-]+$/.test(key)) throw new Error('Invalid key');
      this.options.push(options);
      this.items.set(key, value);
    }
    async deleteItemAsync(key: string): Promise<void> {
      this.items.delete(key);
    }
  }

  it('keeps one session, readable while the phone is locked', async () => {
    const native = new SecureStore();
    const tokens = secureStoreTokens(native);
    expect(await tokens.load()).toBeUndefined();
    await tokens.save(session);
    expect(await secureStoreTokens(native).load()).toEqual(session);
    expect(native.options).toEqual([{ keychainAccessible: 0 }]);
    await tokens.clear();
    expect(await tokens.load()).toBeUndefined();
  });

  it('asks a keychain that fails once more, takes none that is locked for empty, and one that holds nonsense for it', async () => {
    const native = new SecureStore();
    const tokens = secureStoreTokens(native);
    await tokens.save(session);
    native.failures = 1;
    expect(await tokens.load()).toEqual(session);
    native.failures = 2;
    await expect(tokens.load()).rejects.toThrow('Could not decrypt');
    for (const nonsense of ['', 'null', '{"url":1}', '[]']) {
      native.items.set('parley.session', nonsense);
      expect(await tokens.load()).toBeUndefined();
    }
  });

  it('waits for no keychain that hangs', async () => {
    jest.useFakeTimers();
    const hanging = (): Promise<never> => new Promise(() => undefined);
    const tokens = secureStoreTokens({ getItemAsync: hanging, setItemAsync: hanging, deleteItemAsync: hanging });
    const ended = Promise.allSettled([tokens.load(), tokens.save(session), tokens.clear()]);
    await jest.advanceTimersByTimeAsync(10_000);
    jest.useRealTimers();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  /** A keychain each of whose writes takes effect so long after it was asked for. */
  function slow(native: SecureStore, delays: number[]) {
    const late = async (work: () => Promise<void>): Promise<void> => {
      const delay = delays.shift() ?? 0;
      await new Promise((resolve) => delay === Number.POSITIVE_INFINITY || setTimeout(resolve, delay));
      await work();
    };
    return secureStoreTokens({
      getItemAsync: (key) => native.getItemAsync(key),
      setItemAsync: (key, value, options) => late(() => native.setItemAsync(key, value, options)),
      deleteItemAsync: (key) => late(() => native.deleteItemAsync(key)),
    });
  }

  it('writes to one that is slow in order', async () => {
    jest.useFakeTimers();
    const native = new SecureStore();
    const tokens = slow(native, [2_000, 1]);
    const written = Promise.all([tokens.save(session), tokens.clear()]);
    await jest.advanceTimersByTimeAsync(2_001);
    jest.useRealTimers();
    await written;
    expect(native.options).toHaveLength(1);
    expect([...native.items.keys()]).toEqual([]);
  });

  it('writes a log-out over what one that hung writes after it', async () => {
    jest.useFakeTimers();
    const native = new SecureStore();
    const tokens = slow(native, [10_000, 1, 1]);
    const saved = rejection(tokens.save(session));
    await jest.advanceTimersByTimeAsync(3_000);
    const cleared = tokens.clear();
    await jest.advanceTimersByTimeAsync(10_000);
    jest.useRealTimers();
    await cleared;
    expect(await saved).toMatchObject({ message: 'The keychain does not answer.' });
    expect(native.options).toHaveLength(1);
    expect([...native.items.keys()]).toEqual([]);
  });

  it('writes a log-out behind a write that never ends', async () => {
    jest.useFakeTimers();
    const native = new SecureStore();
    native.items.set('parley.session', JSON.stringify(session));
    const tokens = slow(native, [Number.POSITIVE_INFINITY, 1]);
    const saved = rejection(tokens.save(session));
    await jest.advanceTimersByTimeAsync(1_000);
    const cleared = tokens.clear();
    await jest.advanceTimersByTimeAsync(3_000);
    jest.useRealTimers();
    await cleared;
    expect(await saved).toMatchObject({ message: 'The keychain does not answer.' });
    expect([...native.items.keys()]).toEqual([]);
  });
});

describe('a file by expo-file-system', () => {
  const file = (bytes: number[], type: string | null = 'image/jpeg') => {
    const open = { count: 0 };
    return {
      handles: open,
      uri: 'file:///cache/picked.jpg',
      name: 'picked.jpg',
      size: 5,
      type,
      open() {
        open.count += 1;
        let closed = false;
        return {
          offset: 0 as number | null,
          readBytes(length: number) {
            return new Uint8Array(bytes.slice(this.offset ?? 0, (this.offset ?? 0) + length));
          },
          close() {
            if (!closed) open.count -= 1;
            closed = true;
          },
        };
      },
    };
  };

  it('is read in parts, and leaves no handle open', async () => {
    const native = file([1, 2, 3, 4, 5]);
    const source = expoFileSource(native);
    expect(source).toMatchObject({ name: 'picked.jpg', mimeType: 'image/jpeg', size: 5, previewUrl: native.uri });
    expect([...(await source.read(3, 5))]).toEqual([4, 5]);
    expect([...(await source.read(0, 2))]).toEqual([1, 2]);
    expect(native.handles.count).toBe(0);
  });

  it('says that it cannot be read any more where it became shorter or is gone', async () => {
    const short = file([1, 2]);
    await expect(expoFileSource(short).read(0, 5)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    expect(short.handles.count).toBe(0);
    const gone = {
      ...file([1]),
      open: (): never => {
        throw new Error('gone');
      },
    };
    await expect(expoFileSource(gone).read(0, 1)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });

  it('is no empty file where it was gone before it was read', async () => {
    const source = expoFileSource({ ...file([1]), size: null });
    await expect(source.read(0, source.size)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    expect(source.size).toBeGreaterThan(0);
  });

  it('has a type where the system knows none, and the name that it is given', () => {
    expect(expoFileSource(file([], null), { name: 'voice.m4a' })).toMatchObject({
      mimeType: 'application/octet-stream',
      name: 'voice.m4a',
    });
  });
});
