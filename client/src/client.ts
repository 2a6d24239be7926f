import { CurrentAccount } from './account.js';
import { Session, type TokenProvider } from './auth/session.js';
import { pause } from './connection/backoff.js';
import type { ConnectionSnapshot, Observable } from './connection/types.js';
import { type Conversations, conversationsOf } from './facade/conversations.js';
import { type Friends, friendsOf } from './facade/friends.js';
import { ConversationWindows, type Messages } from './facade/messages.js';
import type { LogInAttempt, SignIn } from './facade/sign-in.js';
import {
  type ClientOutbox,
  type MessageReference,
  type OutgoingMessage,
  type Sent,
  sourceOf,
} from './facade/outgoing.js';
import { type Users, usersOf } from './facade/users.js';
import type { Http } from './http/types.js';
import type { Later } from './later.js';
import { pendingConversationId, recipientOf } from './outbox/recipient.js';
import type { MessageTarget, OutboxCommand, UploadSource } from './outbox/types.js';
import { defaultTokens, findWebLocks, systemClock, systemFetch, systemRandom } from './ports/platform.js';
import type { GivenPorts, Ports } from './ports/ports.js';
import { defined } from './protocol/defined.js';
import { deferred, deferredCalls } from './protocol/deferred.js';
import { handled } from './protocol/handled.js';
import type {
  Attachment,
  CreateReport,
  Login,
  PendingRegistration,
  Presence,
  Registered,
  Registration,
  ReportReceipt,
  VerifyCode,
} from './protocol/protocol.generated.js';
import type { SnapshotOf, StoreKey } from './store/types.js';
import { findBroadcastChannels, noChannel } from './tabs/broadcast-channel.js';

/** So long a log-out waits for the server to end the session. */
const REVOCATION_TIMEOUT_MS = 800;

export interface ClientOptions extends Partial<Omit<Ports, 'storage'>>, Pick<Ports, 'storage'> {
  /** The server, as `https://chat.example.com`. */
  url: string;
  /** Shown to the user in the list of sessions. */
  deviceName?: string;
}

export function createClient(options: ClientOptions): ChatClient {
  return new ChatClient(options);
}

function portsOf(given: ClientOptions): GivenPorts & Pick<ClientOptions, 'url' | 'deviceName'> {
  const channels = findBroadcastChannels();
  const locks = channels && findWebLocks();
  // Tabs agree by both, on a storage that they share, or not at all.
  const shared = locks !== undefined && given.storage.kind !== 'memory' ? channels : undefined;
  const channel = given.channel ?? shared ?? noChannel;
  return {
    ...given,
    url: given.url.replace(/\/+$/, ''),
    tokens: given.tokens ?? defaultTokens(),
    locks,
    channel,
    isShared: channel !== noChannel,
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    fetch: given.fetch ?? systemFetch,
  };
}

/** From JavaScript anything may come. */
function requireText(content: unknown): void {
  if (typeof content !== 'string') throw new TypeError('The content is a string.');
}

/** What is written and not sent to a conversation; empty where there is nothing. */
export interface Draft extends Observable<string> {
  /** For each keystroke. */
  set(text: string): void;
  /** After it was sent. */
  clear(): void;
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

  readonly #ports: ReturnType<typeof portsOf>;
  readonly #session: Session;
  readonly #account: CurrentAccount;
  readonly #windows: ConversationWindows;
  readonly #later: () => Promise<Later>;
  #signIn: SignIn | undefined;
  /** How many log-ins were asked for. */
  #logIns = 0;

