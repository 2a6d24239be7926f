import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { domainErrorOf } from '../../http/problem.filter.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { VirtualSocket, ServerEvent } from '../../realtime/connections/virtual-socket.js';
import type { UserView } from '../../users/users.view.js';
import { acknowledged, partsOf } from '../transport/acknowledged.js';
import { type DirectMessage, DirectMessages } from '../transport/direct-messages.js';
import { countField, type Fields, idField, optionalIdField } from '../transport/fields.js';
import { carryAll } from '../transport/files.js';
import { OutboundQueue } from '../transport/outbound-queue.js';
import type { NativeConnection, NativeDialect, NativeSession } from '../transport/native-dialect.js';
import { NativeTransport } from '../transport/native-transport.js';
import { EncodeOnce } from '../transport/encode-once.js';
import { newlySeenOnline } from '../transport/peers.js';

const UNAUTHENTICATED_CLOSE = 4401;
/** How long a client may stay that says nothing of who it is. */
const AUTHENTICATION_MS = 12_000;
const MAX_PAGE_SIZE = 100;

/** A message as this vocabulary has it. */
interface EventMessage {
  id: string;
  roomId: string;
  senderId: string;
  receiverId: string;
  message: string;
  images: string[];
  isRead: boolean;
  createdAt: string;
}

/** `{ "event": … }` frames over a native WebSocket at `/`, `authenticate` first (docs/protocol/ws-events.md). */
@Injectable()
export class WsEvents implements NativeDialect, OnModuleInit {
  readonly name = 'ws-events';
  /** What is told to everybody alike, encoded. */
  readonly frames = new EncodeOnce<Promise<string | undefined>>();

  constructor(
    readonly commands: ChatCommands,
    readonly reads: ChatQueries,
    readonly direct: DirectMessages,
    private readonly transport: NativeTransport,
  ) {}

  onModuleInit(): void {
    this.transport.register(this);
  }

  owns(path: string): boolean {
    return path === '/';
  }

  open(connection: NativeConnection): NativeSession {
    return new WsEventsSession(this, connection);
  }
}

type Handler = (member: VirtualSocket, frame: Fields) => Promise<void>;

class WsEventsSession implements NativeSession {
  private member: VirtualSocket | undefined;
  private readonly serverEvents: OutboundQueue;
  private readonly deadline: NodeJS.Timeout;

  constructor(
    private readonly dialect: WsEvents,
    private readonly connection: NativeConnection,
  ) {
    this.serverEvents = new OutboundQueue(() => connection.close(1008, 'SLOW_CONSUMER'));
    this.deadline = setTimeout(() => {
      if (this.member === undefined) connection.close(UNAUTHENTICATED_CLOSE, 'UNAUTHENTICATED');
    }, AUTHENTICATION_MS).unref();
  }

  async heard(frame: Fields): Promise<void> {
    if (frame.event === 'authenticate') return this.authenticate(frame.token);
    if (this.member === undefined) {
      this.say('error', { code: 'UNAUTHENTICATED', message: 'Send authenticate first.' });
      return;
    }
    const handler =
      typeof frame.event === 'string' && Object.hasOwn(this.handlers, frame.event)
        ? this.handlers[frame.event]
        : undefined;
    if (handler === undefined) {
      // Clients take an error for that of the message they have just sent: what they say beyond the dialect is passed over.
      if (typeof frame.event === 'string') return;
      throw new DomainError('UNKNOWN_EVENT');
    }
    await handler(this.member, frame);
  }

  refused(error: DomainError): void {
    this.say('error', partsOf(error));
  }

  told(serverEvent: ServerEvent): void {
    switch (serverEvent.event) {
      case 'message:new':
        this.serverEvents.run(async () => {
          const frame = await this.dialect.frames.of(serverEvent.payload, async () => {
            const direct = await this.dialect.direct.of(serverEvent.payload.message);
            return direct === undefined ? undefined : frameOf('message', shown(direct, false));
          });
          if (frame !== undefined) this.connection.send(frame);
        });
        return;
      case 'presence:update': {
        const { userId, isOnline } = serverEvent.payload;
        this.serverEvents.run(async () => {
          const frame = await this.dialect.frames.of(serverEvent.payload, async () =>
            frameOf('userStatus', { userId, isOnline }),
          );
          if (frame !== undefined) this.connection.send(frame);
        });
        return;
      }
      case 'conversation:new':
        for (const userId of newlySeenOnline(serverEvent, this.member?.principal.userId ?? ''))
          this.serverEvents.run(() => this.say('userStatus', { userId, isOnline: true }));
        return;
      default:
      // This vocabulary has no word for it.
    }
  }

  closeCode(): number {
    return UNAUTHENTICATED_CLOSE;
  }

