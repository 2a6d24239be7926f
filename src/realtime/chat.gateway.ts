import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { Clock } from '../common/clock.js';
import { Metrics } from '../observability/metrics.js';
import { Broadcaster } from './broadcaster.js';
import { ChatCommands, type Connection } from './chat-commands.js';
import type { ChatServer, ChatSocket } from './chat-socket.js';
import { Handshake } from './handshake.js';
import { PresenceTracker } from './presence-tracker.js';
import type { Acknowledgement } from './protocol/acknowledgement.js';
import { room, Rooms } from './rooms.js';
import { SlowConsumers } from './slow-consumers.js';
import { TokenLife } from './token-life.js';
import { Typing } from './typing.js';

/** How long clients have to take the last of what they are sent. */
const LONGEST_GOODBYE_MS = 2_000;

/** The one gateway: lets connections in, hands what they ask for to `ChatCommands`, and sees them off. */
@WebSocketGateway()
export class ChatGateway
  implements
    OnGatewayInit<ChatServer>,
    OnGatewayConnection<ChatSocket>,
    OnGatewayDisconnect<ChatSocket>,
    BeforeApplicationShutdown
{
  private readonly logger = new Logger(ChatGateway.name);
  private readonly connections = new WeakMap<ChatSocket, Connection>();

  constructor(
    private readonly clock: Clock,
    private readonly handshake: Handshake,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly tokenLife: TokenLife,
    private readonly presence: PresenceTracker,
    private readonly typing: Typing,
    private readonly slowConsumers: SlowConsumers,
    private readonly metrics: Metrics,
    private readonly commands: ChatCommands,
  ) {}

  afterInit(server: ChatServer): void {
    server.use(this.handshake.middleware);
    this.rooms.attach(server);
    this.broadcaster.attach(server);
    this.slowConsumers.watch(server);
    this.metrics.gauge('parley_connections', 'Sockets connected to this process.', () => server.sockets.sockets.size);
  }

  handleConnection(socket: ChatSocket): void {
    const admission = this.handshake.take(socket);
    if (admission === undefined) {
      this.logger.error('a socket without admission was connected');
      this.broadcaster.close(socket, 'UNAVAILABLE');
      return;
    }
    const { userId, sessionId } = socket.data.principal;
    if (admission.setup.endedSessions.has(sessionId)) {
      this.rooms.abandon(admission.setup);
      this.broadcaster.close(socket, 'SESSION_REVOKED');
      return;
    }
    this.rooms.place(socket, admission.setup, admission.conversationIds);
    this.connections.set(socket, this.connectionOf(socket));
    this.tokenLife.watch(socket);
    this.presence.arrived(userId);
    this.broadcaster.toSocket(socket, 'session:ready', {
      userId,
      sessionId,
      serverTime: new Date(this.clock.now()).toISOString(),
      syncCursor: admission.syncCursor,
      recovered: socket.recovered && !this.rooms.hasMissed(socket, admission.restoredAt),
    });
  }

  handleDisconnect(socket: ChatSocket): void {
    this.tokenLife.forget(socket);
    const { userId } = socket.data.principal;
    if (this.connections.delete(socket) && this.presence.departed(userId)) this.typing.gone(userId);
  }

  @SubscribeMessage('join_conversation')
  joinConversation(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('join_conversation', this.of(socket), payload);
  }

  @SubscribeMessage('leave_conversation')
  leaveConversation(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('leave_conversation', this.of(socket), payload);
  }

  @SubscribeMessage('send_message')
  sendMessage(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('send_message', this.of(socket), payload);
  }

  @SubscribeMessage('edit_message')
  editMessage(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('edit_message', this.of(socket), payload);
  }

  @SubscribeMessage('delete_message')
  deleteMessage(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('delete_message', this.of(socket), payload);
  }

  @SubscribeMessage('react')
  react(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('react', this.of(socket), payload);
  }

  @SubscribeMessage('mark_read')
  markRead(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('mark_read', this.of(socket), payload);
  }

  @SubscribeMessage('mark_delivered')
  markDelivered(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('mark_delivered', this.of(socket), payload);
  }

  @SubscribeMessage('typing')
  type(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('typing', this.of(socket), payload);
  }

  @SubscribeMessage('sync')
  sync(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('sync', this.of(socket), payload);
  }

  @SubscribeMessage('authenticate')
  authenticate(@ConnectedSocket() socket: ChatSocket, @MessageBody() payload: unknown): Promise<Acknowledgement> {
    return this.commands.run('authenticate', this.of(socket), payload);
  }

  /** Before the server closes: tells clients to come back, to another process or to the next one here. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.broadcaster.closeAll('SERVER_SHUTDOWN', LONGEST_GOODBYE_MS);
  }

  private of(socket: ChatSocket): Connection {
    const known = this.connections.get(socket);
    if (known !== undefined) return known;
    throw new Error('a socket sends before it is placed');
  }

  private connectionOf(socket: ChatSocket): Connection {
    return {
      id: socket.id,
      principal: socket.data.principal,
      setOpen: (conversationId, isOpen) => {
        if (isOpen) void socket.join(room.open(conversationId));
        else void socket.leave(room.open(conversationId));
      },
      renewed: (expiresAt) => {
        socket.data.expiresAt = expiresAt;
        this.tokenLife.watch(socket);
      },
    };
  }
}
