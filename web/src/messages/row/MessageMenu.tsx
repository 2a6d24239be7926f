import type { MessageItem } from '@parley/client';
import { copy } from '../../app/copy.js';
import { attempt } from '../../app/toasts.js';
import { Menu, MenuItem } from '../../design/Menu.js';
import type { Place } from '../../design/place.js';
import { client } from '../../session/client.js';
import { t } from '../../texts/texts.js';
import '../../texts/more.js';
import { canEdit, canReply, canReport, isOwn, type MessageActions, toggleReaction } from '../actions.js';

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

interface Properties {
  item: MessageItem;
  at: Place;
  actions: MessageActions;
  onClose: () => void;
}

export default function MessageMenu({ item, at, actions, onClose }: Properties) {
  const { content, id } = item;
  const removePreview = (): void => {
    void attempt(() => client.http.request(`/messages/${id}/link-preview`, { method: 'DELETE' }));
  };
  return (
    <Menu label={t('message.actions')} at={at} onClose={onClose}>
      {id === null ? null : (
        <div class="quick" role="group" aria-label={t('message.react')}>
          {QUICK.map((emoji) => (
            <button type="button" role="menuitem" key={emoji} onClick={() => toggleReaction(item, emoji)}>
              {emoji}
            </button>
          ))}
        </div>
      )}
      {id === null ? null : (
        <MenuItem
          icon="smile"
          text={t('message.moreReactions')}
          onChoose={() => actions.ask({ type: 'react', item })}
        />
      )}
      {canReply(item) ? <MenuItem icon="reply" text={t('message.reply')} onChoose={() => actions.reply(item)} /> : null}
      {content === null || content === '' ? null : (
        <MenuItem icon="copy" text={t('message.copy')} onChoose={() => void copy(content)} />
      )}
      {canEdit(item) ? <MenuItem icon="edit" text={t('message.edit')} onChoose={() => actions.edit(item)} /> : null}
      {!item.linkPreview || !isOwn(item) ? null : (
        <MenuItem icon="link" text={t('message.removePreview')} onChoose={removePreview} />
      )}
      {id === null || !canReport(item) ? null : (
        <MenuItem icon="warning" text={t('message.report')} onChoose={() => actions.ask({ type: 'report', id })} />
      )}
      <MenuItem
        icon="trash"
        text={t('message.delete')}
        isDangerous
        onChoose={() => actions.ask({ type: 'delete', item })}
      />
    </Menu>
  );
}
