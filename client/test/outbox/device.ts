import { numbered } from '../../src/outbox/numbered.js';
import { DurableOutbox, type OutboxPorts } from '../../src/outbox/outbox.js';
import type { CommandSender, OutboxCommand, OutboxItem, Uploader, UploadSource } from '../../src/outbox/types.js';
import type { Clock, Timer } from '../../src/ports/environment.js';
import type { Database, StoreName } from '../../src/ports/storage.js';
import { ChatError } from '../../src/protocol/errors.js';
import type { Message, SendMessage } from '../../src/protocol/protocol.generated.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { LiveStore } from '../../src/store/live-store.js';
import type { ChatStore } from '../../src/store/store.js';
import { Synchroniser } from '../../src/sync/engine.js';
import { RowWriter } from '../../src/sync/row-writer.js';
import { Chance, ME, ModelServer } from '../sync/model-server.js';

/** Time that passes only when a test advances it. */
export class VirtualClock implements Clock {
  #now = 0;
  #next = 0;
  readonly #timers = new Map<number, { at: number; work: () => void }>();

  now(): number {
    return 1_795_000_000_000 + this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  setTimeout(work: () => void, delayMs: number): Timer {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + delayMs, work });
    return { timer: id };
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer.timer as number);
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [id, { at, work }] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      work();
    }
    this.#now = end;
    await settled();
  }
}

/** Everything that can go on without time passing has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export type Fault =
  | { code: ChatError['code']; retryAfterMs?: number; errors?: ChatError['errors'] }
  | 'lost'
  | 'unanswered';

/** One server, and what happens to the frames on their way to it. */
export class World {
  readonly clock = new VirtualClock();
  readonly storage = memoryStorage({ strict: true });
  readonly server: ModelServer;
  /** Every frame that left a device. */
  readonly frames: { event: string; payload: unknown }[] = [];
  /** What happens to the next frames: nothing, where there are none. */
  readonly faults: (Fault | undefined)[] = [];
  /** The same of uploads. */
  readonly uploadFaults: { code: ChatError['code'] }[] = [];
  /** What answers the next pages in the server's place. */
  readonly pages: unknown[] = [];
  /** Permanently refused, by content. */
  readonly refused = new Set<string>();
  /** The ids of the messages that stored ones answer, by their `clientId`. */
  readonly answers = new Map<string, string>();
  uuids = 0;
  /** Whether there may be other tabs on a device's storage. */
  isShared = false;

  constructor(readonly chance = new Chance(1)) {
    this.server = new ModelServer(chance);
  }

  /** The texts of a conversation, as the server has them. */
  texts(conversationId = 'c0'): (string | null)[] {
    const room = this.server.rooms.get(conversationId);
    return (room?.messages ?? []).filter(({ senderId }) => senderId === ME).map(({ content }) => content);
  }

  do(event: string, payload: unknown): unknown {
    if (event === 'sync') return this.server.sync((payload as { cursor?: string }).cursor ?? null, 100);
    if (event === 'join_conversation') {
      const { conversationId } = payload as { conversationId: string };
      return { conversation: this.server.conversation(conversationId) };
    }
    if (event === 'send_message') return this.#send(payload as SendMessage);
    const { messageId = '', conversationId = '' } = payload as { messageId?: string; conversationId?: string };
    if (event === 'mark_read') {
      const { seq } = payload as { seq: number };
      return { lastReadSeq: this.server.read(conversationId, ME, seq) };
    }
    const [room = '', seq = '0'] = messageId.split('-');
    const change = payload as { content?: string; emoji?: string; remove?: boolean };
    const { content = '', emoji = '', remove = false } = change;
    const stored = this.#find(room, Number(seq));
    if (stored === undefined) throw new ChatError('NOT_FOUND', 'Not found.');
    if (stored.deletedAt !== null && event !== 'delete_message')
      throw new ChatError('MESSAGE_DELETED', 'It is deleted.');
    if (event === 'edit_message') this.server.edit(room, Number(seq), content);
    else if (event === 'delete_message') this.server.change(room, Number(seq), 'delete');
    else this.server.react(room, Number(seq), emoji, remove);
    return { message: this.#find(room, Number(seq)) };
  }

  #find(room: string, seq: number): Message | undefined {
    return this.server.rooms.get(room)?.messages[seq - 1];
  }

