import { Listeners } from '../connection/listeners.js';
import type { Observable } from '../connection/types.js';
import type { Channel } from '../ports/environment.js';
import type { Database, StoredValue, StoreName } from '../ports/storage.js';
import { handled } from '../protocol/handled.js';
import type { RowChanges } from '../sync/state.js';
import { DraftTexts } from './draft-texts.js';
import { isOnlyHere, keptFile, newItem, storable, waitsFor } from './item.js';
import { COUNTER, FIRST_PROVISIONAL, lastNumber } from './order.js';
import type { OutboxCommand, OutboxItem, UploadSource } from './types.js';

/** The part of an engine that does what the user did before it was there. */
export interface InputTarget {
  enqueue(command: OutboxCommand, files: readonly UploadSource[]): Promise<void>;
  outbox: { cancel(clientId: string): Promise<boolean>; adopt(items: readonly OutboxItem[]): Promise<void> };
  drafts: { keep(conversationId: string, text: string): void };
}

export interface InputStorage {
  database: Database;
  /** To the other tabs of this user: the one that leads sends what is stored here. Opened when there is something to say. */
  channel(): Channel;
}

/** What an account holds that the server does not have. */
export interface Unsent {
  items: readonly OutboxItem[];
  drafts: Iterable<DraftRow>;
}

type DraftRow = readonly [conversationId: string, text: string];

/** One thing that the user did to the outbox: a command that is added, or one that is dropped. */
interface Action {
  clientId: string;
  added: OutboxItem | undefined;
  /** Does it in place of the storage. False where it came too late. */
  hand(target: InputTarget): Promise<boolean>;
  /** Whether it was done, or came too late: for its caller. */
  settle(result: boolean | Promise<boolean>): void;
  reject(error: Error): void;
}

/**
 * What the user does while there is no engine: shown at once, stored in order as soon as there is a storage, and handed to the
 * engine as far as it is not stored by then. Nothing is sent from here, and what another tab may have begun to send stays as
 * it is.
 */
export class EarlyInput implements Observable<readonly OutboxItem[]> {
  readonly drafts = new DraftTexts();
  readonly #typedDrafts = new Map<string, string>();
  #stored: readonly OutboxItem[] = [];
  #actions: readonly Action[] = [];
  #items: readonly OutboxItem[] = [];
  #typed = FIRST_PROVISIONAL;
  #userId: string | undefined;
  #storage: InputStorage | undefined;
  #channel: Channel | undefined;
  #writing: Promise<void> | undefined;
  readonly #listeners = new Listeners();

  readonly getSnapshot = (): readonly OutboxItem[] => this.#items;

  readonly subscribe = this.#listeners.add;

