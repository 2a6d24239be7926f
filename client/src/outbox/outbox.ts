import { backoffMs, doubledMs, MIN_BACKOFF_MS, pause } from '../connection/backoff.js';
import { Listeners } from '../connection/listeners.js';
import type { Clock, Random, Timer } from '../ports/environment.js';
import type { Database, StoredValue } from '../ports/storage.js';
import { ChatError } from '../protocol/errors.js';
import type { Message } from '../protocol/protocol.generated.js';
import { readPersistently, type RowWriter } from '../sync/row-writer.js';
import type { RowChanges, Settled } from '../sync/state.js';
import type { Answer } from '../sync/types.js';
import { fold, isOnlyHere, revised, targets } from './fold.js';
import { FIRST_PROVISIONAL, ITEMS, lastNumber } from './order.js';
import type { CommandSender, KeptFile, Outbox, OutboxCommand, OutboxItem, Uploader, UploadSource } from './types.js';

/** A server that fails at this very command, again and again: what stands behind it goes on without it. */
const MAX_INTERNAL_ERRORS = 20;
/** Less than it takes another tab to take over. */
const MAX_PAUSE_MS = 1_000;
/** How long another tab may take to copy the files of a message. */
const COPY_TIMEOUT_MS = 20_000;

export interface OutboxPorts {
  database: Database;
  writer: RowWriter;
  clock: Clock;
  random: Random;
  send: CommandSender;
  uploader: Uploader;
  /** The direct conversation with a user, where it is known. */
  directConversationWith: (userId: string) => string | undefined;
  /** One's own message, once the server has it. */
  sentMessage: (conversationId: string, clientId: string) => Promise<Message | undefined>;
  /** The server has answered: stored together with the removal of the command. */
  answered: (answer: Answer) => void;
  /** There may be other tabs on the same storage. */
  isShared?: boolean;
  /** Where another tab sends: it alone knows whether the first byte of one has left, so it is asked to drop it. */
  cancelElsewhere?: ((clientId: string) => Promise<boolean>) | undefined;
}

/** What only this run knows of an item. */
interface Run {
  /** Stored: its first byte may leave. */
  isDurable: boolean;
  isBusy: boolean;
  /** When it is due, by `elapsed`; and whether the server named the time. */
  dueAt: number;
  isServersTime: boolean;
}

export class DurableOutbox implements Outbox {
  #items: readonly OutboxItem[] = [];
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Listeners();
  #isLive = false;
  #isStopped = false;
  #typed = FIRST_PROVISIONAL;
  /** Of this number and all below it this tab knows. */
  #known = 0;
  /** Other tabs may have stored what is not known here. */
  #isBehind = false;
  /** While the storage is read: what leaves the outbox meanwhile. */
  #left: Set<string> | undefined;
  /** Messages whose files this tab copies. */
  readonly #copying = new Set<string>();
  #timer: Timer | undefined;

  constructor(private readonly ports: OutboxPorts) {}

  readonly getSnapshot = (): readonly OutboxItem[] => this.#items;

  readonly subscribe = this.#listeners.add;

  async start(): Promise<void> {
    this.#take(await readPersistently(this.ports.clock, () => this.#read()));
    // What is left over is in nobody's way.
    await this.ports.uploader.discardOthers().catch(() => undefined);
  }

