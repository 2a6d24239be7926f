import type { ServerEvent } from '../connection/types.js';
import { CACHE_STORES, orderedKey, type StoredValue, type StoreName } from '../ports/storage.js';
import type {
  Conversation,
  ConversationBrief,
  FriendRequest,
  Member,
  Message,
  SyncChanges,
  User,
} from '../protocol/protocol.generated.js';
import { uncoverBelow } from './coverage.js';
import { coverPage, derive, mergeMessages, rowAt } from './timeline.js';
import type {
  ConversationRow,
  Friend,
  MemberRow,
  PageQuery,
  RowChanges,
  SentMessage,
  Settled,
  SyncEffect,
  SyncInput,
  SyncState,
  Timeline,
  Window,
} from './state.js';
import { lacks, NEW_WINDOW, settle } from './window.js';

/** Live events do not move the cursor: after so many, or so long after the first, it is moved on. */
const MAX_HEARD = 50;
const MAX_HEARD_MS = 60_000;
/** Answers that tell nothing, and ask to go on all the same. */
const MAX_EMPTY_ANSWERS = 20;
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** The server ends it after 6 s, where it can. */
const TYPING_TIMEOUT_MS = 8_000;
const MAX_TIMELINES = 40;
/** A conversation that is not looked at keeps no more messages than the first, and then the second, newest. */
const MAX_ROWS = 1_000;
const KEPT_ROWS = 500;

export const EMPTY_STATE: SyncState = {
  userId: null,
  cursor: null,
  hasFriends: false,
  isFetchingFriends: false,
  isFriendsStale: false,
  isReady: false,
  isCaughtUp: false,
  catchUp: null,
  heard: 0,
  failures: 0,
  conversations: new Map(),
  timelines: new Map(),
  windows: new Map(),
  users: new Map(),
  friends: new Map(),
  requests: new Map(),
  presence: new Map(),
  typing: new Map(),
  generation: 0,
};

/**
 * What the client knows after one more thing happened, and what is to be done about it.
 *
 * Sync alone is complete: the cursor moves with its answers only, so everything else may come late, twice, in any order or
 * never. Of two copies of a message the higher `version` holds, of two read cursors the farther one, of two views of a
 * conversation the one with more messages. What has no version (profiles, friends, memberships) comes over one socket in
 * its order; an answer of sync that was under way beside it may be the older one, so sync is asked again.
 *
 * The timelines that `neededTimelines` names must be loaded first.
 */
export function reduce(state: SyncState, input: SyncInput): { state: SyncState; effects: SyncEffect[] } {
  return new Step(state).take(input);
}

/** The conversations whose messages an input is weighed against. */
export function neededTimelines(state: SyncState, input: SyncInput): string[] {
  const needed = new Set<string>();
  switch (input.type) {
    case 'synced':
      if ('messages' in input.answer)
        for (const { conversationId } of input.answer.messages) needed.add(conversationId);
      if ('conversations' in input.answer)
        for (const view of input.answer.conversations) if (isStale(state, view)) needed.add(view.id);
      if ('receipts' in input.answer)
        for (const { conversationId, userId } of input.answer.receipts)
          if (userId === state.userId) needed.add(conversationId);
      break;
    case 'event': {
      const { message, conversation, conversationId } = input.payload as {
        message?: Message;
        conversation?: { id: string };
        conversationId?: string;
      };
      const id = message?.conversationId ?? conversation?.id ?? conversationId;
      if (id !== undefined && input.name !== 'typing') needed.add(id);
      break;
    }
    case 'answer': {
      const id = input.message?.conversationId ?? input.conversation?.id;
      if (id !== undefined) needed.add(id);
      break;
    }
    default:
      if ('conversationId' in input && input.type !== 'loaded') needed.add(input.conversationId);
  }
  return [...needed].filter((id) => state.conversations.has(id) && !state.timelines.has(id));
}

/** Whether more is known of a conversation than this view of it says. */
function isStale(state: SyncState, { id, lastSeq, me }: Conversation): boolean {
  const row = state.conversations.get(id);
  return row !== undefined && (lastSeq < row.lastSeq || me.lastReadSeq < row.me.lastReadSeq);
}

type Maps = 'conversations' | 'timelines' | 'windows' | 'users' | 'friends' | 'requests' | 'presence' | 'typing';

