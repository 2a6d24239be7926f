import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Lifecycle } from '../../common/stopping/lifecycle.js';
import { Configuration } from '../../config/configuration.js';
import { Metrics } from '../../observability/metrics.js';
import { EventGate } from '../commands/event-gate.js';
import { bytesOf, InboundBytes } from '../commands/inbound-bytes.js';
import { Broadcaster } from '../delivery/broadcaster.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';
import { EngineGuard } from '../engine/engine-guard.js';
import { socketEvent } from '../engine/sockets/socket-event.js';
import { Admissions } from './admissions.js';
import { Handshake } from './handshake.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import type { DialectSession } from './socket-dialects.js';
import { type HadEnded, Standstill } from './standstill.js';

/**
 * What every Socket.IO client goes through, whatever its dialect: it is let in, what it sends is counted and answered,
 * known or not, with a callback or without, well or badly, and it is seen off.
 */
@Injectable()
export class SocketConnections {
  private readonly log = new Logger(SocketConnections.name);
  private readonly sessions = new WeakMap<ChatSocket, DialectSession>();

  constructor(
    private readonly handshake: Handshake,
    private readonly admissions: Admissions,
    private readonly handshakes: HandshakeLimit,
    private readonly guard: EngineGuard,
    private readonly broadcaster: Broadcaster,
    private readonly configuration: Configuration,
    private readonly lifecycle: Lifecycle,
    private readonly standstill: Standstill,
    private readonly metrics: Metrics,
    private readonly inboundBytes: InboundBytes,
  ) {}

  open(socket: ChatSocket): void {
    const admitted = this.handshake.take(socket);
    if (admitted === undefined) {
      this.log.error('a socket without admission was connected');
      this.broadcaster.close(socket, 'UNAVAILABLE');
      return;
    }
    const { admission, dialect } = admitted;
    const outbound = this.guard.admitted(socket, () =>
      this.broadcaster.closeConnection(socket, 'SLOW_CONSUMER', dialect.returnsOnlyWhenLost),
    );
    if (outbound === undefined) return this.admissions.abandon(admission);
    const session = dialect.open({ socket, admission, outbound });
    if (session === undefined) return;
    this.sessions.set(socket, session);
    this.listen(socket, session, dialect.returnsOnlyWhenLost);
  }

  close(socket: ChatSocket): void {
    this.sessions.get(socket)?.close();
    this.sessions.delete(socket);
    this.guard.expire(socket);
  }

  private listen(socket: ChatSocket, session: DialectSession, returnsOnlyWhenLost: boolean | undefined): void {
    const gate = new EventGate(this.configuration.eventLimit, this.inboundBytes.of(socket.data.principal.userId));
    socket.onAny((name: unknown, ...parameters: unknown[]) => {
      // Socket.IO hands over what it had read already, also after the connection was ended.
      if (!socket.connected || gate.isFlooded) return;
      const { event, payload, acknowledge } = socketEvent(name, parameters);
      const isAnswered = acknowledge !== undefined;
      let refusal = this.lifecycle.isDraining ? new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 }) : gate.enter();
      // A flood is refused by its number, before anything is measured.
      const bytes = refusal === undefined ? bytesOf(event, payload) : 0;
      if (refusal === undefined) refusal = gate.keep(bytes);
      if (refusal !== undefined) {
        this.metrics.refusal('socket', refusal.code);
        const answer = session.refuse(event, refusal, isAnswered);
        acknowledge?.(answer);
        if (gate.isFlooded) this.endFlood(socket, returnsOnlyWhenLost);
        else this.guard.rest(socket, gate.restMs);
        return;
      }
      this.lifecycle.begin();
      const handle = (): Promise<unknown> => session.handle(event, payload, isAnswered);
      const repaired = this.standstill.repaired();
      // Of a client that has gone meanwhile it is done all the same, but for one that was ended or would have been.
      const isServed = (hadEnded: HadEnded): boolean =>
        socket.connected || !(gate.isFlooded || socket.data.isEnded === true || hadEnded(socket.data.principal));
      (repaired === undefined ? handle() : repaired.then((hadEnded) => (isServed(hadEnded) ? handle() : undefined)))
        .then(acknowledge)
        .finally(() => {
          gate.leave(bytes);
          this.lifecycle.done();
        })
        .catch((error: unknown) => this.log.error('an answer could not be sent', String(error)));
    });
  }

  private endFlood(socket: ChatSocket, returnsOnlyWhenLost: boolean | undefined): void {
    void this.handshakes.flooded(socket.data.principal.userId);
    this.broadcaster.closeConnection(socket, 'FLOODING', returnsOnlyWhenLost);
  }
}
