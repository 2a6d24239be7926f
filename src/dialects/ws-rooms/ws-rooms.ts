import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError, domainErrorOf, invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { ServerEvent } from '../../realtime/protocol/server-events.js';
import { acknowledged, partsOf } from '../transport/acknowledged.js';
import { DirectMessages } from '../transport/direct-messages.js';
import { countField, type Fields, requireOwnSender } from '../transport/fields.js';
import type { NativeClient, NativeDialect, NativeRequest, NativeSession } from '../transport/native/native-dialect.js';
import { NativeTransport } from '../transport/native/native-transport.js';
import { type VirtualConnection, VirtualConnections } from '../transport/virtual-connections.js';
import { EncodeOnce } from '../transport/encode-once.js';
import { newlySeenOnline } from '../transport/peers.js';
import { carryAll } from '../transport/files.js';
import { roomMessageOf, roomsOf } from './ws-rooms.views.js';

const NO_TOKEN = 4001;
const BAD_TOKEN = 4002;
const NO_ROOM = 4004;
const TRY_AGAIN = 1013;
const MAX_PAGE_SIZE = 100;
/** Messages that wait for a client to be let in. */
const MAX_EARLY_FRAMES = 1_000;
const ROOM_PATH = /^\/room\/([^/]+)\/?$/;

type MessageNew = Extract<ServerEvent, { event: 'message:new' }>['payload'];

/** One WebSocket for users, one for the list of rooms, one for each open room (docs/protocol/ws-rooms.md). */
@Injectable()
export class WsRooms implements NativeDialect, OnModuleInit {
  /** What is the same for all, encoded. */
  readonly frames = new EncodeOnce<Promise<string | undefined>>();
  readonly updates = new EncodeOnce<Promise<string | undefined>>();

  constructor(
    readonly commands: ChatCommands,
    readonly reads: ChatQueries,
    readonly direct: DirectMessages,
    readonly clock: Clock,
    private readonly connections: VirtualConnections,
    private readonly transport: NativeTransport,
  ) {}

  onModuleInit(): void {
    this.transport.register(this);
  }

  owns(path: string): boolean {
    return /^\/(users|rooms)\/?$/.test(path) || ROOM_PATH.test(path);
  }

  open(client: NativeClient): NativeSession {
    const [, roomId] = ROOM_PATH.exec(client.request.path) ?? [];
    if (roomId !== undefined) return new RoomSession(this, client, roomId.toLowerCase());
    return client.request.path.startsWith('/users') ? new UsersSession(this, client) : new RoomsSession(this, client);
  }

  /** In this order: cookie (of allowed origins), `?token=`, Authorization header. */
  tokensOf({ headers, query }: NativeRequest): string[] {
    const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return [this.connections.cookieToken(headers), query.get('token'), bearer].flatMap((token) => token || []);
  }
}

/** What the three have in common: who it is is known before any frame is looked at, or the client ends. */
abstract class Session implements NativeSession {
  private connection: VirtualConnection | undefined;

  constructor(
    protected readonly dialect: WsRooms,
    protected readonly client: NativeClient,
  ) {}

  async begin(): Promise<void> {
    const [token, ...others] = this.dialect.tokensOf(this.client.request);
    if (token === undefined) return this.client.close(NO_TOKEN, 'UNAUTHORIZED');
    try {
      this.connection = await this.admit(token, others);
    } catch (error) {
      const { category, code } = domainErrorOf(error);
      // A suspended user need not try again either.
      const isRefused = category === 'UNAUTHENTICATED' || category === 'FORBIDDEN';
      return this.client.close(isRefused ? BAD_TOKEN : TRY_AGAIN, code);
    }
    try {
      await this.welcome(this.connection);
    } catch (error) {
      // One that stayed open would wait for its list for ever.
      const { code } = domainErrorOf(error);
      this.client.close(code === 'NOT_FOUND' ? NO_ROOM : TRY_AGAIN, code);
    }
  }

  /** The first that is not over: a browser keeps the cookie of one that is, and may be given a newer one beside it. */
  private async admit(token: string, [next, ...others]: readonly string[]): Promise<VirtualConnection> {
    try {
      return await this.client.admit(token, { echo: false, canSync: false });
    } catch (error) {
      if (next === undefined || domainErrorOf(error).code !== 'TOKEN_EXPIRED') throw error;
      return this.admit(next, others);
    }
  }

