import type { StoredRows, StoredValue, StoreName } from '../ports/storage.js';
import type {
  Conversation,
  ConversationBrief,
  FriendRequest,
  FriendRequestItem,
  Member,
  Message,
  MessagePage,
  Presence,
  SyncChanges,
  SyncReset,
  User,
} from '../protocol/protocol.generated.js';
import type { Coverage } from './coverage.js';

/** A conversation's member as it is kept: the profile is kept once, whatever conversations it is in. */
export type MemberRow = Omit<Member, 'user'> & { userId: string };

/** A conversation as it is kept. */
export type ConversationRow = Omit<Conversation, 'members'> & {
  members: readonly MemberRow[];
  /** What the server said last, and up to where: what came after is counted here. */
  counted: { lastSeq: number; lastReadSeq: number; unreadCount: number };
};

/** A stored message as it is shown. Its object stays the same until the message changes. */
export type SentMessage = Message & { state: 'sent' };

/** The messages of one conversation that are held. */
export interface Timeline {
  coverage: Coverage;
  /** Where the history that this user may read begins, as far as is known. */
  start: number;
  /**
   * Messages up to here that are not held may have changed before the cursor, and sync does not send them: they are taken
   * from pages alone, never from an event that may be late.
   */
  floor: number;
  /** Ascending by `seq`. */
  rows: readonly SentMessage[];
}

/** A row of the store `coverage`. */
export type CoverageRow = Pick<Timeline, 'start' | 'floor'> & { intervals: Coverage };

/** The part of a conversation that is looked at: always without a gap. Empty where `to` is below `from`. */
export interface Window {
  from: number;
  to: number;
  /** It moves along with the newest message. */
  follows: boolean;
  /** What was asked for and is not there yet. */
  wish: 'older' | 'newer' | 'newest' | number | null;
  /**
   * What is to be on screen and is not all held: what another engine showed, what is around a message. It is fetched. Up to
   * `Infinity` where it goes to the newest message.
   */
  resume?: readonly [from: number, to: number] | undefined;
  /** The page that is under way. Another one is of no use: it may be older than what was dropped or passed over since. */
  loading: PageQuery | null;
  /** The messages that were asked for once more for the sake of their URLs; since when, by the server's clock. */
  renewed?: { asked: Coverage; at: number } | undefined;
  /** A page has failed: until its timer, `pages:` and the conversation, nothing is asked for, unless the user goes elsewhere. */
  isPaused: boolean;
  /** The newest message that asking did not bring; it is not asked for again for its sake. */
  unreachable: number;
  /** How many look at it. */
  viewers: number;
  /** What was unread when it was opened: after the first, up to the second. Null until the conversation is known. */
  unread: readonly [after: number, upTo: number] | null;
  /** What was missed had come when `unread` was set: it stays as it is while the window is open. */
  isUnreadFixed?: boolean | undefined;
}

export interface Friend {
  userId: string;
  since: string | null;
}

/** What is shown of the cache. Never changed in place: what did not change is the same object. */
export interface ShownState {
  userId: string | null;
  conversations: ReadonlyMap<string, ConversationRow>;
  /** Of the conversations that were touched lately; the others' rest in storage. */
  timelines: ReadonlyMap<string, Timeline>;
  /** Of the conversations that are looked at. */
  windows: ReadonlyMap<string, Window>;
  users: ReadonlyMap<string, User>;
  friends: ReadonlyMap<string, Friend>;
  friendRequests: ReadonlyMap<string, FriendRequest>;
  presence: ReadonlyMap<string, Presence>;
  /** Conversation → who types there. */
  typing: ReadonlyMap<string, readonly string[]>;
}

/** All that is known of the server. */
export interface SyncState extends ShownState {
  cursor: string | null;
  /** Friends and requests were fetched; sync sends only what changes from then on. */
  hasFriends: boolean;
  /** The lists were asked for, and nothing that they say has changed since. */
  isFetchingFriends: boolean;
  /** Connections so far, but those that went on where they were. What was asked on an earlier one may be older than what is known. */
  connection: number;
  /** Whose profiles were asked for on this connection, or are none that the server shows; and whether some are being fetched. */
  lookedUp: ReadonlySet<string>;
  isLookingUp: boolean;
  /** Those whom the server shows to nobody, or not to this user, and when it said so. */
  notShown: ReadonlyMap<string, number>;
  /** Users whose presence is known since the connection was made; and when it was asked for last, by the server's clock. */
  freshPresence: ReadonlyMap<string, true>;
  presenceAt: number;
  /** Whether a connection is ready, so that asking makes sense. */
  isReady: boolean;
  /** Everything up to the present has come since the connection was made. */
  isCaughtUp: boolean;
  catchUp: CatchUp | null;
  /** Events since the cursor was moved. */
  uncovered: number;
  failures: number;
  /**
   * What the server has of this user in conversations that are not known yet, and what has left the outbox in another tab. It stays
   * in the outbox here, and so on the screen, until sync has brought what comes in its place.
   */
  unplaced: readonly Settled[];
  /** Over this connection the caches were given up already, since what came contradicted them. */
  hasStartedAnew: boolean;
  /** How often the lists of friends and requests were asked for: what answers another time is older. */
  generation: number;
}

