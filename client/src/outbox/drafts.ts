import type { Clock } from '../ports/environment.js';
import type { Database } from '../ports/storage.js';
import { readPersistently, type RowWriter } from '../sync/row-writer.js';
import type { RowChanges } from '../sync/state.js';
import { DraftTexts } from './draft-texts.js';

export interface DraftsPorts {
  database: Database;
  writer: RowWriter;
  clock: Clock;
}

/**
 * What is written and not sent, by conversation. It outlives the app, a reset of the cache and the session: it goes when it is
 * sent, emptied, or with everything else at a log-out. Of several tabs that write to the same conversation the last one counts.
 */
export class StoredDrafts extends DraftTexts {
  /** Conversations in which this tab was the last to write: the one that leads may not know of it yet. */
  readonly #own = new Set<string>();

  constructor(private readonly ports: DraftsPorts) {
    super();
  }

  async start(): Promise<void> {
    const { clock, database } = this.ports;
    const rows = await readPersistently(clock, () =>
      database.transaction('readonly', ['drafts'], (transaction) => transaction.range('drafts')),
    );
    // What was typed meanwhile is newer.
    const older = rows.filter(({ key }) => this.of(key) === '');
    this.put(older.map(({ key, value }) => [key, value as string]));
  }

  /** What other tabs may not know; empty where something was removed. */
  get unshared(): [conversationId: string, text: string][] {
    return [...this.#own].map((conversationId) => [conversationId, this.of(conversationId)]);
  }

  /** Shown at once. While one is written the next ones wait together, so it may be called for each keystroke. */
  keep(conversationId: string, text: string): void {
    if (text === this.of(conversationId)) return;
    this.#own.add(conversationId);
    this.put([[conversationId, text]]);
    const value = text === '' ? undefined : text;
    // Rejects only where the storage is closed: then nobody types any more.
    this.ports.writer.write({ rows: [['drafts', conversationId, value]] }).catch(() => undefined);
  }

  /** The next engine stores, too, what is not stored here by now. */
  handTo(next: StoredDrafts): void {
    const { writer } = this.ports;
    for (const id of this.#own) if (writer.isUnwritten('drafts', id)) next.keep(id, this.of(id));
  }

  /** Rows that the engine before has stored after it had handed its drafts over: what is shown is newer, and stored again. */
  overwrite({ rows }: RowChanges): void {
    const older = rows.filter(([store, key, value]) => store === 'drafts' && (value ?? '') !== this.of(key));
    const newer = older.map(([, key]): RowChanges['rows'][number] => ['drafts', key, this.of(key) || undefined]);
    if (newer.length > 0) this.ports.writer.write({ rows: newer }).catch(() => undefined);
  }

  /** Rows that another tab has stored. What is still to be written here is the last of all. */
  takeRows({ rows }: RowChanges): void {
    const { writer } = this.ports;
    const drafts = rows.filter(([store, key]) => store === 'drafts' && !writer.isUnwritten(store, key));
    for (const [, key] of drafts) this.#own.delete(key);
    if (drafts.length > 0) this.put(drafts.map(([, key, value]) => [key, (value as string | undefined) ?? '']));
  }
}