  async handle(frame: Fields): Promise<void> {
    if (this.connection !== undefined) await this.handleFrame(this.connection, frame);
  }

  refuse(error: DomainError): void {
    this.send({ type: 'ERROR', ...partsOf(error) });
  }

  abstract deliver(event: ServerEvent): void;

  protected get ownId(): string {
    return this.connection?.principal.userId ?? '';
  }

  closeCode(): number {
    return BAD_TOKEN;
  }

  protected abstract welcome(connection: VirtualConnection): Promise<void>;
  protected abstract handleFrame(connection: VirtualConnection, frame: Fields): Promise<void>;

  protected send(frame: object): void {
    this.client.send(JSON.stringify(frame));
  }

  /** Sends what is the same for all, encoded once. */
  protected sendOnce(
    once: EncodeOnce<Promise<string | undefined>>,
    payload: object,
    make: () => Promise<object | undefined>,
  ): void {
    this.client.deliver(async () => {
      const frame = await once.of(payload, async () => {
        const made = await make();
        return made === undefined ? undefined : JSON.stringify(made);
      });
      if (frame !== undefined) this.client.send(frame);
    });
  }
}

/** `/room/:roomId`: what is written there, from the moment the WebSocket was open. */
class RoomSession extends Session {
  private isInside = false;
  /** What came before it was known whether this is a room of the caller's, by message. */
  private readonly early = new Map<string, MessageNew>();
  /** Sent from the page, which may have been read before their events came: at most `MAX_PAGE_SIZE`. */
  private readonly sentIds = new Set<string>();
  private readonly openedAt: string;

  constructor(
    dialect: WsRooms,
    client: NativeClient,
    private readonly roomId: string,
  ) {
    super(dialect, client);
    this.openedAt = new Date(dialect.clock.now()).toISOString();
  }

  override deliver(event: ServerEvent): void {
    if (event.event !== 'message:new' || event.payload.message.conversationId !== this.roomId) return;
    if (this.sentIds.delete(event.payload.message.id)) return;
    if (this.isInside) this.sendMessage(event.payload);
    else if (this.early.size < MAX_EARLY_FRAMES) this.early.set(event.payload.message.id, event.payload);
  }

  protected override async welcome(connection: VirtualConnection): Promise<void> {
    const { principal } = connection;
    if (!UUID_PATTERN.test(this.roomId)) throw new DomainError('NOT_FOUND');
    const { type } = await this.dialect.reads.conversation(principal, this.roomId);
    // Rooms of this dialect are between two.
    if (type !== 'DIRECT') throw new DomainError('NOT_FOUND');
    const { messages, hasBefore, lastSeq } = await this.dialect.direct.page(principal, this.roomId, {
      limit: MAX_PAGE_SIZE,
    });
    const early = [...this.early.values()];
    const oldestSeq = messages[0]?.message.seq ?? 0;
    // What was there before the page was read, and is not on it though it would have its place there, was deleted meanwhile.
    const newestSeq = Math.max(lastSeq, messages.at(-1)?.message.seq ?? 0);
    for (const payload of early) if (hasBefore && payload.message.seq < oldestSeq) this.sendMessage(payload);
    const begin = messages.findIndex(({ message }) => message.createdAt >= this.openedAt || this.early.has(message.id));
    // All from the first one on, so that they come in the order of their numbers, whichever of the two brought them.
    for (const { message } of begin === -1 ? [] : messages.slice(begin)) {
      // A client takes itself for inside as soon as it is open.
      if (!this.early.has(message.id)) this.sentIds.add(message.id);
      this.client.deliver(() => this.send({ type: 'NEW_MESSAGE', data: roomMessageOf(message) }));
    }
    this.isInside = true;
    connection.setOpen(this.roomId, true);
    for (const payload of early) if (payload.message.seq > newestSeq) this.sendMessage(payload);
    this.early.clear();
  }

  private sendMessage(payload: MessageNew): void {
    this.sendOnce(this.dialect.frames, payload, async () => {
      const direct = await this.dialect.direct.of(payload.message);
      return direct === undefined ? undefined : { type: 'NEW_MESSAGE', data: roomMessageOf(direct.message) };
    });
  }

