import assert from 'node:assert';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import type { StoredValue, StoreName } from '../../src/ports/storage.js';
import type { Message, User } from '../../src/protocol/protocol.generated.js';
import { INITIAL_STATE, neededTimelines, reduce } from '../../src/sync/reduce.js';
import { NEW_WINDOW } from '../../src/sync/message-rows.js';
import type { Failure, RowChanges, SyncEffect, SyncInput, SyncState, Timeline, Window } from '../../src/sync/state.js';
import { Chance, ME, ModelServer } from './model-server.js';

const LIMIT = 4;

/** One seed alone, with everything that happens, to look at. */
const ONLY = process.env['CLIENT_SYNC_SEED'];

/** A device: the reducer's state, its storage, and answers and events that are on their way to it. */
class Device {
  state: SyncState = INITIAL_STATE;
  readonly #stores = new Map<StoreName, Map<string, StoredValue>>();
  readonly #pending: SyncInput[] = [];
  readonly #timers = new Set<string>();
  /** What waits in the outbox: each does it on the server, and says what that answers. */
  readonly #commands: (() => Answer)[] = [];
  /** The profiles that come before a look-up is over. */
  readonly #found = new WeakMap<SyncInput, readonly User[]>();
  /**
   * The answers of `join_conversation`: passed over where the conversation is not there any more. They come over the socket, once and
   * in their place: an older view never after a newer one.
   */
  readonly #joins = new WeakSet<SyncInput>();
  #events = 0;
  #clientIds = 0;
  /** Nothing fails any more. */
  #isCalm = false;
  asked = 0;
  /** Commands in the outbox whose answer has come. */
  readonly answered = new Set<string>();
  /**
   * Whose profile may be shown as it was until it changes again, since profiles have no version: it was on its way before the first
   * answer of sync, or HTTP was so slow that the profile as it is now had come before.
   */
  readonly outdated = new Set<string>();

  constructor(
    private readonly server: ModelServer,
    private readonly chance: Chance,
    private readonly fed: Fed,
  ) {}

