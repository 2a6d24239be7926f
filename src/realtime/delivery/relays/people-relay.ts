import { Injectable, Logger } from '@nestjs/common';
import { Configuration } from '../../../config/configuration.js';
import { ConversationAccess, MAX_LIVE_AUDIENCE } from '../../../conversations/conversation-access.js';
import type { DomainEvents } from '../../../events/domain-events.js';
import { EventBus } from '../../../events/event-bus.js';
import type { FriendRequestView } from '../../../views/friends.view.js';
import { PresenceStore } from '../../../presence/presence-store.js';
import { UsersService } from '../../../users/users.service.js';
import { Broadcaster, SYNC_SPREAD_MS } from '../broadcaster.js';
import { DeliveryTurns } from '../delivery-turns.js';
import { FreshReads } from '../fresh-reads.js';
import { Rooms } from '../rooms.js';

/** A profile that cannot be read is read again, so often at the most and after so long: whom it is shown to is not known yet. */
const MAX_PROFILE_READS = 4;
/** All of the rests together are longer than it takes to ask everybody to sync. */
const PROFILE_RETRY_MS = 1_000;

type FriendEvent =
  | 'friend:request_sent'
  | 'friend:request_accepted'
  | 'friend:request_rejected'
  | 'friend:request_cancelled';

/** Sends what happens between users, and to them: friend requests, profiles, and presence where it begins to be shown. */
@Injectable()
export class PeopleRelay {
  private readonly logger = new Logger(PeopleRelay.name);
  /** In milliseconds of `performance.now()`. */
  private asksAllUntil = Number.NEGATIVE_INFINITY;

  constructor(
    events: EventBus,
    private readonly turns: DeliveryTurns,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly users: UsersService,
    private readonly access: ConversationAccess,
    private readonly presence: PresenceStore,
    private readonly reads: FreshReads,
    private readonly configuration: Configuration,
  ) {
    events.subscribeToAll('friend-request.sent', ({ request }) => {
      this.friendRequest('friend:request_sent', request, [request.receiverId]);
      this.askToSync(request.senderId);
    });
    events.subscribeToAll('friend-request.accepted', ({ request }) =>
      this.friendRequest('friend:request_accepted', request, [request.senderId, request.receiverId]),
    );
    events.subscribeToAll('friend-request.rejected', ({ request }) => {
      this.friendRequest('friend:request_rejected', request, [request.senderId]);
      this.askToSync(request.receiverId);
    });
    events.subscribeToAll('friend-request.cancelled', ({ request }) => {
      this.friendRequest('friend:request_cancelled', request, [request.receiverId]);
      this.askToSync(request.senderId);
    });
    // It has ended a pending request.
    events.subscribeToAll('block.created', ({ blockerId }) => this.askToSync(blockerId));
    events.subscribeToAll('user.changed', (event) => this.userChanged(event));
    events.subscribeToAll('friendship.removed', (event) => this.friendshipRemoved(event));
    events.subscribeToAll('block.removed', (event) => this.blockRemoved(event));
    events.subscribeToAll('messages.created', (event) => this.messagesCreated(event));
  }

  private friendRequest(name: FriendEvent, request: FriendRequestView, receivers: readonly string[]): void {
    const both = [request.senderId, request.receiverId];
    this.turns.ofUsers(pairKey(request.senderId, request.receiverId), receivers, async () => {
      const users = await this.reads.read(() => this.users.viewsFor(receivers, both, false));
      for (const userId of receivers) {
        const user = users.get(userId)?.get(userId === request.senderId ? request.receiverId : request.senderId);
        if (user === undefined) continue;
        this.broadcaster.toUsers([userId], name, { request, user });
        // Clients of older dialects have no word for the request, and learn by this that they are shown who is online.
        if (name === 'friend:request_accepted' && user.isOnline === true)
          this.broadcaster.toUsers([userId], 'presence:update', {
            userId: user.id,
            isOnline: true,
            lastSeenAt: user.lastSeenAt ?? null,
          });
      }
    });
  }

  /** Friend events are the other side's: the devices of who acted learn of it by sync. */
  private askToSync(userId: string): void {
    this.broadcaster.toUsers([userId], 'sync:needed', {});
  }

