import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DomainError, type ErrorCode } from '../../src/common/errors.js';
import { newId, orderedPair } from '../../src/common/identifier.js';
import type { Page } from '../../src/common/pagination.js';
import type { Principal } from '../../src/common/principal.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { Configuration } from '../../src/config/configuration.js';
import type { ConversationView } from '../../src/conversations/conversations.view.js';
import { Database, type Transaction } from '../../src/database/database.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import type { DomainEvents } from '../../src/events/domain-events.js';
import { EventBus } from '../../src/events/event-bus.js';
import { EventsModule } from '../../src/events/events.module.js';
import { BlocksService } from '../../src/friends/blocks/blocks.service.js';
import { Contacts } from '../../src/friends/contacts/contacts.js';
import { ContactsModule } from '../../src/friends/contacts/contacts.module.js';
import { DirectConversations } from '../../src/friends/direct-conversations.port.js';
import { FriendRequestsService } from '../../src/friends/requests/friend-requests.service.js';
import { FriendsController } from '../../src/friends/friends.controller.js';
import { FriendsModule } from '../../src/friends/friends.module.js';
import { FriendshipsService } from '../../src/friends/friendships.service.js';
import { LimitsModule } from '../../src/limits/limits.module.js';
import { RateLimiter } from '../../src/limits/rates/rate-limiter.js';
import { createTestDatabase } from '../support/postgres.js';

const ROUNDS = 20;

/** Opens conversations within the transaction it is given, as the real one does, and can fail there on demand. */
class FakeDirectConversations extends DirectConversations {
  fails = false;

  async open(transaction: Transaction, userId: string, otherUserId: string) {
    const [lowId, highId] = orderedPair(userId, otherUserId);
    const [known] = await transaction.query<{ id: string }>(
      'SELECT id FROM conversations WHERE low_id = $1 AND high_id = $2',
      [lowId, highId],
    );
    if (known !== undefined) return { conversationId: known.id, created: false };
    const id = newId();
    await transaction.query(`INSERT INTO conversations (id, type, low_id, high_id) VALUES ($1, 'DIRECT', $2, $3)`, [
      id,
      lowId,
      highId,
    ]);
    if (this.fails) throw new Error('no conversation today');
    return { conversationId: id, created: true };
  }

  show(): Promise<boolean> {
    return Promise.resolve(false);
  }

  unblocked(): Promise<void> {
    return Promise.resolve();
  }

  view(_: Principal, conversationId: string): Promise<ConversationView> {
    return Promise.resolve({ id: conversationId } as ConversationView);
  }
}

const directConversations = new FakeDirectConversations();

@Global()
@Module({
  providers: [{ provide: DirectConversations, useValue: directConversations }],
  exports: [DirectConversations],
})
class FakeDirectConversationsModule {}

const EVENT_NAMES = [
  'friend-request.sent',
  'friend-request.accepted',
  'friend-request.rejected',
  'friend-request.cancelled',
  'friendship.removed',
  'block.created',
  'block.removed',
  'conversation.joined',
] as const satisfies readonly (keyof DomainEvents)[];

let testDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
let module: TestingModule;
let database: Database;
let requests: FriendRequestsService;
let friendships: FriendshipsService;
let blocks: BlocksService;
let contacts: Contacts;
let events: { name: string; event: unknown }[] = [];
let ada: Principal;
let bob: Principal;
let eve: Principal;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const configuration = Configuration.fromEnvironment({
    DATABASE_URL: testDatabase.url,
    JWT_SECRET: 'friends-integration-0123456789abcdef',
    RATE_LIMITS: 'off',
  });
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.with(configuration),
      DatabaseModule,
      EventsModule,
      LimitsModule,
      FakeDirectConversationsModule,
      ContactsModule,
      FriendsModule,
    ],
  }).compile();
  database = module.get(Database);
  requests = module.get(FriendRequestsService);
  friendships = module.get(FriendshipsService);
  blocks = module.get(BlocksService);
  contacts = module.get(Contacts);
  const bus = module.get(EventBus);
  for (const name of EVENT_NAMES) bus.subscribe(name, (event) => void events.push({ name, event }));
});

