import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Sessions } from '../../auth/sessions/sessions.js';
import type { Principal } from '../../common/access/principal.js';
import { Periodic } from '../../common/async/periodic.js';
import { Configuration } from '../../config/configuration.js';
import { EventBus } from '../../events/event-bus.js';
import { Broadcaster } from './broadcaster.js';
import { Rooms } from './rooms.js';

/** For so long after an act, connections that were being let in meanwhile are looked at as well; longer than that may take. */
const SETTLING_MS = 12_000;

/**
 * Closes connections of sessions that ended, also without an event that reached this process: an operator's command ended them, or a
 * process that died between its commit and its event.
 *
 * Guarantee: such a connection is closed at the latest `sessionEndingsMs` after that, and what the look itself takes. While nothing
 * of the kind happens one row is read each time; while nobody is connected nothing is.
 */
@Injectable()
export class EndedSessions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EndedSessions.name);
  private readonly looks: Periodic;
  private revision: number | undefined;
  private looksLeft = 0;

  constructor(
    private readonly configuration: Configuration,
    private readonly sessions: Sessions,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly events: EventBus,
  ) {
    events.subscribeToAll('session.ended', ({ userId, sessionIds, code, suspension }) => {
      this.rooms.endSessions(userId, sessionIds, { code, suspension });
      this.broadcaster.closeSessions(userId, sessionIds, code, suspension);
    });
    this.looks = new Periodic(
      configuration.timings.sessionEndingsMs,
      () => this.look(),
      ({ message }) => this.logger.debug(`ended sessions were not looked for: ${message}`),
    );
  }

  onApplicationBootstrap(): void {
    this.looks.startLater();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.looks.stop();
  }

  /** Closes what is connected here of sessions that have ended. Returns those, also where their connections closed meanwhile. */
  async close(): Promise<readonly Principal[]> {
    const sessions = this.rooms.connectedSessions();
    if (sessions.length === 0) return [];
    const ended = await this.sessions.endedAmong(sessions);
    for (const { userId, sessionId, code, suspension } of ended)
      this.events.receive('session.ended', {
        userId,
        sessionIds: [sessionId],
        code: suspension === undefined ? code : 'ACCOUNT_SUSPENDED',
        suspension,
      });
    return ended;
  }

  private async look(): Promise<void> {
    // Where nobody is connected nothing is read: what ended before somebody comes is refused at the handshake.
    if (!this.rooms.hasConnections()) return;
    const revision = await this.sessions.endingsRevision();
    if (revision !== this.revision)
      this.looksLeft = Math.ceil(SETTLING_MS / this.configuration.timings.sessionEndingsMs);
    this.revision = revision;
    if (this.looksLeft === 0) return;
    await this.close();
    this.looksLeft -= 1;
  }
}
