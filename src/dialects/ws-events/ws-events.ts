import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError, domainErrorOf } from '../../common/errors.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import { isPassing } from '../../realtime/connections/admissions.js';
import type { ServerEvent } from '../../realtime/protocol/server-events.js';
import type { UserView } from '../../views/users.view.js';
import { acknowledged, partsOf } from '../transport/acknowledged.js';
import { type DirectMessage, DirectMessages } from '../transport/direct-messages.js';
import { countField, type Fields, idField, optionalIdField, requireOwnSender } from '../transport/fields.js';
import { carryAll } from '../transport/files.js';
import type { NativeClient, NativeDialect, NativeSession } from '../transport/native/native-dialect.js';
import { NativeTransport } from '../transport/native/native-transport.js';
import type { VirtualConnection } from '../transport/virtual-connections.js';
import { EncodeOnce } from '../transport/encode-once.js';
import { newlySeenOnline } from '../transport/peers.js';
import { unlessLimited } from '../transport/unless-limited.js';

const UNAUTHENTICATED_CLOSE = 4401;
const TRY_AGAIN_CLOSE = 1013;
/** How long a client may stay that does not authenticate: longer than it may have to wait to be let in. */
const AUTHENTICATION_MS = 30_000;
const MAX_PAGE_SIZE = 100;

/** A message as this dialect has it. */
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
  /** What is the same for all, encoded. */
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

  open(client: NativeClient): NativeSession {
    return new WsEventsSession(this, client);
  }
}

type Handler = (connection: VirtualConnection, frame: Fields) => Promise<void>;

class WsEventsSession implements NativeSession {
  private connection: VirtualConnection | undefined;
  private readonly deadline: NodeJS.Timeout;

  constructor(
    private readonly dialect: WsEvents,
    private readonly client: NativeClient,
  ) {
    this.deadline = setTimeout(() => {
      if (this.connection === undefined) client.close(UNAUTHENTICATED_CLOSE, 'UNAUTHENTICATED');
    }, AUTHENTICATION_MS).unref();
  }

  async handle(frame: Fields): Promise<void> {
    if (frame.event === 'authenticate') return this.authenticate(frame.token);
    if (this.connection === undefined) {
      this.send('error', { code: 'UNAUTHENTICATED', message: 'Send authenticate first.' });
      return;
    }
    const handler =
      typeof frame.event === 'string' && Object.hasOwn(this.handlers, frame.event)
        ? this.handlers[frame.event]
        : undefined;
    if (handler === undefined) {
      // Clients take an error for that of the message they have just sent: what they send beyond the dialect is passed over.
      if (typeof frame.event === 'string') return;
      throw new DomainError('UNKNOWN_EVENT');
    }
    await handler(this.connection, frame);
  }

  refuse(error: DomainError): void {
    this.send('error', partsOf(error));
  }

  deliver(event: ServerEvent): void {
    switch (event.event) {
      case 'message:new':
        this.client.deliver(async () => {
          const frame = await this.dialect.frames.of(event.payload, async () => {
            const direct = await this.dialect.direct.of(event.payload.message);
            return direct === undefined ? undefined : frameOf('message', eventMessage(direct, false));
          });
          if (frame !== undefined) this.client.send(frame);
        });
        return;
      case 'presence:update': {
        const { userId, isOnline } = event.payload;
        this.client.deliver(async () => {
          const frame = await this.dialect.frames.of(event.payload, async () =>
            frameOf('userStatus', { userId, isOnline }),
          );
          if (frame !== undefined) this.client.send(frame);
        });
        return;
      }
      case 'conversation:new':
        for (const userId of newlySeenOnline(event, this.connection?.principal.userId ?? ''))
          this.client.deliver(() => this.send('userStatus', { userId, isOnline: true }));
        return;
      default:
      // This dialect has no word for it.
    }
  }

  closeCode(): number {
    return UNAUTHENTICATED_CLOSE;
  }

  private async authenticate(token: unknown): Promise<void> {
    const { connection } = this;
    try {
      if (connection === undefined) await this.enter(token);
      else acknowledged(await this.dialect.commands.run('authenticate', connection, { token }));
    } catch (error) {
      const refusal = domainErrorOf(error);
      const isLetInLater = isPassing(refusal);
      const isNamed = isLetInLater || refusal.code === 'ACCOUNT_SUSPENDED';
      const code = isNamed ? refusal.code : 'UNAUTHORIZED';
      this.send('error', { ...partsOf(refusal), code });
      this.client.close(isLetInLater ? TRY_AGAIN_CLOSE : UNAUTHENTICATED_CLOSE, code);
    }
  }