  #send({ conversationId = 'c0', content, clientId, attachmentIds, replyToId }: SendMessage): unknown {
    const room = this.server.rooms.get(conversationId);
    const stored = room?.messages.find((message) => message.clientId === clientId && message.senderId === ME);
    if (stored === undefined && this.refused.has(content ?? '')) throw new ChatError('CANNOT_MESSAGE', 'No.');
    const text = [content, ...(attachmentIds ?? [])].join(' ');
    const message = stored ?? this.server.send(conversationId, ME, clientId ?? null, text);
    if (message === undefined) throw new ChatError('NOT_FOUND', 'Not found.');
    // Nothing of another conversation is quoted.
    const isQuoted = stored === undefined && replyToId?.startsWith(`${conversationId}-`) === true;
    if (isQuoted) this.answers.set(clientId ?? '', replyToId);
    return { message, conversation: this.server.conversation(conversationId) };
  }
}

/** A process of the app on one phone. Started again, it has what its storage has. */
export class Device {
  readonly #outbox: DurableOutbox;
  readonly #sync: Synchroniser;
  readonly #store: ChatStore;
  #connection: AbortController | undefined;
  #isAlive = true;
  /** Dies at the step of that number: between any two things it does outside itself. */
  stepsToLive = Number.POSITIVE_INFINITY;
  /** Says how often the storage fails from now on. */
  storageFailures = 0;
  storageFailure: Error = new Error('The disk does not answer.');
  /** What every transaction waits for. */
  storageHold = Promise.resolve();
  /** Why a transaction on these stores fails, where it does. */
  storageRefuses: (stores: readonly StoreName[]) => Promise<Error | undefined> = () => Promise.resolve(undefined);
  /** How long every transaction that writes takes. */
  writeMs = 0;
  #events = 0;

