import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Listeners } from '../../src/connection/listeners.js';
import type { Http, HttpAnswer, HttpRequest } from '../../src/http/types.js';
import {
  clearReadNotifications,
  disableWebPush,
  enableWebPush,
  handleWebPush,
  isWebPushEnabled,
  unsubscribeWebPush,
  type WorkerScope,
} from '../../src/web-push/index.js';

const KEY = 'BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_--o';

/** A browser's push manager: what it does is written down. */
class FakeManager {
  held: { key: Uint8Array; endpoint: string } | null = null;
  readonly log: string[] = [];
  private made = 0;

  readonly getSubscription = async (): Promise<PushSubscription | null> => {
    const { held } = this;
    if (held === null) return null;
    return {
      options: { applicationServerKey: held.key.buffer, userVisibleOnly: true },
      toJSON: () => ({ endpoint: held.endpoint, keys: { p256dh: 'public', auth: 'secret' }, expirationTime: null }),
      unsubscribe: async () => {
        this.log.push('unsubscribe');
        this.held = null;
        return true;
      },
    } as unknown as PushSubscription;
  };

  readonly subscribe = async (options: { applicationServerKey: Uint8Array }): Promise<PushSubscription> => {
    this.log.push('subscribe');
    this.made += 1;
    this.held = { key: options.applicationServerKey, endpoint: `https://push.example.com/${this.made}` };
    return (await this.getSubscription()) as PushSubscription;
  };
}

describe('a browser that is a device for push', () => {
  let manager: FakeManager;
  let registration: ServiceWorkerRegistration;
  let calls: [path: string, request: HttpRequest | undefined][];
  let publicKey: string;
  let isOffline: boolean;
  const client: { http: Http } = {
    http: {
      request: (async (path: string, request?: HttpRequest): Promise<HttpAnswer<unknown>> => {
        if (isOffline) throw new Error('offline');
        calls.push([path, request]);
        const body = path === '/push/web-key' ? { publicKey } : { id: 'here', preview: 'full' };
        return { status: 200, header: () => null, body };
      }) as Http['request'],
    },
  };
  const globals = globalThis as { Notification?: unknown; navigator?: unknown };

  beforeEach(() => {
    manager = new FakeManager();
    registration = { pushManager: manager, getNotifications: async () => [] } as unknown as ServiceWorkerRegistration;
    calls = [];
    publicKey = KEY;
    isOffline = false;
    globals.Notification = { permission: 'granted' };
    globals.navigator = {};
  });
  afterEach(() => {
    delete globals.Notification;
    delete globals.navigator;
  });

  const enable = () => enableWebPush(client, { registration, deviceId: 'here' });

  it('subscribes with the key of the server, and registers what the browser gives', async () => {
    expect(await enable()).toEqual({ id: 'here', preview: 'full' });
    expect([...(manager.held?.key ?? [])].slice(0, 4)).toEqual([4, 1, 2, 3]);
    expect([...(manager.held?.key ?? [])].slice(-3)).toEqual([63, 251, 234]);
    const subscription = { endpoint: 'https://push.example.com/1', keys: { p256dh: 'public', auth: 'secret' } };
    expect(calls.at(-1)).toEqual(['/devices/here', { method: 'PUT', body: { platform: 'web', subscription } }]);
    expect(await isWebPushEnabled({ registration })).toBe(true);
  });

  it('keeps its subscription at the next start, and makes another one for another key', async () => {
    await enable();
    await enable();
    expect(manager.log).toEqual(['subscribe']);
    publicKey = KEY.replace('BAEC', 'BAED');
    await enable();
    expect(manager.log).toEqual(['subscribe', 'unsubscribe', 'subscribe']);
    expect(calls.at(-1)?.[1]?.body).toMatchObject({ subscription: { endpoint: 'https://push.example.com/2' } });
  });

  it('gets nothing any more once it is switched off, also where the server is not reached', async () => {
    await enable();
    isOffline = true;
    await disableWebPush(client, { registration, deviceId: 'here' });
    expect(manager.held).toBeNull();
    expect(await isWebPushEnabled({ registration })).toBe(false);
    isOffline = false;
    await disableWebPush(client, { registration, deviceId: 'here' });
    expect(calls.at(-1)).toEqual(['/devices/here', { method: 'DELETE' }]);
  });

  it('keeps nothing of it for a log-out, which waits for no server, also where the browser does not unsubscribe', async () => {
    await enable();
    calls = [];
    const [closed, badges]: [string[], string[]] = [[], []];
    Object.assign(navigator, { clearAppBadge: async () => void badges.push('cleared') });
    const notification = { close: () => closed.push('closed') };
    const all = { pushManager: manager, getNotifications: async () => [notification] };
    await unsubscribeWebPush({ registration: all as unknown as ServiceWorkerRegistration });
    expect([manager.held, closed, badges, calls]).toEqual([null, ['closed'], ['cleared'], []]);

    const pushManager = { getSubscription: () => Promise.reject(new Error('not now')) };
    const refusing = { ...all, pushManager } as unknown as ServiceWorkerRegistration;
    await expect(unsubscribeWebPush({ registration: refusing })).rejects.toThrow('not now');
    expect([closed.length, badges.length, calls]).toEqual([2, 2, []]);
  });
});

