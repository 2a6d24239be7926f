import { Listeners } from '../connection/listeners.js';
import type { RowWriter } from '../sync/row-writer.js';
import { rowsOf } from './item-changes.js';
import type { OutboxItem } from './types.js';

/** What only this run knows of an item. */
export interface Run {
  /** Stored: its first byte may leave. */
  isDurable: boolean;
  /** Typed in this tab, and no other has done anything to it: the one that leads may not know of it yet. */
  isOwn?: boolean;
  isBusy: boolean;
  /** When it is due, by `elapsed`; and whether the server named the time. */
  dueAt: number;
  isServersTime: boolean;
  /** How often its files could not be uploaded, since they were last: of the message itself nothing has left. */
  failedUploads?: number;
  /** How long it took to store that it was being sent, the last time. */
  beginsMs?: number;
  /** The server had its files no more, and they were uploaded anew. */
  isUploadedAnew?: boolean;
}

export const NEW_RUN: Run = { isDurable: true, isBusy: false, dueAt: 0, isServersTime: false };

/** The items as this tab knows them, in the order in which they are sent, and what their run knows of each. */
export class OutboxItems {
  list: readonly OutboxItem[] = [];
  readonly runs = new Map<string, Run>();
  /** While the storage is read: what leaves the outbox meanwhile. */
  left: Set<string> | undefined;
  readonly #listeners = new Listeners();
  #notified = this.list;

  constructor(private readonly writer: RowWriter) {}

  readonly getSnapshot = (): readonly OutboxItem[] => this.list;

  readonly subscribe = this.#listeners.add;

  notify(): void {
    if (this.#notified === this.list) return;
    this.#notified = this.list;
    this.#listeners.call();
  }

  find(clientId: string): OutboxItem | undefined {
    return this.list.find((item) => item.clientId === clientId);
  }

  /** In memory alone: what a restart forgets. */
  show(item: OutboxItem): void {
    this.replace([item], []);
  }

  /** Known at once; resolves when it survives a kill. */
  change(put: readonly OutboxItem[], removed: readonly OutboxItem[]): Promise<void> {
    this.replace(put, removed);
    return this.writer.write({ rows: rowsOf(put, removed) });
  }

  replace(put: readonly OutboxItem[], removed: readonly OutboxItem[]): void {
    const gone = new Set([...put, ...removed].map(({ clientId }) => clientId));
    for (const { clientId } of removed) {
      this.runs.delete(clientId);
      this.left?.add(clientId);
    }
    const list = this.list.filter(({ clientId }) => !gone.has(clientId));
    for (const item of put) {
      // Nearly always at an end: the last that was typed, or the first that is being sent.
      let place = list.length;
      if ((list[0]?.sequence ?? 0) > item.sequence) place = 0;
      else while (place > 0 && (list[place - 1] as OutboxItem).sequence > item.sequence) place -= 1;
      list.splice(place, 0, item);
    }
    this.list = list;
  }
}
