import { useUser } from '@parley/client/react';
import { AnyIcon } from '../../design/more-icons.js';
import { t } from '../../texts/texts.js';
import '../../texts/more.js';
import type { Intent } from '../actions.js';
import { quoteText } from '../row/Quote.js';

/** Above the field: what is answered, or edited. */
export default function IntentBar({ intent, onEnd }: { intent: Exclude<Intent, { type: 'new' }>; onEnd: () => void }) {
  const sender = useUser(intent.item.senderId);
  const isEdit = intent.type === 'edit';
  const label = isEdit ? t('chat.cancelEdit') : t('chat.cancelReply');
  return (
    <div class="intent row">
      <AnyIcon name={isEdit ? 'edit' : 'reply'} size={18} />
      <span class="grow intent-text">
        <strong class="cut" dir="auto">
          {isEdit ? t('chat.editing') : t('chat.replyingTo', { name: sender?.displayName ?? t('app.someone') })}
        </strong>
        <span class="cut soft" dir="auto">
          {quoteText(intent.item)}
        </span>
      </span>
      <button type="button" class="icon-button" aria-label={label} title={label} onClick={onEnd}>
        <AnyIcon name="close" size={18} />
      </button>
    </div>
  );
}
