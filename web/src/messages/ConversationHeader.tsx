import type { Conversation, User } from '@parley/client';
import { usePresence } from '@parley/client/react';
import { useMinute } from '../app/clock.js';
import { goToList } from '../app/router.js';
import { nameOf, partnerOf } from '../conversations/names.js';
import { Avatar } from '../design/Avatar.js';
import { Icon } from '../design/Icon.js';
import { serverNow } from '../session/server-time.js';
import { agoOf, t } from '../texts/texts.js';

interface Properties {
  conversation: Conversation;
  onDetails: () => void;
  onSearch: () => void;
}

export function ConversationHeader({ conversation, onDetails, onSearch }: Properties) {
  const name = nameOf(conversation);
  const partner = partnerOf(conversation);
  return (
    <header class="pane-head">
      <button type="button" class="icon-button only-narrow" aria-label={t('app.back')} onClick={goToList}>
        <Icon name="back" />
      </button>
      <button type="button" class="head-button grow" onClick={onDetails} aria-haspopup="dialog">
        <Avatar
          id={partner?.id ?? conversation.id}
          name={name}
          url={partner === undefined ? conversation.avatarUrl : partner.avatarUrl}
          size={38}
        />
        <span class="head-text">
          <h1 class="cut" dir="auto">
            {name}
          </h1>
          <span class="soft small cut">
            {partner === undefined ? (
              conversation.type === 'GROUP' ? (
                t('chat.members', { count: conversation.memberCount })
              ) : null
            ) : (
              <Presence user={partner} />
            )}
          </span>
        </span>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={t('chat.searchHere')}
        title={t('chat.searchHere')}
        onClick={onSearch}
      >
        <Icon name="search" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={t('chat.details')}
        title={t('chat.details')}
        onClick={onDetails}
      >
        <Icon name="more" />
      </button>
    </header>
  );
}

function Presence({ user }: { user: User }) {
  const presence = usePresence(user.id);
  useMinute();
  if (presence?.isOnline === true) return <>{t('chat.online')}</>;
  const seen = presence?.lastSeenAt ?? user.lastSeenAt;
  return <>{seen == null ? `@${user.username}` : t('chat.lastSeen', { when: agoOf(seen, serverNow()) })}</>;
}
