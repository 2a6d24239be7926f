import { Icon } from '../design/Icon.js';
import { t } from '../texts/texts.js';
import { goBack } from './router.js';

export function PaneHead({ title }: { title: string }) {
  return (
    <header class="pane-head">
      <button type="button" class="icon-button only-narrow" aria-label={t('app.back')} onClick={goBack}>
        <Icon name="back" />
      </button>
      <h1 class="grow cut pane-title">{title}</h1>
    </header>
  );
}
