import type { OutboxItem } from '../outbox/types.js';
import type { Reaction } from '../protocol/protocol.generated.js';
import type { MessageItem } from './types.js';

/** A message as it will be when the server has done what waits for it, with what the server refused to do. */
export function overlaid(message: MessageItem, changes: readonly OutboxItem[], userId: string | null): MessageItem {
  let item = message;
  for (const { command, createdAt, state } of changes) {
    if (state === 'rejected') continue;
    const at = new Date(createdAt).toISOString();
    const { deletedAt } = item;
    if (command.type === 'delete')
      item = {
        ...item,
        ...{ content: null, attachments: [], reactions: [], replyTo: null, deletedAt: deletedAt ?? at },
        ...(command.for === 'me' && { hiddenAt: at }),
      };
    else if (deletedAt !== null) continue;
    else if (command.type === 'edit') item = { ...item, content: command.content, editedAt: at };
    else if (command.type === 'react' && userId !== null)
      item = { ...item, reactions: withReaction(item.reactions, command.emoji, !command.remove) };
  }
  const refusedChanges = changes.filter(({ state }) => state === 'rejected');
  if (changes.length > refusedChanges.length) item = { ...item, isChanging: true };
  return refusedChanges.length === 0 ? item : { ...item, refusedChanges };
}

function withReaction(reactions: readonly Reaction[], emoji: string, mine: boolean): Reaction[] {
  const held = reactions.find((reaction) => reaction.emoji === emoji);
  if ((held?.mine ?? false) === mine) return [...reactions];
  const count = (held?.count ?? 0) + (mine ? 1 : -1);
  if (held === undefined) return [...reactions, { emoji, count, mine }];
  return reactions.flatMap((reaction) => (reaction !== held ? [reaction] : count > 0 ? [{ emoji, count, mine }] : []));
}
