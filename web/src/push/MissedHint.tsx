import { attempt } from '../app/toasts.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';
import { decline, turnOn, useMissedMessage } from './notifications.js';

/** After the first message that came while nobody looked: never before, and never again once it was answered. */
export default function MissedHint() {
  if (!useMissedMessage()) return null;
  return (
    <aside class="connection missed" aria-labelledby="missed-text">
      <span id="missed-text" class="grow">
        {t('push.missed')}
      </span>
      <button type="button" class="link-button" onClick={() => void attempt(() => turnOn())}>
        {t('push.turnOn')}
      </button>
      <button type="button" class="link-button" onClick={decline}>
        {t('push.notNow')}
      </button>
    </aside>
  );
}
