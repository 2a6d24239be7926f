import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../../events/event-bus.js';
import { MessageReader } from '../../messages/reading/message-reader.js';
import { EndedSessions } from '../../realtime/delivery/ended-sessions.js';
import { Broadcaster } from '../../realtime/delivery/broadcaster.js';
import { MessageRelay } from '../../realtime/delivery/relays/message-relay.js';
import { Rooms, type Setup } from '../../realtime/delivery/rooms.js';
import { PresenceTracker } from '../../realtime/ephemeral/presence-tracker.js';
import { isVisibleIn } from '../../common/snapshot.js';
import { isTimeout } from '../../common/temporary-failures.js';
import { type Change, CatchUpRepository } from './catch-up.repository.js';

/** Users who are asked for in one statement; half as many whenever that takes too long, and twice as many after a run that did not. */
const MAX_USERS_A_STEP = 500;
/** Of the wait for memberships after a standstill. */
const MAX_REPAIR_MS = 5_000;
/** Changed profiles that are delivered one by one; where there were more, everybody is asked to sync. */
const MAX_PROFILES = 200;
/** New messages of one conversation that are delivered; where there are more, its members are asked to sync. */
const MAX_MESSAGES = 100;
/** The same of those that are looked at: most were delivered already. */
const MAX_MESSAGES_READ = 2_000;

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
  private usersAStep = MAX_USERS_A_STEP;
  private isStopped = false;

  constructor(
    private readonly repository: CatchUpRepository,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly events: EventBus,
    private readonly relay: MessageRelay,
    private readonly messages: MessageReader,
    private readonly endedSessions: EndedSessions,
    private readonly presence: PresenceTracker,
  ) {}

  /** A run that is under way fails at its next step. */
  stop(): void {
    this.isStopped = true;
  }

  /** What is connected here of sessions that have ended, alone. */
  async closeEnded(): Promise<void> {
    await this.endedSessions.close();
  }

  /**
   * Rooms alone of what changed since a snapshot: all else is the next run's. Fails at the first step that fails, and where all of
   * them take longer than clients may wait.
   */
  async repairMemberships(since: string): Promise<void> {
    const userIds = this.rooms.awaitedUserIds();
    const beganAt = performance.now();
    for (let start = 0; start < userIds.length && !this.isStopped; ) {
      if (performance.now() - beganAt > MAX_REPAIR_MS) throw new Error('it takes too long');
      const some = userIds.slice(start, start + this.usersAStep);
      await this.repaired(some, () => this.repository.memberships(since, some));
      start += some.length;
    }
  }

  /**
   * Everything since a snapshot. Answers the snapshot from which the next time begins.
   * @param spread whether clients are asked over a while and not at once
   */
  async run(since: string, spread: boolean): Promise<string> {
    // Before anything else is read: what commits from here on is for the next time.
    const reached = await this.repository.snapshot();
    await this.endedSessions.close();
    const concerned = new Set<string>();
    const found: Found = { reached, upTo: new Map(), unread: new Set(), unsyncable: new Set() };
    const userIds = this.rooms.awaitedUserIds();
    let wasTooLong = false;
    for (let start = 0; start < userIds.length; ) {
      if (this.isStopped) throw new Error('this process ends');
      const some = userIds.slice(start, start + this.usersAStep);
      try {
        for (const id of await this.step(since, some, found)) concerned.add(id);
        start += some.length;
      } catch (error) {
        if (some.length === 1 || !isTimeout(error)) throw error;
        this.usersAStep = Math.ceil(some.length / 2);
        wasTooLong = true;
      }
    }
    if (!wasTooLong) this.usersAStep = Math.min(this.usersAStep * 2, MAX_USERS_A_STEP);
    if (await this.profiles(since)) for (const id of userIds) concerned.add(id);
    await this.presence.deliverMissing(since);
    if (concerned.size > 0) this.logger.log(`${concerned.size} users are asked to sync`);
    this.broadcaster.askToSync([...concerned], spread);
    this.broadcaster.endUnsyncable([...found.unsyncable]);
    // Behind all steps, and when whoever is concerned is asked: what is repaired is found no more.
    this.relay.repaired(found.upTo, found.unread);
    return reached;
  }

  /** Repairs what concerns these users. Answers those of them who have to sync for the rest. */
  private async step(since: string, userIds: readonly string[], found: Found): Promise<Set<string>> {
    const changes = await this.repaired(userIds, () => this.repository.changes(since, userIds));
    const delivered = await this.deliverMessages(since, changes, found);
    const concerned = changes.filter(
      ({ isOwn, isOther, conversationId }) => isOwn || isOther || !delivered.has(conversationId ?? ''),
    );
    return new Set(concerned.map(({ userId }) => userId));
  }

  /** Reads what changed for these users, and repairs their rooms. */
  private async repaired(userIds: readonly string[], read: () => Promise<Change[]>): Promise<Change[]> {
    const setups = new Map(userIds.map((userId) => [userId, this.rooms.begin(userId)]));
    let changes: Change[];
    try {
      changes = await read();
    } finally {
      for (const setup of setups.values()) this.rooms.abandon(setup);
    }
    // From the answer to the rooms nothing is waited for.
    this.repairRooms(changes, setups);
    return changes;
  }

  /** New messages, behind what was repaired in rooms. Answers the conversations of which all was delivered. */
  private async deliverMessages(since: string, changes: readonly Change[], all: Found): Promise<Set<string>> {
    const conversationIds = new Set<string>();
    for (const { conversationId, isConversation } of changes)
      if (conversationId !== null && isConversation) conversationIds.add(conversationId);
    if (conversationIds.size === 0) return new Set();
    const places = await this.messages.createdSince(since, [...conversationIds], MAX_MESSAGES_READ);
    const missing = places.filter((place) => this.relay.isMissing(place));
    const unread = overfull(places, MAX_MESSAGES_READ);
    const tooMany = new Set([...unread, ...overfull(missing, MAX_MESSAGES + 1)]);
    const wanted = missing.filter(({ conversationId }) => !tooMany.has(conversationId));
    const messages = await this.messages.listPublished(wanted.map(({ id }) => id));
    // More changed than the message can say; or it was changed since, and is another one to who reacted to it.
    for (const {
      created: { message },
    } of messages)
      if (message.system?.userCount !== undefined || message.version > 1) tooMany.add(message.conversationId);
    // Something changed, and it was no message.
    const found = new Set(places.map(({ conversationId }) => conversationId));
    const delivered = new Set([...conversationIds].filter((id) => found.has(id) && !tooMany.has(id)));
    this.relay.deliverMissing(
      messages.filter(({ created: { message } }) => delivered.has(message.conversationId)),
      wanted,
    );
    // In the order of their numbers. What is newer than the run an earlier step may not have found: it is for the next one.
    for (const { conversationId, seq, xid } of places)
      if (isVisibleIn(all.reached, BigInt(xid))) all.upTo.set(conversationId, seq);
    for (const conversationId of unread) all.unread.add(conversationId);
    for (const conversationId of tooMany) all.unsyncable.add(conversationId);
    return delivered;
  }

  private repairRooms(changes: readonly Change[], setups: ReadonlyMap<string, Setup>): void {
    const found = new Map<string, { joinedIds: string[]; leftIds: string[]; firstSeq: number }>();
    this.rooms.forgetLost(changes.filter(({ isOwn }) => isOwn).map(({ userId }) => userId));
    for (const { userId, conversationId, isMember, firstSeq, isOwn } of changes) {
      if (conversationId === null || !isOwn || !this.rooms.mayDisagree(userId, conversationId, isMember)) continue;
      const setup = setups.get(userId);
      if (setup?.joined.has(conversationId) === true || setup?.left.has(conversationId) === true) continue;
      const one = found.get(conversationId) ?? { joinedIds: [], leftIds: [], firstSeq: 1 };
      found.set(conversationId, one);
      (isMember ? one.joinedIds : one.leftIds).push(userId);
      if (isMember) one.firstSeq = Math.max(one.firstSeq, firstSeq);
    }
    for (const [conversationId, one] of found) this.events.receive('membership.found', { conversationId, ...one });
  }

  /** Whether there were too many to deliver them one by one. */
  private async profiles(since: string): Promise<boolean> {
    const users = await this.repository.changedUserIds(since, MAX_PROFILES + 1);
    if (users.length > MAX_PROFILES) return true;
    for (const { id, isDeleted } of users) this.events.receive('user.changed', { userId: id, isDeleted });
    return false;
  }
}

/** What was found in all steps of one run. */
interface Found {
  /** Where the next run begins: a snapshot. */
  readonly reached: string;
  /** The last number that was read of each conversation. */
  readonly upTo: Map<string, number>;
  /** Conversations of which there was more. */
  readonly unread: Set<string>;
  /** Conversations of which not all was delivered: connections that cannot sync are ended, once, behind all steps. */
  readonly unsyncable: Set<string>;
}

/** The conversations that so many of these are of, or more. */
function overfull(places: readonly { conversationId: string }[], count: number): string[] {
  const counts = new Map<string, number>();
  for (const { conversationId } of places) counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
  return [...counts].filter(([, found]) => found >= count).map(([conversationId]) => conversationId);
}
