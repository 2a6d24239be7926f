import { Injectable } from '@nestjs/common';
import { ConversationReader } from '../../conversations/reading/conversation-reader.js';
import type { DomainEvents } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { Broadcaster } from './broadcaster.js';
import { DeliveryTurns } from './delivery-turns.js';
import { FreshReads } from './fresh-reads.js';
import { Rooms } from './rooms.js';

/** Views of a conversation that are read at once. */
const MAX_VIEWS_A_READ = 50;
/** Members in all the views that are encoded before others get their turn. */
const MAX_MEMBERS_A_TURN = 1_000;

/** Sends members a conversation, as each of them sees it: `conversation:new` and `conversation:updated`. */
@Injectable()
export class ConversationViews {
  /** By conversation whose members are all to be sent its view: the turn that sends it. */
  private readonly latestTurns = new Map<string, object>();

  constructor(
    events: EventBus,
    private readonly turns: DeliveryTurns,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly conversations: ConversationReader,
    private readonly reads: FreshReads,
  ) {
    events.subscribeToAll('conversation.changed', (event) => this.conversationChanged(event));
  }

  private conversationChanged({ conversationId, userIds }: DomainEvents['conversation.changed']): void {
    if (userIds === undefined) this.sendToAll(conversationId, []);
    else this.send('conversation:updated', conversationId, userIds);
  }

  send(name: 'conversation:new' | 'conversation:updated', conversationId: string, userIds: readonly string[]): void {
    this.turns.sequencer.inTurn(conversationId, async () => {
      // In its turn as well: what still waits to be sent is from before, and not for who joins now.
      if (name === 'conversation:new') this.rooms.joinConversation(userIds, conversationId);
      // Also for who is lost: that it missed something is kept, and not the view.
      await this.sendEach(name, conversationId, this.rooms.awaitedAmong(userIds), userIds);
    });
  }

  /**
   * Where several changes wait for their turn, only the last one is sent: each view is of the present state, and where
   * somebody renames a group again and again, it is not read for a thousand members each time.
   */
  sendToAll(conversationId: string, firstIds: readonly string[]): void {
    const turn = {};
    this.latestTurns.set(conversationId, turn);
    this.turns.sequencer.inTurn(conversationId, async () => {
      if (this.latestTurns.get(conversationId) !== turn) return;
      this.latestTurns.delete(conversationId);
      // A connection that is lost, and back before the views are read, is not among those who get one.
      this.broadcaster.keepGap(conversationId);
      const viewerIds = this.rooms.connectedMembers(conversationId);
      await this.sendEach('conversation:updated', conversationId, viewerIds, firstIds, conversationId);
    });
  }

  /** In slices, so that no more is read, encoded and written before others get their turn. */
  async sendEach(
    name: 'conversation:new' | 'conversation:updated',
    conversationId: string,
    viewerIds: readonly string[],
    firstIds: readonly string[],
    missedBy?: string,
  ): Promise<void> {
    for (let start = 0; start === 0 || start < viewerIds.length; start += MAX_VIEWS_A_READ) {
      const slice = viewerIds.slice(start, start + MAX_VIEWS_A_READ);
      const views = await this.reads.read(() => this.conversations.viewsFor(conversationId, slice, firstIds));
      const payloads = views.map(({ userId, conversation }) => ({ userId, payload: { conversation } }));
      const shown = views[0]?.conversation.members.length ?? 1;
      const aTurn = Math.ceil(MAX_MEMBERS_A_TURN / shown);
      for (let sent = 0; sent === 0 || sent < payloads.length; sent += aTurn) {
        if (sent > 0) await new Promise(setImmediate);
        this.broadcaster.toEach(name, payloads.slice(sent, sent + aTurn), missedBy);
      }
    }
  }
}