  constructor(options: ClientOptions) {
    if (!/^https?:\/\/[^/]/i.test(options.url)) throw new TypeError('The url is not http(s).');
    const ports = (this.#ports = portsOf(options));
    const session = (this.#session = new Session(ports));
    const account = (this.#account = new CurrentAccount({ ...ports, session, later: () => this.#later() }));
    this.ready = account.ready;
    // Before the first request there is what is cached.
    this.http = deferredCalls(['request'], async () => (await this.#later()).http);
    this.#windows = new ConversationWindows(account, ports.clock);
    this.connection = account.part((engine) => engine?.connection ?? account.idle);
    const { outbox } = account;
    this.outbox = {
      ...outbox,
      get items() {
        return outbox.getSnapshot();
      },
      retry: (clientId) => account.engine?.retry(clientId),
      edit: (clientId, content, files) =>
        handled(account.withOutbox((items) => items.revise(clientId, content, files?.map(sourceOf)))),
      drop: (clientId) => handled(account.cancel(clientId)),
    };
    const observe = <Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> => this.observe(key);
    this.#later = deferred(async () => {
      const { laterParts } = await import('./later.js');
      const later = laterParts({ ...ports, session, account });
      this.#signIn = later.signIn;
      if (account.isClosed) later.signIn.close();
      return later;
    });
    this.conversations = conversationsOf(observe, async () => (await this.#later()).calls.conversations);
    this.friends = friendsOf(observe, async () => (await this.#later()).calls.friends);
    this.users = usersOf(observe, async () => (await this.#later()).calls.users);
    // What is shown comes first; the rest is there before anybody asks for it.
    void handled(this.ready.then(() => this.#revoke()).then(() => this.#later()));
  }

  // The user

  /** Who is logged in; known before there is a network. */
  get userId(): string | undefined {
    return this.#session.userId;
  }

  /** Registers and logs in. Where the server wants the e-mail address verified first, it answers `verification`: then `verify`. */
  async register(registration: Registration): Promise<Registered | PendingRegistration> {
    return this.#signingIn((signIn, attempt) => signIn.register(registration, attempt));
  }

  async login(credentials: Login): Promise<void> {
    return this.#signingIn((signIn, attempt) => signIn.login(credentials, attempt));
  }

  /** The mailed code, after `register` or a log-in that said `EMAIL_NOT_VERIFIED`. */
  async verify(code: VerifyCode): Promise<void> {
    return this.#signingIn((signIn, attempt) => signIn.verify(code, attempt));
  }

  /**
   * The application's own tokens (a trusted issuer's). Called whenever another token is needed. Resolves when the user is
   * known, which without a network may be from the last time.
   */
  async useToken(provider: TokenProvider): Promise<void> {
    return this.#signingIn((signIn, attempt) => signIn.useToken(provider, attempt));
  }

  /**
   * Ends the session, and removes what this device holds of the user, the unsent included. On the server the session ends
   * as soon as that is reached, if need be after the next start; nobody waits for it longer than a second.
   */
  logout(): Promise<void> {
    // oxlint-disable-next-line typescript/no-misused-promises -- a promise that this returns is waited for
    return handled(this.#account.leave().finally(() => this.#revoke()));
  }

  // What is shown

  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> {
    return this.#account.observe(key);
  }

  messages(conversationId: string): Messages {
    return this.#windows.of(conversationId);
  }

  /** What is written and not sent. */
  draft(conversationId: string): Draft {
    const set = (text: string): void => this.keepDraft(conversationId, text);
    return { ...this.observe(`draft:${conversationId}`), set, clear: () => set('') };
  }

  presence(userId: string): Observable<Presence | undefined> {
    return this.observe(`presence:${userId}`);
  }

  // What the user does

  /** Shows it at once. It is sent when it can be, after whatever was sent to the same conversation before, whatever happens. */
  send({ content: text, attachments = [], replyToId, conversationId, receiverId: to }: OutgoingMessage): Sent {
    if ((conversationId === undefined) === (to === undefined))
      throw new TypeError('A message has a conversationId or a receiverId.');
    const named = conversationId ?? pendingConversationId(to);
    const receiverId = to ?? recipientOf(named);
    // What cannot be kept would hold up all that is typed after it.
    if (text !== undefined) requireText(text);
    // A field that is empty says nothing.
    const content = text || undefined;
    if (content === undefined && attachments.length === 0) throw new TypeError('A message has content or attachments.');
    const clientId = this.#ports.random.uuid();
    const quoted = replyToId === undefined ? {} : this.#quotation(named, replyToId);
    const recipient = receiverId === undefined ? { conversationId: named } : { receiverId };
    const fields = defined({ clientId, ...recipient, content, ...quoted });
    return { clientId, stored: this.#enqueue({ type: 'send', ...fields }, attachments.map(sourceOf)) };
  }

  edit(message: MessageReference, content: string): Promise<void> {
    requireText(content);
    // Not sent yet: it goes out with the new text.
    const waiting = this.outbox.items.find((item) => item.clientId === message.clientId);
    if (message.id === null && waiting?.state === 'rejected') return this.outbox.edit(waiting.clientId, content);
    return this.#enqueue({ type: 'edit', ...this.#aim(message), content });
  }

  delete(message: MessageReference, options: { for?: 'everyone' | 'me' } = {}): Promise<void> {
    const remove = (): Promise<void> =>
      this.#enqueue({ type: 'delete', ...this.#aim(message), for: options.for ?? 'everyone' });
    if (message.id !== null || message.clientId === null) return remove();
    return handled(this.outbox.drop(message.clientId).then((isDropped) => (isDropped ? undefined : remove())));
  }

  react(message: MessageReference, emoji: string, options: { remove?: boolean } = {}): Promise<void> {
    return this.#enqueue({ type: 'react', ...this.#aim(message), emoji, remove: options.remove ?? false });
  }

  /** Up to this message, without `seq` up to the newest. Moves forward only. */
  markRead(conversationId: string, seq?: number): Promise<void> {
    const id = this.#idOf(conversationId);
    const conversation = this.observe(`conversation:${id}`).getSnapshot();
    const newest = conversation?.lastSeq ?? seq ?? 0;
    // A cursor beyond the newest message would hide what is still to come.
    const upTo = Math.min(seq ?? newest, newest);
    if (!(upTo > (conversation?.me.lastReadSeq ?? 0))) return Promise.resolve();
    return this.#enqueue({ type: 'read', clientId: this.#ports.random.uuid(), conversationId: id, seq: upTo });
  }

  /** What is written and not sent, kept until it is sent: for each keystroke, empty when it was. Without a session nothing happens. */
  keepDraft(conversationId: string, text: string): void {
    requireText(text);
    this.#account.keepDraft(this.#idOf(conversationId), text);
  }

  /** For each keystroke: sent as often as it has to be, only while live. */
  typing(conversationId: string, isTyping: boolean): void {
    this.#account.engine?.typing(this.#idOf(conversationId), isTyping);
  }

  /**
   * Whether somebody looks at this app: while nobody does, its devices ring. Until it is called its lifecycle says: nobody looks at a
   * tab that is hidden.
   */
  setActive(isActive: boolean): void {
    this.#account.setActive(isActive);
  }

  /** A file by itself, for an avatar say. Attachments of messages are given to `send`, which survives the end of the app. */
  upload(file: File | Blob | UploadSource, options: { signal?: AbortSignal } = {}): Promise<Attachment> {
    return handled(this.#later().then((later) => later.upload(file, options)));
  }

  /** Asks the server's moderators to look at a message, a user or a conversation, as it is now. The one reported learns nothing of it. */
  report(report: CreateReport): Promise<ReportReceipt> {
    return handled(this.#later().then(({ calls }) => calls.report(report)));
  }

  // Running it

  /** Closes the connection until `resume`, at once. For apps that know better than their lifecycle. */
  suspend(): void {
    this.#account.setSuspended(true);
  }

  resume(): void {
    this.#account.setSuspended(false);
  }

  /** Ends everything in this process; the session and what was not sent stay for the next start. */
  async close(): Promise<void> {
    const closed = this.#account.close();
    this.#windows.close();
    await closed;
    this.#signIn?.close();
  }

  // Inside

  /** As the server knows it, where it does. */
  #idOf(conversationId: string): string {
    return this.#account.shown.store.idOf(conversationId);
  }

  /** Numbered in the caller's tick, before anything is awaited. */
  async #signingIn<Result>(work: (signIn: SignIn, attempt: LogInAttempt) => Promise<Result>): Promise<Result> {
    const attempt = { number: (this.#logIns += 1), departures: this.#account.departures };
    return work((await this.#later()).signIn, attempt);
  }

  /** Ends on the server what was left here. Resolves when that is done, or may take longer. */
  async #revoke(): Promise<void> {
    if (this.#session.revocations.length === 0) return;
    // Where the code itself does not come: at the next chance.
    const attempt = this.#later()
      .then(({ signIn }) => signIn.revoke())
      .catch(() => undefined);
    await Promise.race([attempt, pause(this.#ports.clock, REVOCATION_TIMEOUT_MS)]);
  }

  #enqueue(command: OutboxCommand, files: readonly UploadSource[] = []): Promise<void> {
    return handled(this.#account.enqueue(command, files));
  }

  /** What a message answers may have no id yet: then it is sent when that has; or may have got it meanwhile. */
  #quotation(conversationId: string, named: string): { replyToId: string } | { replyToClientId: string } {
    if (this.outbox.items.some(({ clientId }) => clientId === named)) return { replyToClientId: named };
    const { items } = this.observe(`messages:${conversationId}`).getSnapshot();
    // Each member chooses their own: another one's may be that of any message.
    const own = items.find(({ clientId, senderId }) => clientId === named && senderId === this.userId);
    return { replyToId: own?.id ?? named };
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
}
