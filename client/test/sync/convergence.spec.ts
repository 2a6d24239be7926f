import { describe, expect, it } from '@jest/globals';
import type { StoredValue, StoreName } from '../../src/ports/storage.js';
import type { Message } from '../../src/protocol/protocol.generated.js';
import { INITIAL_STATE, neededTimelines, reduce } from '../../src/sync/reduce.js';
import { NEW_WINDOW } from '../../src/sync/message-rows.js';
import type { RowChanges, SyncEffect, SyncInput, SyncState, Timeline, Window } from '../../src/sync/state.js';
import { Chance, ME, ModelServer } from './model-server.js';

/** A hundred thousand take minutes: CLIENT_SYNC_RUNS=100000. */
const RUNS = Number(process.env.CLIENT_SYNC_RUNS ?? 1_500);
/** One seed alone, to look at. */
const ONLY = process.env.CLIENT_SYNC_SEED;
const LIMIT = 4;

/** A device: the reducer's state, its storage, and answers and events that are on their way to it. */
class Device {
  state: SyncState = INITIAL_STATE;
  readonly #stores = new Map<StoreName, Map<string, StoredValue>>();
  readonly #pending: SyncInput[] = [];
  #events = 0;
  asked = 0;
  /** Commands in the outbox whose answer has come. */
  readonly answered = new Set<string>();

  constructor(
    private readonly server: ModelServer,
    private readonly chance: Chance,
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

  feed(input: SyncInput): void {
    if (input.type === 'answer') for (const { clientId } of input.settled ?? []) this.answered.add(clientId);
    for (const id of neededTimelines(this.state, input)) this.#step(this.#loaded(id));
    this.#step(input);
  }

  #step(input: SyncInput): void {
    const { state, effects } = reduce(this.state, input);
    if (ONLY !== undefined) process.stdout.write(`${brief(input)}\n    → ${effects.map(brief).join('\n    → ')}\n`);
    this.state = state;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: SyncEffect): void {
    this.#listen();
    if (effect.type === 'write') this.#write(effect.changes);
    else if (effect.type === 'settle') for (const { clientId } of effect.settled) this.answered.delete(clientId);
    else if (effect.type === 'sync') {
      this.asked += 1;
      const { cursor } = effect;
      this.#pending.push({ type: 'synced', cursor, answer: this.server.sync(cursor, LIMIT) });
    } else if (effect.type === 'page') {
      this.asked += 1;
      const { conversationId, query } = effect;
      const page = this.server.page(conversationId, query, LIMIT);
      this.#pending.push(
        page === undefined
          ? { type: 'page-failed', conversationId, query, failure: { code: 'NOT_FOUND' } }
          : { type: 'page', conversationId, query, page },
      );
    } else if (effect.type === 'friends') {
      this.#pending.push({
        type: 'friends',
        generation: effect.generation,
        friends: [...this.server.friends.keys()].map((id) => this.server.user(id)),
        requests: [...this.server.requests.values()]
          .filter(({ status }) => status === 'PENDING')
          .map((request) => ({ ...request, user: this.server.user(request.senderId) })),
      });
    }
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
    const before = this.#pending.slice(0, index).filter(isUnversioned);
    if (isUnversioned(input) || !this.chance.is(10)) this.#pending.splice(index, 1);
    if (before.length > 0) this.#remove(before);
    for (const next of [...before, input]) if (next.type !== 'event' || !this.chance.is(15)) this.feed(next);
  }

  #remove(inputs: readonly SyncInput[]): void {
    const rest = this.#pending.filter((input) => !inputs.includes(input));
    this.#pending.splice(0, this.#pending.length, ...rest);
  }

  connect(): void {
    this.feed({ type: 'ready', userId: ME, recovered: this.chance.is(20) });
  }

  /** What was on its way mostly does not come any more; never what a database said in whose place there is another one. */
  disconnect(isAllLost = this.chance.is(80)): void {
    this.feed({ type: 'offline' });
    if (isAllLost) this.#pending.length = 0;
  }

  /** The process is killed: what was stored is all there is. */
  restart(): void {
    this.#pending.length = 0;
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
    this.disconnect();
    this.#pending.length = 0;
    this.#events = this.server.sent.length;
    this.connect();
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

function live(seed: number): { server: ModelServer; device: Device } {
  const chance = new Chance(seed);
  const server = new ModelServer(chance);
  const device = new Device(server, chance);
  const steps = 10 + chance.below(40);
  for (let step = 0; step < steps; step += 1) happen(server, device, chance);
  return { server, device };
}

function happen(server: ModelServer, device: Device, chance: Chance): void {
  const id = chance.pick([...server.rooms.keys()]);
  const room = server.rooms.get(id);
  const seq = 1 + chance.below(room?.messages.length || 1);
  const userId = chance.pick(server.memberIds);
  const dice = chance.below(100);
  if (dice < 30) {
    const message = server.send(id, userId, chance.is(30) ? `k${room?.messages.length}${userId}${id}` : null);
    if (message?.senderId === ME && message.clientId !== null) device.sent(message);
  } else if (dice < 36) server.change(id, seq, chance.pick(['edit', 'delete', 'react', 'hide']));
  else if (dice < 41) server.read(id, userId, seq);
  else if (dice < 43) server.rename(id);
  else if (dice < 45) server.leave(id, userId);
  else if (dice < 48) server.join(id, userId);
  else if (dice < 49) server.createRoom(`c${server.rooms.size}`);
  else if (dice < 50) server.befriend(userId === ME ? 'u1' : userId);
  else if (dice < 51) server[chance.pick(['unfriend', 'block'] as const)](userId);
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
  else if (dice < 69) device.feed({ type: 'timer', name: chance.pick(['sync', `pages:${id}`]) });
  else if (dice < 70 && chance.is(10)) {
    server.restore();
    device.disconnect(true);
  } else device.receive();
}

/** What another engine may have shown of a conversation; mostly none did. */
function shownBefore(chance: Chance, seq: number): Window | undefined {
  if (chance.is(70)) return undefined;
  return { ...NEW_WINDOW, from: seq, to: seq + chance.below(20) - 1, follows: chance.is(50) };
}

/** Everything that REST says, in a form to compare. */
function expected(server: ModelServer): unknown {
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
    names: [...new Set([...own.flatMap((id) => [...(server.rooms.get(id)?.members.keys() ?? [])])])]
      .sort()
      .map((id) => server.user(id)),
  };
}