  /** One's own message is stored; its answer is on its way, and with it the brief view of its conversation. */
  sent(message: Message): void {
    this.#listen();
    const { clientId, conversationId } = message;
    const { id, lastSeq, lastMessage, lastMessageAt } = this.server.conversation(conversationId);
    const settled = [{ clientId: clientId ?? '', message: { ...message } }];
    this.#pending.push({
      ...{ type: 'answer', message: { ...message }, settled },
      conversation: { id, lastSeq, lastMessage, lastMessageAt },
    });
  }

  /** One's own message is changed: what comes back has it as it is now. */
  change(id: string, seq: number, kind: 'edit' | 'delete' | 'react' | 'hide'): void {
    this.#commands.push(() => {
      this.server.change(id, seq, kind, true);
      const message = this.server.message(id, seq);
      return message === undefined || !this.server.isIn(id) ? {} : { message: { ...message } };
    });
  }

  /** Shown at once; the server knows it later. */
  read(conversationId: string, seq: number): void {
    this.feed({ type: 'read', conversationId, seq });
    this.#commands.push(() => ({ readIn: { conversationId, seq: this.server.read(conversationId, ME, seq) } }));
  }

  /** Asked for over HTTP: it may have become older than what comes meanwhile. */
  ask(answer: Answer): void {
    this.#listen();
    this.#pending.push({ type: 'answer', ...answer });
  }

  /** Another tab, which leads, has sent this device's message. */
  sentElsewhere(message: Message): void {
    this.#listen();
    this.#pending.push({ type: 'answer', left: [{ clientId: message.clientId ?? '', message: { ...message } }] });
  }

  /** The first of the outbox arrives. */
  command(): void {
    const command = this.#commands.shift();
    if (command === undefined) return;
    this.#clientIds += 1;
    const settled = [{ clientId: `command ${this.#clientIds}` }];
    const answer = command();
    this.#listen();
    this.#pending.push({ type: 'answer', ...answer, settled });
  }

  /** One of the timers that are set goes off. */
  ring(name = this.chance.pick([...this.#timers])): void {
    if (!this.#timers.delete(name)) return;
    if (name.startsWith('join:')) this.#do({ type: 'join', conversationId: name.slice('join:'.length) });
    this.feed({ type: 'timer', name });
  }

  /** Everything that waits for its time is done, but for what is looked through again and again. */
  #ringAll(): void {
    for (let rings = 0; this.#timers.size > 0; rings += 1) {
      if (rings > 200) throw new Error(`timers without end: ${[...this.#timers].join(', ')}`);
      const [name = ''] = this.#timers;
      if (name === 'urls') this.#timers.delete(name);
      else this.ring(name);
      this.drain();
    }
  }

  feed(input: SyncInput): void {
    if (
      this.#joins.has(input) &&
      input.type === 'answer' &&
      !this.state.conversations.has(input.conversation?.id ?? '')
    )
      return;
    for (const user of input.type === 'answer' ? (input.users ?? []) : []) {
      const now = this.server.user(user.id).displayName;
      const isKnown = this.state.users.get(user.id)?.displayName === now;
      if (isKnown && user.displayName !== now) this.outdated.add(user.id);
    }
    for (const user of this.#found.get(input) ?? []) this.feed({ type: 'answer', users: [user] });
    if (input.type === 'answer')
      for (const { clientId } of [...(input.settled ?? []), ...(input.left ?? [])]) this.answered.add(clientId);
    for (const id of neededTimelines(this.state, input)) this.#step(this.#loaded(id));
    this.#step(input);
  }

  #step(input: SyncInput): void {
    count(this.fed, input);
    if (this.state.cursor === null)
      for (const early of [input, ...this.#pending])
        for (const { id } of early.type === 'answer' ? profilesOf(early) : []) this.outdated.add(id);
    const { state, effects } = reduce(this.state, input, this.server.time);
    if (ONLY !== undefined) process.stdout.write(`${brief(input)}\n    → ${effects.map(brief).join('\n    → ')}\n`);
    this.state = state;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: SyncEffect): void {
    this.#listen();
    const failure = this.#failure();
    switch (effect.type) {
      case 'write':
        return this.#write(effect.changes);
      case 'settle':
        for (const { clientId } of effect.settled) this.answered.delete(clientId);
        return;
      case 'timer':
        return void this.#timers.add(effect.name);
      case 'leave':
        return;
      case 'sync':
        this.asked += 1;
        return void this.#pending.push(
          failure === undefined
            ? { ...effect, type: 'synced', answer: this.server.sync(effect.cursor, LIMIT) }
            : { ...effect, type: 'sync-failed', failure },
        );
      case 'page': {
        this.asked += 1;
        const page = this.server.page(effect.conversationId, effect.query, LIMIT);
        return void this.#pending.push(
          page === undefined || failure !== undefined
            ? { ...effect, type: 'page-failed', failure: failure ?? { code: 'NOT_FOUND' } }
            : { ...effect, page },
        );
      }
      case 'friends': {
        const requests = [...this.server.requests.values()].filter(({ status }) => status === 'PENDING');
        return void this.#pending.push(
          failure === undefined
            ? {
                ...effect,
                friends: [...this.server.friends.keys()].map((id) => this.server.user(id)),
                requests: requests.map((request) => ({
                  ...request,
                  user: this.server.user(request.senderId === ME ? request.receiverId : request.senderId),
                })),
              }
            : { type: 'friends-failed', failure },
        );
      }
      case 'presence':
        return void this.#pending.push(
          failure === undefined
            ? { ...effect, users: this.server.present() }
            : { ...effect, type: 'presence-failed', failure },
        );
      case 'users': {
        const { ids, connection } = effect;
        const [shown, notShown] = [false, true].map((isHidden) =>
          failure === undefined ? ids.filter((id) => this.server.hiding.has(id) === isHidden) : [],
        ) as [string[], string[]];
        const input: SyncInput = { type: 'users', connection, notShown, failure };
        this.#found.set(
          input,
          shown.map((id) => this.server.user(id)),
        );
        return void this.#pending.push(input);
      }
      case 'join':
        if (failure !== undefined) this.#timers.add(`join:${effect.conversationId}`);
        else if (this.server.isIn(effect.conversationId)) {
          const conversation = this.server.conversation(effect.conversationId);
          const input: SyncInput = { type: 'answer', conversation };
          this.#joins.add(input);
          this.#pending.push(input);
        }
    }
  }

  /** What is asked for fails now and then. */
  #failure(): Failure | undefined {
    if (this.#isCalm || !this.chance.is(10)) return undefined;
    const code = this.chance.pick(['NOT_CONNECTED', 'RATE_LIMITED', 'VALIDATION_FAILED', 'UNEXPECTED_ANSWER']);
    return { code, ...(code === 'RATE_LIMITED' && { retryAfterMs: 3_000 }) };
  }

  #listen(): void {
    for (; this.#events < this.server.sent.length; this.#events += 1) {
      const { name, payload } = this.server.sent[this.#events] as { name: string; payload: unknown };
      if (this.state.isReady) this.#pending.push({ type: 'event', name, payload });
    }
  }

  /**
   * Takes in something that is on its way: in order or not, once, twice, or never. What has no version keeps its place on
   * the socket, but may be lost as well.
   */
  receive(): void {
    this.#listen();
    const index = this.chance.is(70) ? 0 : this.chance.below(this.#pending.length || 1);
    const input = this.#pending[index];
    if (input === undefined) return;
    const before = this.#pending.slice(0, index).filter((next) => this.#isInPlace(next));
    if (this.#isInPlace(input) || !this.chance.is(10)) this.#pending.splice(index, 1);
    if (before.length > 0) this.#remove(before);
    for (const next of [...before, input]) if (next.type !== 'event' || !this.chance.is(15)) this.feed(next);
  }

  #isInPlace(input: SyncInput): boolean {
    return this.#joins.has(input) || (input.type === 'event' && !/^(message|receipt):/.test(input.name));
  }

  #remove(inputs: readonly SyncInput[]): void {
    const rest = this.#pending.filter((input) => !inputs.includes(input));
    this.#pending.splice(0, this.#pending.length, ...rest);
  }

  connect(mayBeRecovered = true): void {
    // What failed on a former connection is not taken any more.
    this.#remove(this.#pending.filter(({ type }) => type === 'sync-failed'));
    this.feed({ type: 'ready', userId: ME, recovered: mayBeRecovered && this.chance.is(20) });
  }

  /** What was on its way mostly does not come any more; never what a database said in whose place there is another one. */
  disconnect(isAllLost = this.chance.is(80)): void {
    this.feed({ type: 'offline' });
    // A look-up ends in any case, at the latest with a failure.
    if (isAllLost) this.#remove(this.#pending.filter(({ type }) => type !== 'users'));
  }

  /** The process is killed: what was stored is all there is. */
  restart(): void {
    this.#pending.length = 0;
    this.#timers.clear();
    this.answered.clear();
    this.state = INITIAL_STATE;
    const rows = Object.fromEntries(
      [...this.#stores]
        .filter(([store]) => !['coverage', 'messages'].includes(store))
        .map(([store, held]) => [store, [...held].map(([key, value]) => ({ key, value }))]),
    );
    this.feed({ type: 'rows', rows });
  }

  /** Everything arrives, and nothing happens meanwhile. */
  finish(): void {
    this.#isCalm = true;
    this.server.hiding.clear();
    // Longer than it is remembered whose profile was not shown.
    this.server.wait(4_000_000);
    while (this.#commands.length > 0) this.command();
    this.disconnect();
    this.#remove(this.#pending.filter(({ type }) => !['answer', 'users'].includes(type)));
    this.#events = this.server.sent.length;
    // No connection is recovered after so long a time, in which those are forgotten; nor where a look-up says so only now.
    const isHiddenFrom = this.#pending.some((input) => input.type === 'users' && input.notShown.length > 0);
    this.connect(this.state.notShown.size === 0 && !isHiddenFrom);
    this.drain();
    this.feed({ type: 'timer', name: 'sync' });
    this.drain();
    for (const conversationId of this.state.conversations.keys())
      for (const type of ['open', 'newest'] as const) this.feed({ type, conversationId });
    this.drain();
    for (const id of this.state.conversations.keys())
      for (let more = 0; more < 40 && this.#hasOlder(id); more += 1) {
        this.feed({ type: 'older', conversationId: id });
        this.drain();
      }
    this.#ringAll();
  }

  /** A connection later who is online is asked for again. */
  connectAnew(): void {
    this.server.wait(60_000);
    this.disconnect(true);
    this.#events = this.server.sent.length;
    this.feed({ type: 'ready', userId: ME, recovered: false });
    this.drain();
    this.#ringAll();
  }

  #hasOlder(id: string): boolean {
    const [window, timeline] = [this.state.windows.get(id), this.state.timelines.get(id)];
    return window !== undefined && timeline !== undefined && window.to >= window.from && window.from > timeline.start;
  }

  drain(): void {
    for (let steps = 0; this.#pending.length > 0; steps += 1) {
      if (steps > 2_000) throw new Error('It asks without end.');
      this.feed(this.#pending.shift() as SyncInput);
    }
  }

  #loaded(conversationId: string): SyncInput {
    const row = this.#stores.get('coverage')?.get(conversationId) as unknown as
      | { intervals: Timeline['coverage']; start: number; floor: number }
      | undefined;
    const messages = [...(this.#stores.get('messages') ?? [])]
      .filter(([key]) => key.startsWith(`${conversationId}/`))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, value]) => value as unknown as Message);
    return {
      type: 'loaded',
      conversationId,
      coverage: row?.intervals ?? [],
      start: row?.start ?? 1,
      floor: row?.floor ?? 0,
      messages,
    };
  }

  #write({ cleared = [], dropped = [], rows }: RowChanges): void {
    for (const store of cleared) this.#stores.delete(store);
    const messages = this.#stores.get('messages');
    for (const id of dropped)
      for (const key of messages?.keys() ?? []) if (key.startsWith(`${id}/`)) messages?.delete(key);
    for (const [store, key, value] of rows) {
      const map = this.#stores.get(store) ?? new Map<string, StoredValue>();
      this.#stores.set(store, map);
      if (value === undefined) map.delete(key);
      else map.set(key, value);
    }
  }
}

