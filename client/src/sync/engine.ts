import { pause } from '../connection/backoff.js';
import { Listeners } from '../connection/listeners.js';
import type { Connection, ServerEvent } from '../connection/types.js';
import type { FetchPage } from '../http/types.js';
import type { Clock, Random, Timer } from '../ports/environment.js';
import { type Database, keysBelow, type StoreName } from '../ports/storage.js';
import { defined } from '../protocol/defined.js';
import { ChatError } from '../protocol/errors.js';
import type { ClientEvents, FriendRequestItem, Message, ServerEvents, User } from '../protocol/protocol.generated.js';
import { covers } from './coverage.js';
import { PAGE_SIZE } from './message-rows.js';
import { INITIAL_STATE, neededTimelines, reduce } from './reduce.js';
import { readPersistently, type RowWriter } from './row-writer.js';
import type { CoverageRow, Failure, RowChanges, Settled, SyncEffect, SyncInput, SyncState, Window } from './state.js';
import { directConversations, readRows } from './stored-state.js';
import type { Answer, PageDirection, SyncEngine } from './types.js';

const SYNC_LIMIT = 100;
/** How long those are kept waiting who ask for messages that cannot be fetched now. */
const OFFLINE_PAUSE_MS = 500;
/** Until a conversation is joined again that the server could not let this connection join. */
const REJOIN_MS = 10_000;
/** So often storage is asked for messages that the server could send instead. */
const MAX_READS = 5;
/** Until it is asked again, where the server cannot be. */
const REREAD_MS = 10_000;

type Loaded = [id: string, coverage: unknown, messages: Message[]];

export interface SyncPorts {
  database: Database;
  writer: RowWriter;
  clock: Clock;
  random: Random;
  request: Connection['request'];
  join: (conversationId: string) => Promise<ClientEvents['join_conversation']['answer']>;
  /** It is not shown here any more. */
  leave: (conversationId: string) => void;
  fetchPage: FetchPage;
  fetchFriends: () => Promise<{ friends: User[]; requests: FriendRequestItem[] }>;
  fetchUser: (userId: string) => Promise<User>;
  /** Users, as far as their presence is shown. */
  fetchPresent: () => Promise<User[]>;
  /** Takes the commands out of the outbox, and says which rows go with them. */
  settled: (settled: readonly Settled[]) => RowChanges['rows'];
}

/** Feeds the reducer one input after the other, and does what it asks for. */
export class Synchroniser implements SyncEngine {
  state: SyncState = INITIAL_STATE;
  readonly #listeners = new Listeners();
  readonly #timers = new Map<string, Timer>();
  readonly #inputs: SyncInput[] = [];
  /** The server's time when `Clock.elapsed` was zero: the device's own time may be a day off. */
  #serverTimeAtZero = Number.NaN;
  /** How many connections were caught up on. */
  #connections = 0;
  /** There is a connection, also where the reducer does not know it yet. */
  #isConnected = false;
  #isBusy = false;
  #isStopped = false;
  #direct: { of: SyncState['conversations']; byUser: Map<string, string> } | undefined;

  constructor(private readonly ports: SyncPorts) {}

  readonly subscribe = this.#listeners.add;

  /** In milliseconds since 1970; NaN before the server has said it. */
  get serverTime(): number {
    return this.ports.clock.elapsed() + this.#serverTimeAtZero;
  }

  async start(opened: Iterable<string> = []): Promise<void> {
    const rows = await readPersistently(this.ports.clock, () => readRows(this.ports.database));
    this.#feed({ type: 'rows', rows });
    const ids = [...opened];
    if (ids.length > 0) await this.#load(ids);
  }

  handle({ name, payload }: ServerEvent): void {
    this.#feed({ type: 'event', name, payload });
  }

