import type { PushPreview } from '@parley/client/web-push';
import { useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { turnOff, turnOn, useNotifications, usePushPreview } from '../push/notifications.js';
import { t } from '../texts/texts.js';

const PREVIEWS: readonly PushPreview[] = ['full', 'sender', 'none'];

export function NotificationsSection() {
  const state = useNotifications();
  const preview = usePushPreview();
  const [isBusy, setBusy] = useState(false);
  const change = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    await attempt(work);
    setBusy(false);
  };
  return (
    <section class="section">
      <h2>{t('push.title')}</h2>
      {state === 'impossible' ? (
        <p class="soft">{t('push.impossible')}</p>
      ) : state === 'denied' ? (
        <p class="soft">{t('push.denied')}</p>
      ) : (
        <>
          <label class="row">
            <input
              type="checkbox"
              class="check"
              checked={state === 'on'}
              disabled={isBusy || state === 'unknown'}
              onChange={() => void change(() => (state === 'on' ? turnOff() : turnOn()))}
            />
            {t('push.on')}
          </label>
          <label class="field">
            <span>{t('push.preview')}</span>
            <select
              class="input"
              disabled={isBusy || state !== 'on'}
              value={preview}
              onChange={({ currentTarget: { value } }) => void change(() => turnOn(value as PushPreview))}
            >
              {PREVIEWS.map((preview) => (
                <option key={preview} value={preview}>
                  {t(`push.preview.${preview}`)}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
    </section>
  );
}
