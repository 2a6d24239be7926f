import type { ChannelMessage } from './ports/environment.js';
import { type ConnectionPorts, SocketConnection } from './connection/connection.js';
import type { Connection } from './connection/types.js';
import { fetchFriends, fetchPresent } from './http/friend-lists.js';
import { path } from './http/path.js';
import type { Http } from './http/types.js';
import { StoredDrafts } from './outbox/drafts.js';
import { numbered } from './outbox/numbered.js';
import { DurableOutbox } from './outbox/outbox.js';
import type { OutboxCommand, OutboxItem, UploadSource } from './outbox/types.js';
import { StoredUploads } from './outbox/uploads.js';
import type { Ports } from './ports/ports.js';
import { type Database, DURABLE_STORES, type StoreName } from './ports/storage.js';
import { handled } from './protocol/handled.js';
import type { MessagePage, OwnUser, ServerEvents, User } from './protocol/protocol.generated.js';
import { ContinuedStore } from './store/continued-store.js';
import { LiveStore } from './store/live-store.js';
import type { ChatStore } from './store/store.js';
import { Synchroniser } from './sync/engine.js';
import { RowWriter, WRITER } from './sync/row-writer.js';
import type { RowChanges, SyncState } from './sync/state.js';
import type { Answer } from './sync/types.js';
import { type Shown, ShownElsewhere, ShownHere } from './tabs/shown.js';
import type { AccountTabs, FollowingConnection, TabRole } from './tabs/types.js';

/** A typing indicator is repeated while the user types; the server relays one in 2 s. */
const TYPING_REPEAT_MS = 2_500;

export interface EnginePorts
  extends Pick<Ports, 'clock' | 'random' | 'lock'>,
    Omit<ConnectionPorts, 'catchUp' | 'identified' | 'doubted'> {
  role: TabRole;
  /** Of the account's storage, and of what its tabs hold. */
  name: string;
  /** There may be other tabs on the same storage. */
  isShared: boolean;
  database: Database;
  tabs: AccountTabs;
  http: Http;
  /** Whether somebody looks at the app in this tab. */
  isActive: () => boolean;
  /** The server's word for who this is; false where this engine belongs to somebody else. */
  identified: (userId: string) => boolean;
  /** Another tab that led at the same time has taken over the cache: this engine adds nothing to it any more. */
  overtaken: () => void;
}

/**
 * Everything that runs for one account in one tab: the cache, the outbox, the connection and their wiring. It is made anew
 * from storage when this tab begins to lead: what the leader before has stored is what counts.
 */
export class Engine {
  readonly connection: Connection & { close(): void };
  readonly socket: SocketConnection | undefined;
  readonly sync: Synchroniser;
  readonly outbox: DurableOutbox;
  readonly drafts: StoredDrafts;
  readonly store: ChatStore;
  readonly #writer: RowWriter;
  readonly #mark: string | undefined;
  readonly #follower: FollowingConnection | undefined;
  readonly #ends: (() => void)[] = [];
  readonly #typing = new Map<string, number>();
  /** Of a tab that follows. */
  readonly #here: ShownHere | undefined;
  readonly #elsewhere: ShownElsewhere;
  /** What the server knows of it on this connection, which is that of all tabs. */
  #sentActivity = true;
  /** Whether what this tab shows was left since another one is looked at. */
  #isPassedOver = false;
  /** How far the device's clock was ahead of the server's when that was last known. */
  #clockAheadMs = 0;
  #ready: ServerEvents['session:ready'] | undefined;
  /** What other tabs, or the engine before, store while this one reads: known to nobody, it would wait for the next start. */
  #early: ChannelMessage[] | undefined = [];
  #successor: Engine | undefined;
  /** The successor has taken its place: nothing is typed here any more. */
  #isReplaced = false;