/** One call of `reduce`: copies what it changes, collects rows and effects. */
class Step {
  readonly #state: { -readonly [Key in keyof SyncState]: SyncState[Key] };
  readonly #effects: SyncEffect[] = [];
  readonly #copied = new Set<Maps>();
  readonly #rows = new Map<string, readonly [StoreName, string, StoredValue | undefined]>();
  readonly #dropped: string[] = [];
  readonly #settled: Settled[] = [];
  readonly #touched = new Set<string>();
  #isCleared = false;

  constructor(state: SyncState) {
    this.#state = { ...state };
  }

  take(input: SyncInput): { state: SyncState; effects: SyncEffect[] } {
    this.#apply(input);
    this.#conclude();
    return { state: this.#state, effects: this.#effects };
  }

  #apply(input: SyncInput): void {
    const state = this.#state;
    switch (input.type) {
      case 'rows':
        return this.#takeRows(input.changes);
      case 'loaded': {
        const { conversationId, coverage, start, floor, messages } = input;
        if (state.timelines.has(conversationId) || !state.conversations.has(conversationId)) return;
        const rows = messages.map((message): SentMessage => ({ ...message, state: 'sent' }));
        this.#map('timelines').set(conversationId, { coverage, start, floor, rows, generation: state.generation });
        return;
      }
      case 'ready':
        if (state.userId !== null && state.userId !== input.userId) this.#reset();
        Object.assign(state, { userId: input.userId, isReady: true, isCaughtUp: false, catchUp: null, failures: 0 });
        state.isFetchingFriends = false;
        state.typing = new Map();
        if (!input.recovered) state.presence = new Map();
        for (const [id, window] of state.windows) {
          this.#map('windows').set(id, { ...window, isLoading: false, unreachable: 0 });
        }
        return this.#sync();
      case 'offline':
        Object.assign(state, { isReady: false, isCaughtUp: false, catchUp: null, typing: new Map() });
        for (const [id, window] of state.windows)
          this.#map('windows').set(id, { ...window, isLoading: false, wish: null });
        return;
      case 'event':
        return this.#takeEvent(input as unknown as ServerEvent);
      case 'synced':
        if (input.cursor !== state.cursor) return;
        if (!('cursor' in input.answer)) return this.#startAnew(input.cursor);
        return this.#takeChanges(input.answer);
      case 'sync-failed':
        if (input.cursor !== state.cursor) return;
        // The server does not know such a cursor any more.
        if (input.failure.code === 'VALIDATION_FAILED' && input.cursor !== null) return this.#startAnew(input.cursor);
        return this.#retrySync(input.failure.retryAfterMs);
      case 'page': {
        const { conversationId, query, page, generation } = input;
        const timeline = state.timelines.get(conversationId);
        if (timeline === undefined || timeline.generation !== generation) return this.#pageEnded(conversationId);
        this.#mergeMessages(conversationId, page.items);
        const merged = state.timelines.get(conversationId) ?? timeline;
        this.#setTimeline(conversationId, coverPage(merged, query, page));
        return this.#pageEnded(conversationId, query);
      }
      case 'page-failed': {
        const row = state.conversations.get(input.conversationId);
        const window = state.windows.get(input.conversationId);
        if (window === undefined) return;
        const unreachable = Math.max(window.unreachable, row?.lastSeq ?? 0);
        this.#map('windows').set(input.conversationId, { ...window, isLoading: false, wish: null, unreachable });
        if (state.isReady) this.#timer('pages', this.#delay(input.failure.retryAfterMs));
        return;
      }
      case 'answer':
        for (const user of input.users ?? []) this.#takeUser(user);
        for (const request of input.friendRequests ?? []) this.#takeRequest(request);
        if (input.conversation !== undefined) this.#takeConversation(input.conversation);
        if (input.message !== undefined) this.#hearMessage(input.message);
        this.#settled.push(...(input.settled ?? []));
        return;
      case 'friends':
        state.isFetchingFriends = false;
        // Something changed while the lists were read.
        if (state.isFriendsStale || input.generation !== state.generation) return;
        state.hasFriends = true;
        for (const user of input.friends) this.#setFriend(user.id, null, user);
        for (const { user, ...request } of input.requests) this.#takeRequest(request, user);
        return this.#saveCursor();
      case 'friends-failed':
        return this.#timer('friends', this.#delay(input.failure.retryAfterMs));
      case 'read':
        return this.#moveCursor(input.conversationId, state.userId, input.seq);
      case 'open': {
        const window = state.windows.get(input.conversationId);
        const viewers = (window?.viewers ?? 0) + 1;
        this.#map('windows').set(input.conversationId, { ...(window ?? NEW_WINDOW), viewers });
        if (window === undefined && state.isCaughtUp)
          this.#effects.push({ type: 'join', conversationId: input.conversationId });
        this.#touched.add(input.conversationId);
        return;
      }
      case 'close': {
        const window = state.windows.get(input.conversationId);
        if (window === undefined) return;
        if (window.viewers > 1) return this.#setWindow(input.conversationId, { viewers: window.viewers - 1 });
        this.#map('windows').delete(input.conversationId);
        if (state.isCaughtUp) this.#effects.push({ type: 'leave', conversationId: input.conversationId });
        return;
      }
      case 'older':
      case 'newer':
        return this.#setWindow(input.conversationId, { wish: input.type });
      case 'newest':
        return this.#setWindow(input.conversationId, { wish: 'newest', follows: true, unreachable: 0 });
      case 'jump':
        return this.#setWindow(input.conversationId, { wish: input.seq });
      case 'timer':
        return this.#takeTimer(input.name);
    }
  }

