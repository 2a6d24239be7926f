import type { Session } from '@parley/client';
import { useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { LoadMore } from '../design/LoadMore.js';
import { client } from '../session/client.js';
import { serverNow } from '../session/server-time.js';
import { agoOf, t } from '../texts/texts.js';
import type { Pages } from './pages.js';

/** Where one is logged in, and how to end it from here. */
export function SessionsSection({ items, hasMore, isLoading, load, remove }: Pages<Session>) {
  const [ending, setEnding] = useState<string>();
  const end = async (id: string): Promise<void> => {
    setEnding(id);
    if (await attempt(() => client.http.request(`/auth/sessions/${id}`, { method: 'DELETE' })))
      remove((session) => session.id === id);
    setEnding(undefined);
  };
  return (
    <section class="section">
      <h2>{t('settings.sessions')}</h2>
      <ul class="card people">
        {items.map(({ id, deviceName, ip, lastUsedAt, current }) => (
          <li key={id} class="person">
            <span class="person-text grow">
              <strong class="cut" dir="auto">
                {deviceName ?? '–'}
              </strong>
              <span class="soft small cut">
                {current ? t('settings.thisSession') : t('settings.lastUsed', { when: agoOf(lastUsedAt, serverNow()) })}
                {ip === null ? '' : ` · ${ip}`}
              </span>
            </span>
            {current ? null : (
              <button type="button" class="button small" disabled={ending === id} onClick={() => void end(id)}>
                {t('settings.endSession')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {hasMore ? <LoadMore isBusy={isLoading} isEmpty={items.length === 0} onLoad={load} /> : null}
    </section>
  );
}
