import { describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { DomainError } from '../../src/common/errors.js';
import { newId, orderedPair } from '../../src/common/identifier.js';
import type { Principal } from '../../src/common/access/principal.js';
import { Configuration } from '../../src/config/configuration.js';
import { Contacts } from '../../src/friends/contacts/contacts.js';
import { FriendsController } from '../../src/friends/friends.controller.js';
import { MemoryRateLimiter } from '../../src/limits/rates/memory-rate-limiter.js';
import { RateLimiter } from '../../src/limits/rates/rate-limiter.js';
import {
  ada,
  allPages,
  befriend,
  blocks,
  bob,
  contacts,
  database,
  directConversations,
  eve,
  events,
  forgetEvents,
  friendships,
  module,
  namesOfEvents,
  newUser,
  refused,
  requests,
  rowsOf,
  setUpFriends,
} from '../support/friends.js';

setUpFriends();

describe('asking', () => {
  it('makes a pending request and publishes it', async () => {
    const request = await requests.send(ada, bob.userId);
    expect(request).toEqual({
      id: expect.any(String),
      senderId: ada.userId,
      receiverId: bob.userId,
      status: 'PENDING',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\.\d{3}Z$/),
      respondedAt: null,
    });
    expect(events).toEqual([{ name: 'friend-request.sent', event: { request } }]);
  });

  it('accepts where the other side has asked already', async () => {
    const first = await requests.send(ada, bob.userId);
    const answer = await requests.send(bob, ada.userId);
    expect(answer).toEqual({ ...first, status: 'ACCEPTED', respondedAt: expect.any(String) });
    expect(namesOfEvents()).toEqual(['friend-request.sent', 'conversation.joined', 'friend-request.accepted']);
    expect(await rowsOf(ada, bob)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
  });

  it('answers 201 with a new request and 200 with an accepted one', async () => {
    const controller = module.get(FriendsController);
    const statuses: number[] = [];
    const response = { status: (status: number) => statuses.push(status) } as never;
    await controller.send(ada, { userId: bob.userId }, response);
    await controller.send(bob, { userId: ada.userId }, response);
    expect(statuses).toEqual([201, 200]);
  });

  it('refuses a repeat, a friend, oneself and whoever does not exist', async () => {
    await requests.send(ada, bob.userId);
    await refused(requests.send(ada, bob.userId), 'REQUEST_EXISTS');
    await befriend(ada, eve);
    await refused(requests.send(ada, eve.userId), 'ALREADY_FRIENDS');
    await refused(requests.send(eve, ada.userId), 'ALREADY_FRIENDS');
    await refused(requests.send(ada, ada.userId), 'CANNOT_BEFRIEND_SELF');
    await refused(requests.send(ada, newId()), 'NOT_FOUND');
    await refused(requests.send(ada, (await newUser({ deleted: true })).userId), 'NOT_FOUND');
  });

  it('is limited by the asking user', async () => {
    const consume = jest.spyOn(module.get(RateLimiter), 'consume').mockImplementationOnce(() => {
      throw new DomainError('RATE_LIMITED');
    });
    await refused(requests.send(ada, bob.userId), 'RATE_LIMITED');
    expect(consume).toHaveBeenCalledWith('friendRequests', ada.userId);
    expect((await rowsOf(ada, bob)).statuses).toEqual([]);
    consume.mockRestore();
  });

  it('is limited to one other, by what asks and not by what was refused', async () => {
    const points = new MemoryRateLimiter(new Clock());
    const limiter = module.get(RateLimiter);
    const consume = jest
      .spyOn(limiter, 'consume')
      .mockImplementation(async (...taken) =>
        taken[0] === 'friendRequestsToOne' ? points.consume(...taken) : undefined,
      );
    for (let count = 0; count < 20; count += 1) {
      const { id } = await requests.send(ada, bob.userId);
      await refused(requests.send(ada, bob.userId), 'REQUEST_EXISTS');
      await requests.cancel(ada, id);
    }
    await expect(requests.send(ada, bob.userId)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number),
    });
    expect((await rowsOf(ada, bob)).statuses).toEqual(Array(20).fill('CANCELLED'));
    // Others may ask, and be asked; and what the other has asked is accepted.
    expect((await requests.send(ada, eve.userId)).status).toBe('PENDING');
    await requests.send(bob, ada.userId);
    expect((await requests.send(ada, bob.userId)).status).toBe('ACCEPTED');
    consume.mockRestore();
  });

  it('finds nobody across a block, whoever made it', async () => {
    await blocks.block(ada, bob.userId);
    await refused(requests.send(bob, ada.userId), 'NOT_FOUND');
    await refused(requests.send(ada, bob.userId), 'NOT_FOUND');
  });

  it.each(['REJECTED', 'CANCELLED'])('may ask again after %s', async (status) => {
    const { id } = await requests.send(ada, bob.userId);
    await (status === 'REJECTED' ? requests.reject(bob, id) : requests.cancel(ada, id));
    expect(await requests.send(ada, bob.userId)).toMatchObject({ status: 'PENDING' });
    expect((await rowsOf(ada, bob)).statuses).toEqual([status, 'PENDING']);
  });
});

