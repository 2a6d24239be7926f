import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../events/event-bus.js';
import { Broadcaster } from '../realtime/delivery/broadcaster.js';
import { Rooms, type Setup } from '../realtime/delivery/rooms.js';
import { type Change, CatchUpRepository } from './catch-up.repository.js';

/** Users who are asked for in one statement. */
const MAX_USERS_A_STEP = 500;
/** Changed profiles that are delivered one by one; where there were more, everybody is asked to sync. */
const MAX_PROFILES = 200;
/** Over how long clients are asked to sync. */
const SPREAD_MS = 2_000;
const STEPS = 20;

/**
 * Repairs what a process has of the others' changes where it may have missed some: it is a client of the database like any
 * other. A lost event shows to clients by sync; a lost change of rooms or sessions would show to nobody, and is made up for
 * here: who was removed is out of its rooms, who was added is in, what has ended is closed. For everything else those who are
 * concerned are asked to sync.
 *
 * Nothing that happens while the database is asked is overwritten: each step notes it, as a connection that is being let in does.
 */
@Injectable()
export class CatchUp {
  private readonly logger = new Logger(CatchUp.name);

  constructor(
    private readonly repository: CatchUpRepository,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly events: EventBus,
  ) {}

  /**
   * Everything since a snapshot. Answers the snapshot from which the next time begins.
   * @param spread whether clients are asked over a while and not at once
   */
  async run(since: string, spread: boolean): Promise<string> {
    // Before anything else is read: what commits from here on is for the next time.
    const reached = await this.repository.snapshot();
    await this.endSessions();
    const concerned = new Set<string>();
    const userIds = [...new Set([...this.rooms.connectedUserIds(), ...this.rooms.arrivingUserIds()])];
    for (let start = 0; start < userIds.length; start += MAX_USERS_A_STEP)
      for (const id of await this.step(since, userIds.slice(start, start + MAX_USERS_A_STEP))) concerned.add(id);
    if (await this.profiles(since)) for (const id of userIds) concerned.add(id);
    if (concerned.size > 0) this.logger.log(`${concerned.size} users are asked to sync`);
    this.askToSync([...concerned], spread);
    return reached;
  }

  /** Users who changed, or for whom something did. */
  private async step(since: string, userIds: readonly string[]): Promise<Set<string>> {
    const setups = new Map(userIds.map((userId) => [userId, this.rooms.begin(userId)]));
    try {
      const changes = await this.repository.changes(since, userIds);
      // From here to the rooms nothing is waited for.
      this.repairRooms(changes, setups);
      return new Set(changes.map(({ userId }) => userId));
    } finally {
      for (const setup of setups.values()) this.rooms.abandon(setup);
    }
  }

  private repairRooms(changes: readonly Change[], setups: ReadonlyMap<string, Setup>): void {
    const found = new Map<string, { joinedIds: string[]; leftIds: string[] }>();
    for (const setup of setups.values()) this.rooms.abandon(setup);
    for (const { userId, conversationId, isMember } of changes) {
      if (conversationId === null || !this.rooms.disagrees(userId, conversationId, isMember)) continue;
      const setup = setups.get(userId);
      if (setup?.joined.has(conversationId) === true || setup?.left.has(conversationId) === true) continue;
      const { joinedIds, leftIds } = found.get(conversationId) ?? { joinedIds: [], leftIds: [] };
      (isMember ? joinedIds : leftIds).push(userId);
      found.set(conversationId, { joinedIds, leftIds });
    }
    for (const [conversationId, { joinedIds, leftIds }] of found)
      this.events.receive('membership.found', { conversationId, joinedIds, leftIds });
  }

  private async endSessions(): Promise<void> {
    const sessions = this.rooms.connectedSessions();
    if (sessions.size === 0) return;
    for (const sessionId of await this.repository.endedSessionIds([...sessions.keys()])) {
      const userId = sessions.get(sessionId);
      if (userId !== undefined)
        this.events.receive('session.ended', { userId, sessionIds: [sessionId], code: 'SESSION_REVOKED' });
    }
  }

  /** Whether there were too many to deliver them one by one. */
  private async profiles(since: string): Promise<boolean> {
    const users = await this.repository.changedUserIds(since, MAX_PROFILES + 1);
    if (users.length > MAX_PROFILES) return true;
    for (const { id, isDeleted } of users) this.events.receive('user.changed', { userId: id, isDeleted });
    return false;
  }

  private askToSync(userIds: readonly string[], spread: boolean): void {
    if (!spread || userIds.length <= STEPS) return this.broadcaster.toUsers(userIds, 'sync:needed', {});
    for (let step = 0; step < STEPS; step += 1) {
      const some = userIds.filter((_, index) => index % STEPS === step);
      setTimeout(() => this.broadcaster.toUsers(some, 'sync:needed', {}), (step * SPREAD_MS) / STEPS).unref();
    }
  }
}
