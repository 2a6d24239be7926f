import { Injectable } from '@nestjs/common';
import { ConversationReader } from '../conversations/conversation-reader.js';
import type { DomainEvents } from '../events/domain-events.js';
import { EventBus } from '../events/event-bus.js';
import type { FriendRequestView } from '../friends/friends.view.js';
import { tombstone } from '../messages/messages.repository.js';
import type { MessageView } from '../messages/messages.view.js';
import { UsersService } from '../users/users.service.js';
import { Broadcaster } from './broadcaster.js';
import { InOrder } from './in-order.js';
import { Rooms } from './rooms.js';
import { Typing } from './typing.js';

type FriendEvent =
  | 'friend:request_sent'
  | 'friend:request_accepted'
  | 'friend:request_rejected'
  | 'friend:request_cancelled';

/** Turns what happened into what clients are told, and decides whom. */
@Injectable()
export class EventRelay {
  /** Views of one conversation are read and sent one after the other, so that an older one never overtakes a newer. */
  private readonly inOrder = new InOrder();

  constructor(
    events: EventBus,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly typing: Typing,
    private readonly users: UsersService,
    private readonly conversations: ConversationReader,
  ) {
    events.subscribe('messages.created', (event) => this.messagesCreated(event));
    events.subscribe('message.changed', (event) => this.messageChanged(event));
    events.subscribe('message.hidden', ({ userId, message }) =>
      this.broadcaster.toUsers([userId], 'message:deleted', { message }),
    );
    events.subscribe('receipt.moved', (event) => this.receiptMoved(event));
    events.subscribe('conversation.joined', (event) => this.conversationJoined(event));
    events.subscribe('conversation.changed', (event) => this.conversationChanged(event));
    events.subscribe('conversation.left', (event) => this.conversationLeft(event));
    events.subscribe('friend-request.sent', ({ request }) =>
      this.friendRequest('friend:request_sent', request, [request.receiverId]),
    );
    events.subscribe('friend-request.accepted', ({ request }) =>
      this.friendRequest('friend:request_accepted', request, [request.senderId, request.receiverId]),
    );
    events.subscribe('friend-request.rejected', ({ request }) =>
      this.friendRequest('friend:request_rejected', request, [request.senderId]),
    );
    events.subscribe('friend-request.cancelled', ({ request }) =>
      this.friendRequest('friend:request_cancelled', request, [request.receiverId]),
    );
    events.subscribe('friendship.removed', (event) => this.friendshipRemoved(event));
    events.subscribe('session.ended', ({ userId, sessionIds, code }) => {
      this.rooms.endSessions(userId, sessionIds);
      this.broadcaster.closeSessions(sessionIds, code);
    });
  }

  private messagesCreated({ messages }: DomainEvents['messages.created']): void {
    for (const { message, conversation, connectionId } of messages) {
      const isSilent = connectionId !== undefined && this.broadcaster.isEchoOff(connectionId);
      // Behind the conversation itself, where that is still being told to new members.
      this.inOrder.follow(message.conversationId, () =>
        this.broadcaster.toConversation(
          message.conversationId,
          'message:new',
          { message, conversation },
          { connectionId: isSilent ? connectionId : undefined },
        ),
      );
      this.typing.stop(message.senderId, message.conversationId);
    }
  }

  private messageChanged(change: DomainEvents['message.changed']): void {
    this.inOrder.follow(change.message.conversationId, () => this.sendChange(change));
  }

  /** One encoding for all but those who see it otherwise: who reacted (`mine`), and who deleted it for itself. */
  private sendChange({ message, deleted, reactorIds, hiddenAt }: DomainEvents['message.changed']): void {
    const name = deleted ? 'message:deleted' : 'message:updated';
    const hiding = deleted ? [] : Object.entries(hiddenAt);
    const reactors = Object.entries(reactorIds).filter(([userId]) => hiding.every(([hider]) => hider !== userId));
    const others = { userIds: [...reactors, ...hiding].map(([userId]) => userId) };
    this.broadcaster.toConversation(message.conversationId, name, { message: asSeenBy(message, []) }, others);
    for (const [userId, emojis] of reactors) {
      this.broadcaster.toUsers([userId], name, { message: asSeenBy(message, emojis) });
    }
    for (const [userId, at] of hiding) {
      this.broadcaster.toUsers([userId], 'message:deleted', { message: tombstone(message, at) });
    }
  }

  private receiptMoved({ kind, isLarge, ...receipt }: DomainEvents['receipt.moved']): void {
    if (isLarge) return;
    this.broadcaster.toConversation(
      receipt.conversationId,
      kind === 'read' ? 'receipt:read' : 'receipt:delivered',
      receipt,
    );
  }

  private conversationJoined({ conversationId, userIds }: DomainEvents['conversation.joined']): Promise<void> {
    this.rooms.joinConversation(userIds, conversationId);
    return this.sendViews('conversation:new', conversationId, userIds);
  }

  private conversationChanged({ conversationId, userIds }: DomainEvents['conversation.changed']): Promise<void> {
    return this.sendViews('conversation:updated', conversationId, userIds);
  }

  private conversationLeft({ conversationId, userId }: DomainEvents['conversation.left']): Promise<void> {
    this.rooms.leaveConversation(userId, conversationId);
    this.typing.stop(userId, conversationId);
    return this.inOrder.run(conversationId, async () => {
      this.broadcaster.toUsers([userId], 'conversation:removed', { conversationId });
    });
  }

  private sendViews(
    name: 'conversation:new' | 'conversation:updated',
    conversationId: string,
    userIds: readonly string[] | undefined,
  ): Promise<void> {
    return this.inOrder.run(conversationId, async () => {
      for (const { userId, conversation } of await this.conversations.viewsFor(conversationId, userIds)) {
        this.broadcaster.toUsers([userId], name, { conversation });
      }
    });
  }

  private friendRequest(name: FriendEvent, request: FriendRequestView, receivers: readonly string[]): Promise<void> {
    return this.inOrder.run(request.id, async () => {
      const both = [request.senderId, request.receiverId];
      const users = await this.users.viewsFor(receivers, both, false);
      for (const userId of receivers) {
        const user = users.get(userId)?.get(userId === request.senderId ? request.receiverId : request.senderId);
        if (user !== undefined) this.broadcaster.toUsers([userId], name, { request, user });
      }
    });
  }

  private friendshipRemoved({ userIds: [one, other], silentFor }: DomainEvents['friendship.removed']): void {
    if (one !== silentFor) this.broadcaster.toUsers([one], 'friend:removed', { userId: other });
    if (other !== silentFor) this.broadcaster.toUsers([other], 'friend:removed', { userId: one });
  }
}

function asSeenBy(message: MessageView, ownEmojis: readonly string[]): MessageView {
  return {
    ...message,
    reactions: message.reactions.map((reaction) => ({ ...reaction, mine: ownEmojis.includes(reaction.emoji) })),
  };
}
