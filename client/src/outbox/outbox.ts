import { doubledMs, pause } from '../connection/backoff.js';
import { backoffMs } from '../connection/jitter.js';
import type { Random, Timer } from '../ports/environment.js';
import { objectUrls } from '../ports/object-urls.js';
import { StorageError } from '../ports/storage.js';
import { ChatError } from '../protocol/errors.js';
import type { Message } from '../protocol/protocol.generated.js';
import type { RowChanges, Settled } from '../sync/state.js';
import type { Answer } from '../sync/types.js';
import { sendCommand } from './commands.js';
import { fold } from './fold.js';
import { isOnlyHere, keptFile, laneOf, newItem, storable, waitsFor } from './item.js';
import { aimed, brief, dropped, refused, requeued, revised, rowsOf, withoutQuotation } from './item-changes.js';
import { NEW_RUN, OutboxItems, type Run } from './items.js';
import { FIRST_PROVISIONAL } from './order.js';
import { recipientOf } from './recipient.js';
import { StoredItems, type StoredItemsPorts } from './stored-items.js';
import type { CommandSender, KeptFile, Outbox, OutboxCommand, OutboxItem, Uploader, UploadSource } from './types.js';

/** A server that fails at this very command, again and again: what stands behind it goes on without it. */
const MAX_INTERNAL_ERRORS = 20;
/** The server takes no more for one message, and would say so only after all of them were uploaded. */
const MAX_FILES = 10;
/** By then a picture is drawn from where the server has it. */
const PREVIEW_ENDS_MS = 5_000;
/** Less than it takes another tab to take over. */
const MAX_PAUSE_MS = 1_000;
/** Storage is not waited for longer than this before each command. */
const MAX_BEGIN_MS = 20_000;

const NOT_STORED = new ChatError('STORAGE', 'This device can keep nothing more.');

export interface OutboxPorts extends StoredItemsPorts {
  random: Random;
  send: CommandSender;
  uploader: Uploader;
  /** When what is written at this moment is written: after all that the server has, whatever the device's clock says. */
  writtenAt: () => number;
  /** The direct conversation with a user, where it is known. */
  directConversationWith: (userId: string) => string | undefined;
  /** One's own message, once the server has it. */
  sentMessage: (conversationId: string, clientId: string) => Promise<Message | undefined>;
  /** The server has answered: stored together with the removal of the command. */
  answered: (answer: Answer) => void;
  /** Where another tab sends: it alone knows whether the first byte of one has left, so it is asked to drop it. */
  cancelElsewhere?: ((clientId: string) => Promise<boolean>) | undefined;
}

export class DurableOutbox implements Outbox {
  readonly #items: OutboxItems;
  readonly #stored: StoredItems;
  #isLive = false;
  #isStopped = false;
  #typed = FIRST_PROVISIONAL;
  /** Messages whose files this tab copies. */
  readonly #copying = new Set<string>();
  /** What was dropped here, in this run. */
  readonly #dropped = new Set<string>();
  #timer: Timer | undefined;
  readonly getSnapshot: Outbox['getSnapshot'];
  readonly subscribe: Outbox['subscribe'];