  async enqueue(command: OutboxCommand, sources: readonly UploadSource[] = []): Promise<OutboxItem> {
    const { replaced, removed, isNeeded } = fold(this.#items, command, this.#isUnsent);
    const files = sources.map(({ name, mimeType, size, previewUrl, voice = false }): KeptFile => {
      const file = { id: this.ports.random.uuid(), name, mimeType, size, ...(voice ? { voice } : {}) };
      return previewUrl === undefined ? file : { ...file, previewUrl };
    });
    const item: OutboxItem = {
      clientId: command.clientId,
      command,
      lane: laneOf(command),
      sequence: (this.#typed += 1),
      state: 'queued',
      attempts: 0,
      createdAt: this.ports.clock.now(),
      ...(files.length > 0 ? { files, isCopying: true } : {}),
    };
    if (isNeeded) this.#runs.set(item.clientId, { ...NEW_RUN, isDurable: false });
    if (files.length > 0) this.#copying.add(item.clientId);
    const stored = this.#change([...replaced, ...(isNeeded ? [item] : [])], removed);
    this.#notify();
    this.#discard(removed);
    if (!isNeeded) this.#pump();
    await stored;
    if (!isNeeded) return replaced[0] ?? item;
    for (const [index, { id }] of files.entries()) await this.#keep(item.clientId, id, sources[index] as UploadSource);
    this.#copying.delete(item.clientId);
    const { isCopying, ...copied } = this.#find(item.clientId) ?? item;
    if (isCopying === true && copied.state === 'queued') await this.#change([copied], []);
    const run = this.#runs.get(item.clientId);
    if (run !== undefined) run.isDurable = true;
    this.#pump();
    return this.#find(item.clientId) ?? item;
  }

  /** The tab that copies its files may be gone: then it is refused, and the user sees it. */
  #giveUpLater(clientId: string): void {
    this.ports.clock.setTimeout(() => {
      const run = this.#runs.get(clientId);
      if (run !== undefined) run.isDurable = true;
      this.#pump();
    }, COPY_TIMEOUT_MS);
  }

  /** Copies a file until it is kept; one that cannot be read refuses its message. */
  async #keep(clientId: string, id: string, source: UploadSource): Promise<void> {
    for (let failures = 1; this.#find(clientId)?.state === 'queued'; failures += 1) {
      try {
        return await this.ports.uploader.keep(id, source);
      } catch (error) {
        if (!errorOf(error).isTransient) return this.#reject(clientId, errorOf(error));
        await pause(this.ports.clock, doubledMs(failures));
      }
    }
  }

  setLive(isLive: boolean): void {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    this.#isBehind ||= isLive;
    // What the server was not asked, or did not answer, is due; what it put off is not.
    if (isLive) for (const run of this.#runs.values()) if (!run.isServersTime) run.dueAt = 0;
    this.#pump();
  }

  settled(settled: readonly Settled[]): RowChanges['rows'] {
    const gone: OutboxItem[] = [];
    const changed: OutboxItem[] = [];
    for (const { clientId, message } of settled) {
      const item = this.#find(clientId);
      if (item === undefined) continue;
      gone.push(item);
      if (message !== undefined)
        changed.push(
          ...this.#items.filter((other) => targets(other, { clientId })).map((other) => aimed(other, message)),
        );
    }
    if (gone.length === 0) return [];
    this.#replace(changed, gone);
    this.#discard(gone);
    // After the caller has shown what came in their place.
    queueMicrotask(() => this.#notifyAndPump());
    return rowsOf(changed, gone);
  }

  takeRows({ rows }: RowChanges): void {
    const isKnown = (key: string): boolean => this.#find(key) !== undefined;
    this.#take(rows.filter(([store, key]) => store === 'outbox' && isKnown(key)));
    // Another tab may say late what has left the outbox since: the storage knows.
    if (rows.some(([store, key, value]) => store === 'outbox' && value !== undefined && !isKnown(key)))
      this.lookAgain();
  }

  #take(rows: RowChanges['rows']): void {
    const [changed, removed]: [OutboxItem[], OutboxItem[]] = [[], []];
    for (const [, key, value] of rows) {
      const held = this.#find(key);
      if (value === undefined) {
        if (held !== undefined) removed.push(held);
      } else if (this.#runs.get(key)?.isBusy !== true) {
        const item = value as unknown as OutboxItem;
        changed.push(item.state === 'rejected' ? item : { ...item, state: 'queued' });
        const isCopying = item.isCopying === true && this.ports.isShared === true;
        this.#runs.set(key, { ...NEW_RUN, isDurable: !isCopying });
        if (isCopying) this.#giveUpLater(key);
      }
    }
    if (changed.length + removed.length === 0) return;
    this.#replace(changed, removed);
    this.#notifyAndPump();
  }

  stored({ rows }: RowChanges): void {
    for (const [store, key, value] of rows) {
      const item = store === 'outbox' ? this.#find(key) : undefined;
      if (item === undefined) continue;
      // Another tab has brought it to its end.
      if (value === undefined) {
        this.#replace([], [item]);
        continue;
      }
      const { sequence } = value as unknown as OutboxItem;
      this.#know(sequence);
      if (item.sequence !== sequence) this.#show({ ...item, sequence });
    }
  }

  /** A number that the storage gave. Where one is missing before it, another tab stored something first. */
  #know(sequence: number): void {
    if (sequence > this.#known + 1) this.#isBehind = true;
    else this.#known = Math.max(this.#known, sequence);
  }

  async #read(): Promise<RowChanges['rows']> {
    const { rows, last } = await this.ports.database.transaction('readonly', ['outbox'], async (transaction) => ({
      rows: await transaction.range('outbox', ITEMS),
      last: await lastNumber(transaction),
    }));
    this.#known = Math.max(this.#known, last);
    return rows.map(({ key, value }) => ['outbox', key, value]);
  }

