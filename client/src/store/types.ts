import type { Observable } from '../connection/types.js';
import type { OutboxItem } from '../outbox/types.js';
import type {
  Conversation,
  FriendRequest,
  Message,
  Presence,
  Receipt,
  ReplyPreview,
  User,
} from '../protocol/protocol.generated.js';

/** What one can subscribe to; everything else of a snapshot stays the same object while nobody is notified of its key. */
export type StoreKey =
  | 'me'
  | 'conversations'
  | 'friends'
  | 'friendRequests'
  | `conversation:${string}`
  | `messages:${string}`
  | `receipts:${string}`
  | `draft:${string}`
  | `typing:${string}`
  | `presence:${string}`
  | `user:${string}`;

/** A message as it is shown: the contract's shape, or one of this device's that the server has not acknowledged. */
export interface MessageItem extends Omit<Message, 'id' | 'seq' | 'replyTo'> {
  /** Null while pending or rejected. */
  readonly id: string | null;
  /** Null while pending or rejected: those stand after all others, in the order in which they were written. */
  readonly seq: number | null;
  readonly replyTo: QuotedMessage | null;
  /** There is one row for a `clientId` at any time: pending, then sent in its place. */
  readonly state: 'pending' | 'sent' | 'rejected';
  /** Why it is rejected, or, while pending, with the code `STORAGE`, why this device cannot keep it. */
  readonly error?: NonNullable<OutboxItem['lastError']>;
  /** 0 to 1 while its files are uploaded. */
  readonly progress?: number;
  /** An edit, deletion or reaction of one's own is on its way; what is shown contains it already. */
  readonly isChanging?: boolean;
  /**
   * Edits, deletions and reactions of one's own that the server has refused for good, with their `lastError`: what is shown
   * does not contain them. Each stays until `outbox.retry`, `outbox.edit` or `outbox.drop` with its `clientId`, or until
   * another change takes its place.
   */
  readonly refusedChanges?: readonly OutboxItem[];
}

/** The message that one answers; without `id` and `seq` as long as it is not acknowledged itself. */
export interface QuotedMessage extends Omit<ReplyPreview, 'id' | 'seq'> {
  readonly id: string | null;
  readonly seq: number | null;
}

/** A conversation as it is listed. */
export interface ConversationItem extends Conversation {
  /**
   * The server has none with this user yet: there is only what waits to be sent. Its `id` is good for every call of this
   * client; when the first message was sent, `get(id)` and `messages(id)` show the real one, which has the place in the list.
   */
  readonly isPending?: boolean;
  /**
   * Given where the last message is one of this device's that the server has not acknowledged: everything that begins with
   * `lastMessage` is of that one. One that was refused stands there until the next message comes.
   */
  readonly lastMessageState?: 'pending' | 'rejected';
}

export interface MessagesSnapshot {
  /** Ascending, without a gap. */
  readonly items: readonly MessageItem[];
  readonly hasOlder: boolean;
  /** Also true while the window is not at the newest message. */
  readonly hasNewer: boolean;
  /** The first message of others after the read cursor as it was when the conversation was opened; null without one. */
  readonly firstUnreadSeq: number | null;
  /** Something is being fetched, or is asked for again soon because it failed. */
  readonly isLoading: boolean;
}

export interface StoreSnapshots {
  me: User | undefined;
  /** Pinned first, then newest activity first. Without those left. */
  conversations: readonly ConversationItem[];
  friends: readonly User[];
  friendRequests: readonly FriendRequest[];
  conversation: ConversationItem | undefined;
  messages: MessagesSnapshot;
  receipts: readonly Receipt[];
  /** Ids of the users who type, each ends by itself 6 s after its last event. */
  typing: readonly string[];
  /** What is written and not sent; empty where there is nothing. */
  draft: string;
  presence: Presence | undefined;
  user: User | undefined;
}

export type SnapshotOf<Key extends StoreKey> = Key extends keyof StoreSnapshots
  ? StoreSnapshots[Key]
  : Key extends `${infer Kind}:${string}`
    ? Kind extends keyof StoreSnapshots
      ? StoreSnapshots[Kind]
      : never
    : never;

export interface Store {
  subscribe(key: StoreKey, listener: () => void): () => void;
  /** The same object until something under this key changed. Never throws; empty before anything is known. */
  getSnapshot<Key extends StoreKey>(key: Key): SnapshotOf<Key>;
  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>>;
}
