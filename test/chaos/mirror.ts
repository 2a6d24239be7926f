import { isDeepStrictEqual } from 'node:util';
import type { Client } from './client.js';
import type { Ledger } from './ledger.js';
import { Random, sleep } from './random.js';

// What a server answers is only known to who asked.
// oxlint-disable-next-line typescript/no-explicit-any
type Anything = any;

/** A client that receives no event and only syncs: what it holds at the end must be what it would fetch. */
export class Mirror {
  private cursor: string | undefined;
  private conversations = new Map<string, Anything>();
  /** By conversation and seq. */
  private messages = new Map<string, Map<number, Anything>>();
  private friends = new Set<string>();
  private requests = new Map<string, string>();
  private isOver = false;
  resets = 0;

  constructor(
    private readonly client: Client,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    while (!this.isOver) {
      await this.step();
      await sleep(this.random.between(20, 600));
    }
  }

  end(): void {
    this.isOver = true;
  }

  /** Everything until now; then against what REST answers. */
  async compare(): Promise<void> {
    // Without a cursor, too, it is two calls: the list, and what changed meanwhile.
    for (let quiet = 0; quiet < 2; ) {
      const hasMore = await this.step();
      if (hasMore === false) quiet += 1;
    }
    const { client } = this;
    const fetched = await this.all('/conversations');
    this.expect('conversations', [...this.conversations.keys()].sort(), fetched.map(({ id }) => id).sort());
    for (const conversation of fetched) {
      const held = this.conversations.get(conversation.id);
      if (held === undefined) continue;
      this.expect(`conversation ${conversation.id}`, steady(held), steady(conversation));
      const history = await this.history(conversation.id);
      const kept = this.messages.get(conversation.id) ?? new Map<number, Anything>();
      for (const message of history) {
        const mine = kept.get(message.seq);
        this.expect(`message ${message.id} (seq ${message.seq})`, unsigned(mine), unsigned(message));
      }
      const first = history[0]?.seq ?? Number.POSITIVE_INFINITY;
      const more = [...kept.keys()].filter((seq) => seq >= first && !history.some((message) => message.seq === seq));
      this.expect(`messages that history of ${conversation.id} does not have`, more, []);
      const there = history.filter(
        ({ seq, senderId, kind, deletedAt }) =>
          seq > conversation.me.lastReadSeq && senderId !== client.id && kind !== 'SYSTEM' && deletedAt === null,
      );
      if (conversation.me.unreadCount !== there.length)
        this.ledger.violation(
          `unread: ${client.name} in ${conversation.id}: REST has ${conversation.me.unreadCount}, there are ${there.length}`,
        );
    }
    const friends = await this.all('/friends');
    this.expect('friends', [...this.friends].sort(), friends.map((item) => (item.user ?? item).id).sort());
    const requests = await this.all('/friends/requests');
    const pending = (entries: (readonly [string, string])[]): string[] =>
      entries
        .filter(([, status]) => status === 'PENDING')
        .map(([id]) => id)
        .sort();
    this.expect(
      'pending requests',
      pending([...this.requests]),
      pending(requests.map((item) => [(item.request ?? item).id, (item.request ?? item).status] as const)),
    );
  }

  private expect(what: string, held: unknown, fetched: unknown): void {
    if (isDeepStrictEqual(held, fetched)) return;
    this.ledger.violation(
      `sync: ${this.client.name}: ${what}: held ${JSON.stringify(held)}, REST has ${JSON.stringify(fetched)}`,
    );
  }

  /** One page; undefined where no answer came. */
  private async step(): Promise<boolean | undefined> {
    const isFirst = this.cursor === undefined;
    const path = `/sync?limit=50${this.cursor === undefined ? '' : `&cursor=${encodeURIComponent(this.cursor)}`}`;
    const { outcome, code, data } = await this.client.call('GET', path);
    if (outcome === 'refused') this.ledger.violation(`sync: refused with ${code}`);
    if (outcome !== 'acknowledged') {
      await sleep(50);
      return undefined;
    }
    if (data.reset === true) {
      this.resets += 1;
      this.cursor = undefined;
      this.conversations = new Map();
      this.messages = new Map();
      this.friends = new Set();
      this.requests = new Map();
      return true;
    }
    // A page that begins anew has no history. It is fetched before the cursor is kept, so that a lost answer repeats it.
    if (isFirst) {
      for (const { id } of data.conversations) for (const message of await this.history(id)) this.keep(message);
      for (const item of await this.all('/friends')) this.friends.add((item.user ?? item).id);
      for (const item of await this.all('/friends/requests'))
        this.requests.set((item.request ?? item).id, (item.request ?? item).status);
    }
    for (const conversation of data.conversations) this.conversations.set(conversation.id, conversation);
    for (const id of data.leftConversationIds) {
      this.conversations.delete(id);
      this.messages.delete(id);
    }
    for (const message of data.messages) this.keep(message);
    for (const { conversationId, userId, lastReadSeq, lastDeliveredSeq } of data.receipts) {
      const conversation = this.conversations.get(conversationId);
      const member = conversation?.members.find(({ user }: Anything) => user.id === userId);
      if (member !== undefined) Object.assign(member, { lastReadSeq, lastDeliveredSeq });
      if (conversation !== undefined && userId === this.client.id) conversation.me.lastReadSeq = lastReadSeq;
    }
    for (const { user, removedAt } of data.friends) {
      if (removedAt === null) this.friends.add(user.id);
      else this.friends.delete(user.id);
    }
    for (const { id, status } of data.friendRequests) this.requests.set(id, status);
    this.cursor = data.cursor;
    return data.hasMore;
  }

  private keep(message: Anything): void {
    const kept = this.messages.get(message.conversationId) ?? new Map<number, Anything>();
    kept.set(message.seq, message);
    this.messages.set(message.conversationId, kept);
  }

  private async history(conversationId: string): Promise<Anything[]> {
    const items: Anything[] = [];
    for (let after = 0, hasAfter = true; hasAfter; ) {
      const path = `/conversations/${conversationId}/messages?limit=100&after=${after}`;
      const page = await this.client.call('GET', path);
      if (page.outcome === 'refused') return items; // It left meanwhile.
      if (page.outcome === 'unknown') {
        await sleep(50);
        continue;
      }
      items.push(...page.data.items);
      after = items.at(-1)?.seq ?? after;
      ({ hasAfter } = page.data);
    }
    return items;
  }

  private async all(path: string): Promise<Anything[]> {
    const items: Anything[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: Anything = await this.client.must(
        'GET',
        `${path}?limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) return items;
    }
  }
}

/** Without presence, which sync does not answer, and without what a client counts itself. */
function steady(conversation: Anything): unknown {
  const { me, members, ...rest } = conversation;
  const { unreadCount: _, ...own } = me;
  return {
    ...rest,
    me: own,
    members: members
      .map(({ user: { isOnline: _online, lastSeenAt: _seen, ...user }, ...member }: Anything) => ({ ...member, user }))
      .sort((a: Anything, b: Anything) => (a.user.id < b.user.id ? -1 : 1)),
  };
}

/** Without the addresses of files, which are signed anew now and then. */
function unsigned(message: Anything): unknown {
  if (message === undefined) return undefined;
  return {
    ...message,
    attachments: message.attachments.map(({ url: _, thumbnailUrl: _t, previewUrl: _p, ...file }: Anything) => file),
  };
}
