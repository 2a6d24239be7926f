import { Injectable } from '@nestjs/common';
import { Configuration } from '../../../config/configuration.js';
import { ConversationAccess } from '../../../conversations/conversation-access.js';
import type { DomainEvents } from '../../../events/domain-events.js';
import { EventBus } from '../../../events/event-bus.js';
import type { MessageView } from '../../../views/messages.view.js';
import { Broadcaster } from '../broadcaster.js';
import { ConversationViews } from '../conversation-views.js';
import { DeliveryTurns } from '../delivery-turns.js';
import { Newcomers } from '../newcomers.js';
import { Rooms } from '../rooms.js';

/** Where nobody of a conversation is here, only of its first messages it is looked up whether somebody should be. */
const MAX_FIRST = 5;

/** Lets members into the rooms of their conversations, and those who left out of them, and sends them that. */
@Injectable()
export class MembershipRelay {
  /** By conversation: so often it is being looked up who is to be let in. */
  private readonly admissions = new Map<string, number>();

  constructor(
    events: EventBus,
    private readonly turns: DeliveryTurns,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly access: ConversationAccess,
    private readonly views: ConversationViews,
    private readonly newcomers: Newcomers,
    private readonly configuration: Configuration,
  ) {
    events.subscribeToAll('conversation.joined', (event) => this.conversationJoined(event));
    events.subscribeToAll('membership.found', (event) => this.membershipFound(event));
  }

  private conversationJoined({ conversationId, userIds }: DomainEvents['conversation.joined']): void {
    // Messages of other processes than the one that made it may have come before it.
    this.joined(conversationId, userIds, this.turns.sequencer.knows(conversationId));
  }

  /** @param hasMissed messages may have been delivered to others before */
  joined(conversationId: string, userIds: readonly string[], hasMissed: boolean): void {
    if (!this.configuration.isOneOfSeveral) return this.views.send('conversation:new', conversationId, userIds);
    this.turns.sequencer.inTurn(conversationId, () => this.letIn(conversationId, userIds, hasMissed));
  }

  left(conversationId: string, userId: string): void {
    this.turns.sequencer.inTurn(conversationId, () => this.takeOut(conversationId, [userId]));
  }

  /** In the conversation's turn. First out, then `conversation:removed`: once, however often it is found that somebody left. */
  takeOut(conversationId: string, userIds: readonly string[]): void {
    for (const userId of userIds) {
      const wasIn = this.rooms.disagrees(userId, conversationId, false);
      this.rooms.leaveConversation(userId, conversationId);
      if (wasIn) this.broadcaster.toUsers([userId], 'conversation:removed', { conversationId });
    }
  }

  /**
   * Where one process makes a conversation, or adds somebody, another may store a message there before it receives that: its
   * own users are let in before the message is delivered to them.
   */
  admit({ conversationId, senderId, seq }: MessageView): void {
    if (!this.configuration.isOneOfSeveral) return;
    const isNew = seq <= MAX_FIRST && !this.rooms.concerns(conversationId, []) && this.rooms.hasConnections();
    if (!isNew && !this.rooms.disagrees(senderId, conversationId, true)) return;
    this.admissions.set(conversationId, (this.admissions.get(conversationId) ?? 0) + 1);
    this.turns.sequencer.inTurn(conversationId, () =>
      this.lookUpMembers(conversationId, senderId, seq).finally(() => this.admitted(conversationId)),
    );
  }