/** How often which input came, by its kind; of events, answers and timers each kind of its own, too. */
export type Fed = Map<string, number>;
type Answer = Omit<Extract<SyncInput, { type: 'answer' }>, 'type'>;

function count(fed: Fed, input: SyncInput): void {
  const kinds: string[] = [input.type];
  if (input.type === 'event') kinds.push(`event ${input.name}`);
  else if (input.type === 'timer') kinds.push(`timer ${input.name.split(':')[0]}`);
  else if (input.type === 'answer') kinds.push(...Object.keys(input).map((field) => `answer ${field}`));
  for (const kind of kinds) fed.set(kind, (fed.get(kind) ?? 0) + 1);
}

function live(seed: number, fed: Fed): { server: ModelServer; device: Device } {
  const chance = new Chance(seed);
  const server = new ModelServer(chance);
  const device = new Device(server, chance, fed);
  const steps = 10 + chance.below(60);
  if (chance.is(80)) device.connect();
  for (let step = 0; step < steps; step += 1) happen(server, device, chance);
  return { server, device };
}

function happen(server: ModelServer, device: Device, chance: Chance): void {
  const id = chance.pick([...server.rooms.keys()]);
  const room = server.rooms.get(id);
  const seq = 1 + chance.below(room?.messages.length || 1);
  const userId = chance.pick(server.memberIds);
  const place = { id, seq, userId };
  const dice = chance.below(120);
  if (dice >= 110) befall(server, chance, place);
  else if (dice >= 100) act(server, device, chance, place);
  else if (dice < 30) {
    const message = server.send(id, userId, chance.is(30) ? `k${room?.messages.length}${userId}${id}` : null);
    if (message?.senderId === ME && message.clientId !== null) device.sent(message);
  } else if (dice < 36) server.change(id, seq, chance.pick(['edit', 'delete', 'react', 'hide']));
  else if (dice < 41) server.read(id, userId, seq);
  else if (dice < 43) server.rename(id);
  else if (dice < 45) server.leave(id, userId);
  else if (dice < 48) server.join(id, userId);
  else if (dice < 49) server.createRoom(`c${server.rooms.size}`);
  else if (dice < 50) server.befriend(userId === ME ? 'u1' : userId);
  else if (dice < 51)
    server[chance.pick(['unfriend', 'block'] as const)](chance.pick([...server.friends.keys(), userId]));
  else if (dice < 52) server.renameUser(userId);
  else if (dice < 56) device.connect();
  else if (dice < 58) device.disconnect();
  else if (dice < 60) device.restart();
  else if (dice < 61) device.feed({ type: 'event', name: 'sync:needed', payload: {} });
  else if (dice < 64)
    device.feed(
      chance.is(70)
        ? { type: 'open', conversationId: id, before: shownBefore(chance, seq) }
        : { type: 'close', conversationId: id },
    );
  else if (dice < 66) device.feed({ type: chance.pick(['older', 'newer', 'newest'] as const), conversationId: id });
  else if (dice < 67) device.feed({ type: 'jump', conversationId: id, seq });
  else if (dice < 69) device.ring();
  else if (dice < 70 && chance.is(10)) {
    server.restore();
    device.disconnect(true);
  } else for (let inputs = 1 + chance.below(4); inputs > 0; inputs -= 1) device.receive();
}