  lookAgain(): void {
    this.#isBehind = true;
    void this.#catchUp();
  }

  /** What other tabs have stored and removed. Before anything is sent that they may have stored later. */
  async #catchUp(): Promise<void> {
    if (this.#left !== undefined || this.#isStopped) return;
    const left = new Set<string>();
    this.#left = left;
    this.#isBehind = false;
    try {
      // What has left the outbox before is gone from the storage, too.
      await this.ports.writer.flush();
      const durable = this.#items.filter(({ clientId }) => this.#runs.get(clientId)?.isDurable === true);
      const rows = await this.#read();
      const there = new Set(rows.map(([, key]) => key));
      const gone = durable.filter(({ clientId }) => !there.has(clientId) && this.#runs.get(clientId)?.isBusy === false);
      this.#take([
        ...gone.map(({ clientId }): RowChanges['rows'][number] => ['outbox', clientId, undefined]),
        ...rows.filter(([, key]) => !left.has(key) && this.#find(key) === undefined),
      ]);
    } catch {
      this.#isBehind = true;
      await pause(this.ports.clock, MIN_BACKOFF_MS);
    } finally {
      this.#left = undefined;
      if (this.#isBehind) void this.#catchUp();
      else this.#pump();
    }
  }

  retryNow(clientId?: string): void {
    for (const [id, run] of this.#runs)
      if (clientId === undefined || id === clientId) Object.assign(run, { dueAt: 0, isServersTime: false });
    const item = clientId === undefined ? undefined : this.#find(clientId);
    if (item?.state === 'rejected') this.#change([revised(item, contentOf(item))], []).catch(() => undefined);
    this.#notifyAndPump();
  }

  async revise(clientId: string, content: string): Promise<void> {
    const item = this.#find(clientId);
    if (item === undefined) return;
    if (!this.#isUnsent(item)) throw new ChatError('ABORTED', 'It may have been sent already: edit the message.');
    const stored = this.#change([revised(item, content)], []);
    this.#notifyAndPump();
    await stored;
  }

  async cancel(clientId: string): Promise<boolean> {
    const { cancelElsewhere } = this.ports;
    const item = this.#find(clientId);
    if (item === undefined) return false;
    if (!this.#isDroppable(item)) return cancelElsewhere?.(clientId).catch(() => false) ?? false;
    const gone = [item, ...this.#items.filter((other) => targets(other, { clientId }))];
    const stored = this.#change([], gone);
    this.#discard(gone);
    this.#notifyAndPump();
    await stored;
    return true;
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#isLive = false;
    this.ports.clock.clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** Nothing of it has left, nor can it leave at this moment; and no other tab is about to store it. */
  readonly #isUnsent = (item: OutboxItem): boolean =>
    this.#isDroppable(item) && (item.isCopying !== true || this.#copying.has(item.clientId));

  #isDroppable(item: OutboxItem): boolean {
    return this.ports.cancelElsewhere === undefined ? isOnlyHere(item) : item.state === 'rejected';
  }

  // Sending

  #lane({ command, clientId }: OutboxItem): string {
    if (command.type === 'read') return `read:${clientId}`;
    const direct =
      command.type === 'send' && command.receiverId !== undefined
        ? this.ports.directConversationWith(command.receiverId)
        : undefined;
    return direct ?? laneOf(command);
  }

  /** Starts the first of each lane that is due. The only place from which anything is sent. */
  #pump(): void {
    if (!this.#isLive || this.#isStopped) return;
    if (this.#isBehind || this.#left !== undefined) return void this.#catchUp();
    const now = this.ports.clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    const lanes = new Set<string>();
    for (const item of this.#items) {
      const run = this.#runs.get(item.clientId);
      if (run === undefined || item.state === 'rejected') continue;
      const sent = this.#waitsFor(item);
      if (sent !== undefined) {
        if (run.isBusy || this.#find(sent) !== undefined) continue;
        if (run.dueAt > now) next = Math.min(next, run.dueAt);
        else void this.#aim(item, sent, run);
        continue;
      }
      const lane = this.#lane(item);
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      if (run.isBusy || !run.isDurable) continue;
      if (run.dueAt > now) next = Math.min(next, run.dueAt);
      else void this.#attempt(item, run);
    }
    this.ports.clock.clearTimeout(this.#timer);
    if (next !== Number.POSITIVE_INFINITY) this.#timer = this.ports.clock.setTimeout(() => this.#pump(), next - now);
  }

  /** The send whose message it changes, which has no id yet. Behind one that is refused nothing waits but for the changes of it. */
  #waitsFor({ command }: OutboxItem): string | undefined {
    return 'target' in command && 'clientId' in command.target ? command.target.clientId : undefined;
  }

  /** It was given in another tab, which did not know yet that its message was sent. */
  async #aim({ clientId, command }: OutboxItem, sent: string, run: Run): Promise<void> {
    run.isBusy = true;
    try {
      const message = await this.ports.sentMessage(command.conversationId ?? '', sent);
      const item = this.#find(clientId);
      if (item === undefined) return;
      if (message !== undefined) await this.#change([aimed(item, message)], []);
      else this.#refused(item, new ChatError('NOT_FOUND', 'There is no such message.'));
    } catch (error) {
      this.#failed(clientId, run, errorOf(error));
    } finally {
      run.isBusy = false;
      this.#notifyAndPump();
    }
  }

  async #attempt({ clientId }: OutboxItem, run: Run): Promise<void> {
    run.isBusy = true;
    // Until the engine has taken the answer in, and the command out.
    let isAnswered = false;
    try {
      const attachmentIds = await this.#upload(clientId);
      const item = this.#find(clientId);
      if (item === undefined || !this.#isLive) return;
      // Stored as begun before its first byte leaves: from here on it may have been done.
      const begunAt = this.ports.clock.elapsed();
      await this.#update(item, { state: 'sending', attempts: item.attempts + 1 });
      if (this.#find(clientId) === undefined) return;
      // A tab that was frozen here may lead no more, and others may have gone on: it asks the storage again.
      if (this.ports.isShared === true && this.ports.clock.elapsed() - begunAt > MAX_PAUSE_MS) return;
      if (!this.#isLive || this.#isStopped) return;
      await this.#send(this.#find(clientId) as OutboxItem, attachmentIds);
      isAnswered = true;
    } catch (error) {
      this.#failed(clientId, run, errorOf(error));
    } finally {
      run.isBusy = isAnswered;
      const item = this.#find(clientId);
      if (!isAnswered && item !== undefined && (item.state === 'sending' || item.state === 'uploading'))
        this.#show({ ...item, state: 'queued' });
      this.#notifyAndPump();
    }
  }

  async #upload(clientId: string): Promise<string[]> {
    const { files = [] } = this.#find(clientId) ?? {};
    const ids: string[] = [];
    for (const [index, { id }] of files.entries()) {
      const show = (done: number): void => {
        const item = this.#find(clientId);
        if (item === undefined) return;
        this.#show({ ...item, state: 'uploading', progress: (index + done) / files.length });
        this.#notify();
      };
      show(0);
      ids.push(await this.ports.uploader.upload(id, show));
    }
    return ids;
  }

  async #send({ clientId, command }: OutboxItem, attachmentIds: string[]): Promise<void> {
    const { send, answered } = this.ports;
    const settled = [{ clientId }];
    switch (command.type) {
      case 'send': {
        const { content, conversationId, receiverId, replyToId } = command;
        const payload = {
          clientId,
          ...(content === undefined ? {} : { content }),
          ...(conversationId === undefined ? { receiverId } : { conversationId }),
          ...(replyToId === undefined ? {} : { replyToId }),
          ...(attachmentIds.length > 0 ? { attachmentIds } : {}),
        };
        const { message, conversation } = await send('send_message', payload);
        return answered({ message, conversation, settled: [{ clientId, message }] });
      }
      case 'edit': {
        const { message } = await send('edit_message', { messageId: idOf(command), content: command.content });
        return answered({ message, settled });
      }
      case 'delete': {
        const { message } = await send('delete_message', { messageId: idOf(command), for: command.for });
        return answered({ message, settled });
      }
      case 'react': {
        const { emoji, remove } = command;
        const { message } = await send('react', { messageId: idOf(command), emoji, remove });
        return answered({ message, settled });
      }
      case 'read':
        await send('mark_read', { conversationId: command.conversationId, seq: command.seq });
        return answered({ settled });
    }
  }

  #failed(clientId: string, run: Run, error: ChatError): void {
    const item = this.#find(clientId);
    if (item === undefined) return;
    // Nothing was sent.
    if (error.code === 'NOT_CONNECTED')
      return this.#show({ ...item, state: 'queued', attempts: Math.max(0, item.attempts - 1) });
    const isPoison = error.code === 'INTERNAL_ERROR' && item.attempts >= MAX_INTERNAL_ERRORS;
    if (!error.isTransient || isPoison) return this.#refused(item, error);
    const delay = Math.max(error.retryAfterMs ?? 0, backoffMs(item.attempts, this.ports.random));
    run.isServersTime = error.retryAfterMs !== undefined;
    run.dueAt = this.ports.clock.elapsed() + delay;
    this.#show({
      ...item,
      state: 'waiting',
      retryAt: this.ports.clock.now() + delay,
      lastError: brief(error),
    });
  }

  #refused(item: OutboxItem, error: ChatError): void {
    const { type } = item.command;
    const isGone = error.code === 'MESSAGE_DELETED' || error.code === 'NOT_FOUND';
    // Where there is nothing to change, to react to or to read any more, nothing is to be done and nobody to be asked.
    if (type === 'send' || (type === 'edit' && !isGone)) this.#reject(item.clientId, error);
    else this.#change([], [item]).catch(() => undefined);
  }

  #reject(clientId: string, error: ChatError): void {
    const item = this.#find(clientId);
    if (item !== undefined)
      this.#change([{ ...item, state: 'rejected', lastError: brief(error) }], []).catch(() => undefined);
    this.#notifyAndPump();
  }

