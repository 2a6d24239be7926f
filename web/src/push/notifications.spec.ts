import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replaceGlobals } from '../../../test/support/replaced-globals.js';

describe('notifications on a first visit', () => {
  let ready: (registration: object) => void;

  let restore: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    const serviceWorker = { ready: new Promise((resolve) => (ready = resolve)) };
    restore = replaceGlobals({ navigator: { serviceWorker, onLine: true }, Notification: { permission: 'default' } });
    jest.unstable_mockModule('../session/client.js', () => ({ client: { http: { request: async () => ({}) } } }));
    jest.unstable_mockModule('../react.js', () => ({
      useSyncExternalStore: (_: unknown, snapshot: () => unknown) => snapshot(),
    }));
    jest.unstable_mockModule('@parley/client/web-push', () => ({
      canWebPush: () => true,
      isWebPushEnabled: async () => false,
      clearReadNotifications: () => () => undefined,
      disableWebPush: async () => undefined,
      enableWebPush: async () => ({}),
      unsubscribeWebPush: async () => undefined,
    }));
  });

  afterEach(() => {
    restore();
    jest.useRealTimers();
  });

  it('can be turned on as soon as the worker is there, however late that is', async () => {
    const { lookAtNotifications, useNotifications } = await import('./notifications.js');
    const looked = lookAtNotifications();
    await jest.advanceTimersByTimeAsync(10_000);
    await looked;
    expect(useNotifications()).toBe('impossible');
    ready({});
    await jest.advanceTimersByTimeAsync(0);
    expect(useNotifications()).toBe('off');
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
    jest.unstable_mockModule('../messages/picked-files.js', () => ({ forgetPickedFiles: () => undefined }));
    jest.unstable_mockModule('../messages/files-database.js', () => ({ removeFiles }));
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
