import { describe, expect, it } from '@jest/globals';
import type { MessageTarget, OutboxCommand, UploadSource } from '../../src/outbox/types.js';
import { Chance } from '../sync/model-server.js';
import { Device, type Fault, file, World } from './device.js';
import { type Deed, Done, type Typed } from './done.js';

const RUNS = Number(process.env.CLIENT_KILL_RUNS ?? 120);
const ONLY = process.env.CLIENT_KILL_SEED;
const LANES = ['c0', 'c8', 'c9'];
const EMOJIS = ['+1', 'heart'];

/** One who types, changes what was typed, reacts and reads, on a device that may die in the middle of each. */
class User {
  readonly done: Done;
  device!: Device;
  #count = 0;

  constructor(
    private readonly world: World,
    private readonly chance: Chance,
  ) {
    this.done = new Done(world);
  }

  act(): void {
    const lane = this.chance.is(60) ? 'c0' : this.chance.pick(LANES);
    if (this.chance.is(40)) return this.#type(lane);
    // Few, so that much is done to each.
    const typed = this.chance.pick(this.done.typed.filter((one) => one.lane === lane).slice(-2));
    const deeds = [
      () => this.#edit(typed),
      () => this.#react(typed),
      () => this.#react(typed),
      () => this.#remove(typed),
    ];
    const isRead = this.chance.is(25);
    if (isRead) this.#read(lane);
    // Without it there is nothing to change.
    else if (typed !== undefined) this.chance.pick(deeds)();
  }

  #name(kind: string): string {
    return `${kind}${this.#count++}`;
  }

  /** Done at once, and kept when the client says so. */
  #do<Value>(deeds: Deed<Value>[], value: Value, command: OutboxCommand, files: UploadSource[] = []): void {
    const { device } = this;
    const deed = { value, isKept: false };
    deeds.push(deed);
    void device.enqueue(command, files).then(() => (deed.isKept ||= device.isAlive));
  }

  #type(lane: string): void {
    const clientId = this.#name('m');
    const content = this.chance.is(12) ? `no-${clientId}` : clientId;
    if (content !== clientId) this.world.refused.add(content);
    const files = this.chance.is(15) ? [file(clientId)] : [];
    // Some answer messages of other conversations, which are quoted nowhere.
    const isElsewhere = this.chance.is(20);
    const earlier = this.done.typed.filter(
      (one) => (isElsewhere || one.lane === lane) && this.#target(one) !== undefined,
    );
    const named = this.chance.is(30) ? this.chance.pick(earlier) : undefined;
    const answered = named?.lane === lane ? named : undefined;
    const target = named && this.#target(named);
    const reply =
      target === undefined
        ? {}
        : 'messageId' in target
          ? { replyToId: target.messageId }
          : { replyToClientId: target.clientId };
    const typed: Typed = {
      ...{ clientId, lane, hasFile: files.length > 0, answered },
      ...{ texts: [], deletions: [], reactions: new Map() },
    };
    this.done.typed.push(typed);
    this.#do(typed.texts, content, { type: 'send', clientId, conversationId: lane, content, ...reply }, files);
  }

  /** A message as it can be named at this moment, unless it is gone. */
  #target(typed: Typed): MessageTarget | undefined {
    const { clientId } = typed;
    const message = this.done.stored(typed);
    const items = this.device.outbox.getSnapshot();
    const isDeleted = items.some(
      ({ command }) =>
        command.type === 'delete' &&
        ('clientId' in command.target
          ? command.target.clientId === clientId
          : command.target.messageId === message?.id),
    );
    if (isDeleted) return undefined;
    if (items.some((item) => item.clientId === clientId)) return { clientId };
    return message?.deletedAt === null ? { messageId: message.id } : undefined;
  }

  #edit(typed: Typed): void {
    const target = this.#target(typed);
    if (target === undefined) return;
    const content = this.#name('e');
    this.#do(typed.texts, content, { type: 'edit', clientId: content, conversationId: typed.lane, target, content });
  }

  #react(typed: Typed): void {
    const target = this.#target(typed);
    if (target === undefined) return;
    const [emoji, remove, clientId] = [this.chance.pick(EMOJIS), this.chance.is(50), this.#name('r')];
    const deeds = typed.reactions.get(emoji) ?? [];
    typed.reactions.set(emoji, deeds);
    this.#do(deeds, !remove, { type: 'react', clientId, conversationId: typed.lane, target, emoji, remove });
  }

  #remove(typed: Typed): void {
    const target = this.#target(typed);
    if (target === undefined) return;
    const [clientId, conversationId] = [this.#name('d'), typed.lane];
    this.#do(typed.deletions, true, { type: 'delete', clientId, conversationId, target, for: 'everyone' });
  }

  #read(lane: string): void {
    const last = this.world.server.rooms.get(lane)?.messages.length ?? 0;
    if (last === 0) return;
    const [clientId, seq] = [this.#name('x'), 1 + this.chance.below(last)];
    const deeds = this.done.reads.get(lane) ?? [];
    this.done.reads.set(lane, deeds);
    this.#do(deeds, seq, { type: 'read', clientId, conversationId: lane, seq });
  }
}

/** Does, loses connections, dies at any step and starts again, until everything is sent; then returns what is wrong. */
async function live(seed: number): Promise<string[]> {
  const chance = new Chance(seed);
  const world = new World(chance);
  world.isShared = seed % 3 === 0;
  for (const id of LANES) if (!world.server.rooms.has(id)) world.server.createRoom(id);
  const user = new User(world, chance);
  for (let life = 0; life < 5; life += 1) {
    const device = await Device.start(world, life === 4 ? Number.POSITIVE_INFINITY : 1 + chance.below(60));
    user.device = device;
    for (let turn = 0; turn < 20 && device.isAlive; turn += 1) {
      if (chance.is(60)) {
        user.act();
        continue;
      }
      const fault = chance.pick<Fault | undefined>(['lost', 'unanswered', { code: 'OVERLOADED' }, undefined]);
      const events = [
        () => device.connect(),
        () => device.connect(),
        () => device.disconnect(),
        () => device.receive(),
        () => void (device.storageFailures = chance.below(3)),
        () => void world.faults.push(fault),
        () => void world.server.send(chance.pick(LANES), 'u1'),
        () => world.clock.advance(chance.below(15_000)),
      ];
      await chance.pick(events)();
    }
    if (life < 4) device.kill();
  }
  const { device } = user;
  world.faults.length = 0;
  for (const lane of LANES) device.sync.open(lane);
  for (let turn = 0; turn < 8; turn += 1) {
    await device.connect();
    await world.clock.advance(40_000);
  }
  await device.receive();
  const unlike = LANES.filter((lane) => {
    const shown = device.store.getSnapshot(`messages:${lane}`).items.filter(({ state }) => state === 'sent');
    const seen = (messages: readonly { id: string | null; content: string | null; reactions: unknown }[]): string =>
      JSON.stringify(messages.map(({ id, content, reactions }) => [id, content, reactions]));
    return seen(shown) !== seen(world.server.page(lane, {}, 100)?.items ?? []);
  });
  return [...user.done.faults(device.outbox.getSnapshot()), ...unlike.map((lane) => `${lane} is not shown as it is`)];
}

describe('a process that is killed at any step', () => {
  it('has done once, and in order, whatever the user typed, changed and read and saw kept', async () => {
    const seeds = ONLY === undefined ? Array.from({ length: RUNS }, (_, index) => index) : [Number(ONLY)];
    for (const seed of seeds) expect([seed, ...(await live(seed))]).toEqual([seed]);
  }, 600_000);
});
