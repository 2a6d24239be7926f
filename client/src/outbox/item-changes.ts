import type { StoredValue } from '../ports/storage.js';
import type { ChatError } from '../protocol/errors.js';
import type { Message } from '../protocol/protocol.generated.js';
import type { RowChanges } from '../sync/state.js';
import type { MessageTarget, OutboxCommand, OutboxItem } from './types.js';

/**
 * Without what only this run can say: after a restart nothing is uploading. What is both put and removed is gone, since the
 * last row of a key counts.
 */
export function rowsOf(put: readonly OutboxItem[], removed: readonly OutboxItem[]): RowChanges['rows'] {
  return [
    ...put.map((item) => {
      const { progress: _, retryAt: __, ...stored } = item;
      return ['outbox', item.clientId, stored as unknown as StoredValue] as const;
    }),
    ...removed.map(({ clientId }) => ['outbox', clientId, undefined] as const),
  ];
}

/** A change of a message that had no id yet, or a reply to it. */
export function aimed(item: OutboxItem, { id, conversationId }: Message): OutboxItem {
  if (item.command.type === 'send') return { ...item, command: { ...unquoted(item.command), replyToId: id } };
  return { ...item, command: { ...item.command, conversationId, target: { messageId: id } } as OutboxCommand };
}

/** The same, to be tried anew. */
export function requeued(item: OutboxItem): OutboxItem {
  const { lastError: _, retryAt: __, internalErrors: ___, ...rest } = item;
  return { ...rest, state: 'queued', attempts: 0 };
}

/** A send or an edit with another text, to be tried anew. */
export function revised(item: OutboxItem, content: string): OutboxItem {
  return { ...requeued(item), command: { ...item.command, content } as OutboxCommand };
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

const sameTarget = (a: MessageTarget, b: MessageTarget): boolean =>
  'messageId' in a ? 'messageId' in b && a.messageId === b.messageId : 'clientId' in b && a.clientId === b.clientId;

export function targets({ command }: OutboxItem, target: MessageTarget): boolean {
  return 'target' in command && sameTarget(command.target, target);
}

/** What goes with one that is dropped: changes of it, and what replies to it quotes. */
export function dropped(items: readonly OutboxItem[], item: OutboxItem): { put: OutboxItem[]; removed: OutboxItem[] } {
  const { clientId } = item;
  return {
    put: repliesTo(items, clientId).map(withoutQuotation),
    removed: [item, ...items.filter((other) => targets(other, { clientId }))],
  };
}

/**
 * A message that is refused, with what was done to it while it was on its way: it has its last text, and stays refused until its
 * user acts; one that was deleted is gone.
 */
export function refused(items: readonly OutboxItem[], item: OutboxItem): { put: OutboxItem[]; removed: OutboxItem[] } {
  const changes = items.filter((other) => targets(other, { clientId: item.clientId }));
  if (changes.some(({ command }) => command.type === 'delete')) return dropped(items, item);
  const removed = changes.filter(({ command }) => command.type === 'edit');
  const put = removed.map(({ command }) => ({ ...item, command: { ...item.command, ...contentOf(command) } }));
  return { put: put.slice(-1), removed };
}

const contentOf = (edit: OutboxCommand): object => ({ content: (edit as { content?: string }).content });
