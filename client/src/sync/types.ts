import type { CatchUp, ServerEvent } from '../connection/types.js';
import type { Message, MessageStored } from '../protocol/protocol.generated.js';

/** Which page to load next of what is on screen. */
export type PageDirection = 'older' | 'newer';

/**
 * Holds the cache equal to the server: wires the pure reducer (`reduce(state, input) → { state, effects }`) to storage,
 * to `sync` over the socket and to pages over HTTP. Rows and cursor are committed in one transaction of the cache's
 * stores; the store shows what was committed, or what is about to be where the disk refuses.
 */
export interface SyncEngine {
  /** Loads what is cached, so that it shows before there is a network. */
  start(): Promise<void>;
  /** Every server event goes here, also while catching up. */
  handle(event: ServerEvent): void;
  /** Given to the connection. */
  readonly catchUp: CatchUp;
  /** What an acknowledged command of one's own changed: ahead of, or instead of, its event. */
  apply(answer: MessageStored | { message: Message }): void;
  /** A conversation is on screen: fetched first, its window kept. Returns what ends that. */
  open(conversationId: string): () => void;
  load(conversationId: string, direction: PageDirection): Promise<void>;
  /** Shows the window around a message. */
  jumpTo(conversationId: string, seq: number): Promise<void>;
  /** Resolves after what was taken in so far is committed. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}
