import '../texts/more.js';
import { t } from '../texts/texts.js';

/** Below a list of which there is more. */
export function LoadMore({ onLoad, isBusy = false }: { onLoad: () => void; isBusy?: boolean }) {
  return (
    <button type="button" class="button" disabled={isBusy} onClick={onLoad}>
      {t('app.loadMore')}
    </button>
  );
}
