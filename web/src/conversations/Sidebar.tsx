import { useState } from 'preact/hooks';
import { useFriendRequests, useMe } from '@parley/client/react';
import { Lazy } from '../app/Lazy.js';
import { linkTo } from '../app/router.js';
import { Avatar } from '../design/Avatar.js';
import { Icon, type IconName } from '../design/Icon.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { ConnectionBar } from './ConnectionBar.js';
import { ConversationList } from './ConversationList.js';
import './conversations.css';

const searchDialog = () => import('../search/SearchDialog.js');
const missedHint = () => import('../push/MissedHint.js');

export function Sidebar() {
  const me = useMe();
  const [isSearching, search] = useState(false);
  const incoming = useFriendRequests().filter(({ receiverId }) => receiverId === client.userId).length;
  const name = me?.displayName ?? '';
  return (
    <nav class="sidebar fill" aria-label={t('list.title')}>
      {/* Where it is all there is. */}
      <div class="only-narrow">
        <h1 class="hidden-text">{t('list.title')}</h1>
      </div>
      <header class="sidebar-head">
        <a class="me grow row" {...linkTo({ name: 'settings' })} title={t('list.settings')}>
          <Avatar id={me?.id ?? ''} name={name === '' ? '…' : name} url={me?.avatarUrl} size={36} />
          <span class="cut" dir="auto">
            {name}
          </span>
          <span class="hidden-text">{t('list.settings')}</span>
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label={t('list.search')}
          title={t('list.search')}
          onClick={() => search(true)}
        >
          <Icon name="search" />
        </button>
        <IconLink icon="people" label={t('list.people')} place="people" count={incoming} />
        <IconLink icon="plus" label={t('list.newGroup')} place="new" />
      </header>
      <ConnectionBar />
      <Lazy load={missedHint} isOptional />
      <ConversationList />
      {isSearching ? <Lazy load={searchDialog} onClose={() => search(false)} onFailed={() => search(false)} /> : null}
    </nav>
  );
}

interface IconLinkProperties {
  icon: IconName;
  label: string;
  place: 'people' | 'new';
  count?: number;
}

function IconLink({ icon, label, place, count = 0 }: IconLinkProperties) {
  return (
    <a
      class="icon-button"
      {...linkTo({ name: place })}
      aria-label={count > 0 ? `${label}, ${count}` : label}
      title={label}
    >
      <Icon name={icon} />
      {count > 0 ? <span class="badge">{count}</span> : null}
    </a>
  );
}