  // Sync

  #sync(): void {
    const state = this.#state;
    if (!state.isReady) return;
    state.heard = 0;
    if (state.catchUp !== null) {
      state.catchUp = { ...state.catchUp, isAgain: true };
      return;
    }
    state.catchUp = { isAgain: false, isLong: state.cursor === null, empty: 0 };
    this.#effects.push({ type: 'sync', cursor: state.cursor });
  }

  #takeChanges(answer: SyncChanges): void {
    const state = this.#state;
    const isAtEnd = answer.cursor === state.cursor;
    for (const user of answer.users) this.#takeUser(user);
    for (const id of answer.leftConversationIds) this.#drop(id);
    for (const view of answer.conversations) this.#takeConversation(view);
    this.#takeMessages(answer.messages);
    for (const { conversationId, userId, lastReadSeq, lastDeliveredSeq } of answer.receipts)
      this.#moveCursor(conversationId, userId, lastReadSeq, lastDeliveredSeq);
    for (const { user, since, removedAt } of answer.friends)
      if (removedAt === null) this.#setFriend(user.id, since, user);
      else this.#removeFriend(user.id);
    for (const request of answer.friendRequests) this.#takeRequest(request);
    state.cursor = answer.cursor;
    if (!isAtEnd) this.#saveCursor();
    const { catchUp } = state;
    if (catchUp === null) return;
    const isEmpty = Object.values(answer).every((list) => !Array.isArray(list) || list.length === 0);
    const empty = isEmpty ? catchUp.empty + 1 : 0;
    if (answer.hasMore && !isAtEnd && empty < MAX_EMPTY_ANSWERS) {
      state.catchUp = { ...catchUp, isLong: true, empty };
      this.#effects.push({ type: 'sync', cursor: state.cursor });
      return;
    }
    state.isCaughtUp = true;
    // A server that asks to go on and does not: what there is is shown, and it is asked again later.
    if (answer.hasMore) return this.#retrySync();
    Object.assign(state, { catchUp: null, failures: 0 });
    if (catchUp.isAgain) this.#sync();
  }

  #retrySync(retryAfterMs?: number): void {
    this.#state.catchUp = null;
    if (this.#state.isReady) this.#timer('sync', this.#delay(retryAfterMs));
  }

  /** The cursor is of another database: what is kept of it goes. What the user made (outbox, drafts, uploads) is not touched. */
  #startAnew(cursor: string | null): void {
    if (cursor === null) return this.#retrySync();
    this.#reset();
    this.#state.catchUp = null;
    this.#sync();
  }

  #reset(): void {
    const state = this.#state;
    const maps: readonly Maps[] = ['conversations', 'timelines', 'users', 'friends', 'requests', 'presence', 'typing'];
    for (const name of maps) {
      Object.assign(state, { [name]: new Map() });
      this.#copied.add(name);
    }
    Object.assign(state, { cursor: null, hasFriends: false, isFetchingFriends: false });
    state.generation += 1;
    for (const [id, { viewers }] of state.windows) this.#map('windows').set(id, { ...NEW_WINDOW, viewers });
    this.#rows.clear();
    this.#dropped.length = 0;
    this.#isCleared = true;
    this.#saveCursor();
  }

  /** Something came that no cursor covers yet; enough of it, and the cursor is moved on. */
  #hear(): void {
    const state = this.#state;
    state.heard += 1;
    if (state.heard >= MAX_HEARD) this.#sync();
    else if (state.heard === 1) this.#timer('sync', MAX_HEARD_MS);
  }

  /** What has no version may have been passed over by an answer that is under way, or be the older of the two. */
  #hearUnversioned(): void {
    this.#hear();
    if (this.#state.catchUp !== null) this.#state.catchUp = { ...this.#state.catchUp, isAgain: true };
  }

  #takeTimer(name: string): void {
    const [kind, conversationId = '', userId = ''] = name.split(':');
    if (kind === 'sync' && this.#state.catchUp === null) this.#sync();
    else if (kind === 'friends') this.#state.isFetchingFriends = false;
    else if (kind === 'typing') this.#setTyping(conversationId, userId, false);
    else if (kind === 'pages')
      for (const [id, window] of this.#state.windows) this.#map('windows').set(id, { ...window, unreachable: 0 });
  }

  // Events

  #takeEvent(event: ServerEvent): void {
    const { name } = event;
    // Before the first answer of sync there is nothing to weigh it against; what it says, that or the next one says too.
    if (this.#state.cursor === null && name !== 'presence:update' && name !== 'typing') return this.#sync();
    switch (event.name) {
      case 'message:new': {
        const { message, conversation } = event.payload;
        this.#hear();
        this.#hearMessage(message);
        return this.#takeConversation(conversation);
      }
      case 'message:updated':
      case 'message:deleted':
        this.#hear();
        return this.#hearMessage(event.payload.message);
      case 'receipt:read': {
        const { conversationId, userId, seq } = event.payload;
        return this.#moveCursor(conversationId, userId, seq);
      }
      case 'receipt:delivered': {
        const { conversationId, userId, seq } = event.payload;
        return this.#moveCursor(conversationId, userId, 0, seq);
      }
      case 'typing': {
        const { conversationId, userId, isTyping } = event.payload;
        return this.#setTyping(conversationId, userId, isTyping);
      }
      case 'presence:update': {
        const presence = event.payload;
        this.#map('presence').set(presence.userId, presence);
        return;
      }
      case 'user:updated':
        this.#hearUnversioned();
        return this.#takeUser(event.payload.user);
      case 'friend:request_sent':
      case 'friend:request_accepted':
      case 'friend:request_rejected':
      case 'friend:request_cancelled': {
        const { request, user } = event.payload;
        this.#hearUnversioned();
        this.#takeRequest(request, user);
        if (event.name === 'friend:request_accepted') this.#setFriend(user.id, null, user);
        return;
      }
      case 'friend:removed':
        this.#hearUnversioned();
        return this.#removeFriend(event.payload.userId);
      case 'conversation:new':
      case 'conversation:updated':
        this.#hearUnversioned();
        return this.#takeConversation(event.payload.conversation, true);
      case 'conversation:removed':
        this.#hearUnversioned();
        return this.#drop(event.payload.conversationId);
      case 'sync:needed':
        return this.#sync();
      default:
        // The connection's own.
        return;
    }
  }

  // Conversations

  #takeConversation(view: Conversation | ConversationBrief, isEvent = false): void {
    const held = this.#state.conversations.get(view.id);
    if (!('members' in view)) {
      if (held === undefined || view.lastSeq <= held.lastSeq) return;
      const { lastSeq, lastMessage, lastMessageAt } = view;
      return this.#setConversation({ ...held, lastSeq, lastMessage, lastMessageAt });
    }
    const { me, lastSeq } = view;
    // Whatever changes in a conversation is told by a message in it, so an older view knows nothing.
    if (held !== undefined && lastSeq < held.counted.lastSeq) return;
    for (const { user } of view.members) this.#takeUser(user);
    const lastReadSeq = Math.max(me.lastReadSeq, held?.me.lastReadSeq ?? 0);
    const isNewer = held === undefined || me.lastReadSeq >= held.counted.lastReadSeq;
    const counted = isNewer ? { lastSeq, lastReadSeq: me.lastReadSeq, unreadCount: me.unreadCount } : held.counted;
    const row: ConversationRow = {
      ...view,
      me: { ...me, lastReadSeq, unreadCount: held?.me.unreadCount ?? me.unreadCount },
      members: mergeMembers(held?.members ?? [], view),
      counted,
    };
    if (held !== undefined && held.lastSeq > lastSeq) {
      const { lastMessage, lastMessageAt, lastMessageBy, lastMessageKind } = held;
      Object.assign(row, { lastSeq: held.lastSeq, lastMessage, lastMessageAt, lastMessageBy, lastMessageKind });
    }
    this.#setConversation(row);
    if (held !== undefined) return;
    // Nothing is held of it yet. A direct conversation that only an event knows has just begun.
    const floor = isEvent && view.type === 'DIRECT' ? 0 : lastSeq;
    this.#setTimeline(view.id, { coverage: [], start: 1, floor, rows: [], generation: this.#state.generation });
  }

  #setConversation(row: ConversationRow): void {
    this.#map('conversations').set(row.id, row);
    this.#touched.add(row.id);
  }

  #drop(id: string): void {
    if (!this.#map('conversations').delete(id)) return;
    this.#map('timelines').delete(id);
    this.#map('typing').delete(id);
    this.#state.generation += 1;
    const window = this.#state.windows.get(id);
    if (window !== undefined) this.#map('windows').set(id, { ...NEW_WINDOW, viewers: window.viewers });
    this.#write('conversations', id, undefined);
    this.#write('coverage', id, undefined);
    for (const [key, [store, rowKey]] of this.#rows)
      if (store === 'messages' && rowKey.startsWith(`${id}/`)) this.#rows.delete(key);
    this.#dropped.push(id);
  }

  #moveCursor(conversationId: string, userId: string | null, readSeq: number, deliveredSeq = 0): void {
    const row = this.#state.conversations.get(conversationId);
    if (row === undefined || userId === null) return;
    const own = userId === this.#state.userId && readSeq > row.me.lastReadSeq;
    let hasMoved = own;
    const members = row.members.map((member) => {
      if (member.userId !== userId) return member;
      const lastReadSeq = Math.max(member.lastReadSeq, readSeq);
      const lastDeliveredSeq = Math.max(member.lastDeliveredSeq, deliveredSeq, lastReadSeq);
      if (lastReadSeq === member.lastReadSeq && lastDeliveredSeq === member.lastDeliveredSeq) return member;
      hasMoved = true;
      return { ...member, lastReadSeq, lastDeliveredSeq };
    });
    if (!hasMoved) return;
    this.#setConversation({ ...row, members, me: own ? { ...row.me, lastReadSeq: readSeq } : row.me });
  }

  // Messages

  /** One that may be late. */
  #hearMessage(message: Message): void {
    const timeline = this.#state.timelines.get(message.conversationId);
    if (timeline !== undefined && message.seq <= timeline.floor && rowAt(timeline.rows, message.seq) === undefined)
      this.#settle(message);
    else this.#mergeMessages(message.conversationId, [message]);
  }

  /** One of this user's own leaves the outbox. */
  #settle(message: Message): void {
    const { senderId, clientId } = message;
    if (senderId === this.#state.userId && clientId !== null) this.#settled.push({ clientId, message });
  }

  #takeMessages(messages: readonly Message[]): void {
    for (const [id, list] of groupedByConversation(messages)) this.#mergeMessages(id, list);
  }

  #mergeMessages(conversationId: string, messages: readonly Message[]): void {
    const state = this.#state;
    const { userId } = state;
    for (const message of messages) this.#settle(message);
    const before = state.timelines.get(conversationId);
    // A conversation that is not known: sync brings it, with its messages.
    if (before === undefined) return this.#sync();
    let timeline = before;
    for (const { seq, system } of messages) {
      if (system?.type !== 'MEMBERS_ADDED' || userId === null) continue;
      // Of very many not all are named.
      if (!system.userIds.includes(userId) && (system.userCount ?? 0) <= system.userIds.length) continue;
      // A new membership: what was seen under a former one may not be there any more.
      if (rowAt(timeline.rows, seq) === undefined) timeline = this.#forgetBelow(conversationId, timeline, seq);
    }
    const merged = mergeMessages(timeline, messages);
    this.#setTimeline(conversationId, merged.timeline);
    let lastSeq = 0;
    const moved = new Map<string, number>();
    for (const message of merged.changed) {
      const { state: _, ...stored } = message;
      this.#write('messages', orderedKey(conversationId, message.seq), stored as unknown as StoredValue);
      lastSeq = message.seq;
      moved.set(message.senderId, message.seq);
    }
    const row = state.conversations.get(conversationId);
    if (row !== undefined && lastSeq > row.lastSeq) {
      this.#setConversation({ ...leave(row, merged.changed), lastSeq });
      // Whoever sends has stopped typing.
      for (const sender of moved.keys()) this.#setTyping(conversationId, sender, false);
    }
    for (const [sender, seq] of moved) this.#moveCursor(conversationId, sender, seq, seq);
  }

  #forgetBelow(conversationId: string, timeline: Timeline, seq: number): Timeline {
    for (const row of timeline.rows)
      if (row.seq < seq) this.#write('messages', orderedKey(conversationId, row.seq), undefined);
    this.#state.generation += 1;
    const rows = timeline.rows.filter((row) => row.seq >= seq);
    const [coverage, floor] = [uncoverBelow(timeline.coverage, seq), Math.max(timeline.floor, seq - 1)];
    return { ...timeline, rows, coverage, floor, generation: this.#state.generation };
  }

  #setTimeline(id: string, timeline: Timeline): void {
    const held = this.#state.timelines.get(id);
    if (held === timeline || !this.#state.conversations.has(id)) return;
    this.#map('timelines').set(id, timeline);
    this.#touched.add(id);
    if (held?.coverage !== timeline.coverage || held.start !== timeline.start) this.#writeCoverage(id, timeline);
  }

  #writeCoverage(id: string, { coverage, start, floor }: Timeline): void {
    this.#write('coverage', id, { intervals: coverage, start, floor });
  }

  #setTyping(conversationId: string, userId: string, isTyping: boolean): void {
    const list = this.#state.typing.get(conversationId) ?? [];
    if (isTyping) this.#timer(`typing:${conversationId}:${userId}`, TYPING_TIMEOUT_MS);
    if (list.includes(userId) === isTyping) return;
    const others = list.filter((id) => id !== userId);
    this.#map('typing').set(conversationId, isTyping ? [...others, userId] : others);
  }

  // Users and friends

  #takeUser({ isOnline, lastSeenAt, ...user }: User): void {
    const held = this.#state.users.get(user.id);
    if (isOnline !== undefined)
      this.#map('presence').set(user.id, { userId: user.id, isOnline, lastSeenAt: lastSeenAt ?? null });
    const merged = { ...held, ...user };
    if (JSON.stringify(merged) === JSON.stringify(held)) return;
    this.#map('users').set(user.id, merged);
    this.#write('users', user.id, merged);
  }

  #setFriend(userId: string, since: string | null, user: User): void {
    this.#takeUser(user);
    this.#state.isFriendsStale = true;
    const held = this.#state.friends.get(userId);
    if (held !== undefined && (since === null || held.since === since)) return;
    const friend: Friend = { userId, since };
    this.#map('friends').set(userId, friend);
    this.#write('friends', userId, { ...friend });
  }

  #removeFriend(userId: string): void {
    this.#state.isFriendsStale = true;
    if (this.#map('friends').delete(userId)) this.#write('friends', userId, undefined);
  }

  #takeRequest(request: FriendRequest, user?: User): void {
    if (user !== undefined) this.#takeUser(user);
    const held = this.#state.requests.get(request.id);
    // Once answered it stays so; and an answered one that was never shown is of no interest.
    if (request.status === 'PENDING' ? held !== undefined : held?.status === request.status) return;
    this.#map('requests').set(request.id, request);
    this.#write('friendRequests', request.id, { ...request });
  }

  // Windows

  #setWindow(id: string, change: Partial<Window>): void {
    const window = this.#state.windows.get(id);
    if (window === undefined) return;
    this.#map('windows').set(id, { ...window, ...change });
    this.#touched.add(id);
  }

  /** A page has come; what it did not bring is not asked for again. */
  #pageEnded(conversationId: string, query?: PageQuery): void {
    const [window, timeline] = [this.#state.windows.get(conversationId), this.#state.timelines.get(conversationId)];
    const row = this.#state.conversations.get(conversationId);
    if (window === undefined) return;
    this.#setWindow(conversationId, { isLoading: false });
    if (query === undefined || timeline === undefined || row === undefined) return;
    const isNewest = query.after === undefined && query.before === undefined && query.around === undefined;
    const end = timeline.coverage.at(-1)?.[1] ?? 0;
    let settled = settle({ ...window, isLoading: false }, timeline, isNewest ? end : row.lastSeq);
    const hasAdvanced = settled.from !== window.from || settled.to !== window.to || settled.wish !== window.wish;
    if (!hasAdvanced) settled = { ...settled, wish: null };
    if (isNewest ? end < row.lastSeq : !hasAdvanced && query.after !== undefined)
      settled = { ...settled, unreachable: row.lastSeq };
    this.#setWindow(conversationId, settled);
  }

  // The end of a step

  #conclude(): void {
    const state = this.#state;
    if (state.isReady && state.cursor !== null && !state.hasFriends && !state.isFetchingFriends) {
      Object.assign(state, { isFetchingFriends: true, isFriendsStale: false });
      this.#effects.push({ type: 'friends', generation: state.generation });
    }
    for (const id of this.#touched) {
      const row = state.conversations.get(id);
      if (row === undefined) continue;
      const derived = derive(row, state.timelines.get(id), state.userId);
      if (derived !== row) this.#map('conversations').set(id, derived);
      this.#write('conversations', id, derived as unknown as StoredValue);
    }
    for (const id of state.windows.keys()) this.#look(id);
    this.#evict();
    if (this.#rows.size > 0 || this.#isCleared || this.#dropped.length > 0) {
      const changes: RowChanges = { rows: [...this.#rows.values()] };
      if (this.#isCleared) changes.cleared = CACHE_STORES;
      if (this.#dropped.length > 0) changes.dropped = this.#dropped;
      this.#effects.unshift({ type: 'write', changes });
    }
    if (this.#settled.length > 0) this.#effects.unshift({ type: 'settle', settled: this.#settled });
  }

  /** Places a window, and fetches what it lacks. */
  #look(id: string): void {
    const { conversations, timelines, windows, isReady, catchUp } = this.#state;
    const [row, timeline, window] = [conversations.get(id), timelines.get(id), windows.get(id)];
    if (row === undefined || timeline === undefined || window === undefined) return;
    let settled = settle(window, timeline, row.lastSeq);
    if (settled.unread === null) settled = { ...settled, unread: [row.me.lastReadSeq, row.lastSeq] };
    const query = isReady && !settled.isLoading ? lacks(settled, timeline, row.lastSeq) : undefined;
    // What sync is about to bring is not fetched beside it, unless that takes long.
    const isComing = catchUp !== null && !catchUp.isLong && settled.wish === null && settled.to >= settled.from;
    if (query !== undefined && !isComing) {
      const isNewest = Object.keys(query).length === 0;
      settled = { ...settled, isLoading: true, wish: isNewest ? 'newest' : settled.wish };
      this.#effects.push({ type: 'page', conversationId: id, generation: timeline.generation, query });
    } else if (query === undefined && isReady && !settled.isLoading && settled.wish !== null) {
      settled = { ...settled, wish: null };
    }
    if (settled !== window) this.#map('windows').set(id, settled);
  }

  #evict(): void {
    const { timelines, windows } = this.#state;
    let surplus = timelines.size - MAX_TIMELINES;
    for (const [id, timeline] of timelines) {
      if (surplus <= 0) return;
      if (windows.has(id) || this.#touched.has(id)) continue;
      surplus -= 1;
      const first = timeline.rows.at(-KEPT_ROWS);
      if (timeline.rows.length > MAX_ROWS && first !== undefined) {
        this.#writeCoverage(id, this.#forgetBelow(id, timeline, first.seq));
      }
      this.#map('timelines').delete(id);
    }
  }

  // Rows

  #takeRows({ cleared = [], dropped = [], rows }: RowChanges): void {
    const state = this.#state;
    if (cleared.includes('conversations')) {
      const { userId } = state;
      this.#reset();
      state.userId = userId;
    }
    for (const id of dropped) this.#drop(id);
    const messages: Message[] = [];
    for (const [store, key, value] of rows) {
      const row = value as unknown;
      if (store === 'conversations') this.#setRow('conversations', key, row as ConversationRow | undefined);
      else if (store === 'users') this.#setRow('users', key, row as User | undefined);
      else if (store === 'friends') this.#setRow('friends', key, row as Friend | undefined);
      else if (store === 'friendRequests') this.#setRow('requests', key, row as FriendRequest | undefined);
      else if (store === 'messages' && row !== undefined) messages.push(row as Message);
      else if (store === 'meta' && key === 'sync' && row !== undefined) Object.assign(state, row);
    }
    for (const [id, list] of groupedByConversation(messages)) {
      const timeline = state.timelines.get(id);
      if (timeline !== undefined) this.#setTimeline(id, mergeMessages(timeline, list).timeline);
    }
    for (const [store, id, value] of rows) {
      const timeline = state.timelines.get(id);
      if (store !== 'coverage' || value === undefined || timeline === undefined) continue;
      const { intervals, start, floor } = value as unknown as {
        intervals: Timeline['coverage'];
        start: number;
        floor: number;
      };
      this.#setTimeline(id, { ...timeline, coverage: intervals, start, floor });
    }
    // They come from storage.
    this.#rows.clear();
    this.#dropped.length = 0;
    this.#isCleared = false;
    this.#touched.clear();
  }

  #setRow<Name extends 'conversations' | 'users' | 'friends' | 'requests'>(
    name: Name,
    key: string,
    row: (SyncState[Name] extends ReadonlyMap<string, infer Row> ? Row : never) | undefined,
  ): void {
    const map = this.#map(name) as Map<string, unknown>;
    if (row === undefined) map.delete(key);
    else map.set(key, row);
  }

  #saveCursor(): void {
    const { userId, cursor, hasFriends } = this.#state;
    this.#write('meta', 'sync', { userId, cursor, hasFriends });
  }

  #write(store: StoreName, key: string, value: StoredValue | undefined): void {
    this.#rows.set(`${store} ${key}`, [store, key, value]);
  }

  #timer(name: string, delayMs: number): void {
    this.#effects.push({ type: 'timer', name, delayMs });
  }

  #delay(retryAfterMs = 0): number {
    this.#state.failures += 1;
    return Math.max(retryAfterMs, Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(this.#state.failures, 10)));
  }

  /** A map of the state that this step may change: copied at the first call. */
  #map<Name extends Maps>(
    name: Name,
  ): SyncState[Name] extends ReadonlyMap<infer Key, infer Row> ? Map<Key, Row> : never {
    if (!this.#copied.has(name)) {
      Object.assign(this.#state, { [name]: new Map(this.#state[name] as ReadonlyMap<string, unknown>) });
      this.#copied.add(name);
    }
    return this.#state[name] as never;
  }
}

