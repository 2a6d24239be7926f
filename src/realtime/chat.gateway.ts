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
import { Broadcaster } from './delivery/broadcaster.js';
import { ChatCommands, type Connection } from './commands/chat-commands.js';
import type { ChatServer, ChatSocket } from './engine/chat-socket.js';
import { Connections } from './connections/connections.js';
import { VirtualConnections } from './connections/virtual-connections.js';
import { DialectSockets } from './connections/dialect-sockets.js';
import { EngineGuard } from './engine/engine-guard.js';
import { Handshake } from './connections/handshake.js';
import { RecoveryAdapter } from './engine/recovery-adapter.js';
import type { Acknowledgement } from './protocol/acknowledgement.js';
import { Rooms } from './delivery/rooms.js';
import { room } from './delivery/room-names.js';

/** How long clients have to take the last of what they are sent. */
const CLOSE_TIMEOUT_MS = 2_000;

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
  private readonly known = new WeakMap<ChatSocket, Connection>();

  constructor(
    private readonly clock: Clock,
    private readonly handshake: Handshake,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly connections: Connections,
    private readonly dialectConnections: VirtualConnections,
    private readonly dialectSockets: DialectSockets,
    private readonly guard: EngineGuard,
    private readonly metrics: Metrics,
    private readonly commands: ChatCommands,
  ) {}

  afterInit(server: ChatServer): void {
    server.use(this.handshake.middleware);
    this.rooms.attach(server);
    this.broadcaster.attach(server);
    this.dialectConnections.attach(server);
    this.metrics.gauge(
      'parley_connections',
      'Sockets connected to this process.',
      () => server.sockets.adapter.sids.size,
    );
    const { adapter } = server.sockets;
    if (adapter instanceof RecoveryAdapter)
      this.metrics.counter(
        'parley_deliveries_total',
        'Events handed to connections: one event to ten connections counts ten.',
        () => adapter.deliveries,
      );
  }

  handleConnection(socket: ChatSocket): void {
    const admission = this.handshake.take(socket);
    if (admission === undefined) {
      this.logger.error('a socket without admission was connected');
      this.broadcaster.close(socket, 'UNAVAILABLE');
      return;
    }
    this.guard.admitted(socket);
    if (socket.data.dialect !== undefined) {
      this.dialectSockets.open(socket, socket.data.dialect, admission);
      return;
    }
    if (!this.connections.admit(socket, admission)) return;
    const recovered = this.rooms.replay(socket, admission.restored);
    const { userId, sessionId } = socket.data.principal;
    this.known.set(socket, this.connectionOf(socket));
    this.broadcaster.toSocket(socket, 'session:ready', {
      userId,
      sessionId,
      serverTime: new Date(this.clock.now()).toISOString(),
      syncCursor: admission.syncCursor,
      recovered,
    });
  }

  handleDisconnect(socket: ChatSocket): void {
    if (this.known.delete(socket)) this.connections.remove(socket);
    else this.dialectSockets.close(socket);
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
    await this.broadcaster.closeAll('SERVER_SHUTDOWN', CLOSE_TIMEOUT_MS);
  }

  private of(socket: ChatSocket): Connection {
    const known = this.known.get(socket);
    if (known !== undefined) return known;
    throw new Error('a socket sends before it is placed');
  }

  private connectionOf(socket: ChatSocket): Connection {
    return {
      id: socket.id,
      principal: socket.data.principal,
      setOpen: (conversationId, isOpen) => {
        // A socket that is gone by now would stay in the room for good.
        if (isOpen && socket.connected) void socket.join(room.open(conversationId));
        if (!isOpen) void socket.leave(room.open(conversationId));
      },
      renewed: (expiresAt) => {
        socket.data.expiresAt = expiresAt;
        this.connections.renewed(socket);
      },
    };
  }
}
