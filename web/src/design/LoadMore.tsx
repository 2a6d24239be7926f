import '../texts/more.js';
import { t } from '../texts/texts.js';

/** Below a list of which there is more. */
export function LoadMore({ onLoad }: { onLoad: () => void }) {
  return (
    <button type="button" class="button" onClick={onLoad}>
      {t('app.loadMore')}
    </button>
  );
}
