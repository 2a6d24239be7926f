import type {
  Conversation,
  FriendRequest,
  Message,
  MessagePage,
  Presence,
  ServerEvents,
  SyncChanges,
  SyncReset,
  User,
} from '../../src/protocol/protocol.generated.js';
import type { PageQuery } from '../../src/sync/state.js';

/** Numbers in a reproducible order. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 97;
  }

  /** An integer from 0 to below `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  is(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

/** How this user keeps a conversation; of others that is no matter. */
type Kept = Pick<Conversation['me'], 'mutedUntil' | 'archivedAt' | 'pinnedAt'>;

interface Member {
  readSeq: number;
  deliveredSeq: number;
  visibleFrom: number;
}

interface Room {
  id: string;
  title: string;
  isLargeGroup: boolean;
  messages: Message[];
  hidden: Set<number>;
  members: Map<string, Member>;
  kept: Kept;
}

const AS_IT_COMES: Kept = { mutedUntil: null, archivedAt: null, pinnedAt: null };

type Sent = { [Name in keyof ServerEvents]: { name: Name; payload: ServerEvents[Name] } }[keyof ServerEvents];

export const ME = 'u0';
const OTHERS = ['u1', 'u2', 'u3'];

/** What sync answers where nothing has changed; made anew each time, since changes are added to it. */
export const noChanges = (): SyncChanges => ({
  cursor: 'c1',
  hasMore: false,
  conversations: [],
  leftConversationIds: [],
  messages: [],
  receipts: [],
  friendRequests: [],
  friends: [],
  users: [],
});

/**
 * The server as its documents describe it, for one user: what it emits live, what sync returns for a cursor and what REST
 * answers. A cursor is a place in a log of changes, which is what a snapshot of transactions comes to in the end.
 */
export class ModelServer {
  readonly rooms = new Map<string, Room>();
  readonly friends = new Map<string, string>();
  readonly requests = new Map<string, FriendRequest>();
  readonly names = new Map<string, number>();
  readonly presence = new Map<string, Presence>();
  /** Whose profiles it does not show to this user. */
  readonly hiding = new Set<string>();
  readonly sent: Sent[] = [];
  #log: string[] = [];
  #database = 1;
  #time = 0;

  constructor(private readonly chance: Chance) {
    const rooms = 1 + chance.below(3);
    for (let index = 0; index < rooms; index += 1) this.createRoom(`c${index}`);
    if (chance.is(50)) this.befriend('u1');
  }

  // What happens

  createRoom(id: string): void {
    const visibleFrom = 1;
    const members = new Map([ME, 'u1', 'u2'].map((userId) => [userId, { readSeq: 0, deliveredSeq: 0, visibleFrom }]));
    const isLargeGroup = this.chance.is(20);
    this.rooms.set(id, { id, title: id, isLargeGroup, messages: [], hidden: new Set(), members, kept: AS_IT_COMES });
    this.#changed(`conversation ${id}`);
    this.#emit('conversation:new', { conversation: this.conversation(id) });
  }

  send(id: string, senderId: string, clientId: string | null = null, content?: string): Message | undefined {
    const room = this.rooms.get(id);
    if (room === undefined || !room.members.has(senderId)) return undefined;
    return this.#append(room, senderId, { clientId, ...(content === undefined ? {} : { content }) });
  }

  #append(room: Room, senderId: string, more: Partial<Message>): Message {
    const seq = room.messages.length + 1;
    const message: Message = {
      id: `${room.id}-${seq}-${this.#database}`,
      conversationId: room.id,
      seq,
      version: 1,
      senderId,
      clientId: null,
      kind: 'TEXT',
      content: `text ${seq}`,
      attachments: [],
      replyTo: null,
      reactions: [],
      createdAt: this.#now(),
      editedAt: null,
      deletedAt: null,
      ...more,
    };
    room.messages.push(message);
    const member = room.members.get(senderId);
    if (member !== undefined) Object.assign(member, { readSeq: seq, deliveredSeq: seq });
    this.#changed(`message ${room.id} ${seq}`);
    this.#changed(`conversation ${room.id}`);
    if (member !== undefined && this.#showsReceipts(room, senderId)) this.#changed(`receipt ${room.id} ${senderId}`);
    if (room.members.has(ME)) {
      const { lastMessage, lastMessageAt, lastSeq } = this.conversation(room.id);
      const brief = { id: room.id, lastMessage, lastMessageAt, lastSeq };
      this.#emit('message:new', { message: this.#view(room, message), conversation: brief });
    }
    return message;
  }