/** Where something happens, and by whom. */
interface Place {
  id: string;
  seq: number;
  userId: string;
}

/** What this user does here, beside writing. */
function act(server: ModelServer, device: Device, chance: Chance, { id, seq, userId }: Place): void {
  const dice = chance.below(100);
  const other = userId === ME ? 'u1' : userId;
  if (dice < 20) device.change(id, seq, chance.pick(['edit', 'delete', 'react', 'hide']));
  else if (dice < 35) device.read(id, Math.min(seq, device.state.conversations.get(id)?.lastSeq ?? 0));
  else if (dice < 60) device.command();
  else if (dice < 70) {
    const message = server.send(id, ME, `elsewhere ${server.time}`);
    if (message !== undefined) device.sentElsewhere(message);
  } else if (dice < 80) {
    const request = chance.is(50) ? server.ask(other) : server.refuse(other);
    if (request !== undefined) device.ask({ friendRequests: [request] });
  } else if (dice < 95) device.ask({ users: [server.user(other)] });
  else {
    const created = `c${server.rooms.size}`;
    server.createRoom(created);
    device.feed({ type: 'answer', conversation: server.conversation(created) });
  }
}

/** What happens elsewhere, beside messages. */
function befall(server: ModelServer, chance: Chance, { id, seq, userId }: Place): void {
  const dice = chance.below(100);
  const other = userId === ME ? 'u1' : userId;
  if (dice < 20) server.deliver(id, other, seq);
  else if (dice < 40) server.keep(id, chance.pick(['mutedUntil', 'archivedAt', 'pinnedAt'] as const));
  else if (dice < 60) server.respond(other);
  else if (dice < 70) server.comeOrGo(other);
  else if (dice < 85) server.type(id, other, chance.is(70));
  else if (dice < 95) server.wait(chance.pick([10_000, 100_000]));
  else if (!server.hiding.delete(other)) server.hiding.add(other);
}

