import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replaceGlobals } from '../../../test/support/replaced-globals.js';

describe('notifications', () => {
  const kept = new Map<string, string>();
  const localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const live = { getSnapshot: () => ({ status: 'live' }) };
  let client: { userId: string } & Record<string, unknown>;
  let ready: (registration: object) => void;
  let connected: () => void;
  let isEnabled: boolean;
  /** What the next calls of the server are refused with. */
  let refusals: object[];
  let calls: string[];
  let permissionChanged: () => void;
  let paths: string[];
  /** Whether registrations wait, and what lets them go. */
  let isHeld: boolean;
  const enabling: (() => void)[] = [];
  let restore: () => void;

  const call = async (name: string): Promise<object> => {
    calls.push(name);
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    return {};
  };

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetModules();
    kept.clear();
    [isEnabled, isHeld, refusals, calls, paths] = [false, false, [], [], []];
    client = {
      userId: 'ada',
      http: { request: () => call('web-key') },
      connection: { ...live, subscribe: (listener: () => void) => (connected = listener) },
      conversations: { getSnapshot: () => [], subscribe: () => undefined },
    };
    const serviceWorker = { ready: new Promise((resolve) => (ready = resolve)) };
    const permission = { addEventListener: (_: string, listener: () => void) => (permissionChanged = listener) };
    restore = replaceGlobals({
      navigator: { serviceWorker, onLine: true, permissions: { query: async () => permission } },
      Notification: { permission: 'default' },
      localStorage,
    });
    jest.unstable_mockModule('../session/client.js', () => ({ client }));
    jest.unstable_mockModule('../app/router.js', () => ({ goToPath: (path: string) => paths.push(path) }));
    jest.unstable_mockModule('../conversations/names.js', () => ({ isMuted: () => false }));
    jest.unstable_mockModule('./activity.js', () => ({ reportActivity: () => undefined }));
    jest.unstable_mockModule('../react.js', () => ({
      useSyncExternalStore: (_: unknown, snapshot: () => unknown) => snapshot(),
    }));
    jest.unstable_mockModule('@parley/client/web-push', () => ({
      canWebPush: () => true,
      isWebPushEnabled: async () => isEnabled,
      clearReadNotifications: () => () => undefined,
      disableWebPush: async () => undefined,
      enableWebPush: async (_: unknown, { preview }: { preview?: string }) => {
        if (isHeld) await new Promise<void>((resolve) => enabling.push(resolve));
        await call('enable');
        // The server has no other choice than the one that it is given with a new device.
        return { preview: preview ?? 'full' };
      },
      onNotificationOpened: () => () => undefined,
      unsubscribeWebPush: () => call('unsubscribe'),
    }));
  });

  afterEach(() => {
    restore();
    jest.useRealTimers();
  });

  it('can be turned on as soon as the worker is there on a first visit, however late that is', async () => {
    const { lookAtNotifications, useNotifications } = await import('./notifications.js');
    const looked = lookAtNotifications();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(useNotifications()).toBe('impossible');
    ready({});
    await looked;
    expect(useNotifications()).toBe('off');
  });

  it('are looked at again where that failed for now: with the next connection, and in a minute', async () => {
    ready({});
    refusals = [{ isTransient: true }, { isTransient: true }];
    const { useNotifications } = await import('./notifications.js');
    const { startNotifications } = await import('./start.js');
    startNotifications(undefined);
    await jest.advanceTimersByTimeAsync(0);
    expect([useNotifications(), calls.length]).toEqual(['impossible', 1]);
    connected();
    await jest.advanceTimersByTimeAsync(0);
    expect([useNotifications(), calls.length]).toEqual(['impossible', 2]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect([useNotifications(), calls.length]).toEqual(['off', 3]);
    connected();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(3);
  });

  it('are looked at once in a minute, however often the connection came back before', async () => {
    ready({});
    refusals = Array.from({ length: 20 }, () => ({ isTransient: true }));
    const { startNotifications } = await import('./start.js');
    startNotifications(undefined);
    for (let count = 0; count < 5; count += 1) {
      await jest.advanceTimersByTimeAsync(0);
      connected();
    }
    await jest.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(6);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(7);
  });

  it('end with a log-out also where the browser subscribes behind it', async () => {
    ready({});
    isEnabled = true;
    isHeld = true;
    const { lookAtNotifications } = await import('./notifications.js');
    const looked = lookAtNotifications();
    await jest.advanceTimersByTimeAsync(0);
    expect(kept.get('parley.notifications-of')).toBe('ada');
    const answers = enabling.splice(0);
    // As a log-out does.
    kept.delete('parley.notifications-of');
    for (const answer of answers) answer();
    await looked;
    expect(calls).toEqual(['enable', 'unsubscribe']);
  });

  it('follow what the user allows and forbids in the browser while the page is open', async () => {
    ready({});
    const { useNotifications } = await import('./notifications.js');
    const { startNotifications } = await import('./start.js');
    startNotifications(undefined);
    await jest.advanceTimersByTimeAsync(0);
    const seen = [useNotifications()];
    for (const permission of ['denied', 'granted']) {
      Object.assign(Notification, { permission });
      permissionChanged();
      await jest.advanceTimersByTimeAsync(0);
      seen.push(useNotifications());
    }
    expect(seen).toEqual(['off', 'denied', 'off']);
  });

  it('show what their user has chosen also once the session that had the choice has ended, and none of another', async () => {
    ready({});
    Object.assign(Notification, { requestPermission: async () => 'granted' });
    const { lookAtNotifications, turnOff, turnOn, usePushPreview } = await import('./notifications.js');
    await turnOn('none');
    isEnabled = true;
    // As after the next log-in: the server has forgotten the device.
    await lookAtNotifications();
    const seen = [usePushPreview()];
    await turnOff();
    await turnOn();
    seen.push(usePushPreview());
    client.userId = 'bob';
    await turnOn();
    expect([...seen, usePushPreview()]).toEqual(['none', 'none', 'full']);
  });

  it('lead to the place of the last one that was clicked while the page was being loaded', async () => {
    const { startNotifications } = await import('./start.js');
    startNotifications({ kind: 'message', conversationId: 'c1', badge: 1 });
    expect(paths).toEqual(['/c/c1']);
  });

  it('are not asked for again where the server refuses them for good', async () => {
    ready({});
    refusals = [{ isTransient: false }];
    const { startNotifications } = await import('./start.js');
    startNotifications(undefined);
    await jest.advanceTimersByTimeAsync(60_000);
    connected();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toEqual(['web-key']);
  });

  it('stay on for the user who turned them on, and end for another one, who is asked first', async () => {
    ready({});
    isEnabled = true;
    const { lookAtNotifications, useNotifications } = await import('./notifications.js');
    await lookAtNotifications();
    await lookAtNotifications();
    expect([useNotifications(), calls]).toEqual(['on', ['enable', 'enable']]);
    client.userId = 'bob';
    await lookAtNotifications();
    expect([useNotifications(), calls.slice(2)]).toEqual(['off', ['unsubscribe', 'web-key']]);
  });
});

