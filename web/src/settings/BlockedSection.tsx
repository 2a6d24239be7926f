import type { Block } from '@parley/client';
import { attempt } from '../app/toasts.js';
import { LoadMore } from '../design/LoadMore.js';
import { unblock } from '../people/blocked.js';
import { PersonRow } from '../people/PersonRow.js';
import { t } from '../texts/texts.js';
import type { Pages } from './pages.js';

export function BlockedSection({ items, hasMore, isLoading, load, remove }: Pages<Block>) {
  const take = async (userId: string): Promise<void> => {
    if (await attempt(() => unblock(userId))) remove(({ user }) => user.id === userId);
  };
  return (
    <section class="section">
      <h2>{t('settings.blocked')}</h2>
      {items.length === 0 && !hasMore ? (
        <p class="soft">{t('settings.noBlocked')}</p>
      ) : (
        <ul class="card people">
          {items.map(({ user }) => (
            <PersonRow key={user.id} user={user}>
              <button type="button" class="button small" onClick={() => void take(user.id)}>
                {t('people.unblock')}
              </button>
            </PersonRow>
          ))}
        </ul>
      )}
      {hasMore ? <LoadMore isBusy={isLoading} isEmpty={items.length === 0} onLoad={load} /> : null}
    </section>
  );
}