export interface CatchUp {
  /** Once more when this one is done: something came between that it may have passed over. */
  isAgain: boolean;
  /** So much that what is looked at is fetched beside it. */
  isLong: boolean;
  /** Answers in a row that said nothing. */
  empty: number;
}

export interface PageQuery {
  before?: number;
  after?: number;
  around?: number;
}

/** Rows by store and key; `undefined` removes one. What is cleared and dropped comes first. */
export interface RowChanges {
  cleared?: readonly StoreName[];
  /** Conversations whose messages go. */
  dropped?: readonly string[];
  rows: readonly (readonly [store: StoreName, key: string, value: StoredValue | undefined])[];
}

export type Failure = { code: string; retryAfterMs?: number };

/** A command of this user that the server has done, by its `clientId`; a send with the message it became. */
export type Settled = { clientId: string; message?: Message };

export type SyncInput =
  /** Rows as they were stored, at the start. */
  | { type: 'rows'; rows: StoredRows }
  /** A conversation's messages, read from storage because an input needs them. */
  | {
      type: 'loaded';
      conversationId: string;
      coverage: Coverage;
      start: number;
      floor: number;
      messages: readonly Message[];
    }
  | { type: 'ready'; userId: string; recovered: boolean }
  | { type: 'offline' }
  | { type: 'event'; name: string; payload: unknown }
  /** `cursor` is the one that was asked with. */
  | { type: 'synced'; cursor: string | null; answer: SyncChanges | SyncReset }
  | { type: 'sync-failed'; cursor: string | null; failure: Failure }
  | { type: 'page'; conversationId: string; query: PageQuery; page: MessagePage }
  | { type: 'page-failed'; conversationId: string; query: PageQuery; failure: Failure }
  /** What a command or a request answered; with the commands that are done by it. */
  | {
      type: 'answer';
      message?: Message;
      conversation?: Conversation | ConversationBrief;
      users?: readonly User[];
      friendRequests?: readonly FriendRequest[];
      settled?: readonly Settled[];
      readIn?: { conversationId: string; seq: number };
      left?: readonly Settled[];
    }
  | { type: 'friends'; generation: number; friends: readonly User[]; requests: readonly FriendRequestItem[] }
  | { type: 'friends-failed'; failure: Failure }
  | { type: 'presence'; connection: number; users: readonly User[] }
  | { type: 'presence-failed'; connection: number; failure: Failure }
  /** All that were asked for, but those that the server does not show; `failure`: the rest is to be asked for later. */
  | { type: 'users'; connection: number; notShown: readonly string[]; failure: Failure | undefined }
  /** This user has read up to here; the outbox sends it to the server. */
  | { type: 'read'; conversationId: string; seq: number }
  /** `before`: as it was open in the state of another engine. */
  | { type: 'open'; conversationId: string; before?: Window | undefined }
  | { type: 'close' | 'older' | 'newer' | 'newest'; conversationId: string }
  | { type: 'jump'; conversationId: string; seq: number }
  | { type: 'timer'; name: string };

export type SyncEffect =
  | { type: 'sync'; cursor: string | null }
  | { type: 'page'; conversationId: string; query: PageQuery }
  | { type: 'friends'; generation: number }
  | { type: 'presence'; connection: number }
  /** Profiles to be fetched. */
  | { type: 'users'; connection: number; ids: readonly string[] }
  /** Says on this connection that the conversation is looked at, or no more. */
  | { type: 'join' | 'leave'; conversationId: string }
  /** One transaction: rows, and the cursor that says what they hold. */
  | { type: 'write'; changes: RowChanges }
  /** These sends of this user are stored on the server: they leave the outbox in the same transaction. */
  | { type: 'settle'; settled: readonly Settled[] }
  /** Replaces the timer of that name. */
  | { type: 'timer'; name: string; delayMs: number };
