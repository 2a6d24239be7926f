import type { Type } from '@nestjs/common';
import type { KeyScope } from '../../common/access/key-scope.js';
import { DeliveredCursorView, ReadCursorView } from '../../views/conversations.view.js';
import { SyncDto } from '../../sync/dto/sync.dto.js';
import { type SyncResetView, SyncView } from '../../views/sync.view.js';
import type { Acknowledgement } from './acknowledgement.js';
import {
  AuthenticateDto,
  ConversationReferenceDto,
  DeleteMessageEventDto,
  EditMessageEventDto,
  MoveCursorDto,
  ReactDto,
  SendMessageDto,
  SetActiveDto,
  TypingDto,
} from './client-events.dto.js';
import { ConversationResult, EmptyResult, ExpiryResult, MessageNewView, MessageResult } from './events.view.js';

interface ClientEvent {
  /** What an API key needs that sends it. */
  scope: KeyScope;
  payload: Type;
  result: Type;
  description: string;
}

/** Every event a client may send: types, validation and the AsyncAPI document derive from this map. */
export const CLIENT_EVENTS = {
  join_conversation: {
    scope: 'conversations:read',
    payload: ConversationReferenceDto,
    result: ConversationResult,
    description: 'Marks a conversation as open on this socket: typing is shown from here on.',
  },
  leave_conversation: {
    scope: 'conversations:read',
    payload: ConversationReferenceDto,
    result: EmptyResult,
    description: 'The opposite of join_conversation. Messages keep arriving.',
  },
  send_message: {
    scope: 'messages:write',
    payload: SendMessageDto,
    result: MessageNewView,
    description: 'Sends a message; acknowledged once it is stored for good.',
  },
  edit_message: {
    scope: 'messages:write',
    payload: EditMessageEventDto,
    result: MessageResult,
    description: "Edits one's own message, within 15 minutes.",
  },
  delete_message: {
    scope: 'messages:write',
    payload: DeleteMessageEventDto,
    result: MessageResult,
    description: 'Deletes a message for everyone, or for the caller alone.',
  },
  react: {
    scope: 'messages:write',
    payload: ReactDto,
    result: MessageResult,
    description: 'Adds a reaction, or takes it back.',
  },
  mark_read: {
    scope: 'messages:write',
    payload: MoveCursorDto,
    result: ReadCursorView,
    description: "Moves the caller's read cursor forward.",
  },
  mark_delivered: {
    scope: 'messages:write',
    payload: MoveCursorDto,
    result: DeliveredCursorView,
    description: "Moves the caller's delivered cursor forward.",
  },
  typing: {
    scope: 'messages:write',
    payload: TypingDto,
    result: EmptyResult,
    description: 'Says that the caller types. Relayed at most once in 2 s, ends by itself after 6 s.',
  },
  sync: {
    scope: 'conversations:read',
    payload: SyncDto,
    result: SyncView,
    description: 'All that changed since the cursor, as GET /sync; `{ reset: true }` where it cannot be gone on from.',
  },
  authenticate: {
    scope: 'conversations:read',
    payload: AuthenticateDto,
    result: ExpiryResult,
    description: 'Renews the token of this connection in place.',
  },
  set_active: {
    scope: 'conversations:read',
    payload: SetActiveDto,
    result: EmptyResult,
    description:
      "Whether somebody is looking at this connection's app: while nobody is, a message rings on the user's devices soon. A connection begins active, unless its handshake has `auth.active: false`.",
  },
} as const satisfies Record<string, ClientEvent>;

export type ClientEventName = keyof typeof CLIENT_EVENTS;
export type PayloadOf<Name extends ClientEventName> = InstanceType<(typeof CLIENT_EVENTS)[Name]['payload']>;
export type ResultOf<Name extends ClientEventName> =
  | InstanceType<(typeof CLIENT_EVENTS)[Name]['result']>
  | (Name extends 'sync' ? SyncResetView : never);

export type ClientToServerEvents = {
  [Name in ClientEventName]: (
    payload: PayloadOf<Name>,
    acknowledge?: (answer: Acknowledgement<ResultOf<Name>>) => void,
  ) => void;
};