  /** @param isOwn the reaction is this user's */
  change(id: string, seq: number, kind: 'edit' | 'delete' | 'react' | 'hide', isOwn = false): void {
    const room = this.rooms.get(id);
    const message = room?.messages[seq - 1];
    if (room === undefined || message === undefined || message.deletedAt !== null || message.kind === 'SYSTEM') return;
    if (kind === 'hide') {
      if (room.hidden.has(seq)) return;
      room.hidden.add(seq);
    } else {
      const edited = { content: `edited ${message.version}`, editedAt: this.#now() };
      const deleted = { content: null, deletedAt: this.#now(), reactions: [] };
      const mine = isOwn || message.reactions[0]?.mine === true;
      const reacted = { reactions: [{ emoji: '+1', count: message.version, mine }] };
      room.messages[seq - 1] = {
        ...message,
        ...(kind === 'edit' ? edited : kind === 'delete' ? deleted : reacted),
        version: message.version + 1,
      };
    }
    this.#changed(`message ${id} ${seq}`);
    // What is unread may have changed: sync returns the conversation again.
    if (kind === 'delete' || kind === 'hide') this.#changed(`conversation ${id}`);
    const member = room.members.get(ME);
    if (member === undefined || seq < member.visibleFrom) return;
    const view = this.#view(room, room.messages[seq - 1] as Message);
    this.#emit(view.deletedAt === null ? 'message:updated' : 'message:deleted', { message: view });
  }

  edit(id: string, seq: number, content: string): void {
    const message = this.rooms.get(id)?.messages[seq - 1];
    if (message === undefined) return;
    this.change(id, seq, 'edit');
    Object.assign(this.rooms.get(id)?.messages[seq - 1] ?? {}, { content });
  }

  /** This user's reaction, or no more; one that is there already changes nothing. */
  react(id: string, seq: number, emoji: string, isRemoved: boolean): void {
    const { reactions = [] } = this.rooms.get(id)?.messages[seq - 1] ?? {};
    const others = reactions.filter((reaction) => reaction.emoji !== emoji);
    if (others.length < reactions.length !== isRemoved) return;
    this.change(id, seq, 'react', true);
    const now = isRemoved ? others : [...others, { emoji, count: 1, mine: true }];
    Object.assign(this.rooms.get(id)?.messages[seq - 1] ?? {}, { reactions: now });
  }

  message(id: string, seq: number): Message | undefined {
    const room = this.rooms.get(id);
    const message = room?.messages[seq - 1];
    return room && message && this.#view(room, message);
  }

  /** Returns how far the user has read by now. */
  read(id: string, userId: string, seq: number): number {
    const room = this.rooms.get(id);
    const member = room?.members.get(userId);
    if (room === undefined || member === undefined) return 0;
    const target = Math.min(seq, room.messages.length);
    if (target <= member.readSeq) return member.readSeq;
    member.readSeq = target;
    member.deliveredSeq = Math.max(member.deliveredSeq, target);
    if (this.#showsReceipts(room, userId)) this.#changed(`receipt ${id} ${userId}`);
    if (userId === ME) this.#changed(`conversation ${id}`);
    if (!room.isLargeGroup && room.members.has(ME))
      this.#emit('receipt:read', { conversationId: id, userId, seq: target, at: this.#now() });
    return target;
  }

  deliver(id: string, userId: string, seq: number): void {
    const room = this.rooms.get(id);
    const member = room?.members.get(userId);
    if (room === undefined || member === undefined || userId === ME) return;
    const target = Math.min(seq, room.messages.length);
    if (target <= member.deliveredSeq) return;
    member.deliveredSeq = target;
    if (!this.#showsReceipts(room, userId)) return;
    this.#changed(`receipt ${id} ${userId}`);
    if (room.members.has(ME))
      this.#emit('receipt:delivered', { conversationId: id, userId, seq: target, at: this.#now() });
  }

  /** Muted, archived and pinned, or no more: what no message says. */
  keep(id: string, field: keyof Kept): void {
    const room = this.rooms.get(id);
    if (room === undefined || !room.members.has(ME)) return;
    room.kept = { ...room.kept, [field]: room.kept[field] === null ? this.#now() : null };
    this.#changed(`conversation ${id}`);
    this.#emit('conversation:updated', { conversation: this.conversation(id) });
  }

  /** Nobody remembers it but who is connected. */
  type(conversationId: string, userId: string, isTyping: boolean): void {
    const members = this.rooms.get(conversationId)?.members;
    if (userId !== ME && members?.has(userId) === true && members.has(ME))
      this.#emit('typing', { conversationId, userId, isTyping });
  }

  comeOrGo(userId: string): void {
    const isOnline = this.presence.get(userId)?.isOnline !== true;
    const presence = { userId, isOnline, lastSeenAt: isOnline ? null : this.#now() };
    this.presence.set(userId, presence);
    this.#emit('presence:update', presence);
  }

  /** Others, with their presence, as REST shows them to this user. */
  present(): User[] {
    return OTHERS.map((id) => {
      const { isOnline, lastSeenAt } = this.presence.get(id) ?? { isOnline: false, lastSeenAt: null };
      return { ...this.user(id), isOnline, lastSeenAt };
    });
  }

  rename(id: string): void {
    const room = this.rooms.get(id);
    if (room === undefined) return;
    room.title = `${id} ${this.#now()}`;
    this.#changed(`conversation ${id}`);
    this.#append(room, 'u1', {
      kind: 'SYSTEM',
      content: room.title,
      system: { type: 'GROUP_CHANGED', actorId: 'u1', userIds: [] },
    });
    if (room.members.has(ME)) this.#emit('conversation:updated', { conversation: this.conversation(id) });
  }

  leave(id: string, userId: string): void {
    const room = this.rooms.get(id);
    if (room === undefined || !room.members.delete(userId)) return;
    if (userId === ME) {
      this.#changed(`left ${id}`);
      this.#emit('conversation:removed', { conversationId: id });
    } else {
      this.#append(room, userId, {
        kind: 'SYSTEM',
        content: 'left',
        system: { type: 'MEMBER_LEFT', actorId: userId, userIds: [userId] },
      });
      if (room.members.has(ME)) this.#emit('conversation:updated', { conversation: this.conversation(id) });
    }
  }

  join(id: string, userId: string): void {
    const room = this.rooms.get(id);
    if (room === undefined || room.members.has(userId)) return;
    const seq = room.messages.length + 1;
    const visibleFrom = this.chance.is(30) ? 1 : seq;
    if (userId === ME) room.kept = AS_IT_COMES;
    room.members.set(userId, { readSeq: seq, deliveredSeq: seq, visibleFrom });
    this.#changed(`conversation ${id}`);
    const before = this.sent.length;
    this.#append(room, 'u1', {
      kind: 'SYSTEM',
      content: 'joined',
      system: { type: 'MEMBERS_ADDED', actorId: 'u1', userIds: [userId] },
    });
    if (userId === ME) {
      // All its messages are new to it.
      for (let at = visibleFrom; at <= seq; at += 1) this.#changed(`message ${id} ${at}`);
      this.sent.length = before;
      this.#emit('conversation:new', { conversation: this.conversation(id) });
    } else if (room.members.has(ME)) this.#emit('conversation:updated', { conversation: this.conversation(id) });
  }

