import { t } from '../texts/texts.js';
import { linkTo } from './router.js';

interface Properties {
  title: string;
  hint: string;
}

/** What was asked for is not there. */
export function Nowhere({ title, hint }: Properties) {
  return (
    <main class="pane">
      <div class="empty">
        <h1>{title}</h1>
        <p>{hint}</p>
        <a class="button" {...linkTo({ name: 'home' })}>
          {t('app.home')}
        </a>
      </div>
    </main>
  );
}