describe('answering', () => {
  it('accepts: friends, with a conversation, published in that order', async () => {
    const { id } = await requests.send(ada, bob.userId);
    const { request, friend, conversation } = await requests.accept(bob, id);
    expect(request).toMatchObject({ id, status: 'ACCEPTED', respondedAt: expect.any(String) });
    expect(friend.id).toBe(ada.userId);
    expect(events.slice(1)).toEqual([
      {
        name: 'conversation.joined',
        event: { conversationId: conversation.id, userIds: [ada.userId, bob.userId] },
      },
      { name: 'friend-request.accepted', event: { request } },
    ]);
  });

  it('keeps the conversation that exists when two become friends again', async () => {
    await befriend(ada, bob);
    await friendships.remove(ada, bob.userId);
    const [ended] = await database.query<{ since: Date; removedAt: Date }>(
      'SELECT since, removed_at AS "removedAt" FROM friendships WHERE low_id = $1 AND high_id = $2',
      orderedPair(ada.userId, bob.userId),
    );
    expect(ended?.removedAt).toBeInstanceOf(Date);
    forgetEvents();
    await befriend(bob, ada);
    const [again] = await database.query<{ since: Date; removedAt: Date | null }>(
      'SELECT since, removed_at AS "removedAt" FROM friendships WHERE low_id = $1 AND high_id = $2',
      orderedPair(ada.userId, bob.userId),
    );
    expect(again?.removedAt).toBeNull();
    expect(again?.since.getTime()).toBeGreaterThanOrEqual(ended?.removedAt.getTime() ?? Number.POSITIVE_INFINITY);
    expect(namesOfEvents()).toEqual(['friend-request.sent', 'friend-request.accepted']);
    expect(await rowsOf(ada, bob)).toMatchObject({ conversations: 1, friends: true });
  });

  it('rejects and cancels, and publishes it', async () => {
    const first = await requests.send(ada, bob.userId);
    const rejected = await requests.reject(bob, first.id);
    expect(rejected).toMatchObject({ id: first.id, status: 'REJECTED', respondedAt: expect.any(String) });
    const second = await requests.send(ada, bob.userId);
    await requests.cancel(ada, second.id);
    expect(events.map(({ name }) => name)).toEqual([
      'friend-request.sent',
      'friend-request.rejected',
      'friend-request.sent',
      'friend-request.cancelled',
    ]);
    expect(events.at(-1)?.event).toMatchObject({ request: { id: second.id, status: 'CANCELLED' } });
  });

  it('is for the right side alone', async () => {
    const { id } = await requests.send(ada, bob.userId);
    await refused(requests.accept(ada, id), 'FORBIDDEN');
    await refused(requests.reject(ada, id), 'FORBIDDEN');
    await refused(requests.cancel(bob, id), 'FORBIDDEN');
    for (const [stranger, requestId] of [
      [eve, id],
      [bob, newId()],
    ] as const) {
      await refused(requests.accept(stranger, requestId), 'NOT_FOUND');
      await refused(requests.reject(stranger, requestId), 'NOT_FOUND');
      await refused(requests.cancel(stranger, requestId), 'NOT_FOUND');
    }
  });

  it('is refused once the request is settled', async () => {
    const { id } = await requests.send(ada, bob.userId);
    await requests.reject(bob, id);
    await refused(requests.accept(bob, id), 'REQUEST_NOT_PENDING');
    await refused(requests.reject(bob, id), 'REQUEST_NOT_PENDING');
    await refused(requests.cancel(ada, id), 'REQUEST_NOT_PENDING');
  });

  it('leaves nothing behind and publishes nothing where the conversation cannot be opened', async () => {
    const { id } = await requests.send(ada, bob.userId);
    forgetEvents();
    directConversations.fails = true;
    await expect(requests.accept(bob, id)).rejects.toThrow('no conversation today');
    expect(await rowsOf(ada, bob)).toEqual({ statuses: ['PENDING'], conversations: 0, friends: false });
    expect(events).toEqual([]);
  });
});