  /** Behind the requests of the two: a client that learns of the acceptance last would show a friend who is none. */
  private friendshipRemoved({ userIds: [one, other], silentFor }: DomainEvents['friendship.removed']): void {
    this.turns.ofUsers(pairKey(one, other), [one, other], async () => {
      if (one !== silentFor) this.broadcaster.toUsers([one], 'friend:removed', { userId: other });
      if (other !== silentFor) this.broadcaster.toUsers([other], 'friend:removed', { userId: one });
    });
  }

  /** Users who are not connected, or share only a large group with the user, get it by sync. */
  private userChanged({ userId, isDeleted }: DomainEvents['user.changed']): void {
    this.turns.ofUsers(userId, [userId], async () => {
      const [user, audience] = await this.readWithRetries(() =>
        Promise.all([
          this.users.withPresence(userId),
          isDeleted
            ? this.presence.formerAudience(userId, MAX_LIVE_AUDIENCE)
            : this.presence.audiences([userId], MAX_LIVE_AUDIENCE).then(([only]) => only),
        ]),
      );
      if (user === undefined || audience === undefined) return;
      const everyone = this.configuration.presenceAudience === 'everyone';
      this.broadcaster.toPresenceAudience(userId, { ...audience, everyone }, 'user:updated', { user });
      if (isDeleted) {
        // No departure is noted any more: its presence went with the account.
        const gone = { userId, isOnline: false, lastSeenAt: null };
        return this.broadcaster.toPresenceAudience(userId, { ...audience, everyone }, 'presence:update', gone);
      }
      this.broadcaster.toUsers([userId], 'user:updated', { user: await this.users.requireOwn({ userId }) });
    });
  }

  /** Where it fails for good, all who are connected are asked to sync: any of them may be shown it. */
  private async readWithRetries<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.reads.read(work);
      } catch (error) {
        if (attempt === MAX_PROFILE_READS) {
          this.askAllToSync();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, PROFILE_RETRY_MS).unref());
      }
    }
  }

  /** While all are being asked, none is asked once more: what could not be read meanwhile was stored before the first of them was. */
  private askAllToSync(): void {
    const now = performance.now();
    if (now < this.asksAllUntil) return;
    this.asksAllUntil = now + SYNC_SPREAD_MS;
    this.broadcaster.askToSync(this.rooms.awaitedUserIds(), true);
  }

  private messagesCreated({ messages }: DomainEvents['messages.created']): void {
    for (const { begins, message } of messages) {
      if (begins !== true) continue;
      const { conversationId, senderId } = message;
      this.presenceBegins(conversationId, senderId).catch((error: unknown) => this.turns.missed(error, conversationId));
    }
  }

  /** A user who writes to somebody for the first time is shown to it from then on. */
  private async presenceBegins(conversationId: string, userId: string): Promise<void> {
    const memberIds = await this.access.memberIds(conversationId);
    await this.showPresence(
      userId,
      memberIds.filter((id) => id !== userId),
    );
  }

  /** Neither was shown what the other's presence became while the block was there. */
  private blockRemoved({ blockerId, blockedId }: DomainEvents['block.removed']): void {
    for (const [userId, viewerId] of [
      [blockerId, blockedId],
      [blockedId, blockerId],
    ] as const)
      this.showPresence(userId, [viewerId]).catch((error: unknown) =>
        this.logger.warn(`the presence behind a block was not delivered: ${(error as Error).message}`),
      );
  }

  /** To those of them who are connected here, or may come back, and who are shown it at all. */
  private async showPresence(userId: string, userIds: readonly string[]): Promise<void> {
    const viewerIds = this.rooms.awaitedAmong(userIds);
    if (viewerIds.length === 0) return;
    const users = await this.reads.read(() => this.users.viewsFor(viewerIds, [userId], false));
    for (const viewerId of viewerIds) {
      const { isOnline, lastSeenAt = null } = users.get(viewerId)?.get(userId) ?? {};
      if (isOnline !== undefined)
        this.broadcaster.toUsers([viewerId], 'presence:update', { userId, isOnline, lastSeenAt });
    }
  }
}

/** Whose turn it is to deliver what happens between two users, whichever of them did it. */
function pairKey(one: string, other: string): string {
  return [one, other].sort().join(':');
}
