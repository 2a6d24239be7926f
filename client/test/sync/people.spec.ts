import { describe, expect, it } from '@jest/globals';
import type { User } from '../../src/protocol/protocol.generated.js';
import type { SyncInput } from '../../src/sync/state.js';
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
  it('is asked for on each new connection, and shown as it was until that is answered', () => {
    const run = caughtUp(room(1)).feed(update('u1', true), update('u2', true), { type: 'offline' }, ready);
    expect(run.asked('presence')).toHaveLength(1);
    expect(online(run)).toEqual(
      expect.arrayContaining([
        ['u1', true],
        ['u2', true],
      ]),
    );
    const before = run.state.presence.get('u1');
    // What came since is newer than the answer, and of whom it says nothing any more nothing is known.
    run.feed(update('u3', true), { type: 'presence', users: [known('u1', true), known('u3', false), known('u4')] });
    expect(online(run)).toEqual([
      ['u1', true],
      ['u3', true],
    ]);
    expect(run.state.presence.get('u1')).toBe(before);
    expect(run.feed({ ...ready, recovered: true } as SyncInput).asked('presence')).toEqual([]);
  });

  it('is asked for again where there was no answer, and not on a first connection, whose sync has it', () => {
    const run = caughtUp(room(1));
    expect(run.feed({ type: 'offline' }, ready).asked('presence')).toHaveLength(1);
    run.feed({ type: 'presence-failed', failure: { code: 'RATE_LIMITED', retryAfterMs: 3_000 } });
    expect(run.asked('timer')).toMatchObject([{ name: 'presence', delayMs: 3_000 }]);
    expect(run.feed({ type: 'timer', name: 'presence' }).asked('presence')).toHaveLength(1);
  });
});

describe('the profile of who is named and was in nothing that came', () => {
  it('is asked for, of those whose messages are shown, once in a connection', () => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    expect(run.asked('users')).toEqual([]);
    const message = { ...server.send('c0', 'u1'), senderId: 'gone' };
    run.feed({ type: 'event', name: 'message:new', payload: { message, conversation: server.conversation('c0') } });
    expect(run.asked('users')).toEqual([{ type: 'users', ids: ['gone'] }]);
    expect(run.feed({ type: 'read', conversationId: 'c0', seq: 4 }).asked('users')).toEqual([]);
    run.feed({ type: 'offline' }, ready);
    expect(run.feed(synced(run.state.cursor, {})).asked('users')).toEqual([{ type: 'users', ids: ['gone'] }]);
    run.feed({ type: 'answer', users: [known('gone')] });
    expect(run.feed({ type: 'offline' }, ready, synced(run.state.cursor, {})).asked('users')).toEqual([]);
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
    expect(run.asked('users')).toEqual([{ type: 'users', ids: ['somebody'] }]);
  });
});
