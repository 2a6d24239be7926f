import { useRef, useState } from 'preact/hooks';
import { useConnection, useConversations } from '@parley/client/react';
import { linkTo, usePlace } from '../app/router.js';
import { Lazy } from '../app/Lazy.js';
import { secondPersonHint } from '../app/second-person-hint.js';
import { t } from '../texts/texts.js';
import { ConversationRow } from './ConversationRow.js';

export function ConversationList() {
  const all = useConversations();
  const place = usePlace();
  const { status } = useConnection();
  const list = useRef<HTMLUListElement>(null);
  const [isArchive, showArchive] = useState(false);
  const archived = all.filter(({ me }) => me.archivedAt !== null);
  const isShowingArchive = isArchive && archived.length > 0;
  const shown = isShowingArchive ? archived : all.filter(({ me }) => me.archivedAt === null);
  const currentId = place.name === 'conversation' ? place.id : undefined;

  const move = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])];
    const index = links.indexOf(document.activeElement as HTMLElement);
    if (index < 0) return;
    event.preventDefault();
    links[index + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
  };

  if (all.length === 0 && (status === 'live' || status === 'waiting')) return <NoConversations />;
  return (
    <div class="list-scroll">
      {isShowingArchive ? (
        <button type="button" class="list-switch" onClick={() => showArchive(false)}>
          {t('list.active')}
        </button>
      ) : null}
      <ul ref={list} class="list" onKeyDown={move} aria-label={isShowingArchive ? t('list.archived') : t('list.title')}>
        {shown.map((conversation) => (
          <ConversationRow
            key={conversation.id}
            conversation={conversation}
            isCurrent={conversation.id === currentId}
          />
        ))}
      </ul>
      {!isShowingArchive && archived.length > 0 ? (
        <button type="button" class="list-switch" onClick={() => showArchive(true)}>
          {t('list.archivedCount', { count: archived.length })}
        </button>
      ) : null}
    </div>
  );
}

function NoConversations() {
  return (
    <div class="list-scroll">
      <div class="empty">
        <h2>{t('list.empty')}</h2>
        <p>{t('list.emptyHint')}</p>
        <a class="button primary" {...linkTo({ name: 'people' })}>
          {t('list.findPeople')}
        </a>
      </div>
      <div class="hint-narrow">
        <Lazy load={secondPersonHint} isOptional />
      </div>
    </div>
  );
}