describe('unfriending', () => {
  it('ends the friendship for both and publishes it for both', async () => {
    await befriend(ada, bob);
    forgetEvents();
    await friendships.remove(bob, ada.userId);
    expect(events).toEqual([{ name: 'friendship.removed', event: { userIds: [bob.userId, ada.userId] } }]);
    expect(await contacts.areFriends(ada.userId, bob.userId)).toBe(false);
  });

  it('finds no friendship where there is none', async () => {
    await refused(friendships.remove(ada, bob.userId), 'NOT_FOUND');
    await refused(friendships.remove(ada, ada.userId), 'NOT_FOUND');
    await befriend(ada, bob);
    await friendships.remove(ada, bob.userId);
    await refused(friendships.remove(bob, ada.userId), 'NOT_FOUND');
  });
});

describe('blocking', () => {
  it('ends the friendship without an event to the blocked side', async () => {
    await befriend(ada, bob);
    forgetEvents();
    const block = await blocks.block(ada, bob.userId);
    expect(block).toEqual({ user: expect.objectContaining({ id: bob.userId }), createdAt: expect.any(String) });
    expect(events).toEqual([
      { name: 'friendship.removed', event: { userIds: [ada.userId, bob.userId], silentFor: bob.userId } },
      { name: 'block.created', event: { blockerId: ada.userId, blockedId: bob.userId } },
    ]);
    expect((await rowsOf(ada, bob)).friends).toBe(false);
  });

  it.each(['sender', 'receiver'])(
    'by the %s settles the pending request silently, as if answered or withdrawn',
    async (side) => {
      const { id } = await requests.send(ada, bob.userId);
      forgetEvents();
      await (side === 'sender' ? blocks.block(ada, bob.userId) : blocks.block(bob, ada.userId));
      expect(namesOfEvents()).toEqual(['block.created']);
      expect((await rowsOf(ada, bob)).statuses).toEqual([side === 'sender' ? 'CANCELLED' : 'REJECTED']);
      await refused(requests.accept(bob, id), 'REQUEST_NOT_PENDING');
    },
  );

  it('changes nothing the second time', async () => {
    const first = await blocks.block(ada, bob.userId);
    expect(await blocks.block(ada, bob.userId)).toEqual(first);
    expect(namesOfEvents()).toEqual(['block.created']);
  });

  it('refuses oneself and whoever does not exist', async () => {
    await refused(blocks.block(ada, ada.userId), 'CANNOT_BLOCK_SELF');
    await refused(blocks.block(ada, newId()), 'NOT_FOUND');
    await refused(blocks.block(ada, (await newUser({ deleted: true })).userId), 'NOT_FOUND');
  });

  it('is taken back by the blocker alone, and does not restore the friendship', async () => {
    await befriend(ada, bob);
    await blocks.block(ada, bob.userId);
    await refused(blocks.unblock(bob, ada.userId), 'NOT_FOUND');
    forgetEvents();
    await blocks.unblock(ada, bob.userId);
    expect(events).toEqual([{ name: 'block.removed', event: { blockerId: ada.userId, blockedId: bob.userId } }]);
    await refused(blocks.unblock(ada, bob.userId), 'NOT_FOUND');
    expect(await contacts.areFriends(ada.userId, bob.userId)).toBe(false);
    expect(await requests.send(bob, ada.userId)).toMatchObject({ status: 'PENDING' });
  });

  it('is taken back as often as its user may ask for friendship', async () => {
    await blocks.block(ada, bob.userId);
    const consume = jest.spyOn(module.get(RateLimiter), 'consume').mockImplementationOnce(() => {
      throw new DomainError('RATE_LIMITED');
    });
    await refused(blocks.unblock(ada, bob.userId), 'RATE_LIMITED');
    expect(consume).toHaveBeenCalledWith('friendRequests', ada.userId);
    expect((await blocks.list(ada, { limit: 20 })).items).toHaveLength(1);
    consume.mockRestore();
  });

  it('stays while the other side still blocks', async () => {
    await blocks.block(ada, bob.userId);
    await blocks.block(bob, ada.userId);
    await blocks.unblock(ada, bob.userId);
    await refused(requests.send(ada, bob.userId), 'NOT_FOUND');
  });
});