  /**
   * Resolves when it survives the end of the app. Files are copied by the engine alone: what has some is not stored before,
   * nor is what was done after it, for the sake of the order.
   * @throws TypeError what no storage can keep
   */
  async add(given: OutboxCommand, sources: readonly UploadSource[], createdAt: number): Promise<void> {
    const command = storable(given);
    const { clientId } = command;
    const files = sources.map((source, index) => keptFile(`${clientId}/${index}`, source));
    const item = newItem(command, files, (this.#typed += 1), createdAt);
    await this.#do(clientId, item, (target) => target.enqueue(command, sources).then(() => true));
  }

  /** Undefined where there is no such item that is shown; false where it may have been sent, or another one refers to it. */
  cancel(clientId: string): Promise<boolean> | undefined {
    if (!this.#items.some((item) => item.clientId === clientId)) return undefined;
    const isNamed = this.#items.some((item) => waitsFor(item) === clientId);
    return isNamed ? Promise.resolve(false) : this.#do(clientId, undefined, ({ outbox }) => outbox.cancel(clientId));
  }

  /** @param pendingId under which something may be kept that was written before there was a conversation */
  keepDraft(conversationId: string, text: string, pendingId = conversationId): void {
    this.#typedDrafts.set(pendingId, '').set(conversationId, text);
    this.drafts.put(this.#typedDrafts);
    this.#write();
  }

  #do(clientId: string, added: OutboxItem | undefined, hand: Action['hand']): Promise<boolean> {
    return new Promise((settle, reject) => {
      this.#actions = [...this.#actions, { clientId, added, hand, settle, reject }];
      this.#show();
      this.#write();
    });
  }

  /** From now on it is this user's. What is another one's goes nowhere. */
  begin(userId: string, error: Error): void {
    if ((this.#userId ?? userId) !== userId) this.refuse(error);
    this.#userId = userId;
  }

  /** From now on it is stored there, and shown together with what is stored. */
  storeIn(storage: InputStorage, stored: readonly OutboxItem[], drafts: Iterable<DraftRow>): void {
    this.#storage = storage;
    this.#stored = stored;
    // What was typed meanwhile is newer.
    this.drafts.put([...drafts, ...this.#typedDrafts]);
    this.#show();
    this.#write();
  }

  /** Resolves when nothing is being stored any more. What the user does from now on stays in memory. */
  async pause(): Promise<void> {
    this.#storage = undefined;
    await this.#writing;
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Nothing that is stored is shown any more. Resolves with what of it the server does not have; what is not stored stays. */
  async leave(): Promise<Unsent> {
    await this.pause();
    const unsent = { items: this.#stored, drafts: this.drafts.all };
    this.#clear();
    return unsent;
  }

  /** What a storage held that was removed: it goes into the next one of this user, before what was not stored there yet. */
  restore(userId: string, { items, drafts }: Unsent): void {
    const later = this.#actions;
    this.#actions = [];
    this.#userId = userId;
    for (const item of items)
      void handled(this.#do(item.clientId, item, ({ outbox }) => outbox.adopt([item]).then(() => true)));
    this.#actions = [...this.#actions, ...later];
    // What was typed meanwhile is newer.
    for (const [conversationId, text] of new Map([...drafts, ...this.#typedDrafts]))
      this.keepDraft(conversationId, text);
  }

  #clear(): void {
    this.#stored = [];
    // All of it before anybody is called.
    this.#items = [];
    this.drafts.clear(this.#typedDrafts);
    this.#show();
  }

  /** After `pause`: what is not stored is the target's. */
  handTo(target: InputTarget): void {
    for (const [conversationId, text] of this.#typedDrafts) target.drafts.keep(conversationId, text);
    for (const { hand, settle } of this.#actions) settle(hand(target));
    this.#end();
  }

  /** Nobody is there to do what waits. */
  refuse(error: Error): void {
    for (const { reject } of this.#actions) reject(error);
    this.#end();
  }

  /** What is given from now on is still the same user's, until another one's begins. */
  #end(): void {
    this.#actions = [];
    this.#typedDrafts.clear();
    this.#clear();
  }

  #show(): void {
    const items = new Map(this.#stored.map((item) => [item.clientId, item]));
    for (const { clientId, added } of this.#actions)
      if (added !== undefined) items.set(clientId, added);
      else items.delete(clientId);
    this.#items = [...items.values()];
    this.#listeners.call();
  }

  #write(): void {
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      // What is given in this tick goes together.
      await Promise.resolve();
      const storage = this.#storage;
      const end = this.#actions.findIndex(({ added }) => added?.files !== undefined);
      const actions = end < 0 ? this.#actions : this.#actions.slice(0, end);
      const held = this.#actions.slice(actions.length);
      const drafts = [...this.#typedDrafts].filter(
        ([conversationId]) =>
          !held.some(({ added }) => added?.lane === conversationId && added.command.type === 'send'),
      );
      if (storage === undefined || actions.length + drafts.length === 0) break;
      const rows = await store(storage.database, actions, drafts).catch(() => undefined);
      // With what comes next, or by the engine, which tries again and again.
      if (rows === undefined) break;
      for (const [conversationId, text] of drafts)
        if (this.#typedDrafts.get(conversationId) === text) this.#typedDrafts.delete(conversationId);
      this.#actions = this.#actions.slice(actions.length);
      for (const { clientId, added, settle } of actions) {
        const isDone = rows.some(([, key]) => key === clientId);
        if (added !== undefined) this.#stored = [...this.#stored, added];
        else if (isDone) this.#stored = this.#stored.filter((item) => item.clientId !== clientId);
        settle(isDone);
      }
      this.#show();
      this.#channel ??= storage.channel();
      this.#channel.post({ type: 'rows', changes: { rows } });
    }
    this.#writing = undefined;
  }
}

/** In one transaction. Returns the rows as they are stored; none of what came too late. */
async function store(
  database: Database,
  actions: readonly Action[],
  drafts: readonly DraftRow[],
): Promise<RowChanges['rows']> {
  return database.transaction('readwrite', ['outbox', 'drafts'], async (transaction) => {
    const rows: RowChanges['rows'][number][] = [];
    const write = (store: StoreName, key: string, value: StoredValue | undefined): Promise<void> => {
      rows.push([store, key, value]);
      return value === undefined ? transaction.delete(store, key) : transaction.put(store, key, value);
    };
    for (const [conversationId, text] of drafts) await write('drafts', conversationId, text || undefined);
    let last = await lastNumber(transaction);
    for (const { clientId, added } of actions) {
      const item = (await transaction.get('outbox', clientId)) as OutboxItem | undefined;
      // What an earlier storage held another tab may have stored here before.
      if (added !== undefined && item === undefined)
        await write('outbox', clientId, { ...added, sequence: (last += 1) } as unknown as StoredValue);
      else if (added === undefined && item !== undefined && isOnlyHere(item))
        await write('outbox', clientId, undefined);
    }
    await transaction.put('outbox', COUNTER, last);
    return rows;
  });
}
