import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError, domainErrorOf, invalidField } from '../../common/errors.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { ServerEvent } from '../../realtime/protocol/server-events.js';
import type { UserView } from '../../views/users.view.js';
import { acknowledged, refuseEvent } from '../transport/acknowledged.js';
import { DirectMessages } from '../transport/direct-messages.js';
import { type Fields, fieldsOf, idField, optionalIdField, requireOwnSender } from '../transport/fields.js';
import {
  type SocketClient,
  type SocketTranslation,
  SocketTransport,
  type TranslatedSession,
} from '../transport/socket-transport.js';
import type { VirtualConnection } from '../transport/virtual-connections.js';
import { EncodeOnce } from '../transport/encode-once.js';
import { newlySeenOnline } from '../transport/peers.js';
import { unlessLimited } from '../transport/unless-limited.js';
import { MessageNotes } from './message-notes.js';

const MAX_SESSION_ID_LENGTH = 200;

/** A message as this dialect has it. */
interface NamespacedMessage {
  id: string;
  content: string;
  senderId: string;
  recipientId: string;
  sessionId: string | null;
  sender: object;
  recipient: object;
  createdAt: string;
}

/** `message:send`, `message:receive`, `user:online` and their like over Socket.IO (docs/protocol/namespaced-events.md). */
@Injectable()
export class NamespacedEvents implements SocketTranslation, OnModuleInit {
  readonly name = 'namespaced-events';
  readonly canSync = false;
  readonly messages = new EncodeOnce<Promise<NamespacedMessage | undefined>>();
  readonly statuses = new EncodeOnce<{ userId: string }>();

  constructor(
    readonly commands: ChatCommands,
    readonly reads: ChatQueries,
    readonly direct: DirectMessages,
    readonly notes: MessageNotes,
    private readonly transport: SocketTransport,
  ) {}

  onModuleInit(): void {
    this.transport.register(this);
  }

  refusalMessage({ message }: DomainError): string {
    return `Authentication error: ${message}`;
  }

  open(client: SocketClient): TranslatedSession {
    return new NamespacedSession(this, client);
  }
}

class NamespacedSession implements TranslatedSession {
  private readonly connection: VirtualConnection;

  constructor(
    private readonly dialect: NamespacedEvents,
    private readonly client: SocketClient,
  ) {
    this.connection = client.connection;
    client.deliver(() => unlessLimited(this.sendOnline()));
  }

  async handle(event: string, payload: unknown, isAnswered: boolean): Promise<unknown> {
    try {
      switch (event) {
        case 'message:send':
          return await this.send(payload);
        case 'status:request':
          await this.client.answer(() => this.sendOnline());
          return { success: true };
        default:
          throw new DomainError('UNKNOWN_EVENT');
      }
    } catch (error) {
      return this.refuse(event, domainErrorOf(error), isAnswered);
    }
  }

  refuse(event: string, error: DomainError, isAnswered: boolean): unknown {
    return refuseEvent(this.words, event, error, isAnswered);
  }

  deliver(event: ServerEvent): void {
    switch (event.event) {
      case 'message:new':
        this.client.deliver(async () => {
          const { payload } = event;
          const message = await this.dialect.messages.of(payload, () => this.namespacedMessage(payload));
          if (message === undefined) return;
          const isOwn = message.senderId === this.connection.principal.userId;
          this.client.emit(isOwn ? 'message:sent' : 'message:receive', message);
        });
        return;
      case 'presence:update': {
        const { payload } = event;
        const status = this.dialect.statuses.of(payload, () => ({ userId: payload.userId }));
        this.client.deliver(() => this.client.emit(payload.isOnline ? 'user:online' : 'user:offline', status));
        return;
      }
      case 'conversation:new':
        for (const userId of newlySeenOnline(event, this.connection.principal.userId))
          this.client.deliver(() => this.client.emit('user:online', { userId }));
        return;
      default:
      // This dialect has no word for it.
    }
  }

  private readonly words = {
    notSent: { event: 'message:error', of: 'message:send' },
    knows: (event: string) => event === 'message:send' || event === 'status:request',
    emit: (event: string, payload: object) => this.client.emit(event, payload),
  };

  private async send(payload: unknown): Promise<unknown> {
    const fields = fieldsOf(payload);
    requireOwnSender(fields, this.connection.principal.userId);
    const receiverId = idField(fields, 'recipientId');
    const clientId = optionalIdField(fields, 'clientId') ?? randomUUID();
    const sessionId = sessionIdOf(fields);
    const command = { receiverId, content: fields.content, clientId };
    const answer = await this.dialect.commands.run('send_message', this.connection, command);
    // In time for the message's own event, which leaves once the microtasks of this answer are done. What is refused costs
    // the other processes nothing; what is UNAVAILABLE may be stored all the same, and be delivered later.
    if (sessionId !== undefined && (answer.ok || answer.error.code === 'UNAVAILABLE'))
      this.dialect.notes.note(this.connection.principal.userId, receiverId, clientId, sessionId);
    const { message } = acknowledged(answer);
    return { success: true, messageId: message.id };
  }

  private async namespacedMessage({
    message,
  }: Extract<ServerEvent, { event: 'message:new' }>['payload']): Promise<NamespacedMessage | undefined> {
    const direct = await this.dialect.direct.of(message);
    if (direct === undefined) return undefined;
    const { id, senderId, clientId, createdAt } = message;
    const users = await this.dialect.direct.usersNamed([senderId, direct.receiverId]);
    return {
      id,
      // What it has no other word for: the URLs of what the message carries.
      content: message.content || message.attachments.map(({ url }) => url).join('\n'),
      senderId,
      recipientId: direct.receiverId,
      sessionId: this.dialect.notes.of(senderId, clientId),
      sender: userOf(users.get(senderId)),
      recipient: userOf(users.get(direct.receiverId)),
      createdAt,
    };
  }

  private async sendOnline(): Promise<void> {
    const { principal } = this.connection;
    const others = await this.dialect.reads.online(principal);
    this.client.emit('users:online', { userIds: [principal.userId, ...others] });
  }
}

function sessionIdOf({ sessionId }: Fields): string | undefined {
  if (sessionId === undefined || sessionId === null) return undefined;
  if (typeof sessionId !== 'string' || sessionId.length > MAX_SESSION_ID_LENGTH)
    throw invalidField('sessionId', `sessionId must be a text of at most ${MAX_SESSION_ID_LENGTH} characters`);
  return sessionId;
}

function userOf(user: UserView | undefined): object {
  return user === undefined
    ? {}
    : {
        id: user.id,
        username: user.username,
        name: user.displayName,
        displayName: user.displayName,
        image: user.avatarUrl,
      };
}
