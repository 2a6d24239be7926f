import { Session, type TokenProvider } from './auth/session.js';
import type { ConnectionSnapshot, Observable } from './connection/types.js';
import { EMPTY_STORE, Engine, NO_OUTBOX } from './engine.js';
import { type Friends, friendsOf } from './facade/friends.js';
import { type Conversations, conversationsOf } from './facade/conversations.js';
import { type Users, usersOf } from './facade/users.js';
import { authenticatedHttp, call, type HttpPorts } from './http/http.js';
import type { Http } from './http/types.js';
import type { MessageTarget, OutboxCommand, OutboxItem, UploadSource } from './outbox/types.js';
import {
  defaultConnectivity,
  defaultLifecycle,
  defaultTokens,
  systemClock,
  systemFetch,
  systemRandom,
} from './ports/platform.js';
import type { Timer } from './ports/environment.js';
import type { Ports } from './ports/ports.js';
import { socketIo } from './ports/socket-io.js';
import type { Database } from './ports/storage.js';
import { ChatError } from './protocol/errors.js';
import type {
  Attachment,
  Login,
  OwnUser,
  PendingRegistration,
  Presence,
  Registered,
  Registration,
  Tokens,
  VerifyCode,
} from './protocol/protocol.generated.js';
import type { MessageItem, MessagesSnapshot, SnapshotOf, StoreKey } from './store/types.js';
import type { Answer } from './sync/types.js';
import { findBroadcastChannels, noChannel } from './tabs/broadcast-channel.js';
import { processLock } from './tabs/process-lock.js';
import { createTabs, type Tabs } from './tabs/tabs.js';
import { findWebLocks, webLock } from './tabs/web-lock.js';

/** How long a start waits to learn whether this tab leads, before it begins as one that follows. */
const LEADER_WAIT_MS = 50;
/** A typing indicator is repeated while the user types; the server relays one in 2 s. */
const TYPING_REPEAT_MS = 2_500;
const LOGOUT_TIMEOUT_MS = 5_000;
/** For how long a conversation stays open that is read without a subscription. */
const LINGER_MS = 30_000;

export interface ClientOptions extends Partial<Omit<Ports, 'storage'>>, Pick<Ports, 'storage'> {
  /** The server, as `https://chat.example.com`. */
  url: string;
  /** Shown to the user in the list of sessions. */
  deviceName?: string;
}

export interface OutgoingMessage {
  conversationId?: string;
  /** In place of `conversationId`: the direct conversation with this user, which need not exist. */
  receiverId?: string;
  content?: string;
  attachments?: readonly (UploadSource | File)[];
  replyToId?: string;
}

/** A message as it is in `items`, or what of it says which it is. */
export type MessageReference = Pick<MessageItem, 'conversationId' | 'id' | 'clientId'>;

export interface Sent {
  readonly clientId: string;
  /** Resolves when it survives the end of the app. Rejects only where this device can keep nothing. */
  readonly stored: Promise<void>;
}

/**
 * The window of one conversation's messages around what is on screen. It is kept up to date while it is subscribed to or
 * opened, and for half a minute after it was read.
 */
export interface Messages extends Observable<MessagesSnapshot>, MessagesSnapshot {
  /** It is on screen from now on: its newest messages are fetched first. Returns what ends that. */
  open(): () => void;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  jumpTo(seq: number): Promise<void>;
  jumpToNewest(): Promise<void>;
}

export interface ClientOutbox extends Observable<readonly OutboxItem[]> {
  readonly items: readonly OutboxItem[];
  /** Now, rather than when it is due. Without a `clientId` all of them. */
  retry(clientId?: string): void;
  /** Another text for one that was refused, or that has not left yet. */
  edit(clientId: string, content: string): Promise<void>;
  /** Drops one that has not left yet. False where it may have been sent. */
  drop(clientId: string): Promise<boolean>;
}

export function createClient(options: ClientOptions): ChatClient {
  return new ChatClient(options);
}

interface Account {
  userId: string;
  name: string;
  database: Database;
  tabs: Tabs;
  engine: Engine;
  /** The engine led, and does no more, whatever its tab does by now. */
  isOver: boolean;
  end: () => void;
}

