import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { DomainError, domainErrorOf, invalidField } from '../../common/errors.js';
import type { MessageView } from '../../views/messages.view.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { ServerEvent } from '../../realtime/protocol/server-events.js';
import { acknowledged, refuseEvent } from '../transport/acknowledged.js';
import { DirectMessages } from '../transport/direct-messages.js';
import {
  countField,
  type Fields,
  fieldsOf,
  flagField,
  idField,
  optionalIdField,
  requireOwnId,
  requireOwnSender,
} from '../transport/fields.js';
import { carry, type Carried } from '../transport/files.js';
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
import { DirectChats } from './direct-chats.js';
import { MAX_SKIP } from './direct-events.dto.js';
import type { ChatMessage } from './direct-events.view.js';
import { chatMessage, kindOf } from './direct-events.views.js';

const PAGE = 50;
const MAX_PAGE_SIZE = 100;
/** How long typing waits for the event that announces a new conversation. */
const OPENING_TIMEOUT_MS = 2_000;
/** Conversations whose last unread message is known to a client; beyond that the oldest is forgotten. */
const MAX_UNREAD = 1_000;

/** `sendMessage`, `receiveMessage`, `userOnline` and their like over Socket.IO (docs/protocol/direct-events.md). */
@Injectable()
export class DirectEvents implements SocketTranslation, OnModuleInit {
  readonly name = 'direct-events';
  readonly canSync = false;
  readonly messages = new EncodeOnce<Promise<ChatMessage | undefined>>();
  readonly statuses = new EncodeOnce<object>();

  constructor(
    readonly commands: ChatCommands,
    readonly reads: ChatQueries,
    readonly chats: DirectChats,
    readonly direct: DirectMessages,
    private readonly transport: SocketTransport,
  ) {}

  onModuleInit(): void {
    this.transport.register(this);
  }

  refusalMessage({ message }: DomainError): string {
    return `Unauthorized: ${message}`;
  }

  open(client: SocketClient): TranslatedSession {
    return new DirectEventsSession(this, client);
  }
}

type Handler = (payload: unknown) => Promise<unknown>;

class DirectEventsSession implements TranslatedSession {
  private readonly connection: VirtualConnection;
  /** Conversations that were opened here, and that were not announced yet. */
  private readonly awaited = new Map<string, () => void>();
  /** By conversation the last message of this user's own, sent since this client is here, that was not read yet. */
  private readonly unread = new BoundedMap<string, { messageId: string; seq: number }>(MAX_UNREAD);

  constructor(
    private readonly dialect: DirectEvents,
    private readonly client: SocketClient,
  ) {
    this.connection = client.connection;
    this.connection.openAll();
  }

  async handle(event: string, payload: unknown, isAnswered: boolean): Promise<unknown> {
    try {
      const handler = Object.hasOwn(this.handlers, event) ? this.handlers[event] : undefined;
      if (handler === undefined) throw new DomainError('UNKNOWN_EVENT');
      return await handler(payload);
    } catch (error) {
      return this.refuse(event, domainErrorOf(error), isAnswered);
    }
  }

  refuse(event: string, error: DomainError, isAnswered: boolean): unknown {
    return refuseEvent(this.words, event, error, isAnswered);
  }

  deliver(event: ServerEvent): void {
    const ownId = this.connection.principal.userId;
    switch (event.event) {
      case 'message:new':
        this.client.deliver(async () => {
          const { payload } = event;
          const message = await this.dialect.messages.of(payload, () => this.chatMessage(payload));
          if (message === undefined) return;
          this.client.emit(message.senderId === ownId ? 'messageSent' : 'receiveMessage', message);
          this.noteAnswer(payload.message);
        });
        return;
      case 'presence:update': {
        const { userId, isOnline } = event.payload;
        const status = this.dialect.statuses.of(event.payload, () => ({ userId, isOnline }));
        this.client.deliver(() => this.client.emit('userOnline', status));
        return;
      }
      case 'typing': {
        const { conversationId, userId, isTyping } = event.payload;
        this.client.deliver(async () => {
          // Nobody misses anything by not seeing it.
          const pair = await this.dialect.reads.pairOf(conversationId).catch(() => undefined);
          if (pair === undefined) return;
          this.client.emit(
            'userTyping',
            this.dialect.statuses.of(event.payload, () => ({ userId, isTyping })),
          );
        });
        return;
      }
      case 'receipt:read': {
        const { conversationId, userId, seq, at } = event.payload;
        if (userId === ownId) return;
        this.client.deliver(async () => {
          if ((await this.dialect.reads.pairOf(conversationId)) === undefined) return;
          const known = this.takeUnread(conversationId, seq);
          const { principal } = this.connection;
          const messageId =
            (await unlessLimited(this.dialect.chats.messageAt(principal, conversationId, seq))) ?? known;
          if (messageId !== undefined) this.client.emit('messageRead', { messageId, readerId: userId, readAt: at });
        });
        return;
      }
      case 'conversation:new':
        // So that it receives who types there.
        this.connection.setOpen(event.payload.conversation.id, true);
        this.awaited.get(event.payload.conversation.id)?.();
        for (const userId of newlySeenOnline(event, ownId))
          this.client.deliver(() => this.client.emit('userOnline', { userId, isOnline: true }));
        return;
      default:
      // This dialect has no word for it.
    }
  }