afterAll(async () => {
  await module?.close();
  await testDatabase?.drop();
});

beforeEach(async () => {
  [ada, bob, eve] = await Promise.all([newUser(), newUser(), newUser()]);
  events = [];
  directConversations.fails = false;
});

async function newUser({ deleted = false } = {}): Promise<Principal> {
  const userId = newId();
  await database.query(
    'INSERT INTO users (id, username, display_name, deleted_at) VALUES ($1, $2, $2, CASE WHEN $3 THEN now() END)',
    [userId, `u${userId.replaceAll('-', '')}`, deleted],
  );
  return { userId, sessionId: newId() };
}

async function befriend(one: Principal, other: Principal): Promise<void> {
  await requests.accept(other, (await requests.send(one, other.userId)).id);
}

function refused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  return expect(call).rejects.toMatchObject({ name: 'DomainError', code });
}

/** What came of calls that ran at once: the codes of those that were refused, and how many were not. */
async function race(...calls: Promise<unknown>[]): Promise<{ won: number; codes: (string | undefined)[] }> {
  const outcomes = await Promise.allSettled(calls);
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  return { won: outcomes.length - lost.length, codes: lost.map(({ reason }) => (reason as { code?: string }).code) };
}

async function inRounds(round: (one: Principal, other: Principal) => Promise<void>): Promise<void> {
  for (let n = 0; n < ROUNDS; n += 1) {
    const [one, other] = await Promise.all([newUser(), newUser()]);
    events = [];
    await round(one, other);
  }
}

async function rowsOf(one: Principal, other: Principal) {
  const [low, high] = orderedPair(one.userId, other.userId);
  const statuses = await database.query<{ status: string }>(
    `SELECT status::text FROM friend_requests
     WHERE LEAST(sender_id, receiver_id) = $1 AND GREATEST(sender_id, receiver_id) = $2 ORDER BY id`,
    [low, high],
  );
  const conversations = await database.query('SELECT id FROM conversations WHERE low_id = $1 AND high_id = $2', [
    low,
    high,
  ]);
  return {
    statuses: statuses.map((row) => row.status),
    conversations: conversations.length,
    friends: await contacts.areFriends(one.userId, other.userId),
  };
}

function namesOfEvents(): string[] {
  return events.map(({ name }) => name);
}