interface Watcher {
  key: StoreKey;
  listener: () => void;
  end: () => void;
}

/** The one object that an app talks to. Safe to make once, at the start, before anybody has logged in. */
export class ChatClient {
  readonly conversations: Conversations;
  readonly friends: Friends;
  readonly users: Users;
  readonly outbox: ClientOutbox;
  readonly connection: Observable<ConnectionSnapshot>;
  /** Resolves when an earlier session, if there was one, is there with all that was cached. Never rejects. */
  readonly ready: Promise<void>;
  /** Calls that this client has no method for, under its session. */
  readonly http: Http;

  readonly #ports: Ports;
  readonly #httpPorts: HttpPorts;
  readonly #session: Session;
  readonly #url: string;
  readonly #deviceName: string | undefined;
  #account: Account | undefined;
  /** Changes of the account follow one another. */
  #change: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #isSuspended = false;
  #idle: ConnectionSnapshot = { status: 'offline' };
  readonly #watchers = new Set<Watcher>();
  readonly #engineListeners = new Set<() => void>();
  readonly #messages = new Map<string, Messages>();
  readonly #opened = new Map<string, { count: number; end: () => void }>();
  readonly #lingering = new Map<string, { close: () => void; timer: Timer }>();
  readonly #typing = new Map<string, number>();

