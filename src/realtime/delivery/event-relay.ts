import { Injectable, Logger } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { ConversationAccess, MAX_LIVE_AUDIENCE } from '../../conversations/conversation-access.js';
import { Configuration } from '../../config/configuration.js';
import { ConversationReader } from '../../conversations/reading/conversation-reader.js';
import type { CreatedMessage, DomainEvents, GroupChange } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import type { FriendRequestView } from '../../friends/friends.view.js';
import { hiddenMessage } from '../../messages/reading/message-row.js';
import type { MessageView } from '../../messages/messages.view.js';
import type { FoundMessage, PlacedMessage } from '../../messages/reading/message-reader.js';

import { hiddenQuotation, quotationCopies, unavailableQuotation } from '../../messages/reading/quotation.js';
import { PresenceStore } from '../../presence/presence-store.js';
import { UsersService } from '../../users/users.service.js';
import { Broadcaster } from './broadcaster.js';
import { ConversationSequencer, GAP_TIMEOUT_MS, REPAIR_TIMEOUT_MS } from './conversation-sequencer.js';
import { Rooms } from './rooms.js';

type FriendEvent =
  | 'friend:request_sent'
  | 'friend:request_accepted'
  | 'friend:request_rejected'
  | 'friend:request_cancelled';

/** Views of a conversation that are read at once. */
const MAX_VIEWS_A_READ = 50;
/** Members in all the views that are encoded before others get their turn. */
const MAX_MEMBERS_A_TURN = 1_000;

/** Where several processes store messages: as long as one of them may take to arrive behind the other's. */
const FIRST_HOLD_MS = 200;

/** Where nobody of a conversation is here, only of its first messages it is looked up whether somebody should be. */
const MAX_FIRST = 5;

/** Messages that somebody deleted for itself last: more than change while a change of them waits for its turn. */
const MAX_HIDDEN = 10_000;

/** Views that are out of date when they are read are read again, so often at the most. */
const MAX_READS = 3;

/** Turns what happened into server events, and decides who receives them. */
@Injectable()
export class EventRelay {
  private readonly logger = new Logger(EventRelay.name);
  private readonly sequencer: ConversationSequencer;
  /** How often anybody's profile or presence has changed. */
  private userChanges = 0;
  /** By conversation whose members are all to be sent its view: the turn that sends it. */
  private readonly latestTurns = new Map<string, object>();
  /** By conversation: so often it is being looked up who is to be let in. */
  private readonly admissions = new Map<string, number>();
  /** By message and user: the version that was shown deleted to this user alone. */
  private readonly hidden = new BoundedMap<string, Map<string, number>>(MAX_HIDDEN);

  constructor(
    events: EventBus,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly users: UsersService,
    private readonly conversations: ConversationReader,
    private readonly access: ConversationAccess,
    private readonly presence: PresenceStore,
    private readonly configuration: Configuration,
  ) {
    this.sequencer = new ConversationSequencer(
      (error, id) => this.missed(error, id),
      configuration.isOneOfSeveral ? FIRST_HOLD_MS : 0,
    );
    events.subscribeToAll('messages.created', (event) => this.messagesCreated(event));
    events.subscribeToAll('message.changed', (event) => this.messageChanged(event));
    events.subscribeToAll('message.hidden', (event) => this.messageHidden(event));
    // One event and not one for each message: who is connected syncs, who is not does so when it comes.
    events.subscribeToAll('messages.expired', ({ conversationId }) =>
      this.broadcaster.toConversation(conversationId, 'sync:needed', {}),
    );
    events.subscribeToAll('receipt.moved', (event) => this.receiptMoved(event));
    events.subscribeToAll('conversation.joined', (event) => this.conversationJoined(event));
    events.subscribeToAll('conversation.changed', (event) => this.conversationChanged(event));
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
    events.subscribeToAll('user.changed', (event) => {
      this.userChanges += 1;
      this.userChanged(event);
    });
    events.subscribeToAll('presence.changed', () => {
      this.userChanges += 1;
    });
    events.subscribeToAll('friendship.removed', (event) => this.friendshipRemoved(event));
    events.subscribeToAll('block.removed', (event) => this.blockRemoved(event));
    events.subscribeToAll('membership.found', (event) => this.membershipFound(event));
    events.subscribeToAll('session.ended', ({ userId, sessionIds, code, suspension }) => {
      this.rooms.endSessions(userId, sessionIds, suspension);
      this.broadcaster.closeSessions(sessionIds, code, suspension);
    });
  }