  /** @param before what the engine showed in whose place this one comes */
  constructor(
    private readonly ports: EnginePorts,
    before?: SyncState,
  ) {
    const { role, isShared, database, http, clock, random } = ports;
    const { tabs } = ports.tabs;
    const isLeader = role === 'leader';
    if (isLeader && isShared) this.#mark = random.uuid();
    const written = (changes: RowChanges): void => {
      const rows = changes.rows.filter(([store]) => store === 'outbox' || store === 'drafts');
      if (rows.length === 0) return;
      this.outbox.stored({ rows });
      let message: ChannelMessage = { type: 'rows', changes: { rows } };
      tabs.post(message);
      if (this.#isReplaced) {
        this.#successor?.drafts.overwrite({ rows });
        message = { type: 'rows', changes: { rows: rows.filter(([store]) => store === 'outbox') } };
      }
      this.#successor?.receive(message);
    };
    const failed = (): void => this.outbox.notStored();
    this.#elsewhere = new ShownElsewhere(ports.lock, (leftIds) => {
      for (const id of leftIds) if (!this.#isLookedAt || !this.sync.state.windows.has(id)) this.#leave(id);
      this.#sendActivity();
    });
    if (!isLeader) {
      const shown = `${ports.name}:shown:${random.uuid()}`;
      this.#here = new ShownHere(tabs, ports.lock, shown, () => this.#shown());
    }
    const { overtaken } = ports;
    const options = {
      written,
      failed,
      overtaken,
      prepare: numbered,
      ...(this.#mark === undefined ? {} : { mark: this.#mark }),
    };
    this.#writer = new (isLeader ? RowWriter : FollowingWriter)(database, clock, options);
    this.sync = new Synchroniser({
      database,
      writer: this.#writer,
      clock,
      random,
      request: (event, payload, timeoutMs) => this.connection.request(event, payload, timeoutMs),
      join: (conversationId) => {
        // Known to the leader before: it must not leave what another tab closes at this moment.
        this.#here?.post();
        // It is joined when somebody looks: its messages are to ring until then.
        if (!this.#isLookedAt) return new Promise<never>(() => undefined);
        return this.connection.request('join_conversation', { conversationId });
      },
      leave: (conversationId) => this.#leave(conversationId),
      fetchPage: async (conversationId, position, limit) => {
        const messages = path`/conversations/${conversationId}/messages`;
        return (await http.request<MessagePage>(messages, { query: { ...position, limit }, expects: 'items' })).body;
      },
      fetchFriends: () => fetchFriends(http),
      fetchUser: async (userId) => (await http.request<User>(path`/users/${userId}`, { expects: 'id' })).body,
      fetchPresent: () => fetchPresent(http),
      settled: (settled) => this.outbox.settled(settled),
    });
    this.outbox = new DurableOutbox({
      database,
      writer: this.#writer,
      clock,
      random,
      send: (event, payload) => this.connection.request(event, payload),
      uploader: new StoredUploads({ database, http, clock }),
      isShared,
      holdCopy: (clientId, work) => ports.lock.run(`${ports.name}:copy:${clientId}`, work),
      writtenAt: () => this.#writtenAt(),
      directConversationWith: (userId) => this.sync.directConversationWith(userId),
      sentMessage: (conversationId, clientId) => this.sync.sentMessage(conversationId, clientId),
      answered: (answer) => {
        this.sync.apply(answer);
        // The leader's socket is not sent what it sends itself, so the other tabs know it from here.
        tabs.post({ type: 'answer', answer });
      },
      left: isLeader ? undefined : (left) => this.sync.apply({ left }),
      cancelElsewhere: isLeader ? undefined : async (clientId) => (await tabs.ask('cancel', clientId)) === true,
    });
    this.drafts = new StoredDrafts({ database, writer: this.#writer, clock });
    const sources = { sync: this.sync, outbox: this.outbox, drafts: this.drafts };
    this.store = before === undefined ? new LiveStore(sources) : new ContinuedStore(sources, before);
    if (isLeader) {
      this.socket = new SocketConnection({
        ...ports,
        catchUp: this.sync.catchUp,
        identified: (ready) => {
          this.#ready = ready;
          return ports.identified(ready.userId);
        },
        doubted: () => this.doubt(),
      });
      this.connection = this.socket;
    } else this.connection = this.#follower = ports.tabs.follow(this.sync.catchUp);
  }

  /** @param opened conversations that were opened or read already */
  async start(opened: Iterable<string>): Promise<void> {
    const { role, lifecycle } = this.ports;
    const { tabs } = this.ports.tabs;
    this.#ends.push(tabs.onMessage((message) => this.receive(message)));
    await Promise.all([this.sync.start(opened), this.outbox.start(), this.drafts.start()]);
    // A tab that followed has kept that it was read, and not the cache.
    for (const item of this.outbox.getSnapshot()) this.#showRead(item);
    // Nothing is shown as unread until its messages are there to be counted.
    await this.sync.idle();
    this.#ends.push(
      this.connection.onEvent((event) => this.sync.handle(event)),
      this.connection.subscribe(() => {
        const { status, clockAheadMs = this.#clockAheadMs } = this.connection.getSnapshot();
        const isLive = status === 'live';
        this.#clockAheadMs = clockAheadMs;
        this.sync.setLive(isLive);
        this.outbox.setLive(isLive && role === 'leader');
        this.#sendActivity();
        if (isLive) this.#meetOneself();
      }),
    );
    const taken = this.#early ?? [];
    this.#early = undefined;
    for (const message of taken) this.#take(message);
    if (this.#follower !== undefined) {
      this.#follower.start();
      this.#here?.start();
      this.#ends.push(
        lifecycle.subscribe((state) => {
          this.#here?.post();
          if (state !== 'active') return;
          // A page that was frozen may not have received everything, and what it shows may have been left meanwhile.
          this.doubt();
          this.outbox.lookAgain();
          if (this.connection.getSnapshot().status === 'live') this.sync.setLive(true);
        }),
      );
    }
    if (this.socket === undefined) return;
    this.#ends.push(lifecycle.subscribe(() => this.#sendActivity()));
    const cancel = (clientId: unknown): Promise<boolean> => this.outbox.cancel(clientId as string);
    // It may be hours old by then.
    const ready = (): ServerEvents['session:ready'] | undefined =>
      this.#ready && { ...this.#ready, serverTime: new Date(this.sync.serverTime).toJSON() ?? '' };
    this.#ends.push(this.ports.tabs.lead(this.socket, ready, { cancel, shown: this.#elsewhere.take }));
    if (this.#mark !== undefined) this.#writer.write({ rows: [['meta', WRITER, this.#mark]] }).catch(() => undefined);
  }

  /** Of another tab, or of the engine before this one. */
  receive(message: ChannelMessage): void {
    if (this.#early === undefined) this.#take(message);
    else this.#early.push(message);
  }

  /** What the user does here from now on is the next one's as well, as soon as it is stored. */
  shareWith(successor: Engine): void {
    this.#successor = successor;
  }

  /** The next one takes its place, and stores what of the drafts is not stored yet. */
  handOver(): void {
    this.#isReplaced = true;
    if (this.#successor !== undefined) this.drafts.handTo(this.#successor.drafts);
  }

  /** Resolves when the next one knows all that was stored here. */
  async shared(): Promise<void> {
    do {
      await this.#writer.flush();
      await this.#successor?.outbox.caughtUp();
    } while (this.#writer.isWriting);
  }

  keepDraft(conversationId: string, text: string): void {
    this.drafts.keep(conversationId, text);
    const pendingId = this.store.pendingIdOf(conversationId);
    // What was written before there was a conversation.
    if (pendingId !== conversationId) this.drafts.keep(pendingId, '');
  }

  /** For each keystroke: sent as often as it has to be, only while live. */
  typing(conversationId: string, isTyping: boolean): void {
    const now = this.ports.clock.elapsed();
    const last = this.#typing.get(conversationId);
    if (isTyping ? last !== undefined && now - last < TYPING_REPEAT_MS : last === undefined) return;
    if (isTyping) this.#typing.set(conversationId, now);
    else this.#typing.delete(conversationId);
    this.connection.request('typing', { conversationId, isTyping }).catch(() => undefined);
  }

  setActive(isActive: boolean): void {
    if (isActive) this.wake();
    this.#sendActivity();
    if (isActive && this.#here !== undefined && this.connection.getSnapshot().status === 'live')
      this.sync.setLive(true);
  }

  /** A page that nobody looks at, that is put away or frozen, shows nothing. */
  #shown(): Shown {
    const isActive = this.ports.isActive() && this.ports.lifecycle.getState() !== 'background';
    return { isActive, conversationIds: isActive ? [...this.sync.state.windows.keys()] : [] };
  }

  /** Whether what this tab shows is open for the server. Where no tab is looked at, that is what the leader shows. */
  get #isLookedAt(): boolean {
    return this.ports.isActive() || (this.#here === undefined && !this.#elsewhere.isActive);
  }

  /** The room is that of all tabs. */
  #leave(conversationId: string): void {
    if (this.#here !== undefined) this.#here.post();
    else if (!this.#elsewhere.has(conversationId))
      this.connection.request('leave_conversation', { conversationId }).catch(() => undefined);
  }

  /** A connection counts as looked at until it is said otherwise, so it is said on each, for all tabs. */
  #sendActivity(): void {
    if (this.#here !== undefined) return this.#here.post();
    const active = this.ports.isActive() || this.#elsewhere.isActive;
    const isPassedOver = !this.#isLookedAt;
    const isChanged = isPassedOver !== this.#isPassedOver;
    this.#isPassedOver = isPassedOver;
    if (this.connection.getSnapshot().status !== 'live') {
      this.#sentActivity = true;
      return;
    }
    if (isChanged && isPassedOver) for (const id of this.sync.state.windows.keys()) this.#leave(id);
    else if (isChanged) this.sync.setLive(true);
    if (this.#sentActivity !== active) {
      this.#sentActivity = active;
      this.connection.request('set_active', { active }).catch(() => undefined);
    }
  }

  /** What waits is due now; without a `clientId` all of it. */
  retry(clientId?: string): void {
    this.outbox.retryNow(clientId);
    if (this.socket === undefined) this.ports.tabs.tabs.post({ type: 'retry', clientId });
    else this.socket.nudge();
  }

  /** The user does something: a connection that waits for its next try makes it now. */
  wake(): void {
    const { status } = this.connection.getSnapshot();
    if (status !== 'waiting' && status !== 'suspended') return;
    if (this.socket === undefined) this.ports.tabs.tabs.post({ type: 'wake' });
    else this.socket.nudge();
  }

  /** Shown in this tick; resolves when it survives the end of the app. */
  async enqueue(command: OutboxCommand, files: readonly UploadSource[]): Promise<void> {
    // A cursor is nothing that anybody waits for.
    if (command.type === 'read') this.sync.read(command.conversationId, command.seq);
    else this.wake();
    if (command.type === 'send') this.#showNewest(command);
    await this.outbox.enqueue(command, files);
  }

  /** What waits, or was refused, is listed by it among what the server has dated: above all that is there by now. */
  #writtenAt(): number {
    let newest = '';
    for (const { lastMessageAt, createdAt } of this.sync.state.conversations.values()) {
      const at = lastMessageAt ?? createdAt;
      if (at > newest) newest = at;
    }
    return Math.max(this.ports.clock.now() - this.#clockAheadMs, Date.parse(newest) + 1 || 0);
  }

  /** What is written from the midst of a history is shown, with the newest messages. */
  #showNewest({ conversationId, receiverId = '' }: Extract<OutboxCommand, { type: 'send' }>): void {
    const id = conversationId ?? this.sync.directConversationWith(receiverId) ?? '';
    if (this.sync.state.windows.get(id)?.follows === false) void handled(this.sync.jumpToNewest(id));
  }

  /** What is shown may not be what the server has. */
  doubt(): void {
    this.sync.handle({ name: 'sync:needed', payload: {} });
  }

  /** Sync sends one's own profile only when it changes. */
  #meetOneself(): void {
    if (this.store.getSnapshot('me') !== undefined) return;
    this.ports.http.request<OwnUser>('/users/me').then(
      ({ body }) => this.sync.apply({ users: [body] }),
      () => undefined,
    );
  }

  #take(message: ChannelMessage): void {
    if (message.type === 'leader') {
      this.outbox.lookAgain();
      this.#here?.post();
    } else if (message.type === 'wake') {
      if (this.socket !== undefined) this.wake();
    } else if (message.type === 'retry') {
      if (this.socket !== undefined) this.retry(message['clientId'] as string | undefined);
    } else if (message.type === 'rows') {
      // JSON says null for what is gone.
      const rows = (message['changes'] as RowChanges).rows.map(([store, key, value]): RowChanges['rows'][number] => [
        store,
        key,
        value ?? undefined,
      ]);
      this.outbox.takeRows({ rows });
      this.drafts.takeRows({ rows });
      for (const [store, , value] of rows) if (store === 'outbox') this.#showRead(value as OutboxItem | undefined);
    } else if (message.type === 'answer' && this.ports.role === 'follower') {
      const answer = message['answer'] as Answer;
      this.outbox.answeredElsewhere(answer.settled ?? []);
      this.sync.apply(answer);
    }
  }

  #showRead(item: OutboxItem | undefined): void {
    const command = item?.command;
    if (command?.type === 'read') this.sync.read(command.conversationId, command.seq);
  }

  /** What is not written yet is not waited for any more. */
  giveUp(): void {
    this.#writer.close();
  }

  /** Resolves when nothing of it is left to write. What is typed is shown until the store is closed as well. */
  async stop(): Promise<void> {
    this.connection.close();
    this.#here?.close();
    this.#elsewhere.close();
    for (const end of this.#ends) end();
    await this.outbox.stop();
    await this.sync.stop();
  }
}

/** The writer of a tab that does not lead: it keeps what its user typed. The cache is written by the leader alone. */
class FollowingWriter extends RowWriter {
  override write({ rows }: RowChanges): Promise<void> {
    const durable: readonly StoreName[] = DURABLE_STORES;
    return super.write({ rows: rows.filter(([store]) => durable.includes(store)) });
  }
}