  constructor({ url, deviceName, ...given }: ClientOptions) {
    const locks = findWebLocks();
    const channel = findBroadcastChannels();
    // Tabs agree by both or not at all.
    const hasTabs = locks !== undefined && channel !== undefined;
    this.#ports = {
      tokens: given.tokens ?? defaultTokens(),
      connectivity: given.connectivity ?? defaultConnectivity(),
      lifecycle: given.lifecycle ?? defaultLifecycle(),
      lock: given.lock ?? (hasTabs ? webLock(locks) : processLock()),
      channel: given.channel ?? (hasTabs ? channel : noChannel),
      clock: given.clock ?? systemClock,
      random: given.random ?? systemRandom,
      fetch: given.fetch ?? systemFetch,
      socket: given.socket ?? socketIo,
      storage: given.storage,
    };
    this.#url = url.replace(/\/+$/, '');
    this.#deviceName = deviceName;
    this.#httpPorts = { url: this.#url, fetch: this.#ports.fetch, clock: this.#ports.clock };
    this.#session = new Session({ ...this.#ports, url: this.#url });
    this.#session.onEnd((code) => this.#ended(code));
    this.http = authenticatedHttp(this.#httpPorts, this.#session);
    this.connection = this.#observable(
      (engine) => engine?.connection,
      () => this.#idle,
    );
    const outbox = this.#observable(
      (engine) => engine?.outbox,
      () => NO_OUTBOX.getSnapshot(),
    );
    this.outbox = {
      ...outbox,
      get items() {
        return outbox.getSnapshot();
      },
      retry: (clientId) => {
        this.#account?.engine.outbox.retryNow(clientId);
        this.#account?.engine.socket?.nudge();
      },
      edit: (clientId, content) => this.#engine().outbox.revise(clientId, content),
      drop: (clientId) => this.#engine().outbox.cancel(clientId),
    };
    const observe = <Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> => this.observe(key);
    const apply = (answer: Answer): void => this.#account?.engine.sync.apply(answer);
    this.conversations = conversationsOf(this.http, observe, apply);
    this.friends = friendsOf(this.http, observe, apply);
    this.users = usersOf(this.http, observe, apply);
    this.ready = this.#changeAccount(async () => {
      const userId = await this.#session.restore();
      if (userId === undefined) this.#setIdle({ status: 'ended' });
      else await this.#open(userId);
    }).catch(() => undefined);
  }

  // Who

  /** Who is logged in; known before there is a network. */
  get userId(): string | undefined {
    return this.#session.userId;
  }

  /** Registers and logs in. Where the server wants the address verified first, it answers `verification`: then `verify`. */
  async register(registration: Registration): Promise<Registered | PendingRegistration> {
    const body = { deviceName: this.#deviceName, ...registration };
    const answer = (await this.#post<Registered | PendingRegistration>('/auth/register', body)).body;
    if ('accessToken' in answer) await this.#begin(answer, answer.user.id);
    return answer;
  }

  async login(credentials: Login): Promise<void> {
    await this.#logIn('/auth/login', credentials);
  }

  /** The mailed code, after `register` or a log-in that said `EMAIL_NOT_VERIFIED`. */
  async verify(code: VerifyCode): Promise<void> {
    await this.#logIn('/auth/verify-otp', code);
  }

  /**
   * The application's own tokens (a trusted issuer's). Called whenever another token is needed. Resolves when the user is
   * known, which without a network may be from the last time.
   */
  async useToken(provider: TokenProvider): Promise<void> {
    await this.ready;
    await this.#changeAccount(async () => {
      this.#session.useProvider(provider);
      const known = this.#session.userId;
      if (known !== undefined) return this.#open(known);
      const { body } = await this.http.request<OwnUser>('/users/me');
      await this.#session.identify(body.id);
      await this.#open(body.id);
    });
  }

  /** Ends the session here and on the server, and removes what this device holds of the user, the unsent included. */
  async logout(): Promise<void> {
    await this.ready;
    await this.#changeAccount(async () => {
      const account = this.#account;
      await this.#closeAccount();
      await this.http
        .request('/auth/logout', { method: 'POST', timeoutMs: LOGOUT_TIMEOUT_MS })
        // The server was not reached: the session ends by itself in time. Here it ends now.
        .catch(() => undefined);
      await this.#session.clear();
      if (account !== undefined) await this.#ports.storage.destroy(account.name);
      this.#setIdle({ status: 'ended' });
    });
  }

  // What is shown

  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> {
    return {
      getSnapshot: () => this.#store().getSnapshot(key),
      subscribe: (listener) => {
        const watcher: Watcher = { key, listener, end: this.#store().subscribe(key, listener) };
        this.#watchers.add(watcher);
        return () => {
          this.#watchers.delete(watcher);
          watcher.end();
        };
      },
    };
  }

  messages(conversationId: string): Messages {
    let messages = this.#messages.get(conversationId);
    if (messages === undefined) {
      messages = this.#messagesOf(conversationId);
      this.#messages.set(conversationId, messages);
    }
    return messages;
  }

  presence(userId: string): Observable<Presence | undefined> {
    return this.observe(`presence:${userId}`);
  }

  // What the user does

  /** Shows it at once. It is sent when it can be, after whatever was sent to the same conversation before, whatever happens. */
  send({ conversationId, receiverId, content, attachments = [], replyToId }: OutgoingMessage): Sent {
    if ((conversationId === undefined) === (receiverId === undefined))
      throw new TypeError('A message goes to a conversationId or to a receiverId.');
    if (content === undefined && attachments.length === 0) throw new TypeError('A message has content or attachments.');
    const clientId = this.#ports.random.uuid();
    const command: OutboxCommand = {
      type: 'send',
      clientId,
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(receiverId === undefined ? {} : { receiverId }),
      ...(content === undefined ? {} : { content }),
      ...(replyToId === undefined ? {} : { replyToId }),
    };
    return { clientId, stored: this.#enqueue(command, attachments.map(sourceOf)) };
  }

  edit(message: MessageReference, content: string): Promise<void> {
    // Not sent yet: it goes out with the new text.
    const waiting = this.#account?.engine.outbox.getSnapshot().find((item) => item.clientId === message.clientId);
    if (message.id === null && waiting?.state === 'rejected') return this.outbox.edit(waiting.clientId, content);
    return this.#enqueue({ type: 'edit', ...this.#aim(message), content });
  }

  async delete(message: MessageReference, options: { for?: 'everyone' | 'me' } = {}): Promise<void> {
    if (message.id === null && message.clientId !== null && (await this.outbox.drop(message.clientId))) return;
    await this.#enqueue({ type: 'delete', ...this.#aim(message), for: options.for ?? 'everyone' });
  }

  react(message: MessageReference, emoji: string, options: { remove?: boolean } = {}): Promise<void> {
    return this.#enqueue({ type: 'react', ...this.#aim(message), emoji, remove: options.remove ?? false });
  }

  /** Up to this message, without `seq` up to the newest. Moves forward only. */
  markRead(conversationId: string, seq?: number): Promise<void> {
    const conversation = this.#store().getSnapshot(`conversation:${conversationId}`);
    const upTo = seq ?? conversation?.lastSeq ?? 0;
    if (upTo <= (conversation?.me.lastReadSeq ?? 0)) return Promise.resolve();
    this.#account?.engine.sync.read(conversationId, upTo);
    return this.#enqueue({ type: 'read', clientId: this.#ports.random.uuid(), conversationId, seq: upTo });
  }

  /** For each keystroke: sent as often as it has to be, only while live. */
  typing(conversationId: string, isTyping: boolean): void {
    const now = this.#ports.clock.elapsed();
    const last = this.#typing.get(conversationId);
    if (isTyping ? last !== undefined && now - last < TYPING_REPEAT_MS : last === undefined) return;
    if (isTyping) this.#typing.set(conversationId, now);
    else this.#typing.delete(conversationId);
    this.#account?.engine.connection.request('typing', { conversationId, isTyping }).catch(() => undefined);
  }

  /** A file by itself, for an avatar say. Attachments of messages are given to `send`, which survives the end of the app. */
  async upload(file: File | Blob | UploadSource, options: { signal?: AbortSignal } = {}): Promise<Attachment> {
    const blob =
      file instanceof Blob ? file : new Blob([(await file.read(0, file.size)) as never], { type: file.mimeType });
    const form = new FormData();
    form.append('file', blob, 'name' in file ? file.name : 'file');
    const { signal } = options;
    const request = {
      method: 'POST',
      content: form,
      timeoutMs: 300_000,
      ...(signal === undefined ? {} : { signal }),
    } as const;
    return (await this.http.request<Attachment>('/attachments', request)).body;
  }

  // Running it

  /** Closes the connection until `resume`, at once. For apps that know better than their lifecycle. */
  suspend(): void {
    this.#isSuspended = true;
    this.#account?.engine.socket?.setWanted(false);
  }

  resume(): void {
    this.#isSuspended = false;
    this.#account?.engine.socket?.setWanted(this.#session.userId !== undefined);
    this.#account?.engine.socket?.nudge();
  }

  /** Ends everything in this process; the session and what was not sent stay for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { timer, close } of this.#lingering.values()) {
      this.#ports.clock.clearTimeout(timer);
      close();
    }
    this.#lingering.clear();
    await this.#changeAccount(() => this.#closeAccount());
  }

  // Inside

  async #logIn(path: string, body: object): Promise<void> {
    const answer = await this.#post<Tokens & { user?: OwnUser }>(path, { deviceName: this.#deviceName, ...body });
    await this.#begin(answer.body, answer.body.user?.id);
  }

  #post<Body>(path: string, body: object) {
    return call<Body>(this.#httpPorts, path, { method: 'POST', body });
  }

  async #begin(tokens: Tokens, knownUserId: string | undefined): Promise<void> {
    await this.ready;
    await this.#changeAccount(async () => {
      let userId = knownUserId;
      if (userId === undefined) {
        const { body } = await call<OwnUser>(this.#httpPorts, '/users/me', {}, tokens.accessToken);
        userId = body.id;
      }
      await this.#session.begin(userId, tokens);
      await this.#open(userId);
    });
  }

  #changeAccount<Result>(work: () => Promise<Result>): Promise<Result> {
    const change = this.#change.then(work);
    this.#change = change.catch(() => undefined);
    return change;
  }

  async #open(userId: string): Promise<void> {
    if (this.#isClosed) throw new ChatError('ABORTED', 'The client was closed.');
    if (this.#account?.userId === userId) {
      // The same person again: what is in the outbox goes on.
      this.#want(this.#account.engine);
      this.#account.engine.socket?.nudge();
      return;
    }
    await this.#closeAccount();
    const name = `${this.#url.replace(/^\w+:\/\//, '')}:${userId}`;
    const tabs = createTabs(name, this.#ports);
    tabs.start();
    let database: Database;
    try {
      // The list waits for both.
      [database] = await Promise.all([this.#ports.storage.open(name), this.#knowsRole(tabs)]);
    } catch (cause) {
      await tabs.stop();
      this.#setIdle({ status: 'ended', code: 'STORAGE' });
      throw new ChatError('STORAGE', 'The storage of this device could not be opened.', { cause });
    }
    const account: Account = {
      userId,
      name,
      database,
      tabs,
      engine: this.#engineFor(userId, database, tabs),
      isOver: false,
      end: () => undefined,
    };
    await account.engine.start();
    this.#account = account;
    const ends = [
      tabs.subscribe(() => {
        // Another tab leads now: this one's connection is closed before anything else happens.
        if (tabs.getSnapshot() === 'follower' && account.engine.socket !== undefined) {
          account.engine.socket.close();
          account.isOver = true;
        }
        this.#changeAccount(() => this.#takeRole(account)).catch(() => undefined);
      }),
      this.#ports.lifecycle.subscribe((state) => state === 'background' && tabs.yield()),
    ];
    account.end = () => ends.forEach((end) => end());
    await this.#takeRole(account);
    this.#shown();
    this.#want(account.engine);
  }

  /** This tab leads from now on, or follows: from what is stored. */
  async #takeRole(account: Account): Promise<void> {
    const { engine, tabs } = account;
    const isRight = (tabs.getSnapshot() === 'leader') === (engine.socket !== undefined);
    if (this.#account !== account || (isRight && !account.isOver)) return;
    account.isOver = false;
    await engine.stop();
    const next = this.#engineFor(account.userId, account.database, tabs);
    await next.start();
    account.engine = next;
    this.#shown();
    this.#want(next);
  }

  #engineFor(userId: string, database: Database, tabs: Tabs): Engine {
    return new Engine({
      ...this.#ports,
      url: this.#url,
      role: tabs.getSnapshot(),
      isShared: this.#ports.channel !== noChannel,
      database,
      tabs,
      http: this.http,
      session: this.#session,
      identified: (actual) => {
        if (actual === userId) return true;
        // The application's tokens are another user's now.
        this.#changeAccount(async () => {
          await this.#session.identify(actual);
          await this.#open(actual);
        }).catch(() => undefined);
        return false;
      },
    });
  }

  #want({ socket }: Engine): void {
    if (this.#session.userId === undefined) socket?.setEnded();
    else socket?.setWanted(!this.#isSuspended);
  }

  #knowsRole(tabs: Tabs): Promise<void> {
    const { clock } = this.#ports;
    return new Promise((resolve) => {
      const done = (): void => {
        clock.clearTimeout(timer);
        end();
        resolve();
      };
      const timer = clock.setTimeout(done, LEADER_WAIT_MS);
      const end = tabs.subscribe(done);
      if (tabs.getSnapshot() === 'leader') done();
    });
  }

  async #closeAccount(): Promise<void> {
    const account = this.#account;
    if (account === undefined) return;
    account.end();
    this.#account = undefined;
    this.#setIdle({ status: 'offline' });
    this.#shown();
    await account.tabs.stop(() => account.engine.stop());
    await account.database.close();
  }

  #ended(code: string): void {
    this.#account?.engine.socket?.setEnded(code);
    this.#setIdle({ status: 'ended', code });
  }

  async #enqueue(command: OutboxCommand, files: readonly UploadSource[] = []): Promise<void> {
    // Before the first await, so that it is shown in the same tick.
    const engine = this.#account?.engine;
    if (engine !== undefined) return void (await engine.outbox.enqueue(command, files));
    await this.ready;
    await this.#change;
    await this.#engine().outbox.enqueue(command, files);
  }

  #aim({ conversationId, id, clientId }: MessageReference): {
    clientId: string;
    conversationId: string;
    target: MessageTarget;
  } {
    if (id === null && clientId === null) throw new TypeError('A message has an id or a clientId.');
    const target = id === null ? { clientId: clientId as string } : { messageId: id };
    return { clientId: this.#ports.random.uuid(), conversationId, target };
  }

  #engine(): Engine {
    const engine = this.#account?.engine;
    if (engine === undefined) throw new ChatError('NOT_LOGGED_IN', 'There is no session: log in.');
    return engine;
  }

  #store() {
    return this.#account?.engine.store ?? EMPTY_STORE;
  }

  #setIdle(snapshot: ConnectionSnapshot): void {
    this.#idle = snapshot;
    for (const listener of [...this.#engineListeners]) listener();
  }

  /** Another engine: everything that is watched is watched there. */
  #shown(): void {
    for (const opened of this.#opened.values()) opened.end = () => undefined;
    for (const [conversationId, opened] of this.#opened)
      opened.end = this.#account?.engine.sync.open(conversationId) ?? (() => undefined);
    for (const watcher of this.#watchers) {
      watcher.end();
      watcher.end = this.#store().subscribe(watcher.key, watcher.listener);
    }
    for (const listener of [...this.#engineListeners]) listener();
    for (const { listener } of [...this.#watchers]) listener();
  }

  /** Of a part of whichever engine there is. */
  #observable<Snapshot>(
    of: (engine: Engine | undefined) => Observable<Snapshot> | undefined,
    otherwise: () => Snapshot,
  ): Observable<Snapshot> {
    const source = (): Observable<Snapshot> | undefined => of(this.#account?.engine);
    return {
      getSnapshot: () => source()?.getSnapshot() ?? otherwise(),
      subscribe: (listener) => {
        let of = source();
        let end = of?.subscribe(listener);
        const changed = (): void => {
          if (of !== source()) {
            end?.();
            of = source();
            end = of?.subscribe(listener);
          }
          listener();
        };
        this.#engineListeners.add(changed);
        return () => {
          this.#engineListeners.delete(changed);
          end?.();
        };
      },
    };
  }

  #messagesOf(conversationId: string): Messages {
    const { getSnapshot, subscribe } = this.observe(`messages:${conversationId}`);
    const open = (): (() => void) => this.#openConversation(conversationId);
    const sync = (): Engine['sync'] | undefined => this.#account?.engine.sync;
    const read = (): MessagesSnapshot => {
      this.#linger(conversationId, open);
      return getSnapshot();
    };
    return {
      getSnapshot,
      subscribe: (listener) => {
        const close = open();
        const end = subscribe(listener);
        return () => {
          end();
          close();
        };
      },
      open,
      loadOlder: async () => sync()?.load(conversationId, 'older'),
      loadNewer: async () => sync()?.load(conversationId, 'newer'),
      jumpTo: async (seq) => sync()?.jumpTo(conversationId, seq),
      jumpToNewest: async () => sync()?.jumpToNewest(conversationId),
      get items() {
        return read().items;
      },
      get hasOlder() {
        return read().hasOlder;
      },
      get hasNewer() {
        return read().hasNewer;
      },
      get firstUnreadSeq() {
        return read().firstUnreadSeq;
      },
      get isLoading() {
        return read().isLoading;
      },
    };
  }

  /** Who reads a conversation without subscribing to it looks at it as well. */
  #linger(conversationId: string, open: () => () => void): void {
    if (this.#isClosed) return;
    const { clock } = this.#ports;
    const held = this.#lingering.get(conversationId);
    clock.clearTimeout(held?.timer);
    const close = held?.close ?? open();
    const end = (): void => {
      this.#lingering.delete(conversationId);
      close();
    };
    this.#lingering.set(conversationId, { close, timer: clock.setTimeout(end, LINGER_MS) });
  }

  #openConversation(conversationId: string): () => void {
    let opened = this.#opened.get(conversationId);
    if (opened === undefined) {
      opened = { count: 0, end: this.#account?.engine.sync.open(conversationId) ?? (() => undefined) };
      this.#opened.set(conversationId, opened);
    }
    const held = opened;
    held.count += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      held.count -= 1;
      if (held.count > 0) return;
      this.#opened.delete(conversationId);
      held.end();
    };
  }
}

function sourceOf(file: UploadSource | File): UploadSource {
  if (!(typeof File !== 'undefined' && file instanceof File)) return file as UploadSource;
  const { name, type, size } = file;
  return {
    name,
    mimeType: type === '' ? 'application/octet-stream' : type,
    size,
    ...(typeof URL.createObjectURL === 'function' ? { previewUrl: URL.createObjectURL(file) } : {}),
    read: async (start, end) => {
      try {
        return new Uint8Array(await file.slice(start, end).arrayBuffer());
      } catch (cause) {
        throw new ChatError('UNREADABLE_FILE', 'The file cannot be read any more.', { cause });
      }
    },
  };
}
