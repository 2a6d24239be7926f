import { describe, expect, it, jest } from '@jest/globals';
import { type Calls, callsOf } from '../../src/facade/calls.js';
import type { Http } from '../../src/http/types.js';
import type { Conversation } from '../../src/protocol/protocol.generated.js';
import { path } from '../../src/http/path.js';
import { rejection } from '../support/virtual-clock.js';

const HOSTILE = ['../../users/me', '..', '.', '', 'a/b', 'a?b=c', 'a#b', '%2e%2e', 'a\\b', 'a b', '\ud800'];

describe('a path', () => {
  it('has ids in it as they are', () => {
    expect(path`/members/${'0198c0de-7f3a'}/role`).toBe('/members/0198c0de-7f3a/role');
  });

  it.each(HOSTILE)('leads nowhere else by the id %j', async (id) => {
    const request = jest.fn<Http['request']>();
    const nothing = { getSnapshot: () => [], subscribe: () => () => undefined };
    const calls = callsOf(
      { request } as unknown as Http,
      (() => nothing) as never,
      () => undefined,
      (conversationId) => conversationId,
      () => Promise.resolve(),
      () => undefined,
    );
    const { conversations, friends, users } = calls;
    for (const call of [
      () => conversations.update(id, { title: 'x' }),
      () => conversations.updateOwn(id, {}),
      () => conversations.members(id),
      () => conversations.addMembers(id, []),
      () => conversations.updateMember('group', id, 'ADMIN'),
      () => conversations.updateMember(id, 'user', 'ADMIN'),
      () => conversations.removeMember('group', id),
      () => conversations.removeMember(id, 'user'),
      () => conversations.leave(id),
      () => friends.accept(id),
      () => friends.reject(id),
      () => friends.cancel(id),
      () => friends.remove(id),
      () => friends.unblock(id),
      () => users.fetch(id),
    ])
      expect(await rejection(call())).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(request).not.toHaveBeenCalled();
  });

  const view = (fields: object): Conversation => ({ id: 'c0', ...fields }) as unknown as Conversation;
  const request = { id: 'r1', senderId: 'u1', receiverId: 'me', status: 'PENDING' };
  const friend = { id: 'u1', username: 'ada' };
  const parted = { name: 'friend:removed', payload: { userId: 'u1' } };
  it.each<[string, (calls: Calls) => Promise<unknown>, unknown, unknown[]]>([
    [
      'updateOwn',
      (calls) => calls.conversations.updateOwn('c0', {}),
      view({ me: 1 }),
      [{ conversation: view({ me: 1 }) }],
    ],
    ['addMembers', (calls) => calls.conversations.addMembers('c0', []), view({}), [{ conversation: view({}) }]],
    [
      'updateMember',
      (calls) => calls.conversations.updateMember('c0', 'u1', 'ADMIN'),
      view({}),
      [{ conversation: view({}) }],
    ],
    ['removeMember', (calls) => calls.conversations.removeMember('c0', 'u1'), view({}), [{ conversation: view({}) }]],
    [
      'leave',
      (calls) => calls.conversations.leave('c0'),
      undefined,
      [{ name: 'conversation:removed', payload: { conversationId: 'c0' } }],
    ],
    ['remove', (calls) => calls.friends.remove('u1'), undefined, [parted]],
    [
      'block',
      (calls) => calls.friends.block('u1'),
      { createdAt: 'now' },
      [
        parted,
        { friendRequests: [{ ...request, status: 'REJECTED' }] },
        { friendRequests: [{ ...request, senderId: 'me', receiverId: 'u1', status: 'CANCELLED' }] },
        { users: [{ ...friend, isOnline: false, lastSeenAt: null }] },
      ],
    ],
    [
      'accept',
      (calls) => calls.friends.accept('r1'),
      { request, friend, conversation: view({}) },
      [{ name: 'friend:request_accepted', payload: { request, user: friend } }, { conversation: view({}) }],
    ],
    ['update', (calls) => calls.users.update({}), friend, [{ users: [friend] }]],
  ])('is asked for %s, and what that does is shown before it resolves', async (_, call, body, shown) => {
    const taken: unknown[] = [];
    const take = (one: unknown): void => void taken.push(one);
    const requests = [request, { ...request, senderId: 'me', receiverId: 'u1' }, { ...request, senderId: 'u2' }];
    const calls = callsOf(
      { request: () => Promise.resolve({ body }) } as unknown as Http,
      ((key: string) => ({ getSnapshot: () => (key === 'friendRequests' ? requests : friend) })) as never,
      take,
      (conversationId) => conversationId,
      () => Promise.resolve(),
      take,
    );
    await call(calls);
    expect(taken).toEqual(shown);
  });

  it('of a member who was removed leads to no error where the group cannot be read after that', async () => {
    const asked = jest
      .fn<Http['request']>()
      .mockResolvedValueOnce({} as never)
      .mockRejectedValueOnce(new Error('gone'));
    const nothing = { getSnapshot: () => [], subscribe: () => () => undefined };
    const { conversations } = callsOf(
      { request: asked } as unknown as Http,
      (() => nothing) as never,
      () => undefined,
      (conversationId) => conversationId,
      () => Promise.resolve(),
      () => undefined,
    );
    expect(await conversations.removeMember('c0', 'u1')).toBeUndefined();
  });
});
