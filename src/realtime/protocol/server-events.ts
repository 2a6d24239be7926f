import type { Type } from '@nestjs/common';
import { ExceptionView } from './errors.view.js';
import {
  ConversationEventView,
  ConversationRemovedView,
  FriendRemovedView,
  FriendRequestEventView,
  MessageChangedView,
  MessageNewView,
  PresenceView,
  ReceiptMovedView,
  SessionEndedView,
  SessionExpiringView,
  SessionReadyView,
  SyncNeededView,
  TypingView,
  UserUpdatedView,
} from './events.view.js';

interface ServerEventDefinition {
  payload: Type;
  /** Who receives it, in words. */
  audience: string;
  description: string;
}

/** Every event a client may receive: types, the broadcaster and the AsyncAPI document derive from this map. */
export const SERVER_EVENTS = {
  'message:new': {
    payload: MessageNewView,
    audience: 'all sockets of all members, the sending one included unless it connected with `auth.echo: false`',
    description: 'A message was stored.',
  },
  'message:updated': {
    payload: MessageChangedView,
    audience: 'members',
    description: 'A message was edited, or its reactions changed.',
  },
  'message:deleted': {
    payload: MessageChangedView,
    audience: 'members; or the one user who deleted it for itself',
    description: 'A message was deleted: its tombstone.',
  },
  'receipt:read': {
    payload: ReceiptMovedView,
    audience: 'members of conversations of up to 100',
    description: 'A member has read up to `seq`.',
  },
  'receipt:delivered': {
    payload: ReceiptMovedView,
    audience: 'members of conversations of up to 100',
    description: 'Messages up to `seq` reached a device of a member.',
  },
  typing: {
    payload: TypingView,
    audience: 'members of conversations of up to 100 who have it open',
    description: 'A member types, or has stopped.',
  },
  'presence:update': {
    payload: PresenceView,
    audience: 'friends and those who share a conversation of up to 100 members; with PRESENCE_AUDIENCE=everyone all',
    description: 'A user came online, or was gone for more than 5 s.',
  },
  'user:updated': {
    payload: UserUpdatedView,
    audience: 'those who are shown its presence, and itself; where it was deleted, those it wrote with',
    description: 'A user changed its name or picture, or deleted its account.',
  },
  'friend:request_sent': {
    payload: FriendRequestEventView,
    audience: 'the receiver',
    description: 'Somebody asks for friendship.',
  },
  'friend:request_accepted': {
    payload: FriendRequestEventView,
    audience: 'both',
    description: 'A request was accepted.',
  },
  'friend:request_rejected': {
    payload: FriendRequestEventView,
    audience: 'the sender',
    description: 'A request was rejected.',
  },
  'friend:request_cancelled': {
    payload: FriendRequestEventView,
    audience: 'the receiver',
    description: 'A request was withdrawn.',
  },
  'friend:removed': { payload: FriendRemovedView, audience: 'both', description: 'A friendship has ended.' },
  'conversation:new': {
    payload: ConversationEventView,
    audience: 'the new members',
    description: 'A conversation is there for this user.',
  },
  'conversation:updated': {
    payload: ConversationEventView,
    audience: 'members',
    description: "Title, picture, members or the receiver's own settings changed.",
  },
  'conversation:removed': {
    payload: ConversationRemovedView,
    audience: 'the one removed',
    description: 'This user is no longer a member.',
  },
  'session:ready': {
    payload: SessionReadyView,
    audience: 'the socket',
    description: 'The connection has joined all its conversations: from here on nothing is missed.',
  },
  'session:expiring': {
    payload: SessionExpiringView,
    audience: 'the socket',
    description: 'The token ends in 60 s: send `authenticate`.',
  },
  'session:ended': {
    payload: SessionEndedView,
    audience: 'the socket',
    description: 'The server ends this connection, and why.',
  },
  'sync:needed': {
    payload: SyncNeededView,
    audience: 'sockets that may have missed something',
    description:
      'An event could not be delivered, or the user has sent, rejected or cancelled a friend request or blocked somebody, here or on another device: call `sync` from your cursor.',
  },
  exception: {
    payload: ExceptionView,
    audience: 'the socket',
    description: 'An event without acknowledgement callback failed.',
  },
} as const satisfies Record<string, ServerEventDefinition>;

export type ServerEventName = keyof typeof SERVER_EVENTS;
export type ServerPayload<Name extends ServerEventName> = InstanceType<(typeof SERVER_EVENTS)[Name]['payload']>;

export type ServerToClientEvents = {
  [Name in ServerEventName]: (payload: ServerPayload<Name>) => void;
};

/** Any event with its payload, not encoded. */
export type ServerEvent = { [Name in ServerEventName]: { event: Name; payload: ServerPayload<Name> } }[ServerEventName];