  private async lookUpMembers(conversationId: string, senderId: string, seq: number): Promise<void> {
    const [memberIds, sender] = await Promise.all([
      this.access.memberIds(conversationId),
      this.access.membersAmong(conversationId, [senderId]),
    ]);
    const ids = [...new Set([...memberIds, ...sender.keys()])];
    // Not those who joined behind the message, whose event is still to come as well.
    const { blindIds } = await this.access.audience(conversationId, seq, [], undefined, ids);
    const hereIds = new Set(this.rooms.connectedAmong(ids));
    // Most were members before: who is here and in keeps its lost connections.
    const isOutside = (id: string): boolean => !hereIds.has(id) || this.rooms.mayDisagree(id, conversationId, true);
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

  /** Whether an event of this conversation, or about these users, can concern anybody here, or somebody who may have to be let in. */
  concerns(conversationId: string | undefined, userIds: readonly string[]): boolean {
    if (conversationId !== undefined) {
      // What is being read is old by the time that it is applied: who joins meanwhile is let in behind it.
      if (this.admissions.has(conversationId) || this.turns.sequencer.isInTurn(conversationId)) return true;
    }
    return this.rooms.concerns(conversationId, userIds);
  }

  /** In the conversation's turn. Those who are in already are not sent it again. */
  private async letIn(conversationId: string, userIds: readonly string[], hasMissed: boolean): Promise<void> {
    const newIds = this.newAmong(userIds, conversationId);
    const hereIds = new Set(this.rooms.connectedAmong(userIds));
    // Connections that are lost must not come back as if they had been in. A user who is in already is not let in again: this may be
    // late, and whoever reads the database at this moment knows better.
    this.rooms.forgetLost(userIds);
    this.rooms.joinConversation(
      userIds.filter((id) => !hereIds.has(id) || this.rooms.mayDisagree(id, conversationId, true)),
      conversationId,
    );
    await this.views.sendEach('conversation:new', conversationId, newIds, newIds);
    // They joined behind messages that were delivered here.
    if (hasMissed) this.broadcaster.askForMissed(conversationId, newIds);
  }

  /** These users as the database has them by now, in the conversation's turn. */
  reconcile(conversationId: string, userIds: readonly string[]): void {
    this.turns.sequencer.inTurn(conversationId, async () => {
      const found = await this.present(conversationId, userIds);
      const newIds = this.newAmong(found.joinedIds, conversationId);
      try {
        await this.applyFound(found);
      } finally {
        this.broadcaster.askForMissed(conversationId, newIds);
      }
    });
  }

  /**
   * Those of these users with whom the rooms do not agree, or may not. Where that cannot be read their connections end, those too that
   * are being let in: it is found no more, and they come back to what the database says then.
   */
  private async present(conversationId: string, userIds: readonly string[]): Promise<DomainEvents['membership.found']> {
    const members = await this.access.membersAmong(conversationId, userIds).catch((error: unknown) => {
      this.rooms.outdate(userIds);
      this.broadcaster.endUsers(userIds);
      throw error;
    });
    const wrong = userIds.filter((id) => this.rooms.mayDisagree(id, conversationId, members.has(id)));
    const joinedIds = wrong.filter((id) => members.has(id));
    return {
      conversationId,
      joinedIds,
      leftIds: wrong.filter((id) => !members.has(id)),
      firstSeq: Math.max(1, ...joinedIds.map((id) => members.get(id) ?? 1)),
    };
  }

  /** Not those who are in with all of their connections, or have none. */
  private newAmong(userIds: readonly string[], conversationId: string): string[] {
    return userIds.filter((id) => this.rooms.disagrees(id, conversationId, true));
  }

  private membershipFound(found: DomainEvents['membership.found']): void {
    const { conversationId, joinedIds, leftIds } = found;
    const { sequencer } = this.turns;
    if (!sequencer.isInTurn(conversationId)) return sequencer.inTurn(conversationId, () => this.applyFound(found));
    sequencer.inTurn(conversationId, async () => {
      // What was found is old by the time that it is its turn.
      await this.applyFound(await this.present(conversationId, [...joinedIds, ...leftIds]));
    });
  }

  /** In the conversation's turn. */
  private async applyFound({
    conversationId,
    joinedIds,
    leftIds,
    firstSeq,
  }: DomainEvents['membership.found']): Promise<void> {
    this.takeOut(conversationId, leftIds);
    if (joinedIds.length === 0) return;
    this.newcomers.note(conversationId, firstSeq);
    const newIds = this.newAmong(joinedIds, conversationId);
    this.rooms.joinConversation(joinedIds, conversationId);
    if (newIds.length === 0) return;
    try {
      await this.views.sendEach('conversation:new', conversationId, newIds, newIds);
    } finally {
      // What was delivered before they came; those who can sync are asked to.
      this.broadcaster.endUnsyncable([conversationId], newIds);
    }
  }
}
