import { describe, expect, it } from '@jest/globals';
import type { User } from '../../src/protocol/protocol.generated.js';
import type { Failure, SyncInput } from '../../src/sync/state.js';
import { ME, ModelServer, Chance } from './model-server.js';
import { answered, caughtUp, ready, type Run, room, synced } from './reducer-run.js';

const known = (id: string, isOnline?: boolean): User => {
  const user = new ModelServer(new Chance(1)).user(id);
  return isOnline === undefined ? user : { ...user, isOnline, lastSeenAt: null };
};
const update = (userId: string, isOnline: boolean): SyncInput => ({
  type: 'event',
  name: 'presence:update',
  payload: { userId, isOnline, lastSeenAt: null },
});
const online = ({ state }: Run): unknown[] =>
  [...state.presence.values()].map(({ userId, isOnline }) => [userId, isOnline]);

describe('presence', () => {
  const answer = (run: Run, ...users: User[]): SyncInput => ({
    type: 'presence',
    connection: run.state.connection,
    users,
  });

  it('is asked for on each new connection, and shown as it was until that is answered', () => {
    const run = caughtUp(room(1)).feed(update('u1', true), update('u2', true), { type: 'offline' }, ready);
    expect(run.asked('presence')).toHaveLength(1);
    expect(online(run)).toEqual([
      ['u1', true],
      ['u2', true],
    ]);
    const before = run.state.presence.get('u1');
    // What came since is newer than the answer, and of whom it says nothing any more nothing is known.
    run.feed(update('u3', true), answer(run, known('u1', true), known('u3', false), known('u4')));
    expect(online(run).toSorted()).toEqual([
      ['u1', true],
      ['u3', true],
    ]);
    expect(run.state.presence.get('u1')).toBe(before);
    const { presence } = run.state;
    expect(run.feed(update('u1', true)).state.presence).toBe(presence);
    expect(run.feed({ ...ready, recovered: true } as SyncInput).asked('presence')).toEqual([]);
  });

  it('is taken from an answer that comes on a connection that goes on where the one before was', () => {
    const run = caughtUp(room(1)).feed({ type: 'offline' }, ready);
    const late = answer(run, known('u1', true));
    run.feed({ type: 'offline' }, { ...ready, recovered: true } as SyncInput, late);
    expect(online(run)).toEqual([['u1', true]]);
  });

  it('is not taken from an answer to an earlier connection, which may be older', () => {
    const run = caughtUp(room(1)).feed({ type: 'offline' }, ready);
    const late = answer(run, known('u1', true));
    run.feed({ type: 'offline' }, ready, answer({ state: { connection: 3 } } as Run, known('u1', false)), late);
    expect(run.state.connection).toBe(3);
    expect(online(run)).toEqual([['u1', false]]);
  });

  it('is asked for once in a minute, however often the connection comes and goes', () => {
    const run = caughtUp(room(1));
    run.now = 1_000_000;
    run.feed({ type: 'offline' }, ready);
    run.feed(answer(run, known('u1', true)));
    run.now += 20_000;
    run.feed({ type: 'offline' }, ready);
    expect(run.asked('presence')).toEqual([]);
    const name = `presence:${run.state.connection}`;
    expect(run.asked('timer')).toContainEqual({ type: 'timer', name, delayMs: 40_000 });
    expect(online(run)).toEqual([['u1', true]]);
    run.now += 40_000;
    expect(run.feed({ type: 'timer', name }).asked('presence')).toHaveLength(1);
  });

  it('is asked for again where there was no answer, and not on a first connection, whose sync has it', () => {
    const run = caughtUp(room(1));
    expect(run.feed({ type: 'offline' }, ready).asked('presence')).toHaveLength(1);
    const { connection } = run.state;
    run.feed({ type: 'presence-failed', connection, failure: { code: 'RATE_LIMITED', retryAfterMs: 3_000 } });
    const name = `presence:${connection}`;
    expect(run.asked('timer')).toMatchObject([{ name, delayMs: 60_000 }]);
    expect(run.state.failures).toBe(0);
    expect(run.feed({ type: 'timer', name }).asked('presence')).toHaveLength(1);
  });
});

describe('the profile of who is named and was in nothing that came', () => {
  const idsOf = (run: Run): unknown[] => run.asked('users').map((effect) => 'ids' in effect && effect.ids);
  const done = (run: Run, notShown: string[] = [], failure?: Failure): SyncInput => ({
    type: 'users',
    connection: run.state.connection,
    notShown,
    failure,
  });
  const receive = (run: Run, server: ModelServer, senderId: string): Run => {
    const message = { ...server.send('c0', 'u1'), senderId };
    const conversation = { ...server.conversation('c0'), lastMessageBy: 'u1' };
    return run.feed({ type: 'event', name: 'message:new', payload: { message, conversation } });
  };
  const opened = (server: ModelServer): Run => {
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    return run;
  };
  const again = (run: Run): Run => run.feed({ type: 'offline' }, ready, synced(run.state.cursor, {}));

  it('is asked for, of those whose messages are shown, once in a connection', () => {
    const server = room(3);
    const run = opened(server);
    expect(idsOf(run)).toEqual([]);
    expect(idsOf(receive(run, server, 'gone'))).toEqual([['gone']]);
    // One look-up at a time, and what was named meanwhile behind it.
    expect(idsOf(receive(run, server, 'another'))).toEqual([]);
    expect(idsOf(run.feed(done(run)))).toEqual([['another']]);
    expect(idsOf(run.feed(done(run)))).toEqual([]);
    expect(idsOf(again(run))).toEqual([['gone', 'another']]);
    run.feed({ type: 'answer', users: [known('gone'), known('another')] });
    expect(idsOf(again(run))).toEqual([]);
  });

  it('is asked for no more for an hour where the server does not show it, and again where that failed', () => {
    const server = room(3);
    const run = receive(opened(server), server, 'hidden');
    run.now = 1_000_000;
    run.feed(done(run, ['hidden']));
    run.now += 3_599_000;
    expect(idsOf(again(run))).toEqual([]);
    run.now += 1_000;
    // A user who had blocked this one may do so no more.
    expect(idsOf(again(run))).toEqual([['hidden']]);
    run.feed(done(run, ['hidden']));
    receive(run, server, 'gone');
    run.feed(done(run, [], { code: 'UNAVAILABLE', retryAfterMs: 2_000 }));
    const name = `users:${run.state.connection}`;
    expect(run.asked('timer')).toMatchObject([{ name, delayMs: 60_000 }]);
    expect(idsOf(receive(run, server, 'another'))).toEqual([]);
    expect(idsOf(run.feed({ type: 'timer', name }))).toEqual([['gone', 'another']]);
  });

  it('is asked for of who sent a friend request while nobody was connected', () => {
    const request = {
      id: 'r1',
      senderId: 'somebody',
      receiverId: ME,
      status: 'PENDING',
      createdAt: '',
      respondedAt: null,
    };
    const run = caughtUp(room(1)).feed(synced('c1', { friendRequests: [request] as never }));
    expect(idsOf(run)).toEqual([['somebody']]);
  });
});
