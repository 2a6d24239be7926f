import { beforeEach, describe, expect, it } from '@jest/globals';
import { SocketConnection } from '../../src/connection/connection.js';
import { ChatError } from '../../src/protocol/errors.js';
import { FakeConnectivity, FakeLifecycle, FakeSockets, seededRandom } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';

const HOUR_MS = 3_600_000;

describe('connection', () => {
  let clock: VirtualClock;
  let sockets: FakeSockets;
  let lifecycle: FakeLifecycle;
  let connectivity: FakeConnectivity;
  let tokens: string[];
  let renewals: string[];
  let ends: string[];
  let generation = 0;
  let doubts: number;
  let catchUps: { resolve: () => void; reject: (error: Error) => void; signal: AbortSignal }[];
  let isCatchingUpByHand: boolean;
  let renew: (refused: string) => Promise<string>;
  let connection: SocketConnection;

  beforeEach(() => {
    clock = new VirtualClock();
    sockets = new FakeSockets();
    lifecycle = new FakeLifecycle();
    connectivity = new FakeConnectivity();
    [tokens, renewals, ends, catchUps] = [['token 1'], [], [], []];
    [doubts, isCatchingUpByHand] = [0, false];
    renew = (refused) => {
      renewals.push(refused);
      tokens.push(`token ${tokens.length + 1}`);
      return Promise.resolve(tokens.at(-1) as string);
    };
    connection = new SocketConnection({
      url: 'https://chat.example',
      clock,
      random: seededRandom(),
      socket: sockets.factory,
      lifecycle,
      connectivity,
      session: {
        get generation() {
          return generation;
        },
        token: () => Promise.resolve(tokens.at(-1) as string),
        renew: (refused) => renew(refused),
        end: (code) => {
          ends.push(code);
          return Promise.resolve();
        },
      },
      catchUp: (_ready, signal) =>
        isCatchingUpByHand
          ? new Promise((resolve, reject) => catchUps.push({ resolve, reject, signal }))
          : Promise.resolve(),
      identified: () => true,
      doubted: () => {
        doubts += 1;
      },
    });
  });

  const status = () => connection.getSnapshot().status;
  const live = async (): Promise<void> => {
    connection.setWanted(true);
    await settled();
    sockets.last.welcome();
    await settled();
    expect(status()).toBe('live');
  };

  it('goes from offline over authenticating, connecting and catching-up to live', async () => {
    isCatchingUpByHand = true;
    const seen = [status()];
    connection.subscribe(() => seen.push(status()));
    connection.setWanted(true);
    await settled();
    expect(sockets.last.options.auth).toEqual({ token: 'token 1', echo: false });
    sockets.last.welcome();
    catchUps[0]?.resolve();
    await settled();
    expect(seen).toEqual(['offline', 'authenticating', 'connecting', 'catching-up', 'live']);
  });

  it('says how far the device’s clock is ahead of the server’s as it was when it connected, also where it never said', async () => {
    isCatchingUpByHand = true;
    connection.setWanted(true);
    await settled();
    sockets.last.welcome();
    const clockAheadMs = clock.now() - Date.parse('2026-11-26T12:00:00.000Z');
    await clock.advance(5_000);
    catchUps[0]?.resolve();
    await settled();
    expect(connection.getSnapshot()).toEqual({ status: 'live', clockAheadMs });
    connection.setWanted(false);
    isCatchingUpByHand = false;
    connection.setWanted(true);
    await settled();
    sockets.last.listeners.connected();
    sockets.last.listeners.event('session:ready', { userId: 'user' });
    await settled();
    expect(connection.getSnapshot()).toEqual({ status: 'live', clockAheadMs: 0 });
  });

  it('sends nothing before it is live, but for sync while it catches up', async () => {
    isCatchingUpByHand = true;
    connection.setWanted(true);
    await settled();
    await expect(connection.request('sync', { cursor: 'a' })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    sockets.last.welcome();
    await expect(connection.request('mark_read', { conversationId: 'a', seq: 1 })).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });
    void connection.request('sync', { cursor: 'a' }).catch(() => undefined);
    expect(sockets.last.emitted.map(({ event }) => event)).toEqual(['sync']);
  });

  it('has never two sockets, however often the app comes to the foreground', async () => {
    await live();
    for (let round = 0; round < 5; round += 1) {
      lifecycle.set('background');
      lifecycle.set('active');
      lifecycle.set('active');
      connectivity.set(true);
    }
    await settled();
    expect(sockets.open).toHaveLength(1);
  });

  it('closes its socket in the very tick in which the app goes to the background', async () => {
    await live();
    lifecycle.set('background');
    expect(sockets.open).toEqual([]);
    expect(status()).toBe('offline');
    await clock.advance(HOUR_MS);
    expect(sockets.opened).toHaveLength(1);
  });

  it('connects at once when the app comes back, also long before the next try was due', async () => {
    connection.setWanted(true);
    await settled();
    for (let failure = 0; failure < 8; failure += 1) {
      sockets.last.listeners.failed({ message: 'no route' });
      await clock.advance(31_000);
    }
    sockets.last.listeners.failed({ message: 'no route' });
    lifecycle.set('background');
    await clock.advance(600_000);
    const before = sockets.opened.length;
    lifecycle.set('active');
    await settled();
    expect(sockets.opened).toHaveLength(before + 1);
  });

  it('stays connected while the app is only inactive', async () => {
    await live();
    lifecycle.set('inactive');
    expect(status()).toBe('live');
    expect(sockets.open).toHaveLength(1);
  });

  it('tries although the network is said to be away', async () => {
    connectivity.set(false);
    await live();
    expect(sockets.open).toHaveLength(1);
  });

  it('tries sooner on a hint of the network, and looks whether a live connection still is', async () => {
    connection.setWanted(true);
    await settled();
    for (let failure = 0; failure < 6; failure += 1) {
      sockets.last.listeners.failed({ message: 'no route' });
      if (failure < 5) await clock.advance(31_000);
    }
    const before = sockets.opened.length;
    await clock.advance(500);
    connectivity.set(true);
    await settled();
    expect(sockets.opened).toHaveLength(before + 1);
    sockets.last.welcome();
    await settled();
    connectivity.set(false);
    expect(doubts).toBe(1);
    expect(status()).toBe('live');
  });

  it('does not hammer the server while the network flaps', async () => {
    connection.setWanted(true);
    await settled();
    for (let flap = 0; flap < 100; flap += 1) {
      sockets.last.listeners.failed({ message: 'no route' });
      connectivity.set(false);
      connectivity.set(true);
      await clock.advance(10);
    }
    // A second has passed.
    expect(sockets.opened.length).toBeLessThanOrEqual(4);
  });

  it('waits between 0.5 s and a ceiling that doubles up to 30 s, and says when', async () => {
    connection.setWanted(true);
    await settled();
    for (let failure = 0; failure < 12; failure += 1) {
      sockets.last.listeners.failed({ message: 'no route' });
      const { retryAt } = connection.getSnapshot();
      const wait = (retryAt as number) - clock.now();
      expect(wait).toBeGreaterThanOrEqual(500);
      expect(wait).toBeLessThanOrEqual(Math.min(30_000, 1_000 * 2 ** failure));
      const before = sockets.opened.length;
      await clock.advance(wait - 1);
      expect(sockets.opened).toHaveLength(before);
      await clock.advance(2);
      expect(sockets.opened).toHaveLength(before + 1);
    }
  });

  it('begins another attempt on a hint, where one hangs for longer than two seconds before its socket opens', async () => {
    connection.setWanted(true);
    await clock.advance(1_900);
    connectivity.set(true);
    await settled();
    expect(sockets.opened).toHaveLength(1);
    await clock.advance(100);
    connectivity.set(true);
    await settled();
    expect([sockets.opened.length, sockets.opened[0]?.isClosed]).toEqual([2, true]);
    sockets.last.welcome();
    await settled();
    expect(status()).toBe('live');
  });

  it('keeps away for as long as the server asks, whatever hints there are', async () => {
    await live();
    sockets.last.end('SERVER_SHUTDOWN', true, { retryAfterMs: 20_000 });
    connectivity.set(true);
    connection.nudge();
    await clock.advance(19_999);
    expect(sockets.opened).toHaveLength(1);
    await clock.advance(5_002);
    expect(sockets.opened).toHaveLength(2);
  });

  it('renews a token that expired and connects again at once', async () => {
    connection.setWanted(true);
    await settled();
    sockets.last.listeners.failed({ message: 'refused', code: 'TOKEN_EXPIRED', data: { code: 'TOKEN_EXPIRED' } });
    await settled();
    expect(renewals).toEqual(['token 1']);
    expect(sockets.last.options.auth['token']).toBe('token 2');
  });

  it('does not renew again and again where the server refuses the new token too', async () => {
    connection.setWanted(true);
    await settled();
    for (let refusal = 0; refusal < 5; refusal += 1) {
      sockets.last.listeners.failed({ message: 'refused', code: 'UNAUTHORIZED', data: { code: 'UNAUTHORIZED' } });
      await settled();
    }
    expect(renewals).toHaveLength(1);
    expect(status()).toBe('waiting');
  });

  it('renews again after a renewal that failed, and after a new token that ended before it was of use', async () => {
    const working = renew;
    const refuse = (): void =>
      sockets.last.listeners.failed({ message: 'refused', code: 'TOKEN_EXPIRED', data: { code: 'TOKEN_EXPIRED' } });
    const nextAttempt = async (): Promise<void> => {
      for (let waits = 0; waits < 400 && status() !== 'connecting'; waits += 1) await clock.advance(100);
    };
    connection.setWanted(true);
    await settled();
    renew = () => Promise.reject(new ChatError('NETWORK', 'No network.'));
    refuse();
    await settled();
    expect(status()).toBe('waiting');
    renew = working;
    await nextAttempt();
    refuse();
    await settled();
    expect(renewals).toEqual(['token 1']);
    // The new one ends as well, before a connection came about.
    for (let refusals = 0; refusals < 4; refusals += 1) {
      await nextAttempt();
      refuse();
      await settled();
    }
    expect(renewals.length).toBeGreaterThan(1);
    await nextAttempt();
    sockets.last.welcome();
    await settled();
    expect(status()).toBe('live');
  });

  it('renews in place when the server warns', async () => {
    await live();
    sockets.last.listeners.event('session:expiring', { expiresAt: '2026-11-26T12:01:00.000Z' });
    await settled();
    expect(sockets.last.emitted).toMatchObject([{ event: 'authenticate', payload: { token: 'token 2' } }]);
    expect(status()).toBe('live');
    expect(sockets.opened).toHaveLength(1);
  });

  it('waits and tries again where the token cannot be renewed for want of a network', async () => {
    renew = () => Promise.reject(new ChatError('NETWORK', 'no route'));
    await live();
    sockets.last.end('TOKEN_EXPIRED', true);
    await settled();
    expect(connection.getSnapshot()).toMatchObject({ status: 'waiting', code: 'NETWORK' });
    await clock.advance(2_000);
    expect(sockets.opened.length).toBeGreaterThan(1);
  });

  it.each(['LOGGED_OUT', 'SESSION_REVOKED', 'PASSWORD_CHANGED', 'ACCOUNT_DELETED'])(
    'ends with the session when the server says %s, and tries no more',
    async (code) => {
      await live();
      sockets.last.end(code, false);
      expect(connection.getSnapshot()).toEqual({ status: 'ended', code });
      expect(ends).toEqual([code]);
      connectivity.set(true);
      await clock.advance(HOUR_MS);
      expect(sockets.opened).toHaveLength(1);
    },
  );

  it('is replaced by one of the session that followed its own, and ends with none but its own', async () => {
    await live();
    generation += 1;
    tokens.push('token of the next');
    connection.nudge();
    await settled();
    expect(sockets.opened.map(({ options, isClosed }) => [options.auth, isClosed])).toEqual([
      [{ token: 'token 1', echo: false }, true],
      [{ token: 'token of the next', echo: false }, false],
    ]);
    sockets.last.welcome();
    await settled();
    connection.nudge();
    expect([status(), sockets.opened.length]).toEqual(['live', 2]);
    sockets.last.listeners.disconnected();
    await clock.advance(2_000);
    expect(sockets.opened).toHaveLength(3);
    generation += 1;
    sockets.last.welcome();
    await settled();
    expect(sockets.opened).toHaveLength(4);
    sockets.last.welcome();
    await settled();
    generation += 1;
    sockets.last.end('PASSWORD_CHANGED', false);
    expect([status(), ends]).toEqual(['waiting', []]);
    await clock.advance(2_000);
    expect(sockets.opened).toHaveLength(5);
  });

  it('comes back by itself where the server says so', async () => {
    await live();
    sockets.last.end('SLOW_CONSUMER', true);
    expect(status()).toBe('waiting');
    await clock.advance(1_001);
    expect(sockets.opened).toHaveLength(2);
  });

  it('lets another device have its place, until somebody uses this one again', async () => {
    await live();
    sockets.last.end('TOO_MANY_CONNECTIONS', false);
    expect(connection.getSnapshot()).toEqual({ status: 'waiting', code: 'TOO_MANY_CONNECTIONS' });
    await clock.advance(HOUR_MS);
    expect(sockets.opened).toHaveLength(1);
    connection.nudge();
    await settled();
    expect(sockets.opened).toHaveLength(2);
  });

  it('shows a suspension with its end, keeps the session, and is back when it is over', async () => {
    connection.setWanted(true);
    await settled();
    const until = new Date(clock.now() + 120_000).toISOString();
    const data = { code: 'ACCOUNT_SUSPENDED', until, reason: 'spam' };
    sockets.last.listeners.failed({ message: 'refused', code: 'ACCOUNT_SUSPENDED', data });
    expect(connection.getSnapshot()).toEqual({ status: 'suspended', code: 'ACCOUNT_SUSPENDED', until, reason: 'spam' });
    expect(ends).toEqual([]);
    await clock.advance(121_001);
    expect(sockets.opened).toHaveLength(2);
  });

  it('asks every few minutes whether a suspension still lasts, and soon where the user does something', async () => {
    clock.wallMs -= 24 * HOUR_MS;
    connection.setWanted(true);
    await settled();
    const data = { code: 'ACCOUNT_SUSPENDED', until: '2026-11-26T12:05:00.000Z' };
    const refuse = (): void => sockets.last.listeners.failed({ message: 'refused', code: 'ACCOUNT_SUSPENDED', data });
    refuse();
    await clock.advance(HOUR_MS / 12);
    expect(sockets.opened).toHaveLength(2);
    refuse();
    for (let actions = 0; actions < 10; actions += 1) connection.nudge();
    await clock.advance(4_999);
    expect([status(), sockets.opened.length]).toEqual(['suspended', 2]);
    await clock.advance(1);
    expect(sockets.opened).toHaveLength(3);
    await live();
  });

  it('gives up a socket that does not answer sync within 3 s, and waits longer the next time', async () => {
    await live();
    const first = connection.request('sync', { cursor: 'a' });
    const failed = rejection(first);
    await clock.advance(3_000);
    expect(await failed).toMatchObject({ code: 'TIMEOUT' });
    expect(status()).toBe('waiting');
    await clock.advance(1_001);
    sockets.last.welcome();
    await settled();
    const second = connection.request('sync', { cursor: 'a' });
    await clock.advance(5_999);
    sockets.last.answer('sync', { ok: true, data: { cursor: 'b' } });
    await expect(second).resolves.toEqual({ cursor: 'b' });
    expect(status()).toBe('live');
  });

  it('emits each request once, and answers it once', async () => {
    await live();
    const request = connection.request('typing', { conversationId: 'a', isTyping: true });
    const { acknowledge } = sockets.last.emitted[0] ?? {};
    acknowledge?.({ ok: false, error: { code: 'RATE_LIMITED', message: 'Slower.', retryAfterMs: 700 } });
    acknowledge?.({ ok: true, data: {} });
    await expect(request).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 700, isTransient: true });
    expect(sockets.last.emitted).toHaveLength(1);
  });

  it('fails what was under way when the connection breaks, and does not repeat it', async () => {
    await live();
    const request = connection.request('mark_read', { conversationId: 'a', seq: 1 });
    const failed = rejection(request);
    sockets.last.listeners.disconnected();
    expect(await failed).toMatchObject({ code: 'NETWORK' });
    await clock.advance(1_001);
    sockets.last.welcome();
    await settled();
    expect(sockets.last.emitted).toEqual([]);
  });

  it('gives up a server that lets it connect and then says nothing', async () => {
    connection.setWanted(true);
    await settled();
    sockets.last.listeners.connected();
    await clock.advance(10_000);
    expect(connection.getSnapshot()).toMatchObject({ status: 'waiting', code: 'TIMEOUT' });
    expect(sockets.open).toEqual([]);
  });

  it.each([{}, null, 'ready', { userId: null }, { userId: '' }, { userId: 7 }])(
    'gives up one that does not say whose it is: %j',
    async (ready) => {
      connection.setWanted(true);
      await settled();
      sockets.last.listeners.connected();
      sockets.last.listeners.event('session:ready', ready);
      await settled();
      expect(connection.getSnapshot()).toMatchObject({ status: 'waiting', code: 'UNEXPECTED_ANSWER' });
      expect([sockets.open, catchUps]).toEqual([[], []]);
    },
  );

  it('aborts catching up with its connection, and does not become live by an older one', async () => {
    isCatchingUpByHand = true;
    connection.setWanted(true);
    await settled();
    sockets.last.welcome();
    sockets.last.listeners.disconnected();
    expect(catchUps[0]?.signal.aborted).toBe(true);
    catchUps[0]?.resolve();
    await settled();
    expect(status()).toBe('waiting');
  });

  it('does not listen to a socket that it has given up', async () => {
    const received: string[] = [];
    connection.onEvent(({ name }) => received.push(name));
    await live();
    const old = sockets.last;
    old.listeners.disconnected();
    old.listeners.event('message:new', {});
    old.welcome();
    old.listeners.failed({ message: 'late' });
    expect(received).toEqual([]);
    expect(status()).toBe('waiting');
  });

  it('leaves no timer behind when it is closed', async () => {
    await live();
    void connection.request('typing', { conversationId: 'a', isTyping: true }).catch(() => undefined);
    connection.close();
    await settled();
    expect(clock.waiting).toBe(0);
    expect(sockets.open).toEqual([]);
  });
});
