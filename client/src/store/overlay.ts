import type { OutboxItem } from '../outbox/types.js';
import type { Reaction } from '../protocol/protocol.generated.js';
import type { SentMessage } from '../sync/state.js';
import type { MessageItem } from './types.js';

/** A message as it will be when the server has done what waits for it. */
export function overlaid(message: SentMessage, changes: readonly OutboxItem[], userId: string | null): MessageItem {
  let item: MessageItem = message;
  for (const { command, createdAt } of changes) {
    if (item.deletedAt !== null) break;
    const at = new Date(createdAt).toISOString();
    if (command.type === 'edit') item = { ...item, content: command.content, editedAt: at };
    else if (command.type === 'delete')
      item = { ...item, content: null, attachments: [], reactions: [], replyTo: null, deletedAt: at };
    else if (command.type === 'react' && userId !== null)
      item = { ...item, reactions: withReaction(item.reactions, command.emoji, !command.remove) };
  }
  return changes.length === 0 ? item : { ...item, isChanging: true };
}

function withReaction(reactions: readonly Reaction[], emoji: string, mine: boolean): Reaction[] {
  const held = reactions.find((reaction) => reaction.emoji === emoji);
  if ((held?.mine ?? false) === mine) return [...reactions];
  const count = (held?.count ?? 0) + (mine ? 1 : -1);
  if (held === undefined) return [...reactions, { emoji, count, mine }];
  return reactions.flatMap((reaction) => (reaction !== held ? [reaction] : count > 0 ? [{ emoji, count, mine }] : []));
}
