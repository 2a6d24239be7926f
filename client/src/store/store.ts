import { callEach } from '../connection/listeners.js';
import type { Observable } from '../connection/types.js';
import { pendingConversationId, recipientOf } from '../outbox/recipient.js';
import type { KeptFile, OutboxCommand, OutboxItem } from '../outbox/types.js';
import { defined } from '../protocol/defined.js';
import type { Attachment, Conversation, Member, Message, User } from '../protocol/protocol.generated.js';
import { isUnread, PAGE_SIZE, rowAt, rowsBetween } from '../sync/message-rows.js';
import type { ConversationRow, SentMessage, ShownState, Timeline, Window } from '../sync/state.js';
import { overlaid } from './overlay.js';
import type {
  ConversationItem,
  MessageItem,
  MessagesSnapshot,
  QuotedMessage,
  SnapshotOf,
  Store,
  StoreKey,
  StoreSnapshots,
} from './types.js';

/** What the snapshots are made of. Nothing of it changes in place. */
export interface StoreSources {
  sync: {
    readonly state: ShownState;
    subscribe(listener: () => void): () => void;
    directConversationWith(userId: string): string | undefined;
  };
  outbox: Observable<readonly OutboxItem[]>;
  drafts: { of(conversationId: string): string; subscribe(listener: () => void): () => void };
}

export interface Viewed {
  timeline: Timeline | undefined;
  window: Window | undefined;
}

type Snapshot = StoreSnapshots[keyof StoreSnapshots];

interface Memo {
  sources: readonly unknown[];
  snapshot: Snapshot;
}

/**
 * Snapshots for what is shown, by key. A snapshot is made anew only when what it is made of has changed, and what is equal
 * within it stays the same object: a message that did not change is not drawn again.
 */
export class ChatStore implements Store {
  readonly #listeners = new Map<StoreKey, Set<() => void>>();
  readonly #memos = new Map<StoreKey, Memo>();
  readonly #notified = new Map<StoreKey, unknown>();
  readonly #conversations = new WeakMap<
    ConversationRow,
    { users: readonly (User | undefined)[]; view: Conversation }
  >();
  readonly #items = new WeakMap<SentMessage | OutboxCommand, { sources: readonly unknown[]; item: MessageItem }>();
  readonly #ends: (() => void)[];

  constructor(protected readonly sources: StoreSources) {
    const notify = (): void => this.#notify();
    this.#ends = [sources.sync.subscribe(notify), sources.outbox.subscribe(notify), sources.drafts.subscribe(notify)];
  }

  subscribe(key: StoreKey, listener: () => void): () => void {
    let listeners = this.#listeners.get(key);
    if (listeners === undefined) {
      this.#listeners.set(key, (listeners = new Set()));
      this.#notified.set(key, this.getSnapshot(key));
    }
    // One function may subscribe twice.
    const entry = (): void => listener();
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
      if (listeners.size > 0 || this.#listeners.get(key) !== listeners) return;
      this.#listeners.delete(key);
      this.#notified.delete(key);
    };
  }

  getSnapshot<Key extends StoreKey>(key: Key): SnapshotOf<Key> {
    const end = key.indexOf(':');
    if (end < 0) return this.#snapshot(key, key as keyof StoreSnapshots, '') as SnapshotOf<Key>;
    const [kind, name] = [key.slice(0, end) as keyof StoreSnapshots, key.slice(end + 1)];
    const id = this.idOf(name);
    return this.#snapshot(`${kind}:${id}` as StoreKey, kind, id) as SnapshotOf<Key>;
  }

  /** Of a conversation that was begun here, once the server knows it, the id there; any other as it is. */
  idOf(conversationId: string): string {
    const userId = recipientOf(conversationId);
    const known = userId === undefined ? undefined : this.sources.sync.directConversationWith(userId);
    return known ?? conversationId;
  }

