import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Listeners } from '../../src/connection/listeners.js';
import type { ConnectionStatus } from '../../src/connection/types.js';
import { ChatError } from '../../src/protocol/errors.js';
import type { Conversation } from '../../src/protocol/protocol.generated.js';
import { Phone } from '../support/expo-phone.js';
import { ExpoPush, type ExpoNotification, type PushClient } from '../../src/react-native/index.js';

/** Of the client what push needs. */
class Client {
  userId: string | undefined = 'ada';
  status: ConnectionStatus = 'live';
  items: Conversation[] = [];
  /** What registering is answered with; undefined: taken. */
  failure: Error | undefined;
  /** Until then no request is answered. */
  answered: Promise<void> = Promise.resolve();
  readonly requests: { path: string; body: unknown }[] = [];
  readonly ready = Promise.resolve();
  readonly listeners = new Listeners();
  readonly changes = new Listeners();

  as(): PushClient {
    const { listeners, changes } = this;
    const of = <Value>(read: () => Value, subscribe: Listeners) => ({ getSnapshot: read, subscribe: subscribe.add });
    const client = {
      connection: of(() => ({ status: this.status }), listeners),
      conversations: {
        ...of(() => this.items, changes),
        get items() {
          return own.items;
        },
      },
      get userId() {
        return own.userId;
      },
      http: {
        request: async (path: string, { body }: { body: unknown }) => {
          this.requests.push({ path, body });
          await this.answered;
          if (this.failure !== undefined) throw this.failure;
          return { status: 200, body: {} };
        },
      },
      ready: this.ready,
    };
    // oxlint-disable-next-line typescript/no-this-alias -- getters of the object above
    const own = this;
    return client as unknown as PushClient;
  }

  be(userId: string | undefined, status: ConnectionStatus): void {
    this.userId = userId;
    this.status = status;
    this.listeners.call();
  }

  have(...items: [id: string, unreadCount: number, mutedUntil?: string][]): void {
    this.items = items.map(
      ([id, unreadCount, mutedUntil = null]) => ({ id, me: { unreadCount, mutedUntil } }) as unknown as Conversation,
    );
    this.changes.call();
  }
}

const notification = (identifier: string, data: unknown): ExpoNotification => ({
  request: { identifier, content: { data } },
});

const message = (conversationId: string): ExpoNotification =>
  notification(conversationId, { kind: 'message', conversationId });