  /** Who answers has read what it answers, and there is no receipt of that: its cursor moved with its message. */
  private noteAnswer({ id, conversationId, seq, senderId, createdAt }: MessageView): void {
    if (senderId === this.connection.principal.userId) {
      // A repeat, or one that comes late, has an older number.
      if ((this.unread.get(conversationId)?.seq ?? 0) < seq) this.unread.set(conversationId, { messageId: id, seq });
      return;
    }
    const messageId = this.takeUnread(conversationId, seq);
    if (messageId !== undefined) this.client.emit('messageRead', { messageId, readerId: senderId, readAt: createdAt });
  }

  /** What the other side has read now, up to there; once. */
  private takeUnread(conversationId: string, upTo: number): string | undefined {
    const unread = this.unread.get(conversationId);
    if (unread === undefined || unread.seq > upTo) return undefined;
    this.unread.delete(conversationId);
    return unread.messageId;
  }

  private readonly words = {
    notSent: { event: 'messageError', of: 'sendMessage' },
    knows: (event: string) => Object.hasOwn(this.handlers, event),
    emit: (event: string, payload: object) => this.client.emit(event, payload),
  };

  private readonly handlers: Readonly<Record<string, Handler>> = {
    setUserId: async (payload) => {
      const userId = typeof payload === 'string' ? payload : idField(fieldsOf(payload), 'userId');
      requireOwnId(userId, this.connection.principal.userId);
      return { success: true };
    },

    sendMessage: async (payload) => {
      const fields = fieldsOf(payload);
      requireOwnSender(fields, this.connection.principal.userId);
      const command = {
        receiverId: idField(fields, 'receiverId'),
        content: fields.text ?? '',
        clientId: optionalIdField(fields, 'clientId'),
        ...(await this.carried(fields.file)),
      };
      const { message } = acknowledged(await this.dialect.commands.run('send_message', this.connection, command));
      return { success: true, messageId: message.id };
    },

    typing: async (payload) => {
      const fields = fieldsOf(payload);
      const receiverId = idField(fields, 'receiverId');
      const isTyping = flagField(fields, 'isTyping', true);
      const conversationId = isTyping
        ? await this.openDirect(receiverId)
        : await this.dialect.reads.findDirect(this.connection.principal, receiverId);
      if (conversationId !== undefined)
        acknowledged(await this.dialect.commands.run('typing', this.connection, { conversationId, isTyping }));
      return { success: true };
    },

    getChatHistory: async (payload) => {
      const fields = fieldsOf(payload);
      const otherUserId = this.otherOf(fields);
      const limit = countField(fields, 'limit', PAGE, 1, MAX_PAGE_SIZE);
      const skip = countField(fields, 'skip', 0, 0, MAX_SKIP + 1);
      // A page at a lesser one would be another than was asked for.
      if (skip > MAX_SKIP) throw invalidField('skip', `skip must not be greater than ${MAX_SKIP}`);
      const history = await this.client.answer(async () => {
        const read = await this.dialect.chats.history(this.connection.principal, otherUserId, limit, skip);
        this.client.emit('chatHistory', read.messages);
        return read;
      });
      return { success: true, ...history };
    },

    messageRead: async (payload) => {
      const messageId = idField(fieldsOf(payload), 'messageId');
      const { conversationId, seq } = await this.dialect.chats.find(this.connection.principal, messageId);
      acknowledged(await this.dialect.commands.run('mark_read', this.connection, { conversationId, seq }));
      return { success: true };
    },
  };

  /** The conversation with somebody, made where there is none; from then on both show it. */
  private async openDirect(receiverId: string): Promise<string> {
    const { conversationId, created } = await this.dialect.reads.openDirect(this.connection.principal, receiverId);
    if (created) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, OPENING_TIMEOUT_MS).unref();
        this.awaited.set(conversationId, () => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.awaited.delete(conversationId);
    }
    return conversationId;
  }

  /** One's own history alone: of the two that are named, one is oneself. */
  private otherOf(fields: Fields): string {
    const named = ['otherUserId', 'userId1', 'userId2'].flatMap((name) => optionalIdField(fields, name) ?? []);
    const others = named.filter((id) => id !== this.connection.principal.userId);
    const [other] = others;
    if (named.length === 0) throw invalidField('otherUserId', 'otherUserId must be an id');
    if (other === undefined || others.length > 1) throw new DomainError('FORBIDDEN');
    return other;
  }

  private async chatMessage({
    message,
  }: Extract<ServerEvent, { event: 'message:new' }>['payload']): Promise<ChatMessage | undefined> {
    const direct = await this.dialect.direct.of(message);
    if (direct === undefined) return undefined;
    return chatMessage(direct, false, await this.dialect.direct.usersNamed([message.senderId, direct.receiverId]));
  }

  private async carried(file: unknown): Promise<Carried> {
    if (file === undefined || file === null) return { attachmentIds: [], attachments: [] };
    const fields = typeof file === 'string' ? { url: file } : fieldsOf(file);
    const { url, id, attachmentId, type, name, size } = fields;
    const { reads } = this.dialect;
    return carry((urls) => reads.unusedUploads(this.connection.principal, urls), 'file', [attachmentId ?? id ?? url], {
      kind: kindOf(type),
      ...(typeof name === 'string' && name !== '' ? { name } : {}),
      ...(typeof size === 'number' ? { size } : {}),
    });
  }
}