function groupedByConversation(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const group = groups.get(message.conversationId);
    if (group === undefined) groups.set(message.conversationId, [message]);
    else group.push(message);
  }
  return groups;
}

/** Of a large group a view carries only some members: they are added to those known. Cursors only move forward. */
function mergeMembers(held: readonly MemberRow[], { members, memberCount }: Conversation): readonly MemberRow[] {
  const known = new Map(held.map((member) => [member.userId, member]));
  const rows = members.map(({ user, ...member }: Member): MemberRow => {
    const before = known.get(user.id);
    known.delete(user.id);
    return {
      ...member,
      userId: user.id,
      lastReadSeq: Math.max(member.lastReadSeq, before?.lastReadSeq ?? 0),
      lastDeliveredSeq: Math.max(member.lastDeliveredSeq, before?.lastDeliveredSeq ?? 0),
    };
  });
  return members.length >= memberCount ? rows : [...rows, ...known.values()];
}

/** Takes out of a large group, whose views are never whole, those who left it after the last view. */
function leave(row: ConversationRow, messages: readonly Message[]): ConversationRow {
  const gone = messages.flatMap(({ seq, system }) =>
    seq > row.counted.lastSeq && (system?.type === 'MEMBER_LEFT' || system?.type === 'MEMBER_REMOVED')
      ? system.userIds
      : [],
  );
  return gone.length === 0 ? row : { ...row, members: row.members.filter(({ userId }) => !gone.includes(userId)) };
}
