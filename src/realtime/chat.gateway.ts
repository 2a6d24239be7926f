import { setTimeout as pause } from 'node:timers/promises';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  WebSocketGateway,
} from '@nestjs/websockets';
import { Lifecycle } from '../common/stopping/lifecycle.js';
import { SOCKETS_CLOSE_TIMEOUT_MS } from '../common/stopping/stop-timeouts.js';
import { Configuration } from '../config/configuration.js';
import { Metrics } from '../observability/metrics.js';
import { Handshake } from './connections/handshake.js';
import { SocketConnections } from './connections/socket-connections.js';
import { Broadcaster } from './delivery/broadcaster.js';
import { Rooms } from './delivery/rooms.js';
import type { ChatServer, ChatSocket } from './engine/sockets/chat-socket.js';
import { recoveryAdapterOf } from './engine/recovery/recovery-adapter.js';
import { VirtualSockets } from './engine/sockets/virtual-socket.js';

/** What a balancer has at the most to see that a process is to end. */
const MAX_NOTICE_MS = 5_000;

/** Where Nest hands the Socket.IO server over: its connections are `SocketConnections`' from their first to their last moment. */
@WebSocketGateway()
export class ChatGateway
  implements
    OnGatewayInit<ChatServer>,
    OnGatewayConnection<ChatSocket>,
    OnGatewayDisconnect<ChatSocket>,
    BeforeApplicationShutdown
{
  constructor(
    private readonly handshake: Handshake,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly connections: SocketConnections,
    private readonly virtualSockets: VirtualSockets,
    private readonly lifecycle: Lifecycle,
    private readonly configuration: Configuration,
    private readonly metrics: Metrics,
  ) {}

  afterInit(server: ChatServer): void {
    server.use(this.handshake.middleware);
    this.rooms.attach(server);
    this.broadcaster.attach(server);
    this.virtualSockets.attach(server);
    this.metrics.gauge(
      'parley_connections',
      'Sockets connected to this process.',
      () => recoveryAdapterOf(server)?.sids.size ?? 0,
    );
    this.metrics.counter(
      'parley_deliveries_total',
      'Events handed to connections: one event to ten connections counts ten.',
      () => recoveryAdapterOf(server)?.deliveries ?? 0,
    );
  }

  handleConnection(socket: ChatSocket): void {
    this.connections.open(socket);
  }

  /** @param reason Socket.IO's own */
  handleDisconnect(socket: ChatSocket, reason?: string): void {
    socket.data.isSilent = reason === 'ping timeout' || reason === 'transport error';
    this.connections.close(socket);
  }

  /**
   * Sends the sockets away within `overMs`, of which a third or less is for each of three: a balancer notices that this process
   * is to end, while all goes on; then nobody new is let in, and the sockets are sent away; then the last of them have the
   * time to be back elsewhere before this process gives its presence back, so that nobody sees them go. Without sockets only the
   * balancer is waited for, where there are other processes that it could choose.
   */
  async sendAway(overMs: number): Promise<void> {
    if (!this.broadcaster.hasSockets && this.configuration.redisUrl === undefined) return;
    const noticeMs = Math.min(MAX_NOTICE_MS, overMs / 3);
    const graceMs = Math.min(this.configuration.timings.presenceGraceMs, overMs / 3);
    await pause(noticeMs);
    this.lifecycle.refuseConnections();
    if (!this.broadcaster.hasSockets) return;
    await this.broadcaster.sendAway('SERVER_SHUTDOWN', overMs - noticeMs - graceMs);
    await pause(graceMs);
  }

  /** Before the server closes: clients are to come back, to another process or to the next one here. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.broadcaster.closeAll('SERVER_SHUTDOWN', SOCKETS_CLOSE_TIMEOUT_MS);
  }
}
