import type { DomainEvents } from '../../events/domain-events.js';
import type { Operation } from './frame.js';

type Audience = Pick<Operation, 'conversationId' | 'userIds'>;

const ofUsers = (...userIds: string[]): Audience => ({ conversationId: undefined, userIds });
const inConversation = (conversationId: string, userIds: readonly string[] = []): Audience => ({
  conversationId,
  userIds: [...userIds],
});
const inConversationOrOfUsers = ({
  conversationId,
  userIds,
}: {
  conversationId: string;
  userIds?: string[];
}): Audience => (userIds === undefined ? inConversation(conversationId) : ofUsers(...userIds));
/** Every process receives it, and looks up whom it concerns. */
const EVERYBODY: Audience = { conversationId: undefined, userIds: [] };

/** Whom each event concerns: a process without any of them does not even parse it. */
const AUDIENCES: { [Name in keyof DomainEvents]: (event: DomainEvents[Name]) => Audience } = {
  'session.ended': ({ userId }) => ofUsers(userId),
  'user.changed': () => EVERYBODY,
  'friend-request.sent': ({ request }) => ofUsers(request.senderId, request.receiverId),
  'friend-request.accepted': ({ request }) => ofUsers(request.senderId, request.receiverId),
  'friend-request.rejected': ({ request }) => ofUsers(request.senderId, request.receiverId),
  'friend-request.cancelled': ({ request }) => ofUsers(request.senderId, request.receiverId),
  'friendship.removed': ({ userIds }) => ofUsers(...userIds),
  'block.created': ({ blockerId, blockedId }) => ofUsers(blockerId, blockedId),
  'block.removed': ({ blockerId, blockedId }) => ofUsers(blockerId, blockedId),
  'conversation.joined': ({ conversationId, userIds }) => inConversation(conversationId, userIds),
  'conversation.changed': inConversationOrOfUsers,
  'messages.created': ({ messages: [first] }) =>
    first === undefined
      ? EVERYBODY
      : inConversation(first.message.conversationId, [
          ...(first.group?.joinedIds ?? []),
          ...(first.group?.leftId === undefined ? [] : [first.group.leftId]),
        ]),
  'message.changed': ({ message }) => inConversation(message.conversationId),
  'messages.expired': inConversationOrOfUsers,
  // Also where the user is about to be let in, and is to be sent the message that waits for its turn there.
  'message.hidden': ({ userId, message }) => inConversation(message.conversationId, [userId]),
  'receipt.moved': ({ conversationId }) => inConversation(conversationId),
  'typing.changed': ({ conversationId }) => inConversation(conversationId),
  'presence.changed': () => EVERYBODY,
  'dialect.announced': ({ userIds }) => ofUsers(...userIds),
  'membership.found': ({ conversationId, joinedIds, leftIds }) =>
    inConversation(conversationId, [...joinedIds, ...leftIds]),
  'write.unsettled': () => EVERYBODY,
  'process.lost': () => EVERYBODY,
};

/** Found by each process for itself. */
const OWN: ReadonlySet<keyof DomainEvents> = new Set(['membership.found', 'process.lost']);

/** An event as it is sent to the other processes: a message each, since each has an audience of its own. */
export function operationsOf<Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]): Operation[] {
  if (OWN.has(name)) return [];
  if (name !== 'messages.created') return [operationOf(name, event)];
  const { messages } = event as DomainEvents['messages.created'];
  return messages.map((created) => ({
    ...operationOf('messages.created', { messages: [created] }),
    seq: created.message.seq,
  }));
}

function operationOf<Name extends keyof DomainEvents>(name: Name, event: DomainEvents[Name]): Operation {
  return { name, ...AUDIENCES[name](event), seq: undefined, payload: JSON.stringify(event) };
}

/** Whether every process has to receive it. */
export function isForEverybody({ conversationId, userIds }: Operation): boolean {
  return conversationId === undefined && userIds.length === 0;
}

export function isKnown(name: string): name is keyof DomainEvents {
  return Object.hasOwn(AUDIENCES, name) && !OWN.has(name as keyof DomainEvents);
}
