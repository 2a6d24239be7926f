import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { ErrorCode } from '../../src/common/errors.js';
import { newId, orderedPair } from '../../src/common/identifier.js';
import type { Page } from '../../src/common/pagination.js';
import type { Principal } from '../../src/common/access/principal.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { Configuration } from '../../src/config/configuration.js';
import type { ConversationView } from '../../src/views/conversations.view.js';
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
import { FriendsModule } from '../../src/friends/friends.module.js';
import { FriendshipsService } from '../../src/friends/friendships.service.js';
import { LimitsModule } from '../../src/limits/limits.module.js';
import { createTestDatabase } from './databases/postgres.js';

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

export const directConversations = new FakeDirectConversations();

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
export let module: TestingModule;
export let database: Database;
export let requests: FriendRequestsService;
export let friendships: FriendshipsService;
export let blocks: BlocksService;
export let contacts: Contacts;
/** What was published since `forgetEvents`, or since the test began. */
export let events: { name: string; event: unknown }[] = [];
export let ada: Principal;
export let bob: Principal;
export let eve: Principal;

/** The services of friends on a database of their own, without the rest of the application; three users for each test. */
export function setUpFriends(): void {
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
        LimitsModule.with(),
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
}

export function forgetEvents(): void {
  events = [];
}

export async function newUser({ deleted = false } = {}): Promise<Principal> {
  const userId = newId();
  await database.query(
    'INSERT INTO users (id, username, display_name, deleted_at) VALUES ($1, $2, $2, CASE WHEN $3 THEN now() END)',
    [userId, `u${userId.replaceAll('-', '')}`, deleted],
  );
  return { userId, sessionId: newId() };
}

export async function befriend(one: Principal, other: Principal): Promise<void> {
  await requests.accept(other, (await requests.send(one, other.userId)).id);
}

export function refused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  return expect(call).rejects.toMatchObject({ name: 'DomainError', code });
}

/** What came of calls that ran at once: the codes of those that were refused, and how many were not. */
export async function race(...calls: Promise<unknown>[]): Promise<{ won: number; codes: (string | undefined)[] }> {
  const outcomes = await Promise.allSettled(calls);
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  return { won: outcomes.length - lost.length, codes: lost.map(({ reason }) => (reason as { code?: string }).code) };
}

export async function inRounds(round: (one: Principal, other: Principal) => Promise<void>): Promise<void> {
  for (let n = 0; n < ROUNDS; n += 1) {
    const [one, other] = await Promise.all([newUser(), newUser()]);
    events = [];
    await round(one, other);
  }
}

export async function rowsOf(one: Principal, other: Principal) {
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

export function namesOfEvents(): string[] {
  return events.map(({ name }) => name);
}

export async function allPages<Item>(fetch: (cursor?: string) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetch(cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