describe('a page that is open', () => {
  let isVisible = true;
  let seenAgain = (): void => undefined;

  beforeEach(() => {
    isVisible = true;
    Object.assign(globalThis, {
      document: {
        get visibilityState() {
          return isVisible ? 'visible' : 'hidden';
        },
        addEventListener: (_: string, listener: () => void) => (seenAgain = listener),
        removeEventListener: () => (seenAgain = () => undefined),
      },
    });
  });

  afterEach(() => {
    for (const name of ['document', 'navigator']) Reflect.deleteProperty(globalThis, name);
  });

  it('takes away the notifications of what was read, and keeps the number on the icon', async () => {
    const closed: string[] = [];
    const badges: number[] = [];
    Object.assign(globalThis, {
      navigator: {
        setAppBadge: async (count: number) => void badges.push(count),
        clearAppBadge: async () => void badges.push(0),
      },
    });
    const notification = (kind: string, conversationId?: string) => ({
      data: { kind, conversationId },
      close: () => closed.push(`${kind} ${conversationId ?? ''}`.trim()),
    });
    const shown = [notification('message', 'a'), notification('message', 'b'), notification('message')];
    const registration = { getNotifications: async () => [...shown, notification('friend_request')] };
    const [changes, connections] = [new Listeners(), new Listeners()];
    let status = 'catching-up';
    let unread: Record<string, number> = { a: 0, b: 2 };
    const items = () =>
      Object.entries(unread).map(([id, unreadCount]) => ({ id, me: { unreadCount, mutedUntil: null } }));
    const client = {
      connection: { getSnapshot: () => ({ status }), subscribe: connections.add },
      conversations: { getSnapshot: items, subscribe: changes.add },
    } as unknown as Parameters<typeof clearReadNotifications>[0];
    const end = clearReadNotifications(client, { registration: registration as never });
    await new Promise(setImmediate);
    expect([closed, badges]).toEqual([[], []]);
    status = 'live';
    connections.call();
    await new Promise(setImmediate);
    expect([closed, badges]).toEqual([['message a'], [2]]);
    unread = { a: 0, b: 0 };
    changes.call();
    changes.call();
    await new Promise(setImmediate);
    expect([closed.slice(1), badges]).toEqual([
      ['message a', 'message b', 'message'],
      [2, 0],
    ]);
    end();
    unread = { a: 1, b: 0 };
    changes.call();
    await new Promise(setImmediate);
    expect(badges).toEqual([2, 0]);
  });

  it('takes away as well what was shown while it was not live or not seen, and was read elsewhere', async () => {
    const badges: number[] = [];
    Object.assign(globalThis, { navigator: { clearAppBadge: async () => void badges.push(0) } });
    const shown = new Set<object>();
    const ring = (): void => {
      const notification = { data: { kind: 'message', conversationId: 'a' }, close: () => shown.delete(notification) };
      shown.add(notification);
    };
    const connections = new Listeners();
    let status = 'live';
    const items = [{ id: 'a', me: { unreadCount: 0, mutedUntil: null } }];
    const client = {
      connection: { getSnapshot: () => ({ status }), subscribe: connections.add },
      conversations: { getSnapshot: () => items, subscribe: () => () => undefined },
    } as unknown as Parameters<typeof clearReadNotifications>[0];
    const registration = { getNotifications: async () => [...shown] };
    const end = clearReadNotifications(client, { registration: registration as never });
    for (const next of ['connecting', 'live']) {
      if (next === 'connecting') ring();
      status = next;
      connections.call();
    }
    await new Promise(setImmediate);
    expect([shown.size, badges.length]).toEqual([0, 2]);
    isVisible = false;
    seenAgain();
    ring();
    isVisible = true;
    seenAgain();
    await new Promise(setImmediate);
    // What a page knows that slept may be older than what has rung.
    expect([shown.size, badges.length]).toEqual([1, 2]);
    connections.call();
    await new Promise(setImmediate);
    expect([shown.size, badges.length]).toEqual([0, 3]);
    end();
    connections.call();
    await new Promise(setImmediate);
    expect(badges).toHaveLength(3);
  });
});