  befriend(userId: string): void {
    const requestId = `r-${userId}-${this.requests.size}`;
    if (this.friends.has(userId) || this.#pendingOf(userId) !== undefined) return;
    const request: FriendRequest = {
      id: requestId,
      senderId: userId,
      receiverId: ME,
      status: 'PENDING',
      createdAt: this.#now(),
      respondedAt: null,
    };
    this.requests.set(requestId, request);
    this.#changed(`request ${requestId}`);
    this.#emit('friend:request_sent', { request, user: this.user(userId) });
    if (this.chance.is(30)) return;
    const accepted: FriendRequest = { ...request, status: 'ACCEPTED', respondedAt: this.#now() };
    this.requests.set(requestId, accepted);
    this.friends.set(userId, this.#now());
    this.#changed(`request ${requestId}`);
    this.#changed(`friend ${userId}`);
    this.#emit('friend:request_accepted', { request: accepted, user: this.user(userId) });
  }

  unfriend(userId: string): void {
    if (!this.friends.delete(userId)) return;
    this.#changed(`friend ${userId}`);
    this.#emit('friend:removed', { userId });
  }

  /** The other side's block, of which there is no event. */
  block(userId: string): void {
    if (this.friends.delete(userId)) this.#changed(`friend ${userId}`);
    const pending = this.#pendingOf(userId);
    if (pending === undefined) return;
    this.#settle(pending, 'CANCELLED');
  }

  /** This user asks, of which there is no event where it asks from. */
  ask(userId: string): FriendRequest | undefined {
    if (this.friends.has(userId) || this.#pendingOf(userId) !== undefined) return undefined;
    const id = `r-${ME}-${userId}-${this.requests.size}`;
    const request: FriendRequest = {
      ...{ id, senderId: ME, receiverId: userId },
      ...{ status: 'PENDING', createdAt: this.#now(), respondedAt: null },
    };
    this.requests.set(id, request);
    this.#changed(`request ${id}`);
    return request;
  }

  /** The other side ends or accepts what is pending between the two. */
  respond(userId: string): void {
    const pending = this.#pendingOf(userId);
    if (pending === undefined) return;
    const status = pending.senderId !== ME ? 'CANCELLED' : this.chance.pick(['ACCEPTED', 'REJECTED'] as const);
    const request = this.#settle(pending, status);
    if (status === 'ACCEPTED') {
      this.friends.set(userId, this.#now());
      this.#changed(`friend ${userId}`);
    }
    this.#emit(`friend:request_${status.toLowerCase() as 'accepted'}`, { request, user: this.user(userId) });
  }

  /** This user takes its request back, or rejects the other's: the answer says so. */
  refuse(userId: string): FriendRequest | undefined {
    const pending = this.#pendingOf(userId);
    return pending && this.#settle(pending, pending.senderId === ME ? 'CANCELLED' : 'REJECTED');
  }

  #settle(pending: FriendRequest, status: FriendRequest['status']): FriendRequest {
    const request = { ...pending, status, respondedAt: this.#now() };
    this.requests.set(pending.id, request);
    this.#changed(`request ${pending.id}`);
    return request;
  }

  #pendingOf(userId: string): FriendRequest | undefined {
    return [...this.requests.values()].find(
      ({ senderId, receiverId, status }) => [senderId, receiverId].includes(userId) && status === 'PENDING',
    );
  }

  renameUser(userId: string): void {
    this.names.set(userId, (this.names.get(userId) ?? 0) + 1);
    this.#changed(`user ${userId}`);
    this.#emit('user:updated', { user: this.user(userId) });
  }

  /** Another database with the same content under other ids: every cursor is void. */
  restore(): void {
    this.#database += 1;
    for (const room of this.rooms.values()) {
      room.messages = room.messages.slice(0, Math.max(0, room.messages.length - 2));
      room.hidden = new Set([...room.hidden].filter((seq) => seq <= room.messages.length));
      for (const member of room.members.values()) {
        member.readSeq = Math.min(member.readSeq, room.messages.length);
        member.deliveredSeq = Math.min(member.deliveredSeq, room.messages.length);
        member.visibleFrom = Math.min(member.visibleFrom, room.messages.length + 1);
      }
    }
    this.#log = [];
    this.sent.length = 0;
  }

  // What it answers

  sync(cursor: string | null, limit: number): SyncChanges | SyncReset {
    const end = this.#log.length;
    if (cursor === null || cursor.startsWith(`${this.#database}/start`)) {
      const [, , upper = String(end), done = ''] = cursor?.split('/') ?? [];
      // After a room and not after so many: one that is left meanwhile must not hide another.
      const ids = [...this.rooms.keys()];
      const own = ids.slice(ids.indexOf(done) + 1).filter((id) => this.rooms.get(id)?.members.has(ME) === true);
      const page = own.slice(0, limit);
      const rest = page.length < own.length;
      return {
        ...noChanges(),
        cursor: rest
          ? `${this.#database}/start/${upper}/${page.at(-1) ?? ''}`
          : `${this.#database}/at/${upper}/${upper}/0`,
        hasMore: rest || cursor !== null,
        conversations: page.map((id) => this.conversation(id)),
      };
    }
    const [database, , from, to, done = '0'] = cursor.split('/');
    if (Number(database) !== this.#database) return { reset: true };
    const upper = done === '0' ? end : Number(to);
    const order = ['conversation', 'left', 'receipt', 'friend', 'request', 'message', 'user'];
    const keys = [...new Set(this.#log.slice(Number(from), upper))].sort(
      (a, b) => order.indexOf(a.split(' ')[0] ?? '') - order.indexOf(b.split(' ')[0] ?? ''),
    );
    const page = keys.slice(Number(done), Number(done) + limit);
    const isWhole = Number(done) + page.length >= keys.length;
    const answer: SyncChanges = {
      ...noChanges(),
      cursor: isWhole
        ? `${this.#database}/at/${upper}/${upper}/0`
        : `${this.#database}/at/${from}/${upper}/${Number(done) + page.length}`,
      hasMore: !isWhole || done !== '0',
    };
    for (const key of page) this.#addTo(answer, key);
    answer.messages.sort((a, b) =>
      a.conversationId === b.conversationId ? a.seq - b.seq : a.conversationId < b.conversationId ? -1 : 1,
    );
    return answer;
  }

  #addTo(answer: SyncChanges, key: string): void {
    const [kind, id = '', more = ''] = key.split(' ');
    const room = this.rooms.get(id);
    const member = room?.members.get(ME);
    if (kind === 'conversation' && member !== undefined) answer.conversations.push(this.conversation(id));
    else if (kind === 'left' && member === undefined) answer.leftConversationIds.push(id);
    else if (kind === 'message' && room !== undefined && member !== undefined) {
      const message = room.messages[Number(more) - 1];
      if (message !== undefined && message.seq >= member.visibleFrom) answer.messages.push(this.#view(room, message));
    } else if (kind === 'receipt' && room !== undefined && member !== undefined) {
      const of = room.members.get(more);
      if (of !== undefined)
        answer.receipts.push({
          conversationId: id,
          userId: more,
          lastReadSeq: of.readSeq,
          lastDeliveredSeq: of.deliveredSeq,
        });
    } else if (kind === 'friend') {
      const since = this.friends.get(id);
      answer.friends.push({
        user: this.user(id),
        since: since ?? this.#now(),
        removedAt: since === undefined ? this.#now() : null,
      });
    } else if (kind === 'request') answer.friendRequests.push(this.requests.get(id) as FriendRequest);
    else if (kind === 'user') answer.users.push(this.user(id));
  }

  page(id: string, { before, after, around }: PageQuery, limit: number): MessagePage | undefined {
    const room = this.rooms.get(id);
    const member = room?.members.get(ME);
    if (room === undefined || member === undefined) return undefined;
    const all = room.messages
      .filter(({ seq }) => seq >= member.visibleFrom)
      .map((message) => this.#view(room, message));
    const found =
      before !== undefined
        ? all.filter(({ seq }) => seq < before).slice(-limit)
        : after !== undefined
          ? all.filter(({ seq }) => seq > after).slice(0, limit)
          : around !== undefined
            ? pageAround(all, around, limit)
            : all.slice(-limit);
    const [first, last] = [found[0]?.seq ?? before ?? 0, found.at(-1)?.seq ?? after ?? 0];
    return { items: found, hasBefore: all.some(({ seq }) => seq < first), hasAfter: all.some(({ seq }) => seq > last) };
  }

  conversation(id: string): Conversation {
    const room = this.rooms.get(id) as Room;
    const me = room.members.get(ME) ?? { readSeq: 0, deliveredSeq: 0, visibleFrom: 1 };
    const last = room.messages.at(-1);
    const views = room.messages.map((message) => this.#view(room, message));
    const lastView = views.at(-1);
    const shown = [...room.members].filter(([userId]) => !room.isLargeGroup || userId === ME || userId === 'u1');
    return {
      id,
      type: 'GROUP',
      title: room.title,
      avatarUrl: null,
      lastSeq: room.messages.length,
      lastMessage: lastView === undefined || lastView.deletedAt !== null ? null : lastView.content,
      lastMessageAt: last?.createdAt ?? null,
      lastMessageBy: last?.senderId ?? null,
      lastMessageKind: last?.kind ?? null,
      createdAt: '2026-01-01T00:00:00.000Z',
      memberCount: room.members.size,
      members: shown.map(([userId, member]) => ({
        user: this.user(userId),
        role: 'MEMBER',
        lastReadSeq: member.readSeq,
        lastDeliveredSeq: member.deliveredSeq,
      })),
      me: {
        role: 'MEMBER',
        lastReadSeq: me.readSeq,
        unreadCount: views.filter(
          ({ seq, deletedAt, kind }) =>
            seq > Math.max(me.readSeq, me.visibleFrom - 1) && deletedAt === null && kind !== 'SYSTEM',
        ).length,
        ...room.kept,
      },
    };
  }

  isIn(id: string): boolean {
    return this.rooms.get(id)?.members.has(ME) === true;
  }

  /** Not of a large group. */
  showsAllMembers(id: string): boolean {
    return this.rooms.get(id)?.isLargeGroup === false;
  }

  user(id: string): User {
    const name = `${id} ${this.names.get(id) ?? 0}`;
    return { id, username: id, displayName: name, avatarUrl: null, createdAt: '2026-01-01T00:00:00.000Z' };
  }

  /** In milliseconds since 1970. */
  get time(): number {
    return 1_795_000_000_000 + this.#time;
  }

  /** Time goes by. */
  wait(milliseconds: number): void {
    this.#time += milliseconds;
  }

  get memberIds(): readonly string[] {
    return [ME, ...OTHERS];
  }

  /** A large group shows nobody the cursors of others. */
  #showsReceipts(room: Room, userId: string): boolean {
    return userId === ME || !room.isLargeGroup;
  }

  #view(room: Room, message: Message): Message {
    if (!room.hidden.has(message.seq)) return message;
    return { ...message, content: null, reactions: [], deletedAt: message.deletedAt ?? '2026-01-02T00:00:00.000Z' };
  }

  #changed(key: string): void {
    this.#log.push(key);
  }

  #emit<Name extends keyof ServerEvents>(name: Name, payload: ServerEvents[Name]): void {
    this.sent.push({ name, payload } as Sent);
  }

  #now(): string {
    this.#time += 1;
    return new Date(this.time).toISOString();
  }
}

/** As the server counts it (src/messages/reading/history-range.ts): near an end of the history the page is moved, not cut. */
function pageAround(all: readonly Message[], around: number, limit: number): Message[] {
  const [first, last] = [all[0]?.seq ?? 1, all.at(-1)?.seq ?? 0];
  const from = Math.max(first, Math.min(around - Math.floor(limit / 2), last - limit + 1));
  return all.filter(({ seq }) => seq >= from && seq < from + limit);
}