describe('push by Expo', () => {
  let phone: Phone;
  const identifiers = (): string[] => phone.presented.map(({ request }) => request.identifier);
  let client: Client;
  const made: ExpoPush[] = [];
  const start = async (): Promise<ExpoPush> => {
    const push = new ExpoPush(client.as(), { notifications: phone, secureStore: phone.secureStore, locale: 'de-AT' });
    made.push(push);
    await settle();
    return push;
  };
  const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

  beforeEach(() => {
    jest.useFakeTimers();
    phone = new Phone();
    client = new Client();
  });

  afterEach(() => {
    for (const push of made.splice(0)) push.close();
    expect([phone.tokenListeners.size, phone.responseListeners.size, client.listeners.size]).toEqual([0, 0, 0]);
    jest.useRealTimers();
  });

  it('asks nobody by itself, and registers the phone under one name once it may', async () => {
    const push = await start();
    expect([push.getSnapshot().status, phone.asked, client.requests]).toEqual(['off', 0, []]);
    await push.enable();
    expect([push.getSnapshot().status, phone.asked]).toEqual(['on', 1]);
    expect(client.requests[0]?.body).toEqual({ platform: 'expo', token: phone.token, locale: 'de-AT' });
    expect(client.requests[0]?.path).toMatch(/^\/devices\/[0-9a-f]{32}$/);
    // The next start: registered again, under the same name, and not asked.
    await start();
    expect(client.requests).toEqual([client.requests[0], client.requests[0]]);
    expect(phone.asked).toBe(1);
  });

  it('keeps the name of this phone out of what is brought to another one', async () => {
    const push = await start();
    await push.enable();
    expect([[...phone.kept.keys()].sort(), phone.inBackup]).toEqual([['parley.device', 'parley.push'], new Set()]);
  });

  it('says that the user has refused, and sees when the settings were changed', async () => {
    phone.answer = false;
    const push = await start();
    await push.enable();
    expect(push.getSnapshot().status).toBe('blocked');
    await push.enable();
    expect(phone.asked).toBe(1);
    phone.permission = { granted: true, canAskAgain: false };
    await push.lookAgain();
    await settle();
    expect(push.getSnapshot().status).toBe('on');
  });

  it('registers a new token, waits for the connection, and tries again what failed for now', async () => {
    phone.permission = { granted: true, canAskAgain: true };
    client.status = 'waiting';
    const push = await start();
    expect([push.getSnapshot().status, client.requests]).toEqual(['pending', []]);
    client.failure = new ChatError('UNAVAILABLE', 'Later.', { status: 503 });
    client.be('ada', 'live');
    await settle();
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['pending', 1]);
    client.failure = undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 2]);
    phone.token = 'ExponentPushToken[2]';
    phone.rotateTo('device 2');
    await settle();
    expect(client.requests[2]?.body).toMatchObject({ token: phone.token });
    await jest.advanceTimersByTimeAsync(600_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 3]);
  });

  it('registers no token again that is emitted because it was asked for', async () => {
    const push = await start();
    await push.enable();
    phone.rotateTo(phone.deviceToken);
    await jest.advanceTimersByTimeAsync(600_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 1]);
  });

  it('registers the token that comes while the former one is being registered', async () => {
    const push = await start();
    let answer: () => void = () => undefined;
    client.answered = new Promise((resolve) => (answer = resolve));
    void push.enable();
    await settle();
    expect(client.requests).toHaveLength(1);
    phone.token = 'ExponentPushToken[2]';
    phone.rotateTo('device 2');
    answer();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(client.requests.map(({ body }) => body)).toMatchObject([{}, { token: phone.token }]);
    expect(push.getSnapshot().status).toBe('on');
  });

  it('says what cannot be had, and asks for it no more', async () => {
    phone.permission = { granted: true, canAskAgain: true };
    client.failure = new ChatError('NOT_FOUND', 'Not found.', { status: 404 });
    const push = await start();
    expect(push.getSnapshot()).toEqual({ status: 'failed', error: client.failure });
    client.be('ada', 'waiting');
    client.be('ada', 'live');
    await jest.advanceTimersByTimeAsync(600_000);
    expect(client.requests).toHaveLength(1);
    client.failure = undefined;
    await push.lookAgain();
    await settle();
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 2]);
  });

  it('asks Expo again that was not reached', async () => {
    phone.permission = { granted: true, canAskAgain: true };
    phone.tokenFailure = Object.assign(new Error('offline'), { code: 'ERR_NOTIFICATIONS_NETWORK_ERROR' });
    const push = await start();
    expect([push.getSnapshot().status, client.requests]).toEqual(['pending', []]);
    phone.tokenFailure = undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 1]);
  });

  it('waits for the token of Google that was not reached, and says where the app has no keys of it', async () => {
    phone.permission = { granted: true, canAskAgain: true };
    const failure = (message: string) => Object.assign(new Error(message), { code: 'E_REGISTRATION_FAILED' });
    phone.deviceTokenFailure = failure('Fetching the token failed: java.io.IOException: SERVICE_NOT_AVAILABLE');
    const push = await start();
    expect(push.getSnapshot().status).toBe('pending');
    phone.deviceTokenFailure = undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect([push.getSnapshot().status, client.requests]).toEqual(['pending', []]);
    phone.rotateTo('device 2');
    await jest.advanceTimersByTimeAsync(60_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 1]);
    phone.rotateTo('device 3');
    await jest.advanceTimersByTimeAsync(600_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 2]);
    push.close();
    // The next run of the app.
    phone = new Phone();
    phone.permission = { granted: true, canAskAgain: true };
    phone.deviceTokenFailure = failure('Unable to get Firebase Messaging instance.');
    const next = await start();
    expect(next.getSnapshot()).toEqual({ status: 'failed', error: phone.deviceTokenFailure });
  });

  it('waits for a keychain that is locked', async () => {
    phone.permission = { granted: true, canAskAgain: true };
    const set = jest
      .spyOn(phone.secureStore, 'setItemAsync')
      .mockRejectedValue(new Error('User interaction is not allowed.'));
    const push = await start();
    await jest.advanceTimersByTimeAsync(10_000);
    expect([push.getSnapshot().status, client.requests]).toEqual(['pending', []]);
    set.mockRestore();
    await jest.advanceTimersByTimeAsync(60_000);
    expect([push.getSnapshot().status, client.requests.length]).toEqual(['on', 1]);
  });

  it('ends with a log-out, also without a network, and is the next user’s after that', async () => {
    const push = await start();
    await push.enable();
    phone.presented = [notification('1', { kind: 'message', conversationId: 'c' })];
    phone.canUnregister = false;
    client.be(undefined, 'ended');
    await settle();
    expect([phone.presented, phone.badge, phone.isRegistered]).toEqual([[], 0, true]);
    // Where the phone reaches Expo, and not the server, its next token would be its user's of before.
    expect(phone.isRegisteredByItself).toBe(false);
    phone.canUnregister = true;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(phone.isRegistered).toBe(false);
    client.be('bob', 'live');
    await settle();
    expect([client.requests.length, phone.isRegistered, push.getSnapshot().status]).toEqual([2, true, 'on']);
  });

  it('takes back a registration that is under way at a log-out', async () => {
    const push = await start();
    await push.enable();
    let answer: () => void = () => undefined;
    phone.expoAnswered = new Promise((resolve) => (answer = resolve));
    phone.rotateTo('device 2');
    await settle();
    client.be(undefined, 'ended');
    client.failure = new ChatError('NOT_LOGGED_IN', 'Nobody is logged in.');
    await settle();
    answer();
    await settle();
    expect([phone.isRegistered, phone.isRegisteredByItself, phone.kept.has('parley.push')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('leaves no number on the icon after a log-out where this phone was never registered', async () => {
    await start();
    client.have(['a', 2]);
    await settle();
    expect([phone.badge, phone.kept.has('parley.push')]).toEqual([2, false]);
    client.be(undefined, 'ended');
    await settle();
    expect(phone.badge).toBe(0);
  });

  it('finishes at the next start a log-out that could not be finished', async () => {
    const push = await start();
    await push.enable();
    phone.canUnregister = false;
    client.be(undefined, 'ended');
    await settle();
    push.close();
    phone.canUnregister = true;
    await start();
    expect([phone.isRegistered, phone.kept.has('parley.push')]).toEqual([false, false]);
  });

  it('shows as many as are unread where it may ring, and takes away what was read', async () => {
    const push = await start();
    await push.enable();
    client.have(['a', 2], ['b', 3, '2999-01-01T00:00:00.000Z'], ['c', 1]);
    phone.presented = ['a', 'b', 'c'].map(message);
    // Nobody has written anything there yet: one was added to a conversation, or a request was accepted.
    const events = ['friend_accepted', 'conversation'].map((kind) => notification(kind, { kind, conversationId: 'a' }));
    phone.presented.push(notification('other', { kind: 'friend_request' }), ...events, notification('odd', null));
    await settle();
    expect(phone.badge).toBe(3);
    client.have(['a', 0], ['b', 3], ['c', 1]);
    await settle();
    expect(phone.badge).toBe(4);
    expect(identifiers()).toEqual(['b', 'c', 'other', 'friend_accepted', 'conversation', 'odd']);
  });

  it('changes neither the number nor the notifications before it is live', async () => {
    phone.badge = 2;
    client.status = 'waiting';
    phone.presented = [message('a'), message('b')];
    await start();
    client.have(['a', 0], ['b', 0]);
    await settle();
    expect([phone.badge, identifiers()]).toEqual([2, ['a', 'b']]);
    client.have(['a', 0], ['b', 1]);
    client.be('ada', 'live');
    await settle();
    expect([phone.badge, identifiers()]).toEqual([1, ['b']]);
  });

  it('leaves the number to what must stay: no number takes away every notification', async () => {
    await start();
    client.have(['a', 1]);
    await settle();
    phone.presented = [message('a'), notification('request', { kind: 'friend_request' })];
    client.have(['a', 0]);
    await settle();
    expect([phone.badge, identifiers()]).toEqual([1, ['request']]);
    phone.presented = [];
    client.changes.call();
    await settle();
    expect(phone.badge).toBe(0);
  });

  it('puts right what pushes have changed while the app was in the background', async () => {
    await start();
    client.have(['a', 0], ['b', 1]);
    await settle();
    client.be('ada', 'offline');
    // Somebody has written to both, and the first was read elsewhere.
    phone.badge = 2;
    phone.presented = [message('a'), message('b')];
    client.be('ada', 'live');
    await settle();
    expect([phone.badge, identifiers()]).toEqual([1, ['b']]);
  });

  it('leads where a tap says, also the one that has started the app, and nowhere while nobody is logged in', async () => {
    phone.started = { notification: notification('1', { kind: 'message', conversationId: 'c', seq: 7 }) };
    client.userId = undefined;
    const push = await start();
    const taps: unknown[] = [];
    push.onTap((target) => taps.push(target));
    expect([taps, phone.started]).toEqual([[], null]);
    client.be('ada', 'live');
    expect(taps).toEqual([{ kind: 'message', conversationId: 'c', seq: 7 }]);
    for (const data of [null, 'text', { kind: 'something new' }, { kind: 'friend_request', conversationId: 5 }])
      phone.responseListeners.call({ notification: notification('2', data) });
    expect(taps.slice(1)).toEqual([{ kind: 'friend_request' }]);
  });
});