function profilesOf({ users = [], conversation }: Answer): readonly User[] {
  const members = conversation !== undefined && 'members' in conversation ? conversation.members : [];
  return [...users, ...members.map(({ user }) => user)];
}

/** What another engine may have shown of a conversation; mostly none did. */
function shownBefore(chance: Chance, seq: number): Window | undefined {
  if (chance.is(70)) return undefined;
  return { ...NEW_WINDOW, from: seq, to: seq + chance.below(20) - 1, follows: chance.is(50) };
}

/** Everything that REST says, in a form to compare. */
function expected({ outdated }: Device, server: ModelServer): unknown {
  const own = [...server.rooms.values()].filter((room) => room.members.has(ME)).map(({ id }) => id);
  return {
    conversations: own.sort().map((id) => {
      const view = server.conversation(id);
      const isWhole = server.showsAllMembers(id);
      return {
        ...view,
        members: isWhole
          ? view.members.map(({ user, ...member }) => ({ ...member, userId: user.id })).sort(byUser)
          : null,
        messages: server.page(id, {}, 10_000)?.items,
      };
    }),
    friends: [...server.friends.keys()].sort(),
    requests: [...server.requests.values()]
      .filter(({ status }) => status === 'PENDING')
      .map(({ id }) => id)
      .sort(),
    names: namedBy(server).map((id) => (outdated.has(id) ? id : server.user(id))),
    typing: [],
  };
}