  // Items

  #find(clientId: string): OutboxItem | undefined {
    return this.#items.find((item) => item.clientId === clientId);
  }

  #update(item: OutboxItem, change: Partial<OutboxItem>): Promise<void> {
    const { retryAt: _, progress: __, ...rest } = item;
    const stored = this.#change([{ ...rest, ...change }], []);
    this.#notify();
    return stored;
  }

  /** In memory alone: what a restart forgets. */
  #show(item: OutboxItem): void {
    this.#replace([item], []);
  }

  #change(put: readonly OutboxItem[], removed: readonly OutboxItem[]): Promise<void> {
    this.#replace(put, removed);
    return this.ports.writer.write({ rows: rowsOf(put, removed) });
  }

  #replace(put: readonly OutboxItem[], removed: readonly OutboxItem[]): void {
    const gone = new Set([...put, ...removed].map(({ clientId }) => clientId));
    for (const { clientId } of removed) {
      this.#runs.delete(clientId);
      this.#left?.add(clientId);
    }
    const rest = this.#items.filter(({ clientId }) => !gone.has(clientId));
    this.#items = [...rest, ...put].sort((a, b) => a.sequence - b.sequence);
  }

  #discard(items: readonly OutboxItem[]): void {
    for (const { files = [] } of items)
      for (const { id } of files) this.ports.uploader.discard(id).catch(() => undefined);
  }

  #notify(): void {
    this.#listeners.call();
  }

  #notifyAndPump(): void {
    this.#notify();
    this.#pump();
  }
}

