import type { ConnectionSnapshot, Observable } from '../connection/types.js';
import type { OutgoingMessage } from '../facade/outgoing.js';
import type { OutboxItem, UploadSource } from '../outbox/types.js';
import type { Attachment } from '../protocol/protocol.generated.js';
import type { MessagesSnapshot, SnapshotOf, StoreKey } from '../store/types.js';

/** What the hooks need of a client. Each method gives, for equal arguments, observables of equal snapshots. */
export interface HookClient {
  readonly connection: Observable<ConnectionSnapshot>;
  readonly outbox: Observable<readonly OutboxItem[]>;
  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>>;
  messages(conversationId: string): HookMessages;
  send(message: OutgoingMessage): { clientId: string };
  typing(conversationId: string, isTyping: boolean): void;
  keepDraft(conversationId: string, text: string): void;
  upload(file: Uploadable, options?: { signal?: AbortSignal }): Promise<Attachment>;
}

export type Uploadable = File | Blob | UploadSource;

/** The window of one conversation's messages around what is on screen. */
export interface HookMessages extends Observable<MessagesSnapshot> {
  /** It is on screen from now on: its newest messages are fetched first. Returns what ends that. */
  open(): () => void;
  readonly loadOlder: () => Promise<void>;
  readonly loadNewer: () => Promise<void>;
  readonly jumpTo: (seq: number) => Promise<void>;
  readonly jumpToNewest: () => Promise<void>;
}
