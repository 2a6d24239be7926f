import '../texts/more.js';
import { t } from '../texts/texts.js';

interface Properties {
  onLoad: () => void;
  isBusy?: boolean;
  /** Nothing of the list has come yet, and it was asked for. */
  isEmpty?: boolean;
}

/** Below a list of which there is more. */
export function LoadMore({ onLoad, isBusy = false, isEmpty = false }: Properties) {
  return (
    <>
      {isEmpty ? <p class="soft">{t('app.notLoaded')}</p> : null}
      <button type="button" class="button" disabled={isBusy} onClick={onLoad}>
        {isEmpty ? t('app.retry') : t('app.loadMore')}
      </button>
    </>
  );
}
