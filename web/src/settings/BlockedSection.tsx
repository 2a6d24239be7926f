import type { Block } from '@parley/client';
import { useEffect } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { PersonRow } from '../people/PersonRow.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import { usePages } from './pages.js';

export function BlockedSection() {
  const { items, hasMore, load, remove } = usePages<Block>('/blocks');
  useEffect(load, []);
  const unblock = async (userId: string): Promise<void> => {
    if (await attempt(() => client.friends.unblock(userId))) remove(({ user }) => user.id === userId);
  };
  return (
    <section class="section">
      <h2>{t('settings.blocked')}</h2>
      {items.length === 0 ? (
        <p class="soft">{t('settings.noBlocked')}</p>
      ) : (
        <ul class="card people">
          {items.map(({ user }) => (
            <PersonRow key={user.id} user={user}>
              <button type="button" class="button small" onClick={() => void unblock(user.id)}>
                {t('people.unblock')}
              </button>
            </PersonRow>
          ))}
        </ul>
      )}
      {hasMore ? (
        <button type="button" class="button" onClick={load}>
          {t('app.loadMore')}
        </button>
      ) : null}
    </section>
  );
}
