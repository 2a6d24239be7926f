import type { ComponentChild, FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../texts/texts.js';
import { reloadAfter } from './newer-build.js';

type Loaded<Properties> = { default: FunctionComponent<Properties> };
type Load<Properties> = () => Promise<Loaded<Properties>>;

/** Twice as long after each failure. */
const RETRY_MS = 5_000;
const MAX_RETRY_MS = 5 * 60_000;

/** What has been loaded once is there at once. */
const loaded = new Map<unknown, Loaded<never>>();
const failedOnce = new Set<unknown>();

interface Pending {
  /** Called where it cannot be loaded, which has one cause: no network, and not kept yet. Else a pane says so. */
  onFailed?: () => void;
  /** One can do without for a while: nothing is shown in its place, and it is asked for again. */
  isOptional?: boolean;
}

/** A part of the page that is fetched when it is needed. */
export function Lazy<Properties extends object>({
  load,
  onFailed,
  isOptional = false,
  ...properties
}: { load: Load<Properties> } & Pending & Properties): ComponentChild {
  const [failed, setFailed] = useState<unknown>();
  const [, setTimes] = useState(0);
  const [retryMs, setRetryMs] = useState(RETRY_MS);
  const part = loaded.get(load);
  const isFailed = failed === load;
  useEffect(() => {
    if (part !== undefined || isFailed) return;
    let isCurrent = true;
    load().then(
      (module) => {
        loaded.set(load, module);
        if (isCurrent) setTimes((times) => times + 1);
      },
      () => {
        reloadAfter({ isOptional, isRetry: !isOptional && failedOnce.has(load) }).catch(() => undefined);
        failedOnce.add(load);
        if (!isCurrent) return;
        setFailed(() => load);
        onFailed?.();
        if (!isOptional) return;
        setTimeout(() => setFailed(undefined), retryMs);
        setRetryMs(Math.min(2 * retryMs, MAX_RETRY_MS));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, part, isFailed]);
  if (part !== undefined) {
    const Part = part.default as FunctionComponent<object>;
    return <Part {...properties} />;
  }
  if (!isFailed || isOptional || onFailed !== undefined) return null;
  return (
    <main class="pane">
      <div class="empty">
        <p>{t('error.NETWORK')}</p>
        <button type="button" class="button" onClick={() => setFailed(undefined)}>
          {t('app.retry')}
        </button>
      </div>
    </main>
  );
}
