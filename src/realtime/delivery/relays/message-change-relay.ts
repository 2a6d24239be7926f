import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../../common/bounded-map.js';
import type { DomainEvents } from '../../../events/domain-events.js';
import { EventBus } from '../../../events/event-bus.js';
import type { MessageView } from '../../../views/messages.view.js';
import { hiddenMessage } from '../../../messages/reading/message-row.js';
import { hiddenQuotation, unavailableQuotation } from '../../../messages/reading/quotation.js';
import { Audiences } from '../audiences.js';
import { Broadcaster } from '../broadcaster.js';
import { DeliveryTurns } from '../delivery-turns.js';
import { HiddenMessages } from '../hidden-messages.js';

/** Messages whose last version sent is remembered: more than have changes under way at once. */
const MAX_VERSIONS = 10_000;

/** Sends what becomes of messages after they were sent: `message:updated` and `message:deleted`. */
@Injectable()
export class MessageChangeRelay {
  /** By message: the highest version that was sent. */
  private readonly versions = new BoundedMap<string, number>(MAX_VERSIONS);
  /** By message: the change that waits for its turn. No more than there are turns that wait. */
  private readonly waiting = new Map<string, DomainEvents['message.changed']>();

  constructor(
    events: EventBus,
    private readonly turns: DeliveryTurns,
    private readonly broadcaster: Broadcaster,
    private readonly audiences: Audiences,
    private readonly hidden: HiddenMessages,
  ) {
    events.subscribeToAll('message.changed', (event) => this.messageChanged(event));
    // Waits for no turn: what is behind it is not sent to who deleted it.
    events.subscribeToAll('message.hidden', ({ userId, message }) =>
      this.broadcaster.toUsers([userId], 'message:deleted', { message }),
    );
    // One event and not one for each message: who is connected syncs, who is not does so when it comes.
    events.subscribeToAll('messages.expired', ({ conversationId, userIds }) => {
      if (userIds !== undefined) return this.broadcaster.toUsers(userIds, 'sync:needed', {});
      // As behind a deletion: recovery would replay what they said.
      this.broadcaster.keepGap(conversationId);
      this.broadcaster.toConversation(conversationId, 'sync:needed', {});
    });
  }

  /** Whether a later version was sent here: what it was before must not be shown any more. */
  hasSentLater({ id, version }: MessageView): boolean {
    return version < (this.versions.get(id) ?? 0);
  }

  private messageChanged(change: DomainEvents['message.changed']): void {
    const { conversationId, seq } = change.message;
    this.turns.sequencer.afterSequence(conversationId, seq, () => this.sendInTurn(change));
  }

  /**
   * Where several changes of a message wait for their turn, one is sent: the last has all of the others, and a thousand who react to
   * one message do not hold up what is said behind it.
   */
  private sendInTurn(change: DomainEvents['message.changed']): void {
    const { id, conversationId } = change.message;
    const waiting = this.waiting.get(id);
    this.waiting.set(id, waiting === undefined ? change : merged(waiting, change));
    if (waiting !== undefined) return;
    this.turns.sequencer.inTurn(conversationId, () => {
      const latest = this.waiting.get(id);
      this.waiting.delete(id);
      return latest && this.sendChange(latest);
    });
  }

  /**
   * One encoding for all but those who see it otherwise: who reacted (`mine`), who deleted it, or what it quotes, for
   * itself, and whose history begins after what it quotes.
   */
  private async sendChange(change: DomainEvents['message.changed']): Promise<void> {
    const { message, deleted, reactorIds, hiddenAt, quotationHiddenAt } = change;
    const { conversationId, seq, replyTo } = message;
    if (this.isOutdated(message)) return;
    const name = deleted ? 'message:deleted' : 'message:updated';
    const special = [
      ...new Set([...Object.keys(reactorIds), ...Object.keys(quotationHiddenAt), ...Object.keys(hiddenAt)]),
    ];
    const audience = await this.audiences.of(conversationId, seq, special, replyTo?.seq);
    const { blindIds, seeingIds, quotationBlindIds, unknownIds } = audience;
    const hiddenFrom = this.hidden.from(message);
    // Recovery would replay its text, as it was sent before: whoever is lost syncs.
    if (deleted) this.broadcaster.keepGap(conversationId);
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
    this.broadcaster.askForMissed(conversationId, unknownIds);
  }

  /**
   * Whether a later version was sent before. Changes are read one by one and may arrive in any order, from other processes too: an
   * older one would show again what was edited or deleted. The later one has all of it.
   */
  private isOutdated(message: MessageView): boolean {
    if (this.hasSentLater(message)) return true;
    // The one that was changed last is forgotten last.
    this.versions.delete(message.id);
    this.versions.set(message.id, message.version);
    return false;
  }
}

/** The later one; a deletion whichever of them was one, since another change that was read behind it does not say so. */
function merged(
  first: DomainEvents['message.changed'],
  second: DomainEvents['message.changed'],
): DomainEvents['message.changed'] {
  const later = second.message.version < first.message.version ? first : second;
  return { ...later, deleted: first.deleted || second.deleted };
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