  readonly catchUp = async (ready: ServerEvents['session:ready'], signal: AbortSignal): Promise<void> => {
    const lost = (): void => {
      this.#isConnected = false;
      this.#feed({ type: 'offline' });
    };
    signal.addEventListener('abort', lost, { once: true });
    this.#isConnected = true;
    this.#connections += 1;
    this.#serverTimeAtZero = Date.parse(ready.serverTime) - this.ports.clock.elapsed();
    this.#feed({ type: 'ready', userId: ready.userId, recovered: ready.recovered });
    // What waits for the storage may be from before this connection, and what is known then says nothing of this one.
    await this.idle();
    await this.#until((state) => state.isCaughtUp || signal.aborted);
    if (signal.aborted) throw new ChatError('ABORTED', 'The connection was lost.');
  };

  setLive(isLive: boolean): void {
    if (isLive) for (const id of this.state.windows.keys()) this.#effect({ type: 'join', conversationId: id });
    else if (this.state.isReady) this.#feed({ type: 'offline' });
  }

  apply(answer: Answer): void {
    this.#feed({ type: 'answer', ...answer });
  }

  read(conversationId: string, seq: number): void {
    this.#feed({ type: 'read', conversationId, seq });
  }

  open(conversationId: string, before?: Window): () => void {
    this.#feed({ type: 'open', conversationId, before });
    let isOpen = true;
    return () => {
      if (isOpen) this.#feed({ type: 'close', conversationId });
      isOpen = false;
    };
  }

  load(conversationId: string, direction: PageDirection): Promise<void> {
    this.#feed({ type: direction, conversationId });
    return this.#untilSettled(conversationId);
  }

  async jumpTo(conversationId: string, seq: number): Promise<void> {
    if (!Number.isSafeInteger(seq)) throw new ChatError('VALIDATION_FAILED', 'A message has a whole number.');
    this.#feed({ type: 'jump', conversationId, seq });
    await this.#untilSettled(conversationId);
  }

  jumpToNewest(conversationId: string): Promise<void> {
    this.#feed({ type: 'newest', conversationId });
    return this.#untilSettled(conversationId);
  }

  directConversationWith(userId: string): string | undefined {
    const { conversations } = this.state;
    if (this.#direct?.of !== conversations)
      this.#direct = { of: conversations, byUser: directConversations(this.state) };
    return this.#direct.byUser.get(userId);
  }

  /** One's own message by what this device called it: of those held, else of the newest. */
  async sentMessage(conversationId: string, clientId: string): Promise<Message | undefined> {
    const isIt = (message: Message): boolean => message.clientId === clientId && message.senderId === this.state.userId;
    // Moves nothing, but has the messages loaded.
    this.read(conversationId, 0);
    await this.idle();
    const held = this.state.timelines.get(conversationId)?.rows.find(isIt);
    return held ?? (await this.ports.fetchPage(conversationId, {}, PAGE_SIZE)).items.find(isIt);
  }

  #isIdle(): boolean {
    return !this.#isBusy && this.#inputs.length === 0;
  }

  /** Resolves when all that it was given is in its state. */
  idle(): Promise<void> {
    return this.#until(() => this.#isIdle());
  }