  /** Of a direct conversation the id that it had before anything was sent there; of any other its own. */
  pendingIdOf(conversationId: string): string {
    const { conversations, userId } = this.sources.sync.state;
    const row = conversations.get(conversationId);
    const other = row?.type === 'DIRECT' ? row.members.find((member) => member.userId !== userId)?.userId : undefined;
    return other === undefined ? conversationId : pendingConversationId(other);
  }

  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> {
    return { getSnapshot: () => this.getSnapshot(key), subscribe: (listener) => this.subscribe(key, listener) };
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  #notify(): void {
    for (const [key, listeners] of [...this.#listeners]) {
      const snapshot: unknown = this.getSnapshot(key);
      // Where the last one was ended by a listener before it, the snapshot is let go of.
      if (listeners.size === 0 || this.#notified.get(key) === snapshot) continue;
      this.#notified.set(key, snapshot);
      callEach(listeners);
    }
    // Messages that nobody is shown any more; not at the end of a subscription, behind which another one may begin at once.
    const shown = new Set(this.#notified.values());
    for (const [key, { snapshot }] of this.#memos)
      if (key.startsWith('messages:') && !shown.has(snapshot)) this.#memos.delete(key);
  }

  #snapshot(key: StoreKey, kind: keyof StoreSnapshots, id: string): Snapshot {
    const { state } = this.sources.sync;
    const { users, conversations } = state;
    switch (kind) {
      case 'me':
        return state.userId === null ? undefined : users.get(state.userId);
      case 'user':
        return users.get(id);
      case 'presence':
        return state.presence.get(id);
      case 'typing':
        return state.typing.get(id) ?? NONE;
      case 'conversation': {
        const row = conversations.get(id);
        return row === undefined ? this.pendingConversation(id, state) : this.conversation(row, state);
      }
      case 'conversations': {
        const pending = this.#pendingConversations(state);
        return this.#list(key, [conversations, users, this.sources.outbox.getSnapshot(), ...pending], () =>
          [...[...conversations.values()].map((row) => this.conversation(row, state)), ...pending].sort(byActivity),
        );
      }
      case 'friends':
        return this.#list(key, [state.friends, users], () =>
          [...state.friends.keys()].flatMap((userId) => users.get(userId) ?? []),
        );
      case 'friendRequests':
        return this.#list(key, [state.friendRequests], () =>
          [...state.friendRequests.values()].filter(({ status }) => status === 'PENDING'),
        );
      case 'receipts': {
        const members = conversations.get(id)?.members;
        return this.#memo(key, [members], () =>
          (members ?? []).map(({ userId, lastReadSeq, lastDeliveredSeq }) => ({
            conversationId: id,
            userId,
            lastReadSeq,
            lastDeliveredSeq,
          })),
        );
      }
      case 'draft':
        return this.sources.drafts.of(id) || this.sources.drafts.of(this.pendingIdOf(id));
      case 'messages':
        return this.#messages(key, id, state);
    }
  }

  /** What is looked at of a conversation. */
  protected viewed({ timelines, windows }: ShownState, id: string): Viewed {
    return { timeline: timelines.get(id), window: windows.get(id) };
  }

  #messages(key: StoreKey, id: string, state: ShownState): Snapshot {
    const row = state.conversations.get(id);
    const { timeline, window } = this.viewed(state, id);
    const outbox = this.#outboxOf(id);
    return this.#memo(key, [timeline, window, row?.lastSeq, ...outbox], (before): MessagesSnapshot => {
      const { rows, start } = timeline ?? NO_TIMELINE;
      const { from, to } = window ?? { from: (rows.at(-PAGE_SIZE) ?? rows[0])?.seq ?? 1, to: rows.at(-1)?.seq ?? 0 };
      const lastSeq = row?.lastSeq ?? 0;
      const changes = changesByMessage(outbox);
      const items: MessageItem[] = rowsBetween(rows, from, to).map((message) =>
        this.#sent(message, timeline as Timeline, changes, state.userId),
      );
      if (window?.follows ?? true) {
        // What the server has already is shown once, as the server has it.
        const sent = new Set(rows.map(({ clientId, senderId }) => (senderId === state.userId ? clientId : null)));
        for (const item of outbox) {
          const { command, clientId } = item;
          if (command.type !== 'send' || sent.has(clientId)) continue;
          const quoted =
            rows.find((row) => row.id === command.replyToId) ??
            items.find((one) => one.clientId === command.replyToClientId);
          items.push(this.#pending(item, id, quoted, changes.get(clientId) ?? NO_CHANGES, state.userId));
        }
      }
      const isEmpty = to < from;
      const [opened, upTo] = window?.unread ?? [0, 0];
      // A member who was removed and came back may see less than what was unread when it was opened.
      const after = Math.max(opened, start - 1);
      const unread = rowsBetween(rows, after + 1, upTo).find((message) => isUnread(message, state.userId));
      const isUnreadHeld = rows.some(({ seq }) => seq === after + 1);
      const firstUnreadSeq =
        upTo <= after ? null : isUnreadHeld ? (unread?.seq ?? null) : row?.counted.unreadCount === 0 ? null : after + 1;
      const previous = (before as MessagesSnapshot | undefined)?.items ?? [];
      const snapshot: MessagesSnapshot = {
        items: isSame(previous, items) ? previous : items,
        hasOlder: isEmpty ? lastSeq >= start : from > start,
        hasNewer: !isEmpty && to < lastSeq,
        firstUnreadSeq,
        isLoading: window !== undefined && (window.loading !== null || window.isPaused),
      };
      return before !== undefined && isSame(Object.values(before), Object.values(snapshot))
        ? (before as MessagesSnapshot)
        : snapshot;
    });
  }

  /** The outbox's items of one conversation, whichever way they name it. */
  #outboxOf(id: string): OutboxItem[] {
    const pendingId = this.pendingIdOf(id);
    return this.sources.outbox
      .getSnapshot()
      .filter(({ command, lane }) => command.type !== 'read' && (command.conversationId === id || lane === pendingId));
  }

  /** Of users with whom there is no conversation yet, and messages to them. */
  #pendingConversations(state: ShownState): ConversationItem[] {
    const ids = new Set<string>();
    for (const { command } of this.sources.outbox.getSnapshot())
      if (command.type === 'send' && command.receiverId !== undefined)
        if (this.sources.sync.directConversationWith(command.receiverId) === undefined)
          ids.add(pendingConversationId(command.receiverId));
    return [...ids].flatMap((id) => this.pendingConversation(id, state) ?? []);
  }

  protected pendingConversation(id: string, { users, userId }: ShownState): ConversationItem | undefined {
    const receiverId = recipientOf(id);
    const items = this.sources.outbox
      .getSnapshot()
      .filter(({ lane, command }) => lane === id && command.type === 'send');
    const [first, last] = [items[0], items.at(-1)];
    if (receiverId === undefined || first === undefined || last === undefined) return undefined;
    const profiles = [userId ?? '', receiverId].map((one) => users.get(one));
    return this.#memo(
      `conversation:${id}`,
      [first, last, ...profiles],
      (): ConversationItem => ({
        id,
        isPending: true,
        type: 'DIRECT',
        title: null,
        avatarUrl: null,
        lastSeq: 0,
        ...this.asLast(last, userId),
        createdAt: new Date(first.createdAt).toISOString(),
        memberCount: 2,
        members: profiles.flatMap((user): Member[] =>
          user === undefined ? [] : [{ user, role: 'MEMBER', lastReadSeq: 0, lastDeliveredSeq: 0 }],
        ),
        me: { role: 'MEMBER', lastReadSeq: 0, unreadCount: 0, mutedUntil: null, archivedAt: null, pinnedAt: null },
      }),
    ) as ConversationItem;
  }

  /** What is listed of a message of the outbox. */
  protected asLast({ command, createdAt, files }: OutboxItem, userId: string | null): LastMessage {
    return {
      lastMessage: (command as { content?: string }).content?.slice(0, 200) ?? '',
      lastMessageAt: new Date(createdAt).toISOString(),
      lastMessageBy: userId,
      lastMessageKind: kindOf(files?.[0]),
    };
  }

  #sent(message: SentMessage, { rows }: Timeline, of: Changes, userId: string | null): MessageItem {
    const quoted = message.replyTo === null ? undefined : rowAt(rows, message.replyTo.seq);
    // What was given while it had no id yet names it by its `clientId`.
    const early = message.senderId === userId ? of.get(message.clientId ?? '') : undefined;
    const changes = [...(early ?? NO_CHANGES), ...(of.get(message.id) ?? NO_CHANGES)];
    if (early !== undefined) changes.sort((a, b) => a.sequence - b.sequence);
    if (quoted === undefined && changes.length === 0) return message;
    return this.#item(message, [quoted, ...shownOf(changes)], () => {
      const replyTo = quoted === undefined ? message.replyTo : previewOf(quoted);
      return overlaid({ ...message, replyTo }, changes, userId);
    });
  }

  #pending(
    item: OutboxItem,
    conversationId: string,
    quoted: Quoted | undefined,
    changes: readonly OutboxItem[],
    userId: string | null,
  ): MessageItem {
    const { clientId, files, lastError, progress } = item;
    const command = item.command as Extract<OutboxCommand, { type: 'send' }>;
    const isRejected = item.state === 'rejected';
    // What is tried again by itself has not failed for the user.
    const error = isRejected || lastError?.code === 'STORAGE' ? lastError : undefined;
    return this.#item(command, [quoted, files, error, progress, isRejected, ...shownOf(changes)], () => {
      const pending: MessageItem = {
        ...defined({ error, progress }),
        id: null,
        seq: null,
        conversationId,
        clientId,
        version: 0,
        senderId: userId ?? '',
        kind: kindOf(files?.[0]),
        content: command.content ?? '',
        attachments: (files ?? []).map(attachmentOf),
        replyTo: quoted === undefined ? null : previewOf(quoted),
        reactions: [],
        createdAt: new Date(item.createdAt).toISOString(),
        editedAt: null,
        deletedAt: null,
        state: isRejected ? 'rejected' : 'pending',
      };
      return overlaid(pending, changes, userId);
    });
  }

  #item(of: SentMessage | OutboxCommand, sources: readonly unknown[], make: () => MessageItem): MessageItem {
    const held = this.#items.get(of);
    if (held !== undefined && isSame(held.sources, sources)) return held.item;
    const item = make();
    this.#items.set(of, { sources, item });
    return item;
  }

  protected conversation(row: ConversationRow, { users }: ShownState): ConversationItem {
    const profiles = row.members.map(({ userId }) => users.get(userId));
    const held = this.#conversations.get(row);
    if (held !== undefined && isSame(held.users, profiles)) return held.view;
    const members = row.members.flatMap(({ role, lastReadSeq, lastDeliveredSeq }, index): Member[] => {
      const user = profiles[index];
      return user === undefined ? [] : [{ user, role, lastReadSeq, lastDeliveredSeq }];
    });
    const { counted: _, ...rest } = row;
    const view: Conversation = { ...rest, members };
    this.#conversations.set(row, { users: profiles, view });
    return view;
  }

  #list(key: StoreKey, sources: readonly unknown[], make: () => readonly unknown[]): Snapshot {
    return this.#memo(key, sources, (before) => {
      const list = make();
      return (Array.isArray(before) && isSame(before, list) ? before : list) as Snapshot;
    });
  }

  #memo(key: StoreKey, sources: readonly unknown[], make: (before: Snapshot) => Snapshot): Snapshot {
    const held = this.#memos.get(key);
    if (held !== undefined && isSame(held.sources, sources)) return held.snapshot;
    const snapshot = make(held?.snapshot);
    this.#memos.set(key, { sources, snapshot });
    return snapshot;
  }
}