function actual({ state, outdated }: Device, server: ModelServer): unknown {
  const rows = [...state.conversations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    conversations: rows.map(({ counted: _, ...row }) => ({
      ...row,
      members: server.showsAllMembers(row.id) ? [...row.members].sort(byUser) : null,
      messages: state.timelines.get(row.id)?.rows.map(({ state: __, ...message }) => message),
    })),
    friends: [...state.friends.keys()].sort(),
    requests: [...state.friendRequests.values()]
      .filter(({ status }) => status === 'PENDING')
      .map(({ id }) => id)
      .sort(),
    names: namedBy(server).map((id) => (outdated.has(id) ? state.users.get(id)?.id : state.users.get(id))),
    typing: [...state.typing.values()].flat(),
  };
}

/** Who is named by what is shown. */
function namedBy(server: ModelServer): string[] {
  const named = new Set(server.friends.keys());
  for (const { status, senderId, receiverId } of server.requests.values())
    if (status === 'PENDING') named.add(senderId).add(receiverId);
  for (const id of server.rooms.keys())
    if (server.isIn(id)) {
      for (const { user } of server.conversation(id).members) named.add(user.id);
      for (const { senderId, system } of server.page(id, {}, 10_000)?.items ?? [])
        for (const userId of [senderId, ...(system?.userIds ?? [])]) named.add(userId);
    }
  return [...named].sort();
}

const brief = (value: unknown): string => JSON.stringify(value).slice(0, 600);

const byUser = (a: { userId: string }, b: { userId: string }): number => (a.userId < b.userId ? -1 : 1);

/** Lives through what a seed says, and throws where the device does not end as the server is. */
export function liveThrough(seed: number, fed: Fed): void {
  try {
    const { server, device } = live(seed, fed);
    device.finish();
    compare(actual(device, server), expected(device, server));
    compare([...device.answered], []);
    const { asked } = device;
    device.feed({ type: 'timer', name: 'sync' });
    device.drain();
    // Where nothing happens one answer is enough.
    if (device.asked > asked + 1) throw new Error(`asked ${device.asked - asked} times for nothing`);
    device.connectAnew();
    const shown = server.present().map(({ id, isOnline, lastSeenAt }) => ({ userId: id, isOnline, lastSeenAt }));
    compare([...device.state.presence.values()].sort(byUser), shown);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Deep, whatever the order of the fields: many times as fast as an assertion, which says more only where they differ. */
function compare(is: unknown, should: unknown): void {
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(is)), JSON.parse(JSON.stringify(should))))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(is)), JSON.parse(JSON.stringify(should)));
}
