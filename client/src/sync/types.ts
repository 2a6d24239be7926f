import type { CatchUp, ServerEvent } from '../connection/types.js';
import type { Conversation, ConversationBrief, FriendRequest, Message, User } from '../protocol/protocol.generated.js';
import type { Settled, ShownState, SyncState, Window } from './state.js';

/** Which page to load next of what is on screen. */
export type PageDirection = 'older' | 'newer';

/** What a command or a request answered; `settled` leaves the outbox in the same transaction. */
export interface Answer {
  message?: Message;
  conversation?: Conversation | ConversationBrief;
  users?: readonly User[];
  friendRequests?: readonly FriendRequest[];
  settled?: readonly Settled[];
  /** The conversation in which this user's cursor was moved, and how far. */
  readIn?: { conversationId: string; seq: number };
  /** What has left the outbox in the tab that leads: sent, and not seen here yet, or dropped. Sync says. */
  left?: readonly Settled[];
}

/** What is shown of the cache, whether or not anything runs that keeps it up to date. */
export interface ShownSync {
  readonly state: ShownState;
  subscribe(listener: () => void): () => void;
  /**
   * A conversation is on screen: fetched first, its window kept. Returns what ends that.
   * @param before its window, where it was on screen before this was there
   */
  open(conversationId: string, before?: Window): () => void;
  /** This user has read up to here: shown at once; the outbox sends it to the server. */
  read(conversationId: string, seq: number): void;
  /** The direct conversation with a user, where there is one. */
  directConversationWith(userId: string): string | undefined;
}

/**
 * Holds the cache equal to the server: wires the pure reducer (`reduce(state, input) → { state, effects }`) to storage,
 * to `sync` over the socket and to pages over HTTP. Rows and cursor are committed in one transaction of the cache's
 * stores; the store shows what was committed, or what is about to be where the disk refuses.
 */
export interface SyncEngine extends ShownSync {
  readonly state: SyncState;
  /**
   * Loads what is cached, so that it shows before there is a network.
   * @param opened conversations that were opened or read already: what is shown of them must not change for a moment
   */
  start(opened?: Iterable<string>): Promise<void>;
  /** Every server event goes here, also while catching up. */
  handle(event: ServerEvent): void;
  /** Given to the connection. */
  readonly catchUp: CatchUp;
  /** The connection is live, or not any more. */
  setLive(isLive: boolean): void;
  /** What an acknowledged command of one's own changed: ahead of, or instead of, its event. */
  apply(answer: Answer): void;
  /** Resolves when the messages are there, or cannot be had at the moment. */
  load(conversationId: string, direction: PageDirection): Promise<void>;
  /** Shows the window around a message. */
  jumpTo(conversationId: string, seq: number): Promise<void>;
  /** Shows the newest messages, and those that come. */
  jumpToNewest(conversationId: string): Promise<void>;
  /** Resolves after what was taken in so far is committed. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}
