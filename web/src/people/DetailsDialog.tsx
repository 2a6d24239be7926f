import type { Conversation, User } from '@parley/client';
import { useConversation } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { Lazy } from '../app/Lazy.js';
import { go, staying } from '../app/router.js';
import { attempt, notify } from '../app/toasts.js';
import { FOR_GOOD, isMuted, nameOf, partnerOf } from '../conversations/names.js';
import { Avatar } from '../design/Avatar.js';
import { Confirm } from '../design/Confirm.js';
import { Dialog } from '../design/Dialog.js';
import { reportDialog } from '../report/load.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { block, unblock, useIsBlocked } from './blocked.js';
import { GroupMembers } from './GroupMembers.js';
import { GroupSettings } from './GroupSettings.js';
import './people.css';

/** What a conversation is, and what one can do with it. */
export default function DetailsDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const conversation = useConversation(id);
  if (conversation === undefined) return null;
  const partner = partnerOf(conversation);
  const name = nameOf(conversation);
  return (
    <Dialog title={t('details.title')} onClose={onClose} class="details">
      <div class="details-head">
        <Avatar
          id={partner?.id ?? id}
          name={name}
          url={partner === undefined ? conversation.avatarUrl : partner.avatarUrl}
          size={88}
        />
        <h3 dir="auto">{name}</h3>
        <p class="soft">
          {partner === undefined ? t('chat.members', { count: conversation.memberCount }) : `@${partner.username}`}
        </p>
      </div>
      <OwnSettings conversation={conversation} />
      {conversation.type === 'GROUP' ? (
        <>
          <GroupSettings conversation={conversation} />
          <GroupMembers conversation={conversation} onClose={onClose} />
          <Report targetType="conversation" targetId={id} />
          <Leave conversation={conversation} onClose={onClose} />
        </>
      ) : partner === undefined ? null : (
        <>
          <Report targetType="user" targetId={partner.id} name={partner.displayName} />
          <Block user={partner} />
        </>
      )}
    </Dialog>
  );
}

function OwnSettings({ conversation }: { conversation: Conversation }) {
  const { id, me } = conversation;
  const isQuiet = isMuted(conversation);
  const change = (own: Parameters<typeof client.conversations.updateOwn>[1]) => () =>
    void attempt(() => client.conversations.updateOwn(id, own));
  return (
    <div class="row wrap centred">
      <button
        type="button"
        class="button small"
        aria-pressed={isQuiet}
        onClick={change({ mutedUntil: isQuiet ? null : FOR_GOOD })}
      >
        {t('details.mute')}
      </button>
      <button
        type="button"
        class="button small"
        aria-pressed={me.pinnedAt !== null}
        onClick={change({ pinned: me.pinnedAt === null })}
      >
        {t('details.pin')}
      </button>
      <button
        type="button"
        class="button small"
        aria-pressed={me.archivedAt !== null}
        onClick={change({ archived: me.archivedAt === null })}
      >
        {t('details.archive')}
      </button>
    </div>
  );
}

interface Reported {
  targetType: 'user' | 'conversation';
  targetId: string;
  name?: string;
}

function Report(target: Reported) {
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {t('message.report')}
      </button>
      {isOpen ? <Lazy load={reportDialog} {...target} onClose={close} onFailed={close} /> : null}
    </>
  );
}

function Block({ user }: { user: User }) {
  const [isAsked, ask] = useState(false);
  const blockUser = (): void => {
    void attempt(async () => {
      await block(user.id);
      notify(t('people.blocked', { name: user.displayName }));
    });
  };
  if (useIsBlocked(user))
    return (
      <button type="button" class="button" onClick={() => void attempt(() => unblock(user.id))}>
        {t('people.unblock')}
      </button>
    );
  return (
    <>
      <button type="button" class="button danger" onClick={() => ask(true)}>
        {t('people.block')}
      </button>
      {isAsked ? (
        <Confirm
          title={t('people.block')}
          text={t('details.blockQuestion', { name: user.displayName })}
          confirm={t('people.block')}
          onConfirm={blockUser}
          onClose={() => ask(false)}
        />
      ) : null}
    </>
  );
}

function Leave({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const [isAsked, ask] = useState(false);
  const leave = async (): Promise<void> => {
    const stays = staying();
    if (!(await attempt(() => client.conversations.leave(conversation.id)))) return;
    if (!stays()) return;
    onClose();
    go({ name: 'home' }, { replace: true });
  };
  return (
    <>
      <button type="button" class="button danger" onClick={() => ask(true)}>
        {t('group.leave')}
      </button>
      {isAsked ? (
        <Confirm
          title={t('group.leave')}
          text={t('group.leaveQuestion', { name: nameOf(conversation) })}
          confirm={t('group.leave')}
          onConfirm={() => void leave()}
          onClose={() => ask(false)}
        />
      ) : null}
    </>
  );
}