  async settle(): Promise<void> {
    await this.idle();
    await this.ports.writer.flush();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) this.ports.clock.clearTimeout(timer);
    await this.ports.writer.flush();
    this.#listeners.call();
  }

  async #untilSettled(conversationId: string): Promise<void> {
    await this.#until(({ isReady, isCaughtUp, windows, conversations }) => {
      const window = windows.get(conversationId);
      // There is no such conversation.
      const isUnknown = isCaughtUp && !conversations.has(conversationId);
      return (
        this.#isIdle() &&
        (!isReady ||
          isUnknown ||
          window === undefined ||
          (window.loading === null && (window.wish === null || window.isPaused)))
      );
    });
    // A list that asks as long as there are older ones must not keep the page from everything else.
    const window = this.state.windows.get(conversationId);
    const isIdle = window?.wish === null && !window.isPaused && window.from <= window.to;
    if (!isIdle || this.#isStopped) await pause(this.ports.clock, OFFLINE_PAUSE_MS);
  }

  #until(isTrue: (state: SyncState) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#isStopped && !isTrue(this.state)) return;
        end();
        resolve();
      };
      const end = this.subscribe(look);
      look();
    });
  }

  #feed(input: SyncInput): void {
    if (this.#isStopped) return;
    this.#inputs.push(input);
    if (!this.#isBusy) void this.#drain();
  }

  /** In this tick, unless messages have to be read from storage first. */
  async #drain(): Promise<void> {
    this.#isBusy = true;
    for (let input = this.#inputs.shift(); input !== undefined && !this.#isStopped; input = this.#inputs.shift()) {
      try {
        const needed = neededTimelines(this.state, input);
        if (needed.length > 0) await this.#load(needed);
        if (this.#isStopped) break;
        this.#step(input);
      } catch {
        // Not what the server's documents promise: whatever it was about, sync says it.
        if (input.type === 'event') this.#inputs.push({ type: 'timer', name: 'sync' });
        else if (input.type === 'answer' && input.settled !== undefined)
          this.#effect({ type: 'settle', settled: input.settled });
        else if (input.type === 'synced')
          this.#inputs.push({ type: 'sync-failed', cursor: input.cursor, failure: failureOf() });
        else if (input.type === 'page') {
          const { conversationId, query } = input;
          this.#inputs.push({ type: 'page-failed', conversationId, query, failure: failureOf() });
        }
      }
    }
    this.#isBusy = false;
    this.#listeners.call();
  }

  async #load(ids: readonly string[]): Promise<void> {
    const stores = ['coverage', 'messages'] as const satisfies readonly StoreName[];
    const { database, clock, writer } = this.ports;
    const read = (): Promise<Loaded[]> =>
      database.transaction('readonly', stores, (transaction) =>
        Promise.all(
          ids.map(async (id): Promise<Loaded> => {
            const [coverage, rows] = await Promise.all([
              transaction.get('coverage', id),
              transaction.range('messages', keysBelow(id)),
            ]);
            return [id, coverage, rows.map(({ value }) => value as unknown as Message)];
          }),
        ),
      );
    const isGivenUp = (failures: number): boolean => this.#isStopped || failures >= MAX_READS;
    const loaded = await readPersistently(clock, read, isGivenUp).catch(() => {
      // Nothing else waits for it. Without a connection it is all there is: it is read again later.
      if (!this.#isConnected) {
        for (const id of this.#isStopped ? [] : ids)
          this.#timers.set(
            `load:${id}`,
            clock.setTimeout(() => this.read(id, 0), REREAD_MS),
          );
        return [];
      }
      // It is fetched anew. What is stored goes: it would not be changed any more by what comes.
      const rows = ids.map((id) => ['coverage', id, undefined] as const);
      if (!this.#isStopped) writer.write({ dropped: ids, rows }).catch(() => undefined);
      return ids.map((id): Loaded => [id, undefined, []]);
    });
    for (const [conversationId, row, messages] of loaded) {
      const nothing: CoverageRow = {
        intervals: [],
        start: 1,
        floor: this.state.conversations.get(conversationId)?.lastSeq ?? 0,
      };
      const known = (writer.unwritten('coverage', conversationId) ?? row ?? nothing) as CoverageRow;
      const { intervals, start, floor } = known;
      const rows = new Map(messages.map((message) => [message.seq, message]));
      for (const message of writer.unwrittenBelow('messages', conversationId) as unknown as Message[])
        rows.set(message.seq, message);
      const held = [...rows.values()].filter(({ seq }) => covers(intervals, seq, seq)).sort((a, b) => a.seq - b.seq);
      this.#step({ type: 'loaded', conversationId, coverage: intervals, start, floor, messages: held });
    }
  }

  #step(input: SyncInput): void {
    const { state, effects } = reduce(this.state, input, this.serverTime);
    this.state = state;
    // Rows and what they settle go into one transaction.
    for (const effect of effects) this.#effect(effect);
    this.#listeners.call();
  }

  /** One after the other, so that what is shown waits for none of them. */
  async #lookUp({ connection, ids }: Extract<SyncEffect, { type: 'users' }>): Promise<void> {
    const notShown: string[] = [];
    let failure: Failure | undefined;
    for (const userId of ids) {
      if (connection !== this.state.connection) break;
      try {
        if (!this.state.isReady) throw new ChatError('NOT_CONNECTED', 'Not connected.');
        const user = await this.ports.fetchUser(userId);
        if (connection !== this.state.connection) break;
        this.#feed({ type: 'answer', users: [user] });
      } catch (error) {
        if (error instanceof ChatError && !error.isTransient) notShown.push(userId);
        else {
          failure = failureOf(error);
          break;
        }
      }
    }
    this.#feed({ type: 'users', connection, notShown, failure });
  }

  #effect(effect: SyncEffect): void {
    const { writer, request, fetchPage, fetchFriends, clock, random, settled } = this.ports;
    switch (effect.type) {
      case 'write':
        writer.write(effect.changes).catch(() => undefined);
        return;
      case 'settle': {
        const rows = settled(effect.settled);
        if (rows.length > 0) writer.write({ rows }).catch(() => undefined);
        return;
      }
      case 'sync': {
        const { cursor } = effect;
        const connection = this.#connections;
        // What was asked through a former connection says nothing of what was missed before this one, nor whether it can be asked.
        const end = (input: SyncInput): void => {
          if (connection === this.#connections) this.#feed(input);
        };
        request('sync', { cursor: cursor ?? undefined, limit: SYNC_LIMIT }).then(
          (answer) => end({ type: 'synced', cursor, answer }),
          (error: unknown) => end({ type: 'sync-failed', cursor, failure: failureOf(error) }),
        );
        return;
      }
      case 'page': {
        const { conversationId, query } = effect;
        fetchPage(conversationId, query, PAGE_SIZE).then(
          (page) => this.#feed({ type: 'page', conversationId, query, page }),
          (error: unknown) => this.#feed({ type: 'page-failed', conversationId, query, failure: failureOf(error) }),
        );
        return;
      }
      case 'friends':
        fetchFriends().then(
          (lists) => this.#feed({ type: 'friends', generation: effect.generation, ...lists }),
          (error: unknown) => this.#feed({ type: 'friends-failed', failure: failureOf(error) }),
        );
        return;
      case 'presence':
        this.ports.fetchPresent().then(
          (users) => this.#feed({ ...effect, users }),
          (error: unknown) => this.#feed({ ...effect, type: 'presence-failed', failure: failureOf(error) }),
        );
        return;
      case 'users':
        void this.#lookUp(effect);
        return;
      case 'join': {
        const isIn = (): boolean => this.state.conversations.has(effect.conversationId);
        const wasIn = isIn();
        // Its answer has the members' presence.
        this.ports.join(effect.conversationId).then(
          // Not what was left before this arrived: sync has said that, and does so once.
          ({ conversation }) => (!wasIn || isIn()) && this.#feed({ type: 'answer', conversation }),
          ({ isTransient, retryAfterMs: delayMs = REJOIN_MS }: ChatError) => {
            // The next connection joins it anyway.
            if (isTransient && this.state.isCaughtUp && !this.#isStopped)
              this.#effect({ type: 'timer', name: `join:${effect.conversationId}`, delayMs });
          },
        );
        return;
      }
      case 'leave':
        this.ports.leave(effect.conversationId);
        return;
      case 'timer': {
        const { name, delayMs } = effect;
        clock.clearTimeout(this.#timers.get(name));
        const work = (): void => {
          this.#timers.delete(name);
          this.#feed({ type: 'timer', name });
        };
        // Spread, so that not everybody comes back at once; never sooner than asked for.
        this.#timers.set(name, clock.setTimeout(work, delayMs * (1 + random.number() / 4)));
      }
    }
  }
}

function failureOf(error?: unknown): Failure {
  if (!(error instanceof ChatError)) return { code: 'UNEXPECTED_ANSWER' };
  const { code, retryAfterMs } = error;
  return defined({ code, retryAfterMs });
}