describe('a service worker that is pushed to', () => {
  const listeners = new Map<string, (event: never) => void>();
  const shown: { title: string; options: Record<string, unknown> }[] = [];
  const badges: number[] = [];
  const opened: string[] = [];
  const scope: WorkerScope = {
    registration: {
      showNotification: async (title: string, options: Record<string, unknown>) => void shown.push({ title, options }),
      getNotifications: async () => [],
    } as unknown as ServiceWorkerRegistration,
    clients: { matchAll: async () => [], openWindow: async (url) => opened.push(url) },
    navigator: {
      setAppBadge: async (count) => void badges.push(count),
      clearAppBadge: () => Promise.reject(new Error('not here')),
    },
    location: { origin: 'https://chat.example.com' },
    addEventListener: (type, listener) => void listeners.set(type, listener),
  };
  handleWebPush(scope, { pathOf: ({ conversationId }) => `/c/${conversationId ?? ''}` });

  const receive = async (type: string, event: object): Promise<void> => {
    const work: Promise<unknown>[] = [];
    listeners.get(type)?.({ ...event, waitUntil: (promise: Promise<unknown>) => work.push(promise) } as never);
    await Promise.all(work);
  };
  const push = (json: () => unknown): Promise<void> => receive('push', { data: { json } });

  it('shows nothing of what is not the server’s, and never fails', async () => {
    await receive('push', { data: null });
    await push(() => JSON.parse('no json'));
    for (const value of [null, 5, 'text', {}, { data: null }, { data: { kind: 'other' } }, { data: { kind: 3 } }])
      await push(() => value);
    expect(shown).toEqual([]);
  });

  it('rings for one that replaces another unless it is silent, and keeps the number on the icon', async () => {
    const message = { title: 'Ada', body: 'Hello', tag: 'c1', silent: false };
    await push(() => ({ ...message, data: { kind: 'message', conversationId: 'c1', badge: 2 } }));
    await push(() => ({ ...message, silent: true, data: { kind: 'message', conversationId: 'c1', badge: 3 } }));
    await push(() => ({ tag: 'badge', data: { kind: 'clear', badge: 0 } }));
    expect(shown.map(({ options: { silent, renotify } }) => [silent, renotify])).toEqual([
      [false, true],
      [true, false],
    ]);
    expect(badges).toEqual([2, 3]);
  });

  it('opens the place of a notification in a window of its own where none is open', async () => {
    const data = { kind: 'message', conversationId: 'c1', badge: 1 };
    await receive('notificationclick', { notification: { close: () => undefined, data } });
    expect(opened).toEqual(['https://chat.example.com/c/c1']);
  });

  it('leads to a window of the app, and to no other page of the origin', async () => {
    const received: string[] = [];
    const windows = ['/docs', '/c/c2'].map((path) => ({
      url: `https://chat.example.com${path}`,
      focused: path === '/docs',
      focus: async () => undefined,
      postMessage: () => void received.push(path),
    }));
    let all = windows;
    const handlers = new Map<string, (event: never) => void>();
    const paths: string[] = [];
    const own: WorkerScope = {
      ...scope,
      clients: { matchAll: async () => all, openWindow: async (url) => paths.push(url) },
      addEventListener: (type, listener) => void handlers.set(type, listener),
    };
    handleWebPush(own, {
      pathOf: ({ conversationId }) => `/c/${conversationId ?? ''}`,
      isApp: ({ pathname }) => pathname.startsWith('/c/'),
    });
    const click = async (): Promise<void> => {
      const work: Promise<unknown>[] = [];
      const notification = { close: () => undefined, data: { kind: 'message', conversationId: 'c1', badge: 1 } };
      handlers.get('notificationclick')?.({ notification, waitUntil: (promise: never) => work.push(promise) } as never);
      await Promise.all(work);
    };
    await click();
    expect([received, paths]).toEqual([['/c/c2'], []]);
    all = windows.slice(0, 1);
    await click();
    expect([received, paths]).toEqual([['/c/c2'], ['https://chat.example.com/c/c1']]);
  });
});
