import { MIN_BACKOFF_MS, pause } from '../connection/backoff.js';
import type { Clock, Timer } from '../ports/environment.js';
import { objectUrls } from '../ports/object-urls.js';
import { type Database, StorageError } from '../ports/storage.js';
import { readPersistently, type RowWriter } from '../sync/row-writer.js';
import type { RowChanges, Settled } from '../sync/state.js';
import { NEW_RUN, type OutboxItems } from './items.js';
import { ITEMS, lastNumber } from './order.js';
import type { OutboxItem } from './types.js';

/** By then another tab that copies the files of a message holds that: so it is waited for, or it is gone. */
const COPY_BEGINS_MS = 20_000;

export interface StoredItemsPorts {
  database: Database;
  writer: RowWriter;
  clock: Clock;
  /** There may be other tabs on the same storage. */
  isShared?: boolean;
  /** Runs while no tab copies the files of this message, nor does the same. */
  holdCopy: (clientId: string, work: () => Promise<void>) => Promise<void>;
  /** Where another tab sends: what has left the storage stays until this is done with it. */
  left?: ((left: readonly Settled[]) => void) | undefined;
}

/** Keeps the items equal to those of the storage, which several tabs may change. */
export class StoredItems {
  /** This tab knows of this number and of all below it. */
  #known = 0;
  /** Other tabs may have stored what is not known here. */
  #isBehind = false;
  #catchingUp: Promise<void> | undefined;
  readonly #timers = new Set<Timer>();
  /** Nothing is read any more: it was ended, or its storage is closed. */
  isStopped = false;

  constructor(
    private readonly ports: StoredItemsPorts,
    private readonly items: OutboxItems,
    /** Called when something may have become due. */
    private readonly changed: () => void,
  ) {}

  /** Whether nothing may be sent yet, since other tabs may have stored something before it. */
  get isBehind(): boolean {
    return this.#isBehind || this.#catchingUp !== undefined;
  }

  async load(): Promise<void> {
    this.#take(await readPersistently(this.ports.clock, () => this.#read()));
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.#timers) this.ports.clock.clearTimeout(timer);
  }

  /** Rows that another tab has stored. */
  takeRows({ rows }: RowChanges): void {
    const isKnown = (key: string): boolean => this.items.find(key) !== undefined;
    this.#take(rows.filter(([store, key]) => store === 'outbox' && isKnown(key)));
    // Another tab may post late what has left the outbox since: the storage knows.
    if (rows.some(([store, key, value]) => store === 'outbox' && value !== undefined && !isKnown(key)))
      this.lookAgain();
  }

  /** What this tab's writer has stored, with the numbers that it got. */
  stored({ rows }: RowChanges): void {
    for (const [store, key, value] of rows) {
      const item = store === 'outbox' ? this.items.find(key) : undefined;
      if (item === undefined) continue;
      // Another tab has brought it to its end.
      if (value === undefined) {
        this.items.replace([], [item]);
        this.items.notify();
        continue;
      }
      const { sequence } = value as unknown as OutboxItem;
      this.#know(sequence);
      if (item.sequence !== sequence) this.items.show({ ...item, sequence });
    }
  }

  /** From now on nothing is sent before the storage was read. */
  fallBehind(): void {
    this.#isBehind = true;
  }

  lookAgain(): void {
    this.#isBehind = true;
    void this.catchUp();
  }

  /** What other tabs have stored and removed. Before anything is sent that they may have stored later. */
  catchUp(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined;
      this.changed();
    });
    return this.#catchingUp;
  }

  async #catchUp(): Promise<void> {
    const { items } = this;
    do {
      const left = new Set<string>();
      items.left = left;
      this.#isBehind = false;
      try {
        // What has left the outbox before is gone from the storage, too.
        await this.ports.writer.flush();
        const durable = items.list.filter(({ clientId }) => items.runs.get(clientId)?.isDurable === true);
        const rows = await this.#read();
        const there = new Set(rows.map(([, key]) => key));
        const gone = durable.filter(
          ({ clientId }) => !there.has(clientId) && items.runs.get(clientId)?.isBusy === false,
        );
        this.#take([
          ...gone.map(({ clientId }): RowChanges['rows'][number] => ['outbox', clientId, undefined]),
          ...rows.filter(([, key]) => !left.has(key) && items.find(key) === undefined),
        ]);
      } catch (error) {
        this.#isBehind = true;
        if (error instanceof StorageError && error.code === 'CLOSED') return this.stop();
        await pause(this.ports.clock, MIN_BACKOFF_MS);
      } finally {
        items.left = undefined;
      }
    } while (this.#isBehind && !this.isStopped);
  }

  #take(rows: RowChanges['rows']): void {
    const { items } = this;
    const [changed, removed]: [OutboxItem[], OutboxItem[]] = [[], []];
    const left: Settled[] = [];
    // What happened to one last: it may have been stored and removed in one transaction.
    const last = new Map(rows.map((row) => [row[1], row]));
    for (const [, key, value] of last.values()) {
      const [held, run] = [items.find(key), items.runs.get(key)];
      // What this tab is at, or knows the answer of, leaves with what comes in its place.
      if (run?.isBusy === true) continue;
      if (value === undefined) {
        if (this.ports.left !== undefined && run !== undefined) {
          run.isBusy = true;
          left.push({ clientId: key });
        } else if (held !== undefined) removed.push(held);
      } else {
        const item = value as unknown as OutboxItem;
        for (const file of item.files ?? []) removeDeadPreview(file);
        // Previews of this tab's own files are stored by no other: they are shown, and let go of, here.
        const files = item.files?.map((file) => held?.files?.find(({ id }) => id === file.id) ?? file);
        changed.push({ ...item, ...(files && { files }), state: item.state === 'rejected' ? 'rejected' : 'queued' });
        const isCopying = item.isCopying === true && this.ports.isShared === true;
        items.runs.set(key, { ...NEW_RUN, isDurable: !isCopying });
        if (isCopying) this.#giveUpLater(key);
      }
    }
    if (left.length > 0) this.ports.left?.(left);
    if (changed.length + removed.length === 0) return;
    items.replace(changed, removed);
    items.notify();
    this.changed();
  }

  /** The tab that copies its files may be gone: then it is refused, and the user sees it. */
  #giveUpLater(clientId: string): void {
    const copied = async (): Promise<void> => {
      const run = this.items.runs.get(clientId);
      if (run !== undefined) run.isDurable = true;
      this.changed();
    };
    const timer = this.ports.clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.ports.holdCopy(clientId, copied).catch(copied);
    }, COPY_BEGINS_MS);
    this.#timers.add(timer);
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
}

/** An object URL ends with the page that made it. Of a copy that the storage gave. */
function removeDeadPreview(file: { previewUrl?: string }): void {
  if (file.previewUrl?.startsWith('blob:') === true && !objectUrls.has(file.previewUrl)) delete file.previewUrl;
}
