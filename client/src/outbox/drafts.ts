import { Listeners } from '../connection/listeners.js';
import type { Clock } from '../ports/environment.js';
import type { Database } from '../ports/storage.js';
import { readPersistently, type RowWriter } from '../sync/row-writer.js';
import type { RowChanges } from '../sync/state.js';

export interface DraftsPorts {
  database: Database;
  writer: RowWriter;
  clock: Clock;
}

/**
 * What is written and not sent, by conversation. It outlives the app, a reset of the cache and the session: it goes when it is
 * sent, emptied, or with everything else at a log-out. Of several tabs that write to the same conversation the last one counts.
 */
export class StoredDrafts {
  #texts: ReadonlyMap<string, string> = new Map();
  readonly #listeners = new Listeners();

  constructor(private readonly ports: DraftsPorts) {}

  readonly subscribe = this.#listeners.add;

  async start(): Promise<void> {
    const { clock, database } = this.ports;
    const rows = await readPersistently(clock, () =>
      database.transaction('readonly', ['drafts'], (transaction) => transaction.range('drafts')),
    );
    // What was typed meanwhile is newer.
    this.#texts = new Map([...rows.map(({ key, value }) => [key, value as string] as const), ...this.#texts]);
  }

  /** Empty where there is none. */
  of(conversationId: string): string {
    return this.#texts.get(conversationId) ?? '';
  }

  /** Shown at once. While one is written the next ones wait together, so it may be called for each keystroke. */
  keep(conversationId: string, text: string): void {
    if (text === this.of(conversationId)) return;
    this.#put(conversationId, text);
    this.#listeners.call();
    const value = text === '' ? undefined : text;
    // Rejects only where the storage is closed: then nobody types any more.
    this.ports.writer.write({ rows: [['drafts', conversationId, value]] }).catch(() => undefined);
  }

  /** Rows that another tab has stored. */
  takeRows({ rows }: RowChanges): void {
    const drafts = rows.filter(([store]) => store === 'drafts');
    for (const [, key, value] of drafts) this.#put(key, (value as string | undefined) ?? '');
    if (drafts.length > 0) this.#listeners.call();
  }

  #put(conversationId: string, text: string): void {
    const texts = new Map(this.#texts);
    if (text === '') texts.delete(conversationId);
    else texts.set(conversationId, text);
    this.#texts = texts;
  }
}