  constructor(private readonly ports: OutboxPorts) {
    this.#items = new OutboxItems(ports.writer);
    this.#stored = new StoredItems(ports, this.#items, () => {
      this.#foldStored();
      this.#notifyAndPump();
    });
    ({ getSnapshot: this.getSnapshot, subscribe: this.subscribe } = this.#items);
  }

  get unstored(): readonly OutboxItem[] {
    return this.#items.list.filter(({ clientId }) => this.#items.runs.get(clientId)?.isDurable === false);
  }

  get unshared(): readonly OutboxItem[] {
    return this.#items.list.filter(({ clientId }) => this.#items.runs.get(clientId)?.isOwn === true);
  }

  async start(): Promise<void> {
    await this.#stored.load();
    this.#foldStored();
    // What is left over is in nobody's way, and nobody waits for that.
    this.ports.uploader.discardOthers().catch(() => undefined);
  }

  async enqueue(given: OutboxCommand, sources: readonly UploadSource[] = []): Promise<OutboxItem> {
    const command = storable(given);
    const { replaced, removed, isNeeded } = fold(this.#items.list, command, this.#isUnsent);
    const files = sources.map((source) => keptFile(this.ports.random.uuid(), source));
    const createdAt = Math.max(this.ports.writtenAt(), (this.#items.list.at(-1)?.createdAt ?? 0) + 1);
    const item: OutboxItem = {
      ...newItem(command, files, (this.#typed += 1), createdAt),
      ...(files.length > 0 ? { isCopying: true } : {}),
    };
    if (isNeeded) this.#items.runs.set(item.clientId, { ...NEW_RUN, isDurable: false, isOwn: true });
    if (files.length > 0) this.#copying.add(item.clientId);
    const stored = this.#items.change([...replaced, ...(isNeeded ? [item] : [])], removed);
    this.#items.notify();
    this.#discard(removed);
    if (!isNeeded) this.#pump();
    await stored.catch(cutOff);
    this.#setReason(item.clientId);
    if (!isNeeded) return replaced[0] ?? item;
    await this.#copy(item, files, sources).catch(cutOff);
    this.#becomesDurable(item.clientId);
    return this.#items.find(item.clientId) ?? item;
  }

  /** Not where it was given other files meanwhile, which are still being copied. */
  #becomesDurable(clientId: string): void {
    const run = this.#items.runs.get(clientId);
    if (run !== undefined && !this.#copying.has(clientId)) run.isDurable = true;
    this.#pump();
  }

  /** The files of a message. Other tabs wait for that for as long as this one is there. */
  async #copy(item: OutboxItem, files: readonly KeptFile[], sources: readonly UploadSource[]): Promise<void> {
    const { clientId } = item;
    if (files.length === 0) return;
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    this.ports.holdCopy(clientId, () => finished).catch(() => undefined);
    try {
      for (const [index, { id }] of files.entries()) await this.#keep(clientId, id, sources[index] as UploadSource);
      const held = this.#items.find(clientId);
      // It was given others in place of one that could not be read.
      if (held !== undefined && !hasFile(held, files[0]?.id)) return;
      this.#copying.delete(clientId);
      // Dropped while it was copied: what was written since then goes, too.
      if (held === undefined) this.#discard([item]);
      const { isCopying, ...copied } = held ?? item;
      const isHere = copied.state === 'queued' || copied.state === 'rejected';
      if (held !== undefined && isCopying === true && isHere) await this.#items.change([copied], []);
    } finally {
      finish();
    }
  }

  /**
   * Edits and deletions that were stored where it was not known whether their message had left (by another tab, or before the
   * engine ran): it goes out with its last text, or not at all.
   */
  #foldStored(): void {
    if (this.ports.cancelElsewhere !== undefined) return;
    this.#foldRefused();
    for (const item of this.#items.list) {
      if ((item.command.type !== 'edit' && item.command.type !== 'delete') || !this.#items.list.includes(item))
        continue;
      const before = this.#items.list.slice(0, this.#items.list.indexOf(item));
      const { replaced, removed, isNeeded } = fold(before, item.command, this.#isUnsent);
      if (isNeeded) continue;
      // What is done to one that goes with it may be stored later.
      for (const { clientId } of removed) this.#dropped.add(clientId);
      this.#items.change(replaced, [...removed, item]).catch(() => undefined);
      this.#discard(removed);
    }
  }

  /** What was done to a message while it was on its way, and was refused then, is no command of its own any more. */
  #foldRefused(): void {
    if (this.ports.cancelElsewhere !== undefined) return;
    for (const item of this.#items.list) {
      if (item.state !== 'rejected') continue;
      const { put, removed } = refused(this.#items.list, item);
      if (removed.length === 0) continue;
      if (removed.includes(item)) this.#dropped.add(item.clientId);
      this.#items.change(put, removed).catch(() => undefined);
      this.#discard(removed);
    }
  }

  /** What an earlier storage of this account held. Files are gone with it. */
  async adopt(items: readonly OutboxItem[]): Promise<void> {
    const gone = brief(new ChatError('UNREADABLE_FILE', 'The storage with the file was removed.'));
    // Another tab may have stored it there before.
    const missing = items.filter(({ clientId }) => this.#items.find(clientId) === undefined);
    const adopted = missing.map((held): OutboxItem => {
      const { retryAt: _, progress: __, ...item } = held;
      const next: OutboxItem = { ...item, sequence: (this.#typed += 1) };
      if (item.files !== undefined) return { ...next, state: 'rejected', lastError: gone };
      return item.state === 'rejected' ? next : { ...next, state: 'queued' };
    });
    for (const { clientId } of adopted) this.#items.runs.set(clientId, { ...NEW_RUN, isDurable: false, isOwn: true });
    const stored = this.#items.change(adopted, []);
    this.#notifyAndPump();
    await stored;
    for (const { clientId } of adopted) {
      const run = this.#items.runs.get(clientId);
      if (run !== undefined) run.isDurable = true;
      this.#setReason(clientId);
    }
    this.#pump();
  }

  /** Copies a file until it is kept; one that cannot be read refuses its message. Rejects where the storage was closed. */
  async #keep(clientId: string, id: string, source: UploadSource): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      const item = this.#items.find(clientId);
      if (item?.state !== 'queued' || !hasFile(item, id)) return;
      try {
        await this.ports.uploader.keep(id, source);
        return this.#setReason(clientId);
      } catch (error) {
        // Not where only this run of the outbox was stopped: the next one waits for what is copied here.
        if (error instanceof StorageError && error.code === 'CLOSED') throw error;
        if (error instanceof StorageError && error.code === 'QUOTA') await this.ports.writer.giveUpCache();
        if (!errorOf(error).isTransient) return this.#reject(clientId, errorOf(error));
        if (failures > 1) this.#setReason(clientId, errorOf(error));
        await pause(this.ports.clock, doubledMs(failures));
      }
    }
  }

  /** What is not stored waits for it, and says so: nothing leaves before. */
  notStored(): void {
    for (const [clientId, { isDurable }] of this.#items.runs) if (!isDurable) this.#setReason(clientId, NOT_STORED);
  }

  /** Why one waits for the storage of this device; without an error it does so no more. */
  #setReason(clientId: string, error?: ChatError): void {
    const item = this.#items.find(clientId);
    if (item === undefined || item.state === 'rejected' || item.lastError?.code === error?.code) return;
    const { lastError: _, ...rest } = item;
    this.#items.show(error === undefined ? rest : { ...rest, lastError: brief(error) });
    this.#items.notify();
  }

  setLive(isLive: boolean): void {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    // What the server was not asked, or did not answer, is due; what it put off is not.
    if (isLive) {
      this.ports.uploader.reconnected();
      this.#stored.fallBehind();
      for (const run of this.#items.runs.values()) if (!run.isServersTime) run.dueAt = 0;
    }
    this.#pump();
  }

  settled(settled: readonly Settled[]): RowChanges['rows'] {
    const gone: OutboxItem[] = [];
    const changed: OutboxItem[] = [];
    for (const { clientId, message } of settled) {
      const item = this.#items.find(clientId);
      // One step may say it twice: by the message, and by the answer.
      if (item === undefined) continue;
      gone.push(item);
      const next =
        message === undefined
          ? []
          : this.#items.list.filter((other) => waitsFor(other) === clientId).map((other) => aimed(other, message));
      changed.push(...next);
      this.#items.replace(next, [item]);
    }
    if (gone.length === 0) return [];
    this.#discard(gone);
    // After the caller has shown what came in their place.
    queueMicrotask(() => this.#notifyAndPump());
    return rowsOf(changed, gone);
  }

  answeredElsewhere(settled: readonly Settled[]): void {
    for (const { clientId } of settled) {
      const run = this.#items.runs.get(clientId);
      if (run !== undefined) run.isBusy = true;
    }
  }

  takeRows(changes: RowChanges): void {
    this.#stored.takeRows(changes);
  }

  stored(changes: RowChanges): void {
    this.#stored.stored(changes);
  }

  lookAgain(): void {
    this.#stored.lookAgain();
  }

  /** Resolves when all is known that was stored before. */
  async caughtUp(): Promise<void> {
    while (this.#stored.isBehind && !this.#stored.isStopped) await this.#stored.catchUp();
  }

  retryNow(clientId?: string): void {
    for (const [id, run] of this.#items.runs)
      if (clientId === undefined || id === clientId)
        Object.assign(run, { dueAt: 0, isServersTime: false, isUploadedAnew: false });
    const refused = this.#items.list.filter(
      (item) => item.state === 'rejected' && (clientId === undefined || item.clientId === clientId),
    );
    if (refused.length > 0) this.#items.change(refused.map(requeued), []).catch(() => undefined);
    this.#notifyAndPump();
  }

  async revise(clientId: string, content: string, sources?: readonly UploadSource[]): Promise<void> {
    const item = this.#items.find(clientId);
    if (item !== undefined && item.command.type !== 'send' && item.command.type !== 'edit') return;
    if (item === undefined || !this.#isUnsent(item))
      throw new ChatError('ABORTED', 'It may have been sent already: edit the message.');
    const run = this.#items.runs.get(clientId);
    if (run !== undefined) run.isUploadedAnew = false;
    if (sources !== undefined && run !== undefined) return this.#replaceFiles(revised(item, content), run, sources);
    const stored = this.#items.change([revised(item, content)], []);
    this.#notifyAndPump();
    await stored.catch(cutOff);
  }

  /** Only of one that was refused: nothing is at its former files any more. */
  async #replaceFiles(item: OutboxItem, run: Run, sources: readonly UploadSource[]): Promise<void> {
    const { clientId, command } = item;
    if (command.type !== 'send' || this.#items.find(clientId)?.state !== 'rejected')
      throw new ChatError('ABORTED', 'Only a message that was refused takes other files.');
    const files = sources.map((source) => keptFile(this.ports.random.uuid(), source));
    const { files: _, isCopying: __, ...rest } = item;
    const next: OutboxItem = files.length > 0 ? { ...rest, files, isCopying: true } : rest;
    run.isDurable = false;
    if (files.length > 0) this.#copying.add(clientId);
    else this.#copying.delete(clientId);
    const stored = this.#items.change([next], []);
    this.#discard([item]);
    this.#items.notify();
    await stored.catch(cutOff);
    await this.#copy(next, files, sources).catch(cutOff);
    this.#becomesDurable(clientId);
  }

  async cancel(clientId: string): Promise<boolean> {
    const { cancelElsewhere } = this.ports;
    const item = this.#items.find(clientId);
    if (item === undefined) return false;
    if (!this.#isDroppable(item)) {
      const isDropped = (await cancelElsewhere?.(clientId).catch(() => false)) ?? false;
      const held = this.#items.find(clientId);
      // Its row may be seen to go before that is known: then it looks like one that was sent.
      if (isDropped && held !== undefined) {
        this.#items.replace([], [held]);
        this.#discard([held]);
        this.#notifyAndPump();
      }
      return isDropped;
    }
    const { put, removed } = dropped(this.#items.list, item);
    this.#dropped.add(clientId);
    const stored = this.#items.change(put, removed);
    this.#discard(removed);
    this.#notifyAndPump();
    await stored.catch(cutOff);
    return true;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isLive = false;
    this.#stored.stop();
    this.ports.uploader.stop();
    this.ports.clock.clearTimeout(this.#timer);
  }

  /**
   * Nothing of it has left, nor can it leave at this moment; and no other tab is about to store it: one that is known to be
   * durable is copied by none, also where the process died that copied it.
   */
  readonly #isUnsent = (item: OutboxItem): boolean =>
    this.#isDroppable(item) &&
    (!item.isCopying || this.#copying.has(item.clientId) || this.#items.runs.get(item.clientId)?.isDurable === true);

  #isDroppable(item: OutboxItem): boolean {
    // Once stopped, another tab may have sent it.
    const isOwn = this.ports.cancelElsewhere === undefined && !this.#isStopped;
    return isOwn ? isOnlyHere(item) : item.state === 'rejected';
  }

  // Sending

  #lane({ command, clientId }: OutboxItem): string {
    return command.type === 'read' ? `read:${clientId}` : this.#conversationOf(command);
  }

  /** By its id, where that is known by now. */
  #conversationOf(command: OutboxCommand): string {
    const named = laneOf(command);
    const userId = recipientOf(named);
    return (userId === undefined ? undefined : this.ports.directConversationWith(userId)) ?? named;
  }

  /** Starts the first of each lane that is due. The only place from which anything is sent. */
  #pump(): void {
    if (!this.#isLive || this.#isStopped) return;
    if (this.#stored.isBehind) return void this.#stored.catchUp();
    const now = this.ports.clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    const lanes = new Set<string>();
    for (const item of this.#items.list) {
      const run = this.#items.runs.get(item.clientId);
      if (run === undefined || item.state === 'rejected') continue;
      const sent = waitsFor(item);
      const named = sent === undefined ? undefined : this.#items.find(sent);
      const lane = this.#lane(item);
      if (named !== undefined) {
        const isRefused = named.state === 'rejected';
        if (item.command.type !== 'send') {
          // A change goes behind its message, and nothing overtakes it; behind one that is refused nothing waits but that.
          if (!isRefused) lanes.add(lane);
          continue;
        }
        // The server may never have it, or quotes nothing of another conversation: what answers it goes out without the
        // quotation, in its turn. Any other stands before it in the same lane, and holds that.
        if (isRefused || this.#lane(named) !== lane)
          this.#items.change([withoutQuotation(item)], []).catch(() => undefined);
      }
      // One that is answered holds it, too, until its conversation is shown: a later one would stand before it. So does one
      // that asks for the message that it names.
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      if (run.isBusy || !run.isDurable) continue;
      if (run.dueAt > now) next = Math.min(next, run.dueAt);
      else if (sent !== undefined && named === undefined) void this.#aim(item, sent, run);
      else void this.#attempt(item, run);
    }
    this.ports.clock.clearTimeout(this.#timer);
    if (next !== Number.POSITIVE_INFINITY) this.#timer = this.ports.clock.setTimeout(() => this.#pump(), next - now);
  }

  /** It was given in another tab, which did not know yet that its message was sent. */
  async #aim({ clientId, command }: OutboxItem, sent: string, run: Run): Promise<void> {
    run.isBusy = true;
    try {
      const message = await this.ports.sentMessage(this.#conversationOf(command), sent);
      const item = this.#items.find(clientId);
      if (item === undefined) return;
      if (message !== undefined) await this.#items.change([aimed(item, message)], []);
      else if (item.command.type === 'send') await this.#items.change([withoutQuotation(item)], []);
      // What another tab did to it, which did not know yet that it was dropped, goes with it.
      else if (this.#dropped.has(sent)) await this.#items.change([], [item]);
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
      run.failedUploads = 0;
      const item = this.#items.find(clientId);
      if (item === undefined || !this.#isLive) return;
      // Stored as begun before its first byte leaves: from here on it may have been done.
      const begunAt = this.ports.clock.elapsed();
      const { retryAt: _, progress: __, ...rest } = item;
      const stored = this.#items.change([{ ...rest, state: 'sending', attempts: item.attempts + 1 }], []);
      this.#items.notify();
      await stored;
      // A tab that was frozen here may lead no more, and others may have gone on: it asks the storage again. One that takes as
      // long the second time is slow.
      const limitMs = Math.max(MAX_PAUSE_MS, Math.min(2 * (run.beginsMs ?? 0), MAX_BEGIN_MS));
      run.beginsMs = this.ports.clock.elapsed() - begunAt;
      if (this.ports.isShared === true && run.beginsMs > limitMs) return;
      const begun = this.#items.find(clientId);
      if (begun === undefined || !this.#isLive || this.#isStopped) return;
      this.ports.answered(await sendCommand(this.ports.send, begun, attachmentIds));
      isAnswered = true;
    } catch (error) {
      if (!(await this.#uploadsAnew(clientId, run, errorOf(error)))) this.#failed(clientId, run, errorOf(error));
    } finally {
      run.isBusy = isAnswered;
      const item = this.#items.find(clientId);
      if (!isAnswered && item !== undefined && (item.state === 'sending' || item.state === 'uploading'))
        this.#items.show({ ...item, state: 'queued' });
      this.#notifyAndPump();
    }
  }

  async #upload(clientId: string): Promise<string[]> {
    const { files = [] } = this.#items.find(clientId) ?? {};
    if (files.length > MAX_FILES)
      throw new ChatError('VALIDATION_FAILED', `A message takes at most ${MAX_FILES} files.`);
    const ids: string[] = [];
    for (const [index, { id }] of files.entries()) {
      const show = (done: number): void => {
        const item = this.#items.find(clientId);
        if (item === undefined) return;
        // What an earlier try has uploaded stays done.
        const progress = Math.max(item.progress ?? 0, (index + done) / files.length);
        this.#items.show({ ...item, state: 'uploading', progress });
        this.#items.notify();
      };
      show(0);
      ids.push(await this.ports.uploader.upload(id, show));
    }
    return ids;
  }

  /** The server removes files that no message uses: after a day between upload and message they are uploaded once more. */
  async #uploadsAnew(clientId: string, run: Run, error: ChatError): Promise<boolean> {
    const files = this.#items.find(clientId)?.files;
    if (files === undefined || run.isUploadedAnew === true || error.errors?.['attachmentIds'] === undefined)
      return false;
    run.isUploadedAnew = true;
    for (const { id } of files) await this.ports.uploader.forget(id).catch(() => undefined);
    return true;
  }

  #failed(clientId: string, run: Run, error: ChatError): void {
    const item = this.#items.find(clientId);
    if (item === undefined) return;
    const isSending = item.state === 'sending';
    // Nothing was sent.
    if (error.code === 'NOT_CONNECTED')
      return this.#items.show({ ...item, state: 'queued', attempts: item.attempts - (isSending ? 1 : 0) });
    if (!isSending) run.failedUploads = (run.failedUploads ?? 0) + 1;
    const attempts = item.attempts + (run.failedUploads ?? 0);
    const internalErrors = (item.internalErrors ?? 0) + 1;
    const isInternal = error.code === 'INTERNAL_ERROR';
    if (!error.isTransient || (isInternal && internalErrors === MAX_INTERNAL_ERRORS)) {
      // Tried again it begins anew.
      run.failedUploads = 0;
      return this.#refused(item, error);
    }
    const counted = isInternal ? { ...item, internalErrors } : item;
    // An app that is used for a minute at a time counts on.
    if (isInternal) this.#items.change([counted], []).catch(() => undefined);
    const delay = Math.max(error.retryAfterMs ?? 0, backoffMs(attempts, this.ports.random));
    run.isServersTime = error.retryAfterMs !== undefined;
    run.dueAt = this.ports.clock.elapsed() + delay;
    this.#items.show({
      ...counted,
      state: 'waiting',
      retryAt: this.ports.clock.now() + delay,
      lastError: brief(error),
    });
  }

  #refused(item: OutboxItem, error: ChatError): void {
    // A cursor is nothing that anybody asks for; and of a message that was deleted everybody sees that it was.
    if (item.command.type === 'read' || (error.code === 'MESSAGE_DELETED' && item.command.type !== 'send'))
      this.#items.change([], [item]).catch(() => undefined);
    // What it answers is gone, as after a restore of the server's database: it goes out without the quotation.
    else if (error.errors?.['replyToId'] !== undefined && 'replyToId' in item.command)
      this.#items.change([requeued(withoutQuotation(item))], []).catch(() => undefined);
    else this.#reject(item.clientId, error);
  }

  #reject(clientId: string, error: ChatError): void {
    const item = this.#items.find(clientId);
    if (item !== undefined) {
      // Written by a clock that is ahead, it would stay above all that comes.
      const createdAt = Math.min(item.createdAt, this.ports.writtenAt());
      const rejected: OutboxItem = { ...item, state: 'rejected', lastError: brief(error), createdAt };
      this.#items.change([rejected], []).catch(() => undefined);
    }
    this.#foldRefused();
    this.#notifyAndPump();
  }

  #discard(items: readonly OutboxItem[]): void {
    for (const { files = [] } of items)
      for (const { id, previewUrl = '' } of files) {
        this.ports.uploader.discard(id).catch(() => undefined);
        // Not while it is being drawn.
        if (objectUrls.delete(previewUrl))
          this.ports.clock.setTimeout(() => URL.revokeObjectURL(previewUrl), PREVIEW_ENDS_MS);
      }
  }

  #notifyAndPump(): void {
    this.#items.notify();
    this.#pump();
  }
}

const hasFile = ({ files = [] }: OutboxItem, id?: string): boolean => files.some((file) => file.id === id);

/** Nothing is given up before its storage is closed, or a newer version of the app has laid it out anew. */
function cutOff(cause: unknown): never {
  if (cause instanceof StorageError && cause.code === 'OUTDATED')
    throw new ChatError('STORAGE', 'A newer version of the app has the storage.', { cause });
  throw new ChatError('ABORTED', 'A log-out, or the end of the client, came before it was stored.', { cause });
}

function errorOf(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  return new ChatError('STORAGE', error instanceof Error ? error.message : String(error), { cause: error });
}