const NEW_RUN: Run = { isDurable: true, isBusy: false, dueAt: 0, isServersTime: false };

function laneOf(command: OutboxCommand): string {
  return command.conversationId ?? `user:${(command as { receiverId?: string }).receiverId ?? ''}`;
}

function rowsOf(put: readonly OutboxItem[], removed: readonly OutboxItem[]): RowChanges['rows'] {
  return [
    ...removed.map(({ clientId }) => ['outbox', clientId, undefined] as const),
    ...put.map((item) => ['outbox', item.clientId, item as unknown as StoredValue] as const),
  ];
}

/** A change of a message that had no id yet. */
function aimed(item: OutboxItem, { id, conversationId }: Message): OutboxItem {
  return { ...item, command: { ...item.command, conversationId, target: { messageId: id } } as OutboxCommand };
}

function idOf({ target }: Extract<OutboxCommand, { target: unknown }>): string {
  return 'messageId' in target ? target.messageId : '';
}

function brief({ code, message, errors }: ChatError): NonNullable<OutboxItem['lastError']> {
  return { code, message, ...(errors === undefined ? {} : { errors }) };
}

function contentOf({ command }: OutboxItem): string {
  return 'content' in command ? (command.content ?? '') : '';
}

function errorOf(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  return new ChatError('STORAGE', error instanceof Error ? error.message : String(error), { cause: error });
}
