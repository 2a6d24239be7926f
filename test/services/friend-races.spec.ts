import { describe, expect, it } from '@jest/globals';
import { held, waiters } from '../support/databases/held-rows.js';
import {
  befriend,
  blocks,
  contacts,
  database,
  forgetEvents,
  friendships,
  inRounds,
  namesOfEvents,
  newUser,
  race,
  requests,
  rowsOf,
  setUpFriends,
} from '../support/friends.js';

setUpFriends();

describe('friends who act at the same moment', () => {
  it('two that ask each other become friends once', () =>
    inRounds(async (one, other) => {
      const answers = await Promise.all([requests.send(one, other.userId), requests.send(other, one.userId)]);
      expect(answers.map(({ status }) => status).sort()).toEqual(['ACCEPTED', 'PENDING']);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
      expect(namesOfEvents().filter((name) => name === 'friend-request.accepted')).toHaveLength(1);
      expect(namesOfEvents().filter((name) => name === 'conversation.joined')).toHaveLength(1);
    }));

  it('one who asks twice has asked once', () =>
    inRounds(async (one, other) => {
      const outcome = await race(requests.send(one, other.userId), requests.send(one, other.userId));
      expect(outcome).toEqual({ won: 1, codes: ['REQUEST_EXISTS'] });
      expect((await rowsOf(one, other)).statuses).toEqual(['PENDING']);
    }));

  it('two acceptances are one', () =>
    inRounds(async (one, other) => {
      const { id } = await requests.send(one, other.userId);
      expect(await race(requests.accept(other, id), requests.accept(other, id))).toEqual({
        won: 1,
        codes: ['REQUEST_NOT_PENDING'],
      });
      expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
      expect(namesOfEvents()).toEqual(['friend-request.sent', 'conversation.joined', 'friend-request.accepted']);
    }));

  it('accepting and asking back are one acceptance', () =>
    inRounds(async (one, other) => {
      const { id } = await requests.send(one, other.userId);
      const outcome = await race(requests.accept(other, id), requests.send(other, one.userId));
      expect(outcome.won).toBe(1);
      expect(['REQUEST_NOT_PENDING', 'ALREADY_FRIENDS']).toContain(outcome.codes[0]);
      expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
    }));

  it.each(['cancel', 'reject'] as const)('accept against %s: exactly one wins', (action) =>
    inRounds(async (one, other) => {
      const { id } = await requests.send(one, other.userId);
      // Either may come first.
      const against = () => (action === 'cancel' ? requests.cancel(one, id) : requests.reject(other, id));
      const calls = [() => requests.accept(other, id), against];
      if (Math.random() < 0.5) calls.reverse();
      expect(await race(...calls.map((call) => call()))).toEqual({ won: 1, codes: ['REQUEST_NOT_PENDING'] });
      const { statuses, friends, conversations } = await rowsOf(one, other);
      expect(statuses).toEqual([friends ? 'ACCEPTED' : action === 'cancel' ? 'CANCELLED' : 'REJECTED']);
      expect(conversations).toBe(friends ? 1 : 0);
      expect(namesOfEvents().includes('friend-request.accepted')).toBe(friends);
    }),
  );

  it.each(['sender', 'receiver'] as const)('accept against a block by the %s ends blocked and not friends', (side) =>
    inRounds(async (one, other) => {
      const { id } = await requests.send(one, other.userId);
      const block = () => (side === 'sender' ? blocks.block(one, other.userId) : blocks.block(other, one.userId));
      const calls = [() => requests.accept(other, id), block];
      if (Math.random() < 0.5) calls.reverse();
      const { codes } = await race(...calls.map((call) => call()));
      const accepted = codes.length === 0;
      if (!accepted) expect(codes).toEqual(['REQUEST_NOT_PENDING']);
      const { statuses, friends } = await rowsOf(one, other);
      const settled = side === 'sender' ? 'CANCELLED' : 'REJECTED';
      expect({ statuses, friends }).toEqual({ statuses: [accepted ? 'ACCEPTED' : settled], friends: false });
      expect(await contacts.isBlockedEitherWay(one.userId, other.userId)).toBe(true);
      expect(namesOfEvents().includes('friendship.removed')).toBe(accepted);
    }),
  );

  it('no request outlives a block made meanwhile', () =>
    inRounds(async (one, other) => {
      const { codes } = await race(requests.send(one, other.userId), blocks.block(other, one.userId));
      expect((await rowsOf(one, other)).statuses).toEqual(codes.length === 0 ? ['REJECTED'] : []);
      if (codes.length > 0) expect(codes).toEqual(['NOT_FOUND']);
    }));

  it('a friendship ends once', () =>
    inRounds(async (one, other) => {
      await befriend(one, other);
      forgetEvents();
      const outcome = await race(friendships.remove(one, other.userId), friendships.remove(other, one.userId));
      expect(outcome).toEqual({ won: 1, codes: ['NOT_FOUND'] });
      expect(namesOfEvents()).toEqual(['friendship.removed']);
    }));

  it('a block is made once, and two may block each other', () =>
    inRounds(async (one, other) => {
      const [first, second, back] = await Promise.all([
        blocks.block(one, other.userId),
        blocks.block(one, other.userId),
        blocks.block(other, one.userId),
      ]);
      expect(first.createdAt).toBe(second.createdAt);
      expect(back.user.id).toBe(one.userId);
      expect(namesOfEvents()).toEqual(['block.created', 'block.created']);
    }));

  it('one of those who block the same user waits for that one, and none of the others hold a connection meanwhile', async () => {
    const blocked = await newUser();
    const blockers = await Promise.all(Array.from({ length: 30 }, () => newUser()));
    const holding = await held(database, 'SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE', blocked.userId);
    const blocking = blockers.map((user) => blocks.block(user, blocked.userId));
    await waiters(database, 1);
    for (const user of blockers) expect(await contacts.isBlockedEitherWay(user.userId, blocked.userId)).toBe(false);
    expect(await waiters(database, 1)).toBe(1);
    await holding.end();
    expect(await Promise.all(blocking)).toHaveLength(blockers.length);
  });
});
