import { describe, expect, it, jest } from '@jest/globals';
import { callsOf } from '../../src/facade/calls.js';
import type { Http } from '../../src/http/types.js';
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
});