async function allPages<Item>(fetch: (cursor?: string) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetch(cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

describe('asking', () => {
  it('makes a pending request and tells it', async () => {
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
  it('accepts: friends, with a conversation, told in that order', async () => {
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
    events = [];
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

  it('rejects and cancels, and tells it', async () => {
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

  it('works once', async () => {
    const { id } = await requests.send(ada, bob.userId);
    await requests.reject(bob, id);
    await refused(requests.accept(bob, id), 'REQUEST_NOT_PENDING');
    await refused(requests.reject(bob, id), 'REQUEST_NOT_PENDING');
    await refused(requests.cancel(ada, id), 'REQUEST_NOT_PENDING');
  });

  it('leaves nothing behind and tells nothing where the conversation cannot be opened', async () => {
    const { id } = await requests.send(ada, bob.userId);
    events = [];
    directConversations.fails = true;
    await expect(requests.accept(bob, id)).rejects.toThrow('no conversation today');
    expect(await rowsOf(ada, bob)).toEqual({ statuses: ['PENDING'], conversations: 0, friends: false });
    expect(events).toEqual([]);
  });
});

describe('unfriending', () => {
  it('ends the friendship for both and tells both', async () => {
    await befriend(ada, bob);
    events = [];
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
    events = [];
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
      events = [];
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
    events = [];
    await blocks.unblock(ada, bob.userId);
    expect(events).toEqual([{ name: 'block.removed', event: { blockerId: ada.userId, blockedId: bob.userId } }]);
    await refused(blocks.unblock(ada, bob.userId), 'NOT_FOUND');
    expect(await contacts.areFriends(ada.userId, bob.userId)).toBe(false);
    expect(await requests.send(bob, ada.userId)).toMatchObject({ status: 'PENDING' });
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
    const foreign = Buffer.from('["x"]').toString('base64url');
    await refused(requests.list(ada, { limit: 50, cursor: foreign }), 'VALIDATION_FAILED');
    await refused(friendships.list(ada, { limit: 50, cursor: foreign }), 'VALIDATION_FAILED');
    await refused(blocks.list(ada, { limit: 50, cursor: foreign }), 'VALIDATION_FAILED');
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

describe('races', () => {
  it(
    'two that ask each other become friends once',
    () =>
      inRounds(async (one, other) => {
        const answers = await Promise.all([requests.send(one, other.userId), requests.send(other, one.userId)]);
        expect(answers.map(({ status }) => status).sort()).toEqual(['ACCEPTED', 'PENDING']);
        expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
        expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
        expect(namesOfEvents().filter((name) => name === 'friend-request.accepted')).toHaveLength(1);
        expect(namesOfEvents().filter((name) => name === 'conversation.joined')).toHaveLength(1);
      }),
    60_000,
  );

  it(
    'one who asks twice has asked once',
    () =>
      inRounds(async (one, other) => {
        const outcome = await race(requests.send(one, other.userId), requests.send(one, other.userId));
        expect(outcome).toEqual({ won: 1, codes: ['REQUEST_EXISTS'] });
        expect((await rowsOf(one, other)).statuses).toEqual(['PENDING']);
      }),
    60_000,
  );

  it(
    'two acceptances are one',
    () =>
      inRounds(async (one, other) => {
        const { id } = await requests.send(one, other.userId);
        expect(await race(requests.accept(other, id), requests.accept(other, id))).toEqual({
          won: 1,
          codes: ['REQUEST_NOT_PENDING'],
        });
        expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
        expect(namesOfEvents()).toEqual(['friend-request.sent', 'conversation.joined', 'friend-request.accepted']);
      }),
    60_000,
  );

  it(
    'accepting and asking back are one acceptance',
    () =>
      inRounds(async (one, other) => {
        const { id } = await requests.send(one, other.userId);
        const outcome = await race(requests.accept(other, id), requests.send(other, one.userId));
        expect(outcome.won).toBe(1);
        expect(['REQUEST_NOT_PENDING', 'ALREADY_FRIENDS']).toContain(outcome.codes[0]);
        expect(await rowsOf(one, other)).toEqual({ statuses: ['ACCEPTED'], conversations: 1, friends: true });
      }),
    60_000,
  );

  it.each(['cancel', 'reject'] as const)(
    'accept against %s: exactly one wins',
    (action) =>
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
    60_000,
  );

  it.each(['sender', 'receiver'] as const)(
    'accept against a block by the %s ends blocked and not friends',
    (side) =>
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
    60_000,
  );

  it(
    'no request outlives a block made meanwhile',
    () =>
      inRounds(async (one, other) => {
        const { codes } = await race(requests.send(one, other.userId), blocks.block(other, one.userId));
        expect((await rowsOf(one, other)).statuses).toEqual(codes.length === 0 ? ['REJECTED'] : []);
        if (codes.length > 0) expect(codes).toEqual(['NOT_FOUND']);
      }),
    60_000,
  );

  it(
    'a friendship ends once',
    () =>
      inRounds(async (one, other) => {
        await befriend(one, other);
        events = [];
        const outcome = await race(friendships.remove(one, other.userId), friendships.remove(other, one.userId));
        expect(outcome).toEqual({ won: 1, codes: ['NOT_FOUND'] });
        expect(namesOfEvents()).toEqual(['friendship.removed']);
      }),
    60_000,
  );

  it(
    'a block is made once, and two may block each other',
    () =>
      inRounds(async (one, other) => {
        const [first, second, back] = await Promise.all([
          blocks.block(one, other.userId),
          blocks.block(one, other.userId),
          blocks.block(other, one.userId),
        ]);
        expect(first.createdAt).toBe(second.createdAt);
        expect(back.user.id).toBe(one.userId);
        expect(namesOfEvents()).toEqual(['block.created', 'block.created']);
      }),
    60_000,
  );
});