function actual({ state }: Device, server: ModelServer): unknown {
  const rows = [...state.conversations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const people = new Set(rows.flatMap(({ id }) => [...(server.rooms.get(id)?.members.keys() ?? [])]));
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
    names: [...people].sort().map((id) => state.users.get(id) ?? server.user(id)),
  };
}

const brief = (value: unknown): string => JSON.stringify(value).slice(0, 600);

function isUnversioned(input: SyncInput): boolean {
  return input.type === 'event' && !/^(message|receipt):/.test(input.name);
}

const byUser = (a: { userId: string }, b: { userId: string }): number => (a.userId < b.userId ? -1 : 1);

describe('what the client knows', () => {
  it('equals what REST says after the last sync, whatever came when, twice, in what order or never', () => {
    const seeds = ONLY === undefined ? Array.from({ length: RUNS }, (_, index) => index) : [Number(ONLY)];
    for (const seed of seeds) {
      try {
        const { server, device } = live(seed);
        device.finish();
        const [is, should] = [JSON.stringify(actual(device, server)), JSON.stringify(expected(server))];
        if (sorted(is) !== sorted(should)) expect(JSON.parse(is)).toEqual(JSON.parse(should));
        expect([...device.answered]).toEqual([]);
        const { asked } = device;
        device.feed({ type: 'timer', name: 'sync' });
        device.drain();
        // Where nothing happens one answer is enough.
        if (device.asked > asked + 1) throw new Error(`asked ${device.asked - asked} times for nothing`);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  }, 1_200_000);
});

/** Text with the fields of every object in one order. */
function sorted(json: string): string {
  return JSON.stringify(JSON.parse(json), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
