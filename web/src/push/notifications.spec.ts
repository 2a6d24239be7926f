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