describe('lists', () => {
  it('gives requests by direction and status, newest first, with the other side', async () => {
    const out = await requests.send(ada, bob.userId);
    const incoming = await requests.send(eve, ada.userId);
    const rejected = await requests.reject(ada, incoming.id);

    expect(await requests.list(ada, { limit: 50 })).toEqual({
      items: [
        { ...rejected, user: expect.objectContaining({ id: eve.userId }) },
        { ...out, user: expect.objectContaining({ id: bob.userId }) },
      ],
      nextCursor: null,
    });
    const ids = async (query: object) => (await requests.list(ada, { limit: 50, ...query })).items.map(({ id }) => id);
    expect(await ids({ direction: 'incoming' })).toEqual([incoming.id]);
    expect(await ids({ direction: 'outgoing' })).toEqual([out.id]);
    expect(await ids({ status: 'PENDING' })).toEqual([out.id]);
    expect(await ids({ direction: 'incoming', status: 'PENDING' })).toEqual([]);
    expect(await ids({ direction: 'incoming', status: 'REJECTED' })).toEqual([incoming.id]);
  });

  it('pages requests, friends and blocks without a gap or a repeat', async () => {
    const others: Principal[] = [];
    for (let n = 0; n < 7; n += 1) others.push(await newUser());
    const expected: string[] = [];
    for (const [n, other] of others.entries()) {
      const request = n % 2 === 0 ? await requests.send(ada, other.userId) : await requests.send(other, ada.userId);
      expected.unshift(request.id);
    }
    const listed = await allPages((cursor) => requests.list(ada, { limit: 3, cursor }));
    expect(listed.map(({ id }) => id)).toEqual(expected);

    for (const [n, other] of others.entries()) {
      await (n % 2 === 0 ? requests.send(other, ada.userId) : requests.send(ada, other.userId));
    }
    // All in one millisecond: the id decides.
    await database.query('UPDATE friendships SET since = now() WHERE low_id = $1 OR high_id = $1', [ada.userId]);
    const friends = await allPages((cursor) => friendships.list(ada, { limit: 3, cursor }));
    expect(friends.map(({ id }) => id)).toEqual(
      others
        .map(({ userId }) => userId)
        .sort()
        .reverse(),
    );

    for (const other of others) await blocks.block(ada, other.userId);
    await database.query('UPDATE blocks SET created_at = now() WHERE blocker_id = $1', [ada.userId]);
    const blocked = await allPages((cursor) => blocks.list(ada, { limit: 3, cursor }));
    expect(blocked.map(({ user }) => user.id)).toEqual(
      others
        .map(({ userId }) => userId)
        .sort()
        .reverse(),
    );
    expect(await friendships.list(ada, { limit: 50 })).toEqual({ items: [], nextCursor: null });
  });

  it('puts the newest friendship and the newest block first, and shows nobody a block of another', async () => {
    await befriend(ada, eve);
    await befriend(bob, ada);
    expect((await friendships.list(ada, { limit: 50 })).items.map(({ id }) => id)).toEqual([bob.userId, eve.userId]);
    await blocks.block(ada, bob.userId);
    await blocks.block(ada, eve.userId);
    expect((await blocks.list(ada, { limit: 50 })).items.map(({ user }) => user.id)).toEqual([eve.userId, bob.userId]);
    expect((await blocks.list(bob, { limit: 50 })).items).toEqual([]);
  });

  it('refuses a cursor that is not its own', async () => {
    const unusable = Buffer.from('["x"]').toString('base64url');
    await refused(requests.list(ada, { limit: 50, cursor: unusable }), 'VALIDATION_FAILED');
    await refused(friendships.list(ada, { limit: 50, cursor: unusable }), 'VALIDATION_FAILED');
    await refused(blocks.list(ada, { limit: 50, cursor: unusable }), 'VALIDATION_FAILED');
  });
});

describe('contacts', () => {
  it('knows blocks either way', async () => {
    await blocks.block(ada, bob.userId);
    await blocks.block(eve, ada.userId);
    expect(await contacts.isBlockedEitherWay(ada.userId, bob.userId)).toBe(true);
    expect(await contacts.isBlockedEitherWay(bob.userId, ada.userId)).toBe(true);
    expect(await contacts.isBlockedEitherWay(bob.userId, eve.userId)).toBe(false);
    const among = [bob.userId, eve.userId, newId()];
    expect(await contacts.blockedPeers(ada.userId, among)).toEqual(new Set([bob.userId, eve.userId]));
    expect(await contacts.blockedPeers(ada.userId, [bob.userId])).toEqual(new Set([bob.userId]));
    expect(await contacts.blockedPeers(ada.userId, [])).toEqual(new Set());
  });

  it.each([
    ['anyone', true],
    ['friends', false],
  ] as const)('lets %s write', async (messagingPolicy, strangersMay) => {
    const policy = new Contacts(database, new Configuration({ ...module.get(Configuration), messagingPolicy }));
    expect(await policy.mayMessage(ada.userId, bob.userId)).toBe(strangersMay);
    await befriend(ada, bob);
    expect(await policy.mayMessage(ada.userId, bob.userId)).toBe(true);
    expect(await policy.mayMessage(bob.userId, ada.userId)).toBe(true);
    await blocks.block(bob, ada.userId);
    expect(await policy.mayMessage(ada.userId, bob.userId)).toBe(false);
    expect(await policy.mayMessage(bob.userId, ada.userId)).toBe(false);
    await blocks.unblock(bob, ada.userId);
    expect(await policy.mayMessage(ada.userId, bob.userId)).toBe(strangersMay);
  });
});
