import { t } from '../texts/texts.js';
import { linkTo } from './router.js';
import '../texts/more.js';

/** What was asked for is not there. */
export default function Nowhere({ what }: { what: 'app.nowhere' | 'chat.gone' }) {
  return (
    <main class="pane">
      <div class="empty">
        <h1>{t(what)}</h1>
        <p>{t(`${what}Hint`)}</p>
        <a class="button" {...linkTo({ name: 'home' })}>
          {t('app.home')}
        </a>
      </div>
    </main>
  );
}