describe('a log-out', () => {
  const client = { userId: undefined as string | undefined, logout: jest.fn<() => Promise<void>>() };
  const removeFiles = jest.fn<() => Promise<void>>();
  let getRegistration: () => Promise<undefined>;
  let leave: () => Promise<void>;
  let restore: () => void;

  beforeEach(async () => {
    jest.useFakeTimers();
    jest.resetModules();
    for (const mock of [client.logout, removeFiles]) mock.mockReset().mockResolvedValue(undefined);
    restore = replaceGlobals({
      navigator: { serviceWorker: { getRegistration: () => getRegistration() } },
      Notification: { permission: 'default' },
      localStorage: { removeItem: () => undefined },
    });
    jest.unstable_mockModule('../session/client.js', () => ({ client }));
    jest.unstable_mockModule('../app/router.js', () => ({ go: () => undefined }));
    jest.unstable_mockModule('../messages/files/picked-files.js', () => ({ forgetPickedFiles: () => undefined }));
    jest.unstable_mockModule('../messages/files/files-database.js', () => ({ removeFiles }));
    ({ leave } = await import('../session/leave.js'));
  });

  afterEach(() => {
    restore();
    jest.useRealTimers();
  });

  it('of an account that was deleted elsewhere leaves alone who has logged in meanwhile', async () => {
    let answer = (): void => undefined;
    getRegistration = () => new Promise((resolve) => (answer = () => resolve(undefined)));
    client.userId = undefined;
    const left = leave();
    client.userId = 'bert';
    answer();
    await left;
    expect([client.logout.mock.calls, removeFiles.mock.calls]).toEqual([[], []]);
  });

  it('does not wait for a browser that says nothing of its service worker', async () => {
    getRegistration = () => new Promise(() => undefined);
    client.userId = 'ada';
    const left = leave();
    await jest.advanceTimersByTimeAsync(10_000);
    await left;
    expect([client.logout.mock.calls, removeFiles.mock.calls]).toEqual([[[]], [[]]]);
  });
});