type LastMessage = Pick<Conversation, 'lastMessage' | 'lastMessageBy' | 'lastMessageKind'> & { lastMessageAt: string };

const NONE: readonly string[] = [];
const NO_CHANGES: readonly OutboxItem[] = [];

/** What is seen of changes: not their tries, but what was refused as it is. */
const shownOf = (changes: readonly OutboxItem[]): unknown[] =>
  changes.flatMap((item) => [item.command, item.state === 'rejected' && item]);

/** What waits to change a message, by its id or `clientId`, in order. */
type Changes = ReadonlyMap<string, readonly OutboxItem[]>;

function changesByMessage(outbox: readonly OutboxItem[]): Changes {
  const changes = new Map<string, OutboxItem[]>();
  for (const item of outbox) {
    if (!('target' in item.command)) continue;
    const { target } = item.command;
    const name = 'messageId' in target ? target.messageId : target.clientId;
    const known = changes.get(name);
    if (known === undefined) changes.set(name, [item]);
    else known.push(item);
  }
  return changes;
}
const NO_TIMELINE: Pick<Timeline, 'rows' | 'start'> = { rows: [], start: 1 };

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

type Quoted = Pick<MessageItem, 'id' | 'seq' | 'senderId' | 'kind' | 'content' | 'deletedAt'>;
type Listed = Pick<Conversation, 'id' | 'lastMessageAt' | 'createdAt' | 'me'>;

