import { isOnlyHere } from './item.js';
import { repliesTo, revised, targets, withoutQuotation } from './item-changes.js';
import type { OutboxCommand, OutboxItem } from './types.js';

export interface Folded {
  /** Rows to put in place of what they were. */
  replaced: OutboxItem[];
  removed: OutboxItem[];
  /** Whether the command itself still has to be done. */
  isNeeded: boolean;
}

/**
 * What a new command makes of those that wait: the server is sent how things are in the end, not how they came to be so.
 * What is on its way, or may have arrived, is never changed; the new command then follows it.
 */
export function fold(
  items: readonly OutboxItem[],
  command: OutboxCommand,
  isUnsent: (item: OutboxItem) => boolean = isOnlyHere,
): Folded {
  const folded: Folded = { replaced: [], removed: [], isNeeded: true };
  if (command.type === 'send') return folded;
  if (command.type === 'read') {
    for (const item of items) {
      if (item.command.type !== 'read' || item.command.conversationId !== command.conversationId) continue;
      if (item.command.seq >= command.seq) folded.isNeeded = false;
      // A cursor only moves forward, so an attempt of the lower one does no harm.
      else if (item.state !== 'sending') folded.removed.push(item);
    }
    return folded;
  }
  const { target } = command;
  const send = items.find(
    (item) => item.command.type === 'send' && 'clientId' in target && item.clientId === target.clientId,
  );
  if (send !== undefined && isUnsent(send) && command.type !== 'react') {
    folded.isNeeded = false;
    const changes = items.filter((item) => targets(item, target));
    if (command.type === 'edit') {
      folded.replaced.push(revised(send, command.content));
      // Given while the send seemed to be on its way: it would come after this one.
      folded.removed.push(...changes.filter((item) => item.command.type === 'edit'));
    } else {
      folded.removed.push(send, ...changes);
      folded.replaced.push(...repliesTo(items, send.clientId).map(withoutQuotation));
    }
    return folded;
  }
  for (const item of items) {
    if (!targets(item, target) || item.state === 'sending') continue;
    if (!isReplaced(item.command, command)) continue;
    folded.removed.push(item);
    // Added and taken back before anybody knew of it, or refused. Of any other message it may have been there before.
    const isAdded = item.command.type === 'react' && !item.command.remove;
    if (command.type === 'react' && command.remove && isAdded && isUnsent(item))
      folded.isNeeded = send === undefined && item.state !== 'rejected';
  }
  return folded;
}

/** Whether nobody sees what came before, once the server has done what comes now. What a deletion for oneself hides others go on seeing. */
function isReplaced(before: OutboxCommand, now: OutboxCommand): boolean {
  if (now.type === 'delete') return now.for === 'everyone' ? !isForMe(before) : isForMe(before);
  if (now.type === 'react') return before.type === 'react' && before.emoji === now.emoji;
  return before.type === now.type;
}

const isForMe = (command: OutboxCommand): boolean => command.type === 'delete' && command.for === 'me';
