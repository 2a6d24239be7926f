import type { CatchUp, Connection, Observable } from '../connection/types.js';
import type { ChannelFactory, ChannelMessage, Clock, Lock, Random, Unsubscribe } from '../ports/environment.js';
import type { ServerEvents } from '../protocol/protocol.generated.js';

/** The name of the channel of an account's tabs. */
export const tabsChannelOf = (name: string): string => `${name}:tabs`;

export type TabRole =
  /** Owns the socket, the refresh of tokens and the outbox. */
  | 'leader'
  /** Writes durably, asks the leader, and shows what it answers. */
  | 'follower';

/** Does what another tab asks. May be asked the same again after the leader before died half-way: it must be idempotent. */
export type AskHandler = (name: string, payload: unknown) => Promise<unknown>;

/**
 * The tabs of one account in one browser. One of them leads, for as long as it lives and answers: the lock decides, and lets
 * go by itself when a tab is closed, crashes or is killed. From one that is frozen it is taken. That one may believe that
 * it leads until it is thawed and learns of it, so whatever a leader does must be harmless when it is done twice; the storage
 * takes nothing more of its cache (`RowWriter`). Without tabs this one leads at once.
 */
export interface Tabs extends Observable<TabRole> {
  /** Wants to lead from now on. */
  start(): void;
  /** To all other tabs; never to this one. */
  post(message: ChannelMessage): void;
  /** Also receives `{ type: 'leader' }` when this tab learns of another one that leads; `no-leader` where none answers one that is suspended. */
  onMessage(listener: (message: ChannelMessage) => void): Unsubscribe;
  /** Whether it is of the tab that leads, as far as this one knows: one that was frozen may speak as if it still did. */
  isOfLeader(message: ChannelMessage): boolean;
  /** Has the leader do something: this tab, if it leads. Repeated with the next leader where one dies before it answered. */
  ask(name: string, payload: unknown): Promise<unknown>;
  onAsk(handler: AskHandler): void;
  /** Lets another tab lead, where there is one: this one is about to be frozen. It may come to lead again. */
  yield(): void;
  /** Leads no more, from now on: it cannot. It goes on receiving and posting. */
  retire(): void;
  /** Gives up the leadership after `work`, so that the next tab never overlaps with what this one still does. */
  stop(work?: () => Promise<void>): Promise<void>;
}

export interface TabsPorts {
  lock: Lock;
  channel: ChannelFactory;
  clock: Clock;
  random: Random;
  /** This tab wants no connection: it leads only as long as no other tab does want one. */
  isSuspended(): boolean;
}

/** A connection over that of the tab that leads. It begins when what is stored is loaded. */
export interface FollowingConnection extends Connection {
  start(): void;
  close(): void;
}

/** What the leader does itself where another tab asks for it. */
export type Answers = Readonly<Record<'cancel' | 'shown', (payload: unknown) => Promise<unknown>>>;

/** The tabs of an account, and the connections of one that follows and of one that leads. */
export interface AccountTabs {
  readonly tabs: Tabs;
  follow(catchUp: CatchUp): FollowingConnection;
  /** The other tabs use this connection. Returns what ends that. */
  lead(
    connection: Connection,
    lastReady: () => ServerEvents['session:ready'] | undefined,
    /** By name, beside those that its connection answers. */
    answers: Answers,
  ): Unsubscribe;
}