  private constructor(
    private readonly world: World,
    database: Database,
    leader?: Device,
  ) {
    const guarded: Database = {
      transaction: async (mode, stores, work) => {
        await this.#step();
        await this.storageHold;
        if (this.storageFailures > 0) {
          this.storageFailures -= 1;
          throw this.storageFailure;
        }
        const refusal = await this.storageRefuses(stores);
        if (refusal !== undefined) throw refusal;
        const result = await database.transaction(mode, stores, work);
        if (mode === 'readwrite' && this.writeMs > 0)
          await new Promise<void>((resolve) => {
            clock.setTimeout(resolve, this.writeMs);
          });
        await this.#step();
        return result;
      },
      close: () => database.close(),
    };
    const clock: Clock = {
      now: () => world.clock.now(),
      elapsed: () => world.clock.elapsed(),
      setTimeout: (work, delayMs) => world.clock.setTimeout(() => this.#isAlive && work(), delayMs),
      clearTimeout: (timer) => world.clock.clearTimeout(timer),
    };
    const random = {
      number: () => world.chance.below(1000) / 1000,
      uuid: () => `uuid-${world.uuids++}`,
    };
    const writer = new RowWriter(guarded, clock, {
      failed: () => this.#outbox.notStored(),
      prepare: numbered,
      written: (changes) => this.#outbox.stored(changes),
    });
    const send = ((event, payload) => this.#request(event, payload)) as CommandSender;
    this.#sync = new Synchroniser({
      database: guarded,
      writer,
      clock,
      random,
      request: ((event: string, payload: unknown) => this.#request(event, payload)) as never,
      join: (conversationId) => this.#request('join_conversation', { conversationId }) as never,
      leave: (conversationId) => void this.#request('leave_conversation', { conversationId }).catch(() => undefined),
      fetchPage: async (conversationId, position, limit) => {
        await this.#step();
        if (this.#connection === undefined) throw new ChatError('NETWORK', 'No network.');
        if (world.pages.length > 0) return world.pages.shift() as never;
        const page = world.server.page(conversationId, 'newest' in position ? {} : position, limit);
        if (page === undefined) throw new ChatError('NOT_FOUND', 'Not found.');
        return page;
      },
      fetchFriends: () => Promise.resolve({ friends: [], requests: [] }),
      fetchUser: () => Promise.reject(new ChatError('NOT_FOUND', 'Not found.')),
      fetchPresent: () => Promise.resolve([]),
      settled: (done) => this.#outbox.settled(done),
    });
    this.#outbox = new DurableOutbox({
      database: guarded,
      writer,
      clock,
      random,
      send,
      isShared: world.isShared,
      holdCopy: (_, work) => work(),
      uploader: this.#uploader(guarded),
      writtenAt: () => clock.now(),
      directConversationWith: (userId) => this.#sync.directConversationWith(userId),
      sentMessage: (conversationId, clientId) => this.#sync.sentMessage(conversationId, clientId),
      answered: (answer) => this.#sync.apply(answer),
      ...(leader === undefined ? {} : this.#following(leader)),
    });
    this.#store = new LiveStore({ sync: this.#sync, outbox: this.#outbox, drafts: NO_DRAFTS });
  }

  static async start(world: World, stepsToLive = Number.POSITIVE_INFINITY, storageFailures = 0): Promise<Device> {
    const device = new Device(world, await world.storage.open('phone'));
    Object.assign(device, { stepsToLive, storageFailures });
    // A process that dies while it starts never gets there.
    void device.#sync.start();
    void device.#outbox.start();
    await settled();
    return device;
  }

  /** Another tab on the same storage, which sends nothing itself, and is not answered what became of what has left. */
  static async follow(world: World, leader: Device): Promise<Device> {
    const device = new Device(world, await world.storage.open('phone'), leader);
    await Promise.all([device.#sync.start(), device.#outbox.start()]);
    return device;
  }

  #following(leader: Device): Pick<OutboxPorts, 'left' | 'cancelElsewhere'> {
    return {
      left: () => undefined,
      cancelElsewhere: async (clientId) => {
        const isDropped = await leader.outbox.cancel(clientId);
        // The rows that changed are known here before the answer is.
        this.#outbox.lookAgain();
        await this.#outbox.caughtUp();
        return isDropped;
      },
    };
  }

  async connect(): Promise<void> {
    if (!this.#isAlive || this.#connection !== undefined) return;
    const connection = new AbortController();
    this.#connection = connection;
    this.#events = this.world.server.sent.length;
    const ready = { userId: ME, sessionId: 's', serverTime: '', syncCursor: '', recovered: false };
    void this.#sync.catchUp(ready, connection.signal).then(
      () => {
        if (connection.signal.aborted) return;
        this.#sync.setLive(true);
        this.#outbox.setLive(true);
      },
      () => undefined,
    );
    await settled();
  }

  /** Frames and answers on their way are lost. */
  async disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#outbox.setLive(false);
    connection?.abort();
    await settled();
  }

  /** What the server has sent meanwhile arrives. */
  async receive(): Promise<void> {
    const { sent } = this.world.server;
    for (; this.#connection !== undefined && this.#events < sent.length; this.#events += 1)
      if (this.#isAlive) this.#sync.handle(sent[this.#events] as never);
    await settled();
  }

  kill(): void {
    this.#isAlive = false;
    this.#connection?.abort();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  enqueue(command: OutboxCommand, files?: readonly UploadSource[]): Promise<OutboxItem> {
    return this.#outbox.enqueue(command, files);
  }

  /** Types a text; true once it is durable. */
  send(clientId: string, content: string, conversationId = 'c0', files?: readonly UploadSource[]): Promise<boolean> {
    return this.enqueue({ type: 'send', clientId, conversationId, content }, files).then(() => true);
  }

  get outbox(): DurableOutbox {
    return this.#outbox;
  }

  get sync(): Synchroniser {
    return this.#sync;
  }

  get store(): ChatStore {
    return this.#store;
  }

  items(conversationId = 'c0'): [text: string | null, state: string][] {
    return this.#store.getSnapshot(`messages:${conversationId}`).items.map(({ content, state }) => [content, state]);
  }

  states(): [text: string, state: string][] {
    return this.#outbox
      .getSnapshot()
      .map(({ command, state }) => ['content' in command ? (command.content ?? '') : command.type, state]);
  }

  /** A place at which the process may die. What waits for it then waits for ever. */
  #step(): Promise<void> {
    this.stepsToLive -= 1;
    if (this.stepsToLive <= 0) this.kill();
    return this.#isAlive ? Promise.resolve() : new Promise(() => undefined);
  }

  async #request(event: string, payload: unknown): Promise<unknown> {
    const connection = this.#connection;
    if (connection === undefined) throw new ChatError('NOT_CONNECTED', 'Not connected.');
    await this.#step();
    const isCommand = event !== 'sync' && !event.endsWith('_conversation');
    if (isCommand) this.world.frames.push({ event, payload });
    const fault = isCommand ? this.world.faults.shift() : undefined;
    if (fault === 'lost') return this.#never(connection);
    await Promise.resolve();
    if (typeof fault === 'object') throw new ChatError(fault.code, fault.code, fault);
    const answer = this.world.do(event, payload);
    await this.#step();
    if (fault === 'unanswered' || connection.signal.aborted) return this.#never(connection);
    return answer;
  }

  /** Until it times out, or the connection breaks. */
  #never(connection: AbortController): Promise<never> {
    return new Promise((_, reject) => {
      connection.signal.addEventListener('abort', () => reject(new ChatError('NETWORK', 'The connection broke.')));
      if (connection.signal.aborted) reject(new ChatError('NETWORK', 'The connection broke.'));
      this.world.clock.setTimeout(() => this.#isAlive && reject(new ChatError('TIMEOUT', 'No answer.')), 10_000);
    });
  }

  /** Keeps a file's name in place of its bytes; an upload may be refused as a frame may. */
  #uploader(database: Database): Uploader {
    return {
      keep: async (id, source) => {
        const bytes = await source.read(0, source.size);
        await database.transaction('readwrite', ['uploads'], (transaction) => transaction.put('uploads', id, bytes));
      },
      upload: async (id, progress) => {
        const bytes = await database.transaction('readonly', ['uploads'], (transaction) =>
          transaction.get('uploads', id),
        );
        if (bytes === undefined) throw new ChatError('UNREADABLE_FILE', 'It is gone.');
        await this.#step();
        const fault = this.world.uploadFaults.shift();
        if (fault !== undefined) throw new ChatError(fault.code, fault.code);
        progress(0.5);
        await new Promise<void>((resolve) => {
          this.world.clock.setTimeout(() => this.#isAlive && resolve(), 1_000);
        });
        await this.#step();
        return `file-${new TextDecoder().decode(bytes as Uint8Array)}`;
      },
      discard: (id) =>
        database.transaction('readwrite', ['uploads'], (transaction) => transaction.delete('uploads', id)),
      forget: () => Promise.resolve(),
      discardOthers: () => Promise.resolve(),
      reconnected: () => undefined,
      stop: () => undefined,
    };
  }
}

/** A phone that is connected and looks at its first conversation. */
export async function connected({ isShared = false } = {}): Promise<{ world: World; device: Device }> {
  const world = new World();
  world.isShared = isShared;
  const device = await Device.start(world);
  await device.connect();
  device.sync.open('c0');
  await settled();
  return { world, device };
}

export function file(name: string): UploadSource {
  const bytes = new TextEncoder().encode(name);
  return {
    name,
    mimeType: 'image/png',
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.slice(start, end)),
  };
}

const NO_DRAFTS = { of: () => '', subscribe: () => () => undefined };
