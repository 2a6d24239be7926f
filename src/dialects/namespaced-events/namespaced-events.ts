import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { domainErrorOf } from '../../http/problem.filter.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { VirtualSocket, ServerEvent } from '../../realtime/connections/virtual-socket.js';
import { type DialectSession, type SocketDialect, SocketDialects } from '../../realtime/connections/socket-dialects.js';
import type { UserView } from '../../users/users.view.js';
import { acknowledged, refuseEvent } from '../transport/acknowledged.js';
import { DirectMessages } from '../transport/direct-messages.js';
import { fieldsOf, idField, optionalIdField } from '../transport/fields.js';
import { OutboundQueue } from '../transport/outbound-queue.js';
import { EncodeOnce } from '../transport/encode-once.js';
import { newlySeenOnline } from '../transport/peers.js';

/** Session ids of messages that are on their way; they are passed on, and kept nowhere. */
const MAX_SESSIONS = 10_000;
const MAX_SESSION_ID_LENGTH = 200;

/** A message as this vocabulary has it. */
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

type Say = (event: string, payload: unknown) => void;

/** `message:send`, `message:receive`, `user:online` and their like over Socket.IO (docs/protocol/namespaced-events.md). */
@Injectable()
export class NamespacedEvents implements SocketDialect, OnModuleInit {
  readonly name = 'namespaced-events';
  readonly messages = new EncodeOnce<Promise<NamespacedMessage | undefined>>();
  readonly statuses = new EncodeOnce<{ userId: string }>();
  private readonly sessionIds = new BoundedMap<string, string>(MAX_SESSIONS);

  constructor(
    readonly commands: ChatCommands,
    readonly reads: ChatQueries,
    readonly direct: DirectMessages,
    private readonly dialects: SocketDialects,
  ) {}

  onModuleInit(): void {
    this.dialects.register(this);
  }

  refusal({ message }: DomainError): string {
    return `Authentication error: ${message}`;
  }

  open(connection: VirtualSocket, say: Say): DialectSession {
    return new NamespacedSession(this, connection, say);
  }

  /** Of a message that is about to be sent. One that was sent already keeps its own. */
  noteSession(senderId: string, clientId: string, sessionId: string): void {
    const key = `${senderId} ${clientId}`;
    if (!this.sessionIds.has(key)) this.sessionIds.set(key, sessionId);
  }

  sessionOf(senderId: string, clientId: string | null): string | null {
    return this.sessionIds.get(`${senderId} ${clientId}`) ?? null;
  }
}

class NamespacedSession implements DialectSession {
  private readonly serverEvents: OutboundQueue;

  constructor(
    private readonly dialect: NamespacedEvents,
    private readonly connection: VirtualSocket,
    private readonly say: Say,
  ) {
    this.serverEvents = new OutboundQueue(() => connection.disconnect());
    this.serverEvents.run(() => this.tellOnline());
  }

  async heard(event: string, payload: unknown, isAnswered: boolean): Promise<unknown> {
    try {
      switch (event) {
        case 'message:send':
          return await this.send(payload);
        case 'status:request':
          await this.tellOnline();
          return { success: true };
        default:
          throw new DomainError('UNKNOWN_EVENT');
      }
    } catch (error) {
      return this.refused(event, domainErrorOf(error), isAnswered);
    }
  }

  refused(event: string, error: DomainError, isAnswered: boolean): unknown {
    return refuseEvent(this.words, event, error, isAnswered);
  }

  told(serverEvent: ServerEvent): void {
    switch (serverEvent.event) {
      case 'message:new':
        this.serverEvents.run(async () => {
          const { payload } = serverEvent;
          const message = await this.dialect.messages.of(payload, () => this.shown(payload));
          if (message === undefined) return;
          const isOwn = message.senderId === this.connection.principal.userId;
          this.say(isOwn ? 'message:sent' : 'message:receive', message);
        });
        return;
      case 'presence:update': {
        const { payload } = serverEvent;
        const status = this.dialect.statuses.of(payload, () => ({ userId: payload.userId }));
        this.serverEvents.run(() => this.say(payload.isOnline ? 'user:online' : 'user:offline', status));
        return;
      }
      case 'conversation:new':
        for (const userId of newlySeenOnline(serverEvent, this.connection.principal.userId))
          this.serverEvents.run(() => this.say('user:online', { userId }));
        return;
      default:
      // This vocabulary has no word for it.
    }
  }

  private readonly words = {
    notSent: { event: 'message:error', of: 'message:send' },
    knows: (event: string) => event === 'message:send' || event === 'status:request',
    emit: (event: string, payload: object) => this.say(event, payload),
  };

  private async send(payload: unknown): Promise<unknown> {
    const fields = fieldsOf(payload);
    const receiverId = idField(fields, 'recipientId');
    const clientId = optionalIdField(fields, 'clientId') ?? randomUUID();
    const { sessionId } = fields;
    if (sessionId !== undefined && sessionId !== null) {
      if (typeof sessionId !== 'string' || sessionId.length > MAX_SESSION_ID_LENGTH)
        throw invalidField('sessionId', `sessionId must be a text of at most ${MAX_SESSION_ID_LENGTH} characters`);
      this.dialect.noteSession(this.connection.principal.userId, clientId, sessionId);
    }
    const command = { receiverId, content: fields.content, clientId };
    const { message } = acknowledged(await this.dialect.commands.run('send_message', this.connection, command));
    return { success: true, messageId: message.id };
  }

  private async shown({
    message,
  }: Extract<ServerEvent, { event: 'message:new' }>['payload']): Promise<NamespacedMessage | undefined> {
    const direct = await this.dialect.direct.of(message);
    if (direct === undefined) return undefined;
    const { id, senderId, clientId, createdAt } = message;
    const users = await this.dialect.direct.named([senderId, direct.receiverId]);
    return {
      id,
      // What it has no other word for: the addresses of what the message carries.
      content: message.content || message.attachments.map(({ url }) => url).join('\n'),
      senderId,
      recipientId: direct.receiverId,
      sessionId: this.dialect.sessionOf(senderId, clientId),
      sender: userOf(users.get(senderId)),
      recipient: userOf(users.get(direct.receiverId)),
      createdAt,
    };
  }

  private async tellOnline(): Promise<void> {
    const { principal } = this.connection;
    const others = await this.dialect.reads.online(principal);
    this.say('users:online', { userIds: [principal.userId, ...others] });
  }
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