  private async enter(token: unknown): Promise<void> {
    const connection = await this.client.admit(token, { echo: true, canSync: false });
    this.connection = connection;
    clearTimeout(this.deadline);
    const { userId } = connection.principal;
    this.send('userStatus', { userId, isOnline: true });
    // It has been let in: where this cannot be read it is ended as behind any event, and what it sent behind its token is done.
    this.client.deliver(async () => {
      const onlineIds = await unlessLimited(this.dialect.reads.online(connection.principal));
      for (const onlineId of onlineIds ?? []) this.send('userStatus', { userId: onlineId, isOnline: true });
    });
  }

  private readonly handlers: Readonly<Record<string, Handler>> = {
    message: async (connection, frame) => {
      requireOwnSender(frame, connection.principal.userId);
      const receiverId = idField(frame, 'receiverId');
      const { message = '', images } = frame;
      const { reads } = this.dialect;
      const unusedUploads = (urls: readonly string[]) => reads.unusedUploads(connection.principal, urls);
      const carried = await carryAll(unusedUploads, 'images', images, { kind: 'IMAGE' });
      const clientId = optionalIdField(frame, 'clientId');
      const command = { receiverId, content: message, clientId, ...carried };
      acknowledged(await this.dialect.commands.run('send_message', connection, command));
    },

    fetchChats: async (connection, frame) => {
      const roomId = await this.roomOf(connection, frame);
      if (roomId === undefined) return this.send('noRoomFound');
      const limit = countField(frame, 'limit', MAX_PAGE_SIZE, 1, MAX_PAGE_SIZE);
      const page = await this.client.answer(async () => {
        const read = await this.dialect.direct.page(connection.principal, roomId, {
          limit,
          before: await this.before(connection, frame, roomId),
        });
        this.send(
          'fetchChats',
          read.messages.map((message) => eventMessage(message, message.isRead)),
        );
        return read;
      });
      if (page === undefined) return;
      // The newest page is all there is, what was deleted after it as well.
      await this.markRead(connection, roomId, frame.before == null ? page.lastSeq : page.messages.at(-1)?.message.seq);
    },

    unReadMessages: async (connection, frame) => {
      await this.client.answer(async () => {
        const roomId = await this.roomOf(connection, frame);
        const unread = roomId === undefined ? undefined : await this.unread(connection, roomId);
        if (unread === undefined || unread.messages.length === 0) this.send('noUnreadMessages', []);
        else this.send('unReadMessages', unread);
      });
    },

    messageList: async (connection, frame) => {
      const limit = countField(frame, 'limit', MAX_PAGE_SIZE, 1, MAX_PAGE_SIZE);
      await this.client.answer(async () => {
        const { items } = await this.dialect.direct.conversations(connection.principal, { limit });
        const list = items.map(({ conversation, other, newest }) => ({
          user: other === undefined ? null : userOf(other),
          lastMessage: newest === undefined ? null : eventMessage(newest, newest.isRead),
          unreadCount: conversation.me.unreadCount,
        }));
        this.send('messageList', list);
      });
    },
  };

  private roomOf(connection: VirtualConnection, frame: Fields): Promise<string | undefined> {
    return this.dialect.reads.findDirect(connection.principal, idField(frame, 'receiverId'));
  }

  /** The position that `before` names: a message's id. */
  private async before(connection: VirtualConnection, frame: Fields, roomId: string): Promise<number | undefined> {
    const messageId = optionalIdField(frame, 'before');
    if (messageId === undefined) return undefined;
    return this.dialect.direct.position(connection.principal, roomId, messageId);
  }

  /** Others' messages that were not read: how many, and those among the newest page. */
  private async unread(
    connection: VirtualConnection,
    roomId: string,
  ): Promise<{ messages: EventMessage[]; count: number }> {
    const { userId } = connection.principal;
    const { messages } = await this.dialect.direct.page(connection.principal, roomId, { limit: MAX_PAGE_SIZE });
    const unread = messages.filter(({ receiverId, isRead }) => receiverId === userId && !isRead);
    return {
      messages: unread.map((message) => eventMessage(message, false)),
      count: await this.dialect.reads.unread(connection.principal, roomId),
    };
  }

  private async markRead(
    connection: VirtualConnection,
    conversationId: string,
    seq: number | undefined,
  ): Promise<void> {
    if (seq === undefined) return;
    try {
      acknowledged(await this.dialect.commands.run('mark_read', connection, { conversationId, seq }));
    } catch (error) {
      // The list has been sent, and an error would be taken for its refusal: the next list marks it as well.
      if (!isPassing(domainErrorOf(error))) throw error;
    }
  }

  private send(event: string, data?: unknown): void {
    this.client.send(frameOf(event, data));
  }
}

function frameOf(event: string, data?: unknown): string {
  return JSON.stringify({ event, data });
}

function eventMessage({ message, receiverId }: DirectMessage, isRead: boolean): EventMessage {
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