  private messagesCreated({ messages }: DomainEvents['messages.created']): void {
    for (const created of messages) {
      const { conversationId, seq, senderId } = created.message;
      const { group } = created;
      this.sequencer.inSequence(conversationId, seq, (isLate) => {
        if (group === undefined) {
          this.admitMembers(created.message);
          this.sendMessage(created, [], isLate);
        } else if (isLate) this.lateGroupChange(created, group);
        else this.groupChanged(created, group);
      });
      if (created.begins === true)
        this.presenceBegins(conversationId, senderId).catch((error: unknown) => this.missed(error, conversationId));
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

  /** To those of them who are connected here, and who are shown it at all. */
  private async showPresence(userId: string, userIds: readonly string[]): Promise<void> {
    const viewerIds = this.rooms.connectedAmong(userIds);
    if (viewerIds.length === 0) return;
    const users = await this.users.viewsFor(viewerIds, [userId], false);
    for (const viewerId of viewerIds) {
      const { isOnline, lastSeenAt = null } = users.get(viewerId)?.get(userId) ?? {};
      if (isOnline !== undefined)
        this.broadcaster.toUsers([viewerId], 'presence:update', { userId, isOnline, lastSeenAt });
    }
  }

  /**
   * @param isLate members may have come and gone since it was stored: whoever joined after it is in the room by now, and must
   *   not receive it
   */
  private sendMessage(created: CreatedMessage, exceptIds: readonly string[] = [], isLate = false, xid?: bigint): void {
    const { conversationId, seq } = created.message;
    // Behind the conversation itself, where that is still being sent to new members.
    this.sequencer.inTurn(conversationId, () => {
      if (!isLate) return this.writeMessage(created, exceptIds, xid);
      return this.access
        .audience(conversationId, seq, [], undefined, this.rooms.awaitedMembers(conversationId))
        .then(({ blindIds }) => this.writeMessage(created, [...exceptIds, ...blindIds], xid));
    });
  }

  /** One encoding for all but those who may not read what it quotes. */
  private writeMessage(
    { message, conversation, connectionId, limits }: CreatedMessage,
    exceptIds: readonly string[],
    xid: bigint | undefined,
  ): void {
    const isSilent = connectionId !== undefined && this.broadcaster.isEchoOff(connectionId);
    const ahead = xid === undefined ? [] : this.broadcaster.connectionsAhead(message.conversationId, xid);
    const connectionIds = isSilent ? [connectionId, ...ahead] : ahead;
    const allCopies = limits === undefined ? [] : quotationCopies(message, limits);
    // In a large group nearly all of its members may be those whose history begins later, and few of them are there.
    const copies = allCopies.map((copy) => ({ ...copy, userIds: this.rooms.awaitedAmong(copy.userIds) }));
    this.broadcaster.toConversation(
      message.conversationId,
      'message:new',
      { message, conversation },
      { connectionIds, userIds: [...exceptIds, ...copies.flatMap(({ userIds }) => userIds)] },
    );
    for (const { userIds, message: copy } of copies)
      this.broadcaster.toUsers(
        userIds.filter((id) => !exceptIds.includes(id)),
        'message:new',
        { message: copy, conversation },
        connectionIds,
      );
  }

  private messageChanged(change: DomainEvents['message.changed']): void {
    const { conversationId, seq } = change.message;
    this.sequencer.afterSequence(conversationId, seq, () =>
      this.sequencer.inTurn(conversationId, () => this.sendChange(change)),
    );
  }

  /** Waits for no turn: a message is shown again to nobody who has deleted it. */
  private messageHidden({ userId, message }: DomainEvents['message.hidden']): void {
    const versions = this.hidden.get(message.id) ?? new Map<string, number>();
    this.hidden.set(message.id, versions.set(userId, message.version));
    this.broadcaster.toUsers([userId], 'message:deleted', { message });
  }

  /**
   * Who was shown this version deleted, or a later one, since it was read what the change looks like to whom. What was deleted at
   * an earlier version was deleted before the change, which knows of it.
   */
  private hiddenFrom({ id, version }: MessageView): string[] {
    const versions = this.hidden.get(id);
    if (versions === undefined) return [];
    return [...versions].filter(([, shown]) => shown >= version).map(([userId]) => userId);
  }

  /**
   * One encoding for all but those who see it otherwise: who reacted (`mine`), who deleted it, or what it quotes, for
   * itself, and whose history begins after what it quotes.
   */
  private async sendChange(change: DomainEvents['message.changed']): Promise<void> {
    const { message, deleted, reactorIds, hiddenAt, quotationHiddenAt } = change;
    const { conversationId, seq, replyTo } = message;
    const name = deleted ? 'message:deleted' : 'message:updated';
    const special = [
      ...new Set([...Object.keys(reactorIds), ...Object.keys(quotationHiddenAt), ...Object.keys(hiddenAt)]),
    ];
    // Asked in the conversation's turn, so that nobody joins or leaves between this and the sending.
    const audience = await this.access.audience(
      conversationId,
      seq,
      special,
      replyTo?.seq,
      this.rooms.awaitedMembers(conversationId),
    );
    const { blindIds, seeingIds, quotationBlindIds } = audience;
    const hiddenFrom = this.hiddenFrom(message);
    const others = { userIds: [...new Set([...seeingIds, ...blindIds, ...hiddenFrom])] };
    this.broadcaster.toConversation(conversationId, name, { message: asSeenBy(message, []) }, others);
    const blindToQuotation = new Set(quotationBlindIds);
    const copies = new Map<string, { userIds: string[]; event: typeof name; message: MessageView }>();
    for (const userId of seeingIds) {
      if (hiddenFrom.includes(userId)) continue;
      const at = hiddenAt[userId];
      const quotationAt = quotationHiddenAt[userId];
      const emojis = reactorIds[userId] ?? [];
      const isBlind = blindToQuotation.has(userId);
      const key = JSON.stringify([at, isBlind, quotationAt, [...emojis].sort()]);
      const copy = copies.get(key);
      if (copy !== undefined) {
        copy.userIds.push(userId);
        continue;
      }
      const seen = asSeenBy(quotedFor(message, isBlind, quotationAt), emojis);
      copies.set(key, {
        userIds: [userId],
        event: at === undefined ? name : 'message:deleted',
        message: at === undefined ? seen : hiddenMessage(message, at),
      });
    }
    for (const { userIds, event, message: copy } of copies.values())
      this.broadcaster.toUsers(userIds, event, { message: copy });
  }

  private receiptMoved({ kind, isLarge, hiddenFrom, ...receipt }: DomainEvents['receipt.moved']): void {
    if (isLarge) return;
    this.broadcaster.toConversation(
      receipt.conversationId,
      kind === 'read' ? 'receipt:read' : 'receipt:delivered',
      receipt,
      { userIds: hiddenFrom },
    );
  }

  private conversationJoined({ conversationId, userIds }: DomainEvents['conversation.joined']): void {
    // Messages of other processes than the one that made it may have come before it.
    this.conversationNew(conversationId, userIds, this.sequencer.knows(conversationId));
  }

  private conversationNew(conversationId: string, userIds: readonly string[], hasMissed: boolean): void {
    if (!this.configuration.isOneOfSeveral) return this.sendViews('conversation:new', conversationId, userIds);
    this.sequencer.inTurn(conversationId, () => this.letIn(conversationId, userIds, hasMissed));
  }

  /**
   * Where one process makes a conversation, or adds somebody, another may store a message there before it receives that: its
   * own users are let in before the message is delivered to them.
   */
  private admitMembers({ conversationId, senderId, seq }: MessageView): void {
    if (!this.configuration.isOneOfSeveral) return;
    const isNew = seq <= MAX_FIRST && !this.rooms.concerns(conversationId, []) && this.rooms.hasConnections();
    if (!isNew && !this.rooms.disagrees(senderId, conversationId, true)) return;
    this.admissions.set(conversationId, (this.admissions.get(conversationId) ?? 0) + 1);
    this.sequencer.inTurn(conversationId, () =>
      this.lookUpMembers(conversationId, senderId, seq).finally(() => this.admitted(conversationId)),
    );
  }

  private async lookUpMembers(conversationId: string, senderId: string, seq: number): Promise<void> {
    const [memberIds, senderIds] = await Promise.all([
      this.access.memberIds(conversationId),
      this.access.membersAmong(conversationId, [senderId]),
    ]);
    const ids = [...new Set([...memberIds, ...senderIds])];
    // Not those who joined behind the message, whose event is still to come as well.
    const { blindIds } = await this.access.audience(conversationId, seq, [], undefined, ids);
    const hereIds = new Set(this.rooms.connectedAmong(ids));
    // Most were members before: what they have lost they get back.
    const isOutside = (id: string): boolean => !hereIds.has(id) || this.rooms.disagrees(id, conversationId, true);
    await this.letIn(
      conversationId,
      ids.filter((id) => !blindIds.includes(id) && isOutside(id)),
      false,
    );
  }

  private admitted(conversationId: string): void {
    const left = (this.admissions.get(conversationId) ?? 1) - 1;
    if (left > 0) this.admissions.set(conversationId, left);
    else this.admissions.delete(conversationId);
  }

  /** Whether it is being looked up who is to be let in here: until then what happens in it may concern somebody. */
  isAdmitting(conversationId: string | undefined): boolean {
    return conversationId !== undefined && this.admissions.has(conversationId);
  }

  /**
   * In the conversation's turn. Those who are in already are not sent it again.
   * @param hasMissed messages may have been delivered to others before
   */
  private async letIn(conversationId: string, userIds: readonly string[], hasMissed: boolean): Promise<void> {
    const newIds = userIds.filter((id) => this.rooms.disagrees(id, conversationId, true));
    const hereIds = new Set(this.rooms.connectedAmong(userIds));
    // Connections that are lost must not come back as if they had been in. Who is in already is not let in again: this may be late,
    // and whoever reads the database at this moment knows better.
    this.rooms.forgetLost(userIds);
    this.rooms.joinConversation(
      userIds.filter((id) => newIds.includes(id) || !hereIds.has(id)),
      conversationId,
    );
    await this.sendEach('conversation:new', conversationId, this.rooms.connectedAmong(newIds), newIds);
    if (hasMissed && newIds.length > 0) this.askForMissed(conversationId, newIds);
  }

  /** These users joined behind messages that were delivered here. */
  private askForMissed(conversationId: string, userIds: readonly string[]): void {
    this.broadcaster.toUsers(userIds, 'sync:needed', {});
    this.broadcaster.endUnsyncable([conversationId], userIds);
  }

  private conversationChanged({ conversationId, userIds }: DomainEvents['conversation.changed']): void {
    if (userIds === undefined) this.sendViewsToAll(conversationId, []);
    else this.sendViews('conversation:updated', conversationId, userIds);
  }

  /** First out, or in, then delivered: who left is not among those who receive it, and who joined is. */
  private groupChanged(created: CreatedMessage, { isNew, joinedIds = [], leftId }: GroupChange): void {
    const { conversationId, senderId } = created.message;
    if (leftId !== undefined) this.conversationLeft(conversationId, leftId);
    if (joinedIds.length > 0) this.conversationNew(conversationId, joinedIds, false);
    this.sendMessage(created);
    if (isNew !== true) this.sendViewsToAll(conversationId, [senderId, ...joinedIds]);
  }

  /**
   * Later members may have left meanwhile, and who had left be back: what came too late for its place in the order is applied
   * as far as the database still says so.
   */
  private lateGroupChange(created: CreatedMessage, change: GroupChange): void {
    const { joinedIds = [], leftId } = change;
    this.applyStored(created, leftId === undefined ? joinedIds : [...joinedIds, leftId], []);
  }

  private applyStored(
    created: CreatedMessage,
    userIds: readonly string[],
    exceptIds: readonly string[],
    xid?: bigint,
  ): void {
    const { conversationId, senderId } = created.message;
    this.sequencer.inTurn(conversationId, async () => {
      const memberIds = new Set(await this.access.membersAmong(conversationId, userIds));
      const wrong = userIds.filter((id) => this.rooms.disagrees(id, conversationId, memberIds.has(id)));
      const joinedIds = wrong.filter((id) => memberIds.has(id));
      this.applyFound(
        conversationId,
        joinedIds,
        wrong.filter((id) => !memberIds.has(id)),
      );
      if (joinedIds.length > 0) this.askForMissed(conversationId, joinedIds);
    });
    this.sendMessage(created, exceptIds, true, xid);
    this.sendViewsToAll(conversationId, [senderId]);
  }

  private membershipFound({ conversationId, joinedIds, leftIds }: DomainEvents['membership.found']): void {
    this.sequencer.inTurn(conversationId, () => this.applyFound(conversationId, joinedIds, leftIds));
  }

  /** In the conversation's turn. Behind it, those who joined are sent the conversation. */
  private applyFound(conversationId: string, joinedIds: readonly string[], leftIds: readonly string[]): void {
    for (const userId of leftIds) {
      this.rooms.leaveConversation(userId, conversationId);
      this.broadcaster.toUsers([userId], 'conversation:removed', { conversationId });
    }
    if (joinedIds.length === 0) return;
    this.rooms.joinConversation(joinedIds, conversationId);
    this.sendViews('conversation:new', conversationId, joinedIds);
  }

  /**
   * Whether a message that was found in the database was not delivered here, does not wait to be, and somebody is here who was
   * let in before it.
   */
  isMissing({ conversationId, seq, xid }: PlacedMessage): boolean {
    return (
      this.sequencer.isMissing(conversationId, seq) &&
      this.broadcaster.hasConnectionsBehind(conversationId, BigInt(xid))
    );
  }

  /**
   * Messages that another process stored, and whose event may not have arrived: those that were not delivered yet are, to who was
   * let in before them.
   * @param places at least of these messages
   */
  deliverMissing(messages: readonly FoundMessage[], places: readonly PlacedMessage[]): void {
    const xids = new Map(places.map(({ id, xid }) => [id, BigInt(xid)]));
    for (const { created, blindIds } of messages) {
      const xid = xids.get(created.message.id);
      const { conversationId, seq, system, senderId } = created.message;
      this.sequencer.ifMissing(conversationId, seq, (isLate) => {
        if (system === undefined) this.sendMessage(created, blindIds, isLate, xid);
        else this.applyStored(created, [senderId, ...system.userIds], blindIds, xid);
      });
    }
  }

  /**
   * What is known of what other processes stored: it arrives; it may have been lost, and is about to be read from the database; or
   * nothing of it arrives, and it is read now and then.
   */
  set arrival(arrival: 'live' | 'repaired' | 'read') {
    this.sequencer.gapTimeoutMs = { live: GAP_TIMEOUT_MS, repaired: REPAIR_TIMEOUT_MS, read: 0 }[arrival];
  }

  /** A message that concerns nobody who is connected here was published by another process, and was not delivered. */
  passOver(conversationId: string, seq: number): void {
    this.sequencer.passOver(conversationId, seq);
  }

  private conversationLeft(conversationId: string, userId: string): void {
    this.sequencer.inTurn(conversationId, () => {
      this.rooms.leaveConversation(userId, conversationId);
      this.broadcaster.toUsers([userId], 'conversation:removed', { conversationId });
    });
  }

  private sendViews(
    name: 'conversation:new' | 'conversation:updated',
    conversationId: string,
    userIds: readonly string[],
  ): void {
    this.sequencer.inTurn(conversationId, async () => {
      // In its turn as well: what still waits to be sent is from before, and not for who joins now.
      if (name === 'conversation:new') this.rooms.joinConversation(userIds, conversationId);
      await this.sendEach(name, conversationId, this.rooms.connectedAmong(userIds), userIds);
    });
  }

  /**
   * Where several changes wait for their turn, only the last one is sent: each view is of the present state, and where
   * somebody renames a group again and again, it is not read for a thousand members each time.
   */
  private sendViewsToAll(conversationId: string, firstIds: readonly string[]): void {
    const turn = {};
    this.latestTurns.set(conversationId, turn);
    this.sequencer.inTurn(conversationId, async () => {
      if (this.latestTurns.get(conversationId) !== turn) return;
      this.latestTurns.delete(conversationId);
      const viewerIds = this.rooms.connectedMembers(conversationId);
      await this.sendEach('conversation:updated', conversationId, viewerIds, firstIds, conversationId);
    });
  }

  /** In slices, so that no more is read, encoded and written before others get their turn. */
  private async sendEach(
    name: 'conversation:new' | 'conversation:updated',
    conversationId: string,
    viewerIds: readonly string[],
    firstIds: readonly string[],
    missedBy?: string,
  ): Promise<void> {
    for (let start = 0; start === 0 || start < viewerIds.length; start += MAX_VIEWS_A_READ) {
      const slice = viewerIds.slice(start, start + MAX_VIEWS_A_READ);
      const views = await this.current(() => this.conversations.viewsFor(conversationId, slice, firstIds));
      const payloads = views.map(({ userId, conversation }) => ({ userId, payload: { conversation } }));
      const shown = views[0]?.conversation.members.length ?? 1;
      const aTurn = Math.ceil(MAX_MEMBERS_A_TURN / shown);
      for (let sent = 0; sent === 0 || sent < payloads.length; sent += aTurn) {
        if (sent > 0) await new Promise(setImmediate);
        this.broadcaster.toEach(name, payloads.slice(sent, sent + aTurn), missedBy);
      }
    }
  }

  private friendRequest(name: FriendEvent, request: FriendRequestView, receivers: readonly string[]): void {
    const both = [request.senderId, request.receiverId];
    this.inTurnOf(request.id, receivers, async () => {
      const users = await this.current(() => this.users.viewsFor(receivers, both, false));
      for (const userId of receivers) {
        const user = users.get(userId)?.get(userId === request.senderId ? request.receiverId : request.senderId);
        if (user !== undefined) this.broadcaster.toUsers([userId], name, { request, user });
      }
    });
  }

  /** Friend events are the other side's: the devices of who acted learn of it by sync. */
  private askToSync(userId: string): void {
    this.broadcaster.toUsers([userId], 'sync:needed', {});
  }

  /** What was read before a profile or presence changed is not sent behind the change: users have no version that would show it. */
  private async current<Result>(read: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const before = this.userChanges;
      const result = await read();
      if (before === this.userChanges || attempt === MAX_READS) return result;
    }
  }

  /** Users who are not connected, or share only a large group with the user, get it by sync. */
  private userChanged({ userId, isDeleted }: DomainEvents['user.changed']): void {
    this.inTurnOf(userId, [userId], async () => {
      const [user, audience] = await this.current(() =>
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
      if (isDeleted) return;
      this.broadcaster.toUsers([userId], 'user:updated', { user: await this.users.requireOwn({ userId }) });
    });
  }

  /** What is no conversation's: these users are asked to sync where it fails. */
  private inTurnOf(id: string, userIds: readonly string[], deliver: () => Promise<void>): void {
    this.sequencer.inTurn(id, () => deliver().catch((error: unknown) => this.missed(error, id, userIds)));
  }

  /**
   * Those whom an event did not reach get it by sync, and are asked to sync now: nobody else knows that there was one.
   * @param id whose turn it was: a conversation's, or of those users who are named
   */
  private missed(error: unknown, id: string, userIds: readonly string[] = []): void {
    this.logger.error('an event could not be delivered', error instanceof Error ? error.stack : String(error));
    this.broadcaster.toConversation(id, 'sync:needed', {});
    this.broadcaster.toUsers(userIds, 'sync:needed', {});
  }

  private friendshipRemoved({ userIds: [one, other], silentFor }: DomainEvents['friendship.removed']): void {
    if (one !== silentFor) this.broadcaster.toUsers([one], 'friend:removed', { userId: other });
    if (other !== silentFor) this.broadcaster.toUsers([other], 'friend:removed', { userId: one });
  }
}

function quotedFor(message: MessageView, isBlind: boolean, hiddenAt: string | undefined): MessageView {
  const { replyTo } = message;
  if (replyTo === null) return message;
  if (isBlind) return { ...message, replyTo: unavailableQuotation(replyTo) };
  return hiddenAt === undefined ? message : { ...message, replyTo: hiddenQuotation(replyTo, hiddenAt) };
}

function asSeenBy(message: MessageView, ownEmojis: readonly string[]): MessageView {
  return {
    ...message,
    reactions: message.reactions.map((reaction) => ({ ...reaction, mine: ownEmojis.includes(reaction.emoji) })),
  };
}