  protected override async handleFrame(connection: VirtualConnection, frame: Fields): Promise<void> {
    if (!this.isInside || isOfAnotherKind(frame)) return;
    requireOwnSender(frame, connection.principal.userId);
    const { content, images, clientId } = frame;
    const { reads } = this.dialect;
    const unusedUploads = (urls: readonly string[]) => reads.unusedUploads(connection.principal, urls);
    const carried = await carryAll(unusedUploads, 'images', images, { kind: 'IMAGE' });
    const command = {
      conversationId: this.roomId,
      content,
      ...(clientId === undefined ? {} : { clientId }),
      ...carried,
    };
    acknowledged(await this.dialect.commands.run('send_message', connection, command));
  }
}

/** `/users`: who there is, and who comes and goes. */
class UsersSession extends Session {
  override deliver(event: ServerEvent): void {
    for (const userId of newlySeenOnline(event, this.ownId))
      this.client.deliver(() => this.send({ type: 'USER_STATUS', data: { userId, isOnline: true } }));
    if (event.event !== 'presence:update') return;
    const { userId, isOnline } = event.payload;
    this.sendOnce(this.dialect.frames, event.payload, async () => ({
      type: 'USER_STATUS',
      data: { userId, isOnline },
    }));
  }

  protected override welcome(connection: VirtualConnection): Promise<void> {
    return this.page(connection, undefined, MAX_PAGE_SIZE);
  }

  /** `{ cursor }` asks for the next page. */
  protected override async handleFrame(connection: VirtualConnection, frame: Fields): Promise<void> {
    if (isOfAnotherKind(frame)) return;
    if (typeof frame.cursor !== 'string') throw invalidField('cursor', 'cursor must be a text');
    await this.page(connection, frame.cursor, countField(frame, 'limit', MAX_PAGE_SIZE, 1, MAX_PAGE_SIZE));
  }

  private page({ principal }: VirtualConnection, cursor: string | undefined, limit: number): Promise<void> {
    return this.client.answer(async () => {
      const { items, nextCursor } = await this.dialect.reads.directory(principal, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      this.send({
        type: 'ALL_USERS',
        data: items.map(({ id, username, displayName, isOnline = false }) => ({ id, username, displayName, isOnline })),
        nextCursor,
      });
    });
  }
}

/** `/rooms`: the caller's rooms, and what is written in any of them. */
class RoomsSession extends Session {
  override deliver(event: ServerEvent): void {
    // Not for a room without a message: clients read the time of the last one without looking whether there is one.
    if (event.event !== 'message:new') return;
    this.sendOnce(this.dialect.updates, event.payload, async () => {
      const direct = await this.dialect.direct.of(event.payload.message);
      if (direct === undefined) return undefined;
      const { conversationId } = direct.message;
      return { type: 'ROOM_UPDATE', data: { roomId: conversationId, lastMessage: roomMessageOf(direct.message) } };
    });
  }

  protected override welcome(connection: VirtualConnection): Promise<void> {
    return this.page(connection, undefined);
  }

  /** `{ cursor }` asks for the next page. */
  protected override async handleFrame(connection: VirtualConnection, frame: Fields): Promise<void> {
    if (isOfAnotherKind(frame)) return;
    if (typeof frame.cursor !== 'string') throw invalidField('cursor', 'cursor must be a text');
    await this.page(connection, frame.cursor);
  }

  private page({ principal }: VirtualConnection, cursor: string | undefined): Promise<void> {
    return this.client.answer(async () => {
      const { rooms, nextCursor } = await roomsOf(this.dialect.direct, principal, {
        limit: MAX_PAGE_SIZE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      this.send({ type: 'ROOMS_LIST', data: rooms, nextCursor });
    });
  }
}

/**
 * Whether it is something that this dialect does not have, such as `{ "type": "ping" }`: passed over, since clients would
 * take an error for that of the message they have just sent.
 */
function isOfAnotherKind({ type, content, images, cursor }: Fields): boolean {
  return typeof type === 'string' && content === undefined && images === undefined && cursor === undefined;
}