/** Pinned ones first, then as the server lists them. */
function byActivity(a: Listed, b: Listed): number {
  if ((a.me.pinnedAt === null) !== (b.me.pinnedAt === null)) return a.me.pinnedAt === null ? 1 : -1;
  const [first, second] = [a.lastMessageAt ?? a.createdAt, b.lastMessageAt ?? b.createdAt];
  return first === second ? (a.id < b.id ? 1 : -1) : first < second ? 1 : -1;
}

function previewOf({ id, seq, senderId, kind, content, deletedAt }: Quoted): QuotedMessage {
  return { id, seq, senderId, kind, content: content?.slice(0, 200) ?? null, deletedAt };
}

function kindOf(file: KeptFile | undefined): Message['kind'] {
  const type = file?.mimeType.split('/')[0];
  if (type === undefined) return 'TEXT';
  return /^(image|video|audio)$/.test(type) ? (type.toUpperCase() as Message['kind']) : 'FILE';
}

function attachmentOf(file: KeptFile): Attachment {
  const { mimeType, size, name, previewUrl, voice = false } = file;
  return {
    id: null,
    external: false,
    kind: kindOf(file) as Attachment['kind'],
    mimeType,
    size,
    name,
    url: previewUrl ?? '',
    width: null,
    height: null,
    blurhash: null,
    thumbnailUrl: null,
    previewUrl: null,
    durationMs: null,
    waveform: null,
    voice,
    animated: false,
  };
}
