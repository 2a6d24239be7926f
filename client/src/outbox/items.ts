import { Listeners } from '../connection/listeners.js';
import type { StoredValue } from '../ports/storage.js';
import type { ChatError } from '../protocol/errors.js';
import type { Message } from '../protocol/protocol.generated.js';
import type { RowWriter } from '../sync/row-writer.js';
import type { RowChanges } from '../sync/state.js';
import type { OutboxCommand, OutboxItem } from './types.js';

/** What only this run knows of an item. */
export interface Run {
  /** Stored: its first byte may leave. */
  isDurable: boolean;
  isBusy: boolean;
  /** When it is due, by `elapsed`; and whether the server named the time. */
  dueAt: number;
  isServersTime: boolean;
}

export const NEW_RUN: Run = { isDurable: true, isBusy: false, dueAt: 0, isServersTime: false };

/** The items as this tab knows them, in the order in which they are sent, and what their run knows of each. */
export class OutboxItems {
  list: readonly OutboxItem[] = [];
  readonly runs = new Map<string, Run>();
  /** While the storage is read: what leaves the outbox meanwhile. */
  left: Set<string> | undefined;
  readonly #listeners = new Listeners();

  constructor(private readonly writer: RowWriter) {}

  readonly getSnapshot = (): readonly OutboxItem[] => this.list;

  readonly subscribe = this.#listeners.add;

  notify(): void {
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

export function rowsOf(put: readonly OutboxItem[], removed: readonly OutboxItem[]): RowChanges['rows'] {
  return [
    ...removed.map(({ clientId }) => ['outbox', clientId, undefined] as const),
    ...put.map((item) => ['outbox', item.clientId, item as unknown as StoredValue] as const),
  ];
}

/** A change of a message that had no id yet, or a reply to it. */
export function aimed(item: OutboxItem, { id, conversationId }: Message): OutboxItem {
  if (item.command.type === 'send') return { ...item, command: { ...unquoted(item.command), replyToId: id } };
  return { ...item, command: { ...item.command, conversationId, target: { messageId: id } } as OutboxCommand };
}

/** The same, to be tried anew. */
export function requeued(item: OutboxItem): OutboxItem {
  const { lastError: _, retryAt: __, ...rest } = item;
  return { ...rest, state: 'queued', attempts: 0 };
}

/** A send or an edit with another text, to be tried anew; without its quotation where that was what the server refused. */
export function revised(item: OutboxItem, content: string): OutboxItem {
  const isMisquoted = item.lastError?.errors?.['replyToId'] !== undefined || item.lastError?.code === 'NOT_FOUND';
  const { command } = item.command.type === 'send' && isMisquoted ? withoutQuotation(item) : item;
  return { ...requeued(item), command: { ...command, content } as OutboxCommand };
}

/** A reply to a message that will never be. */
export function withoutQuotation(item: OutboxItem): OutboxItem {
  return item.command.type === 'send' ? { ...item, command: unquoted(item.command) } : item;
}

type Send = Extract<OutboxCommand, { type: 'send' }>;

function unquoted(send: Send): Send {
  const { replyToId: _, replyToClientId: __, ...command } = send;
  return command;
}

/** Replies that wait for the id of this message. */
export function repliesTo(items: readonly OutboxItem[], clientId: string): OutboxItem[] {
  return items.filter(({ command }) => command.type === 'send' && command.replyToClientId === clientId);
}

export function brief({ code, message, errors }: ChatError): NonNullable<OutboxItem['lastError']> {
  return { code, message, ...(errors === undefined ? {} : { errors }) };
}
