import type { Conversation, MessageItem } from '@parley/client';
import { Lazy } from '../app/Lazy.js';
import { attempt } from '../app/toasts.js';
import { Dialog } from '../design/Dialog.js';
import { client } from '../session/client.js';
import { reportDialog } from '../report/load.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { canDeleteForAll, type Dialogs, toggleReaction } from './actions.js';

const emojiPicker = () => import('./composer/EmojiPicker.js');
const viewer = () => import('./files/Viewer.js');

interface Properties {
  dialog: Extract<Dialogs, { type: 'delete' | 'react' | 'report' | 'view' }>;
  conversation: Conversation;
  onClose: () => void;
}

export default function MessageDialogs({ dialog, conversation, onClose }: Properties) {
  switch (dialog.type) {
    case 'react':
      return (
        <Lazy
          load={emojiPicker}
          onChoose={(emoji: string) => toggleReaction(dialog.item, emoji)}
          onClose={onClose}
          onFailed={onClose}
        />
      );
    case 'view':
      return (
        <Lazy load={viewer} pictures={dialog.pictures} index={dialog.index} onClose={onClose} onFailed={onClose} />
      );
    case 'report':
      return (
        <Lazy load={reportDialog} targetType="message" targetId={dialog.id} onClose={onClose} onFailed={onClose} />
      );
    case 'delete':
      return <DeleteQuestion item={dialog.item} conversation={conversation} onClose={onClose} />;
  }
}

interface DeleteProperties {
  item: MessageItem;
  conversation: Conversation;
  onClose: () => void;
}

function DeleteQuestion({ item, conversation, onClose }: DeleteProperties) {
  const remove = (scope: 'everyone' | 'me') => () => {
    onClose();
    void attempt(() => client.delete(item, { for: scope }));
  };
  // What was never sent is nobody else's.
  const isSent = item.id !== null;
  return (
    <Dialog title={t('message.deleteQuestion')} onClose={onClose} class="confirm">
      <div class="row wrap end">
        <button type="button" class="button" onClick={onClose}>
          {t('app.cancel')}
        </button>
        {isSent ? (
          <button type="button" class="button danger" onClick={remove('me')}>
            {t('message.deleteForMe')}
          </button>
        ) : null}
        {!isSent || canDeleteForAll(item, conversation) ? (
          <button type="button" class="button danger" onClick={remove('everyone')}>
            {isSent ? t('message.deleteForAll') : t('message.discard')}
          </button>
        ) : null}
      </div>
    </Dialog>
  );
}
