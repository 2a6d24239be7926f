import { Injectable } from '@nestjs/common';
import type { CreatedMessage, DomainEvents, GroupChange } from '../../../events/domain-events.js';
import { EventBus } from '../../../events/event-bus.js';
import type { FoundMessage, PlacedMessage } from '../../../messages/reading/message-reader.js';
import { quotationCopies } from '../../../messages/reading/quotation.js';
import { Audiences } from '../audiences.js';
import { Broadcaster } from '../broadcaster.js';
import { GAP_TIMEOUT_MS, REPAIR_TIMEOUT_MS } from '../conversation-sequencer.js';
import { ConversationViews } from '../conversation-views.js';
import { DeliveryTurns } from '../delivery-turns.js';
import { HiddenMessages } from '../hidden-messages.js';
import { MembershipRelay } from './membership-relay.js';
import { MessageChangeRelay } from './message-change-relay.js';
import { Newcomers } from '../newcomers.js';
import { Rooms } from '../rooms.js';

/** Sends messages, and how far they were read: `message:new`, `receipt:read`, `receipt:delivered`. Decides who receives them. */
@Injectable()
export class MessageRelay {
  constructor(
    events: EventBus,
    private readonly turns: DeliveryTurns,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly audiences: Audiences,
    private readonly members: MembershipRelay,
    private readonly views: ConversationViews,
    private readonly hidden: HiddenMessages,
    private readonly newcomers: Newcomers,
    private readonly changes: MessageChangeRelay,
  ) {
    events.subscribeToAll('messages.created', (event) => this.messagesCreated(event));
    events.subscribeToAll('receipt.moved', (event) => this.receiptMoved(event));
  }

  private messagesCreated({ messages }: DomainEvents['messages.created']): void {
    for (const created of messages) {
      const { conversationId, seq } = created.message;
      const { group } = created;
      this.turns.sequencer.inSequence(conversationId, seq, (isLate) => {
        if (group === undefined) {
          this.members.admit(created.message);
          this.sendMessage(created, [], isLate);
        } else if (isLate) this.lateGroupChange(created, group);
        else this.groupChanged(created, group);
      });
    }
  }

  /**
   * @param isLate members may have come and gone since it was stored: whoever joined after it is in the room by now, and must
   *   not receive it
   */
  private sendMessage(created: CreatedMessage, exceptIds: readonly string[] = [], isLate = false, xid?: bigint): void {
    const { conversationId, seq } = created.message;
    // Behind the conversation itself, where that is still being sent to new members.
    this.turns.sequencer.inTurn(conversationId, () => {
      if (!isLate && !this.newcomers.areBehind(conversationId, seq)) return this.writeMessage(created, exceptIds, xid);
      return this.audiences.of(conversationId, seq).then(({ blindIds, leftIds, firstSeq, unknownIds }) => {
        // So that nobody needs to be asked about for what comes behind this: who left is out, and who is back is known as one who came.
        this.members.takeOut(conversationId, leftIds);
        this.newcomers.note(conversationId, firstSeq);
        if (unknownIds.length === 0) this.turns.sequencer.settle(conversationId, seq, this.rooms.lettingInSince);
        this.writeMessage(created, [...exceptIds, ...blindIds], xid);
        this.broadcaster.askForMissed(conversationId, unknownIds);
      });
    });
  }

  /**
   * One encoding for all but those who may not read what it quotes. A change that another process made may have been sent before the
   * message arrived: it would show again what was deleted, and its members are asked to sync instead.
   */
  private writeMessage(
    { message, conversation, connectionId, limits }: CreatedMessage,
    blindIds: readonly string[],
    xid: bigint | undefined,
  ): void {
    if (this.changes.hasSentLater(message)) {
      this.broadcaster.toConversation(message.conversationId, 'sync:needed', {}, { userIds: blindIds });
      return this.broadcaster.endUnsyncable([message.conversationId]);
    }
    const exceptIds = [...blindIds, ...this.hidden.from(message)];
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

  /** First out, or in, then delivered: who left is not among those who receive it, and who joined is. */
  private groupChanged(created: CreatedMessage, { isNew, joinedIds = [], leftId }: GroupChange): void {
    const { conversationId, senderId } = created.message;
    if (leftId !== undefined) this.members.left(conversationId, leftId);
    if (joinedIds.length > 0) this.members.joined(conversationId, joinedIds, false);
    this.sendMessage(created);
    if (isNew !== true) this.views.sendToAll(conversationId, [senderId, ...joinedIds]);
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
    this.members.reconcile(conversationId, userIds);
    this.sendMessage(created, exceptIds, true, xid);
    this.views.sendToAll(conversationId, [senderId]);
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

  /**
   * Whether a message that was found in the database was not delivered here, does not wait to be, and somebody is here who was
   * let in before it.
   */
  isMissing({ conversationId, seq, xid }: PlacedMessage): boolean {
    return (
      this.turns.sequencer.isMissing(conversationId, seq) &&
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
      this.turns.sequencer.ifMissing(conversationId, seq, (isLate) => {
        if (system === undefined) this.sendMessage(created, blindIds, isLate, xid);
        else this.applyStored(created, [senderId, ...system.userIds], blindIds, xid);
      });
    }
  }

  /**
   * All of it up to these numbers was found, and is repaired now: it was delivered, or who is concerned is asked to sync.
   * @param unread conversations of which more was missed than was read
   */
  repaired(upTo: ReadonlyMap<string, number>, unread: ReadonlySet<string>): void {
    for (const [conversationId, seq] of upTo) this.turns.sequencer.closeGaps(conversationId, seq);
    for (const conversationId of unread) this.turns.sequencer.forgetGaps(conversationId);
  }

  /**
   * What is known of what other processes stored: it arrives; it may have been lost, and is about to be read from the database; or
   * nothing of it arrives, and it is read now and then.
   */
  set arrival(arrival: 'live' | 'repaired' | 'read') {
    this.turns.sequencer.gapTimeoutMs = { live: GAP_TIMEOUT_MS, repaired: REPAIR_TIMEOUT_MS, read: 0 }[arrival];
  }

  /** A message that concerns nobody who is connected here was published by another process, and was not delivered. */
  passOver(conversationId: string, seq: number): void {
    this.turns.sequencer.passOver(conversationId, seq);
  }
}
