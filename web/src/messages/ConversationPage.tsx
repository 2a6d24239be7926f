import { useConnection, useConversation } from '@parley/client/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Lazy } from '../app/Lazy.js';
import { holdReload } from '../app/newer-build.js';
import { goToList } from '../app/router.js';
import { attempt } from '../app/toasts.js';
import { ConnectionBar } from '../conversations/ConnectionBar.js';
import { nameOf, partnerOf } from '../conversations/names.js';
import { Icon } from '../design/Icon.js';
import { unblock, useIsBlocked } from '../people/blocked.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { Composer } from './composer/Composer.js';
import { ConversationHeader } from './ConversationHeader.js';
import { DropZone } from './files/DropZone.js';
import { MessageList, type ListHandle } from './MessageList.js';
import { usePickedFiles } from './files/picked-files.js';
import { keepIntent, keptIntent } from './kept-intent.js';
import { withFiles } from './sending.js';
import { TypingLine } from './TypingLine.js';
import { canEdit, type Dialogs, type Intent, isOwn, type MessageActions } from './actions.js';
import './messages.css';

const nowhere = () => import('../app/Nowhere.js');
const detailsDialog = () => import('../people/DetailsDialog.js');
const searchDialog = () => import('../search/SearchDialog.js');
const messageDialogs = () => import('./MessageDialogs.js');

/** One conversation: its messages, and the field to write in. */
export function ConversationPage({ id, seq }: { id: string; seq: number | undefined }) {
  const conversation = useConversation(id);
  const { status } = useConnection();
  const partner = conversation && partnerOf(conversation);
  const isBlocked = useIsBlocked(partner);
  const [intent, showIntent] = useState<Intent>(() => keptIntent(id));
  const setIntent = useCallback(
    (next: Intent) => {
      keepIntent(id, next);
      showIntent(next);
    },
    [id],
  );
  const [dialog, openDialog] = useState<Dialogs>();
  const [files, setFiles] = usePickedFiles(id);
  const list = useRef<ListHandle>(null);
  const closeDialog = useCallback(() => openDialog(undefined), []);
  const actions = useMemo<MessageActions>(
    () => ({
      reply: (item) => setIntent({ type: 'reply', item }),
      edit: (item) => setIntent({ type: 'edit', item }),
      ask: openDialog,
      jump: (to) => list.current?.jump(to),
    }),
    [],
  );
  const isEditing = intent.type === 'edit';
  useEffect(() => (isEditing ? holdReload() : undefined), [isEditing]);
  const addFiles = (added: readonly File[]): void => setFiles(withFiles(files, added));
  const afterSend = useCallback(() => {
    setIntent({ type: 'new' });
    list.current?.toEnd();
  }, []);
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key.toLowerCase() !== 'f') return;
      event.preventDefault();
      openDialog({ type: 'search' });
    };
    addEventListener('keydown', find);
    return () => removeEventListener('keydown', find);
  }, []);

  if (conversation === undefined)
    return status === 'live' ? (
      <Lazy load={nowhere} what="chat.gone" />
    ) : (
      <main class="pane">
        <header class="pane-head">
          <button type="button" class="icon-button only-narrow" aria-label={t('app.back')} onClick={goToList}>
            <Icon name="back" />
          </button>
        </header>
        <ConnectionBar />
      </main>
    );
  const editLast = (): void => {
    const items = client.messages(id).getSnapshot().items;
    const last = items.findLast((item) => isOwn(item) && item.deletedAt === null);
    if (last !== undefined && canEdit(last)) setIntent({ type: 'edit', item: last });
  };
  return (
    <DropZone onFiles={addFiles}>
      <ConversationHeader
        conversation={conversation}
        onDetails={() => openDialog({ type: 'details' })}
        onSearch={() => openDialog({ type: 'search' })}
      />
      <ConnectionBar />
      <MessageList handle={list} conversation={conversation} seq={seq} actions={actions} />
      <TypingLine conversation={conversation} />
      {isBlocked && partner !== undefined ? (
        <p class="blocked row">
          <span class="grow">{t('chat.blocked', { name: partner.displayName })}</span>
          <button type="button" class="button small" onClick={() => void attempt(() => unblock(partner.id))}>
            {t('people.unblock')}
          </button>
        </p>
      ) : (
        <Composer
          conversation={conversation}
          isFirst={seq === undefined}
          intent={intent}
          files={files}
          onFiles={setFiles}
          onIntent={setIntent}
          onSent={afterSend}
          onEditLast={editLast}
        />
      )}
      {dialog?.type === 'details' ? (
        <Lazy load={detailsDialog} id={id} onClose={closeDialog} onFailed={closeDialog} />
      ) : dialog?.type === 'search' ? (
        <Lazy
          load={searchDialog}
          conversationId={id}
          name={nameOf(conversation)}
          onClose={closeDialog}
          onFailed={closeDialog}
        />
      ) : dialog === undefined ? null : (
        <Lazy
          load={messageDialogs}
          dialog={dialog}
          conversation={conversation}
          onClose={closeDialog}
          onFailed={closeDialog}
        />
      )}
    </DropZone>
  );
}
