import type { MessageItem } from '@parley/client';
import { t } from '../../texts/texts.js';
import { toggleReaction } from '../actions.js';

export function Reactions({ item }: { item: MessageItem }) {
  return (
    <div class="reactions">
      {item.reactions.map(({ emoji, count, mine }) => (
        <button
          type="button"
          key={emoji}
          class={mine ? 'reaction mine' : 'reaction'}
          aria-pressed={mine}
          aria-label={t(mine ? 'message.reactionMine' : 'message.reaction', { emoji, count })}
          onClick={() => toggleReaction(item, emoji)}
        >
          <span>{emoji}</span> {count}
        </button>
      ))}
    </div>
  );
}
