import type { ConversationItem } from '@parley/client';
import { useDraft, useTyping, useUser } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { useToday } from '../app/clock.js';
import { Lazy } from '../app/Lazy.js';
import { linkTo } from '../app/router.js';
import { Avatar } from '../design/Avatar.js';
import { Icon } from '../design/Icon.js';
import { memo } from '../design/memo.js';
import type { Place } from '../design/place.js';
import { client } from '../session/client.js';
import { briefTimeOf, fullTimeOf, t } from '../texts/texts.js';
import { isMuted, nameOf, partnerOf } from './names.js';

const conversationMenu = () => import('./ConversationMenu.js');

interface Properties {
  conversation: ConversationItem;
  isCurrent: boolean;
}

export const ConversationRow = memo(({ conversation, isCurrent }: Properties) => {
  const [menu, openMenu] = useState<Place>();
  const { id, lastMessageAt, me } = conversation;
  const name = nameOf(conversation);
  const partner = partnerOf(conversation);
  const isQuiet = isMuted(conversation);
  useToday();
  return (
    <li
      class="conversation"
      onContextMenu={(event) => {
        event.preventDefault();
        openMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      <a {...linkTo({ name: 'conversation', id })} aria-current={isCurrent ? 'page' : undefined}>
        <Avatar
          id={partner?.id ?? id}
          name={name}
          url={partner === undefined ? conversation.avatarUrl : partner.avatarUrl}
          {...(partner === undefined ? {} : { userId: partner.id })}
        />
        <span class="conversation-text">
          <span class="row">
            <strong class="grow cut" dir="auto">
              {name}
            </strong>
            {isQuiet ? <Mark icon="bellOff" text={t('list.muted')} /> : null}
            {me.pinnedAt === null ? null : <Mark icon="pin" text={t('list.pinned')} />}
            {lastMessageAt === null ? null : (
              <time class="soft small" dateTime={lastMessageAt} title={fullTimeOf(lastMessageAt)}>
                {briefTimeOf(lastMessageAt)}
              </time>
            )}
          </span>
          <span class="row">
            <Unsent state={conversation.lastMessageState} />
            <Preview conversation={conversation} />
            {me.unreadCount > 0 ? (
              <span class={isQuiet ? 'badge quiet' : 'badge'}>
                {me.unreadCount > 999 ? '999+' : me.unreadCount}
                <span class="hidden-text"> {t('list.unread', { count: '' })}</span>
              </span>
            ) : null}
          </span>
        </span>
      </a>
      {menu === undefined ? null : (
        <Lazy
          load={conversationMenu}
          conversation={conversation}
          at={menu}
          onClose={() => openMenu(undefined)}
          onFailed={() => openMenu(undefined)}
        />
      )}
    </li>
  );
});

function Mark({ icon, text }: { icon: 'bellOff' | 'clock' | 'pin' | 'warning'; text: string }) {
  return (
    <span class="soft" title={text}>
      <Icon name={icon} size={14} />
      <span class="hidden-text">{text}</span>
    </span>
  );
}

/** What is going on in it: a draft, somebody who types, else the last message. */
function Preview({ conversation }: { conversation: ConversationItem }) {
  const { id } = conversation;
  const [typing] = useTyping(id);
  const [draft] = useDraft(id);
  if (typing.length > 0) return <span class="preview typing-text">{t('list.typing')}</span>;
  return (
    <span class="preview cut" dir="auto">
      {draft.trim() === '' ? (
        <LastMessage conversation={conversation} />
      ) : (
        t('list.draft', { text: draft.slice(0, 100) })
      )}
    </span>
  );
}

/** Whether the last message is on its way. */
function Unsent({ state }: { state: ConversationItem['lastMessageState'] }) {
  if (state === undefined) return null;
  const isRejected = state === 'rejected';
  return <Mark icon={isRejected ? 'warning' : 'clock'} text={t(isRejected ? 'list.notSent' : 'message.pending')} />;
}

/** With who wrote it where that is not plain: oneself, or one of many. */
function LastMessage({ conversation }: { conversation: ConversationItem }) {
  const { text, kind, by } = lastShown(conversation);
  const writer = useUser(by ?? '');
  if (kind === null) return <>{t('list.noMessages')}</>;
  if (text === null && kind === 'TEXT') return <>{t('message.deleted')}</>;
  const shown = text === null || text === '' ? t(`kind.${kind}`) : text;
  if (kind === 'SYSTEM') return <>{shown}</>;
  if (by === client.userId) return <>{t('list.you', { text: shown })}</>;
  if (conversation.type === 'DIRECT' || writer === undefined) return <>{shown}</>;
  return <>{t('list.by', { name: writer.displayName.trim().split(/\s/, 1)[0] ?? '', text: shown })}</>;
}

/** The last message, or the last of those at hand where the user has deleted it for themselves. */
function lastShown({
  id,
  lastMessage,
  lastMessageBy,
  lastMessageKind,
  lastSeq,
  lastMessageState,
  isPending,
}: ConversationItem): {
  text: string | null;
  kind: ConversationItem['lastMessageKind'];
  by: string | null;
} {
  const last = {
    text: lastMessage,
    kind: lastSeq === 0 && lastMessageState === undefined && isPending !== true ? null : lastMessageKind,
    by: lastMessageBy,
  };
  if (lastMessage !== null || last.kind === null) return last;
  const { items } = client.messages(id).getSnapshot();
  if (items.findLast(({ seq }) => seq === lastSeq)?.hiddenAt === undefined) return last;
  const shown = items.findLast(({ hiddenAt }) => hiddenAt === undefined);
  return shown === undefined ? { ...last, kind: null } : { text: shown.content, kind: shown.kind, by: shown.senderId };
}
