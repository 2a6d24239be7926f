import type { MessageItem } from '@parley/client';
import { Icon } from '../../design/Icon.js';
import { below, type Place } from '../../design/place.js';
import { t } from '../../texts/texts.js';
import { canReply, type MessageActions } from '../actions.js';

interface Properties {
  item: MessageItem;
  actions: MessageActions;
  onMenu: (at: Place) => void;
}

/** The message has the focus before a menu or a dialog opens, and gets it back: this bar may be hidden by then. */
function focusRow(event: Event): void {
  (event.currentTarget as Element).closest<HTMLElement>('[data-row]')?.focus({ preventScroll: true });
}

/** Beside a message that is pointed at or has the focus. */
export function RowTools({ item, actions, onMenu }: Properties) {
  return (
    <div class="row-tools" onClickCapture={focusRow}>
      {item.id === null ? null : (
        <button
          type="button"
          class="icon-button"
          aria-label={t('message.react')}
          title={t('message.react')}
          onClick={() => actions.ask({ type: 'react', item })}
        >
          <Icon name="smile" size={18} />
        </button>
      )}
      {canReply(item) ? (
        <button
          type="button"
          class="icon-button"
          aria-label={t('message.reply')}
          title={t('message.reply')}
          onClick={() => actions.reply(item)}
        >
          <Icon name="reply" size={18} />
        </button>
      ) : null}
      <button
        type="button"
        class="icon-button"
        aria-label={t('message.actions')}
        title={t('app.more')}
        aria-haspopup="menu"
        onClick={(event) => onMenu(below(event))}
      >
        <Icon name="more" size={18} />
      </button>
    </div>
  );
}
