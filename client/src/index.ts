export type { TokenProvider, TokenRequest } from './auth/session.js';
export { ChatClient, createClient } from './client.js';
export type { ClientOptions, Draft } from './client.js';
export type { Conversations } from './facade/conversations.js';
export type { Friends } from './facade/friends.js';
export type { Messages } from './facade/messages.js';
export type {
  ClientOutbox,
  MessageReference,
  OutgoingContent,
  OutgoingMessage,
  Recipient,
  Sent,
} from './facade/outgoing.js';
export type { Users } from './facade/users.js';
export type { Http, HttpAnswer, HttpRequest } from './http/types.js';
export type * from './connection/types.js';
export type * from './outbox/types.js';
export { ChatError, type ErrorDetails, type LocalErrorCode } from './protocol/errors.js';
export type * from './protocol/protocol.generated.js';
export type * from './ports/environment.js';
export type * from './ports/network.js';
export type * from './ports/ports.js';
export * from './ports/storage.js';
export type * from './ports/token-store.js';
export type * from './store/types.js';
export { indexedDbTokens, localStorageTokens, memoryTokens } from './ports/platform.js';
