import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { AttachmentsModule } from '../../src/attachments/attachments.module.js';
import { AttachmentsService } from '../../src/attachments/attachments.service.js';
import { PresignedUploads } from '../../src/attachments/uploads/presigned-uploads.js';
import { UploadsService } from '../../src/attachments/uploads/uploads.service.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { Clock } from '../../src/common/clock.js';
import type { ErrorCode } from '../../src/common/errors.js';
import { newId } from '../../src/common/identifier.js';
import type { Principal } from '../../src/common/access/principal.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { Configuration } from '../../src/config/configuration.js';
import { ConversationsModule } from '../../src/conversations/conversations.module.js';
import { ConversationsService } from '../../src/conversations/conversations.service.js';
import { DirectConversationsService } from '../../src/conversations/direct/direct-conversations.service.js';
import { DirectConversationsModule } from '../../src/conversations/direct/direct-conversations.module.js';
import { Groups } from '../../src/conversations/groups/groups.js';
import { Receipts } from '../../src/conversations/receipts.js';
import { Database } from '../../src/database/database.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import type { DomainEvents } from '../../src/events/domain-events.js';
import { EventBus } from '../../src/events/event-bus.js';
import { EventsModule } from '../../src/events/events.module.js';
import { BlocksService } from '../../src/friends/blocks/blocks.service.js';
import { FriendsModule } from '../../src/friends/friends.module.js';
import { FriendRequestsService } from '../../src/friends/requests/friend-requests.service.js';
import { KeysModule } from '../../src/integrations/keys/keys.module.js';
import { RateLimiter } from '../../src/limits/rates/rate-limiter.js';
import { LimitsModule } from '../../src/limits/limits.module.js';
import { MessageChanges } from '../../src/messages/changes/message-changes.js';
import { MessagesModule } from '../../src/messages/messages.module.js';
import type { MessageView } from '../../src/views/messages.view.js';
import { MessageReader } from '../../src/messages/reading/message-reader.js';
import { MessageSender } from '../../src/messages/sending/message-sender.js';
import { ObservabilityModule } from '../../src/observability/observability.module.js';
import { SyncModule } from '../../src/sync/sync.module.js';
import { SyncService } from '../../src/sync/sync.service.js';
import { UsersModule } from '../../src/users/users.module.js';
import { createTestDatabase } from './databases/postgres.js';

class SettableClock extends Clock {
  aheadMs = 0;
  override now(): number {
    return Date.now() + this.aheadMs;
  }
}

const EVENT_NAMES = [
  'conversation.joined',
  'conversation.changed',
  'messages.created',
  'message.changed',
  'message.hidden',
  'receipt.moved',
] as const satisfies readonly (keyof DomainEvents)[];

/** The services of conversations, messages, attachments and sync on a database of their own, without routes and sockets. */
// What it is made of says its type best.
// oxlint-disable-next-line typescript/explicit-function-return-type
export async function createServices(environment: Record<string, string> = {}) {
  const [testDatabase, directory] = await Promise.all([
    createTestDatabase(),
    mkdtemp(join(tmpdir(), 'parley-services-')),
  ]);
  const clock = new SettableClock();
  const configuration = Configuration.fromEnvironment({
    DATABASE_URL: testDatabase.url,
    DATA_DIR: directory,
    JWT_SECRET: 'a secret for the tests of services alone',
    RATE_LIMITS: 'off',
    ...environment,
  });
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.with(configuration),
      DatabaseModule,
      EventsModule,
      LimitsModule.with(),
      ObservabilityModule,
      AttachmentsModule,
      UsersModule,
      AuthModule,
      KeysModule,
      DirectConversationsModule,
      FriendsModule,
      ConversationsModule,
      MessagesModule,
      SyncModule,
    ],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const events: { name: keyof DomainEvents; event: unknown }[] = [];
  for (const name of EVENT_NAMES) module.get(EventBus).subscribe(name, (event) => void events.push({ name, event }));
  const published = new Set<string>();
  module.get(EventBus).subscribe('messages.created', ({ messages }) => {
    for (const { message } of messages) published.add(message.id);
  });
  const database = module.get(Database);
  const [groups, sender, requests] = [module.get(Groups), module.get(MessageSender), module.get(FriendRequestsService)];

  const person = async (name = 'user'): Promise<Principal> => {
    const userId = newId();
    await database.query('INSERT INTO users (id, username, display_name) VALUES ($1, $2, $3)', [
      userId,
      `u${userId.replaceAll('-', '')}`,
      name,
    ]);
    return { userId, sessionId: newId() };
  };
  return {
    app: module,
    clock,
    database,
    groups,
    conversations: module.get(ConversationsService),
    directConversations: module.get(DirectConversationsService),
    receipts: module.get(Receipts),
    changes: module.get(MessageChanges),
    reader: module.get(MessageReader),
    sender,
    attachments: module.get(AttachmentsService),
    uploads: module.get(UploadsService),
    limiter: module.get(RateLimiter),
    presigned: module.get(PresignedUploads),
    blocks: module.get(BlocksService),
    sync: module.get(SyncService),
    /** What was published; a test empties it where it begins to look. */
    events,
    namesOfEvents: (): string[] => events.map(({ name }) => name),
    person,
    people: (count: number): Promise<Principal[]> => Promise.all(Array.from({ length: count }, () => person())),
    befriend: async (one: Principal, other: Principal): Promise<void> => {
      await requests.accept(other, (await requests.send(one, other.userId)).id);
    },
    group: (owner: Principal, ...members: Principal[]): Promise<string> =>
      groups.create(
        owner,
        'Group',
        members.map(({ userId }) => userId),
      ),
    /** Sends a message; settles once it is published, too, which follows the answer. */
    send: async (principal: Principal, conversationId: string, content = 'hello'): Promise<MessageView> => {
      const { message } = await sender.send(principal, { conversationId, content });
      while (!published.has(message.id)) await new Promise(setImmediate);
      return message;
    },
    close: async (): Promise<void> => {
      await module.close();
      await testDatabase.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Services = Awaited<ReturnType<typeof createServices>>;

export function refused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  return expect(call).rejects.toMatchObject({ name: 'DomainError', code });
}