  private async authenticate(token: unknown): Promise<void> {
    const { member } = this;
    try {
      if (member === undefined) await this.enter(token);
      else acknowledged(await this.dialect.commands.run('authenticate', member, { token }));
    } catch (error) {
      const refusal = domainErrorOf(error);
      const isPassing = refusal.category === 'UNAVAILABLE' || refusal.code === 'INTERNAL_ERROR';
      const code = isPassing ? refusal.code : 'UNAUTHORIZED';
      this.say('error', { code, message: refusal.message });
      this.connection.close(isPassing ? 1013 : UNAUTHENTICATED_CLOSE, code);
    }
  }

  private async enter(token: unknown): Promise<void> {
    const member = await this.connection.admit(token, { echo: true });
    this.member = member;
    clearTimeout(this.deadline);
    const { userId } = member.principal;
    this.say('userStatus', { userId, isOnline: true });
    for (const onlineId of await this.dialect.reads.online(member.principal))
      this.say('userStatus', { userId: onlineId, isOnline: true });
  }

  private readonly handlers: Readonly<Record<string, Handler>> = {
    message: async (member, frame) => {
      const receiverId = idField(frame, 'receiverId');
      const { message = '', images } = frame;
      const carried = carryAll('images', images, { kind: 'IMAGE' });
      const clientId = optionalIdField(frame, 'clientId');
      const command = { receiverId, content: message, clientId, ...carried };
      acknowledged(await this.dialect.commands.run('send_message', member, command));
    },

    fetchChats: async (member, frame) => {
      const roomId = await this.roomOf(member, frame);
      if (roomId === undefined) return this.say('noRoomFound');
      const limit = countField(frame, 'limit', MAX_PAGE_SIZE, 1, MAX_PAGE_SIZE);
      const page = await this.dialect.direct.page(member.principal, roomId, {
        limit,
        before: await this.before(member, frame, roomId),
      });
      this.say(
        'fetchChats',
        page.messages.map((message) => shown(message, message.isRead)),
      );
      // The newest page is all there is, what was deleted after it as well.
      await this.markRead(member, roomId, frame.before == null ? page.lastSeq : page.messages.at(-1)?.message.seq);
    },

    unReadMessages: async (member, frame) => {
      const roomId = await this.roomOf(member, frame);
      const unread = roomId === undefined ? undefined : await this.unread(member, roomId);
      if (unread === undefined || unread.messages.length === 0) this.say('noUnreadMessages', []);
      else this.say('unReadMessages', unread);
    },

    messageList: async (member, frame) => {
      const limit = countField(frame, 'limit', MAX_PAGE_SIZE, 1, MAX_PAGE_SIZE);
      const { items } = await this.dialect.direct.conversations(member.principal, { limit });
      const list = items.map(({ conversation, other, newest }) => ({
        user: other === undefined ? null : userOf(other),
        lastMessage: newest === undefined ? null : shown(newest, newest.isRead),
        unreadCount: conversation.me.unreadCount,
      }));
      this.say('messageList', list);
    },
  };

  private roomOf(member: VirtualSocket, frame: Fields): Promise<string | undefined> {
    return this.dialect.reads.findDirect(member.principal, idField(frame, 'receiverId'));
  }

  /** The position that `before` names: a message's id. */
  private async before(member: VirtualSocket, frame: Fields, roomId: string): Promise<number | undefined> {
    const messageId = optionalIdField(frame, 'before');
    if (messageId === undefined) return undefined;
    return this.dialect.direct.position(member.principal, roomId, messageId);
  }

  /** Others' messages that were not read: how many, and those among the newest page. */
  private async unread(member: VirtualSocket, roomId: string): Promise<{ messages: EventMessage[]; count: number }> {
    const { userId } = member.principal;
    const { messages } = await this.dialect.direct.page(member.principal, roomId, { limit: MAX_PAGE_SIZE });
    const unread = messages.filter(({ receiverId, isRead }) => receiverId === userId && !isRead);
    return {
      messages: unread.map((message) => shown(message, false)),
      count: await this.dialect.reads.unread(member.principal, roomId),
    };
  }

  private async markRead(member: VirtualSocket, conversationId: string, seq: number | undefined): Promise<void> {
    if (seq !== undefined) acknowledged(await this.dialect.commands.run('mark_read', member, { conversationId, seq }));
  }

  private say(event: string, data?: unknown): void {
    this.connection.send(frameOf(event, data));
  }
}

function frameOf(event: string, data?: unknown): string {
  return JSON.stringify({ event, data });
}

function shown({ message, receiverId }: DirectMessage, isRead: boolean): EventMessage {
  return {
    id: message.id,
    roomId: message.conversationId,
    senderId: message.senderId,
    receiverId,
    message: message.content ?? '',
    images: message.attachments.map(({ url }) => url),
    isRead,
    createdAt: message.createdAt,
  };
}

/** `fullName` and `profileImage` are what the document's clients read. */
function userOf({ id, username, displayName, avatarUrl, isOnline }: UserView): object {
  const shown = { id, username, displayName, fullName: displayName, avatarUrl, profileImage: avatarUrl };
  return isOnline === undefined ? shown : { ...shown, isOnline };
}
