import type { ComponentChild, FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../texts/texts.js';

type Loaded<Properties> = { default: FunctionComponent<Properties> };
type Load<Properties> = () => Promise<Loaded<Properties>>;

/** What has been loaded once is there at once. */
const loaded = new Map<unknown, Loaded<never>>();

interface Pending {
  /** Shown where it cannot be loaded, which has one cause: no network, and not kept yet. */
  onFailed?: () => void;
}

/** A part of the page that is fetched when it is needed. */
export function Lazy<Properties extends object>({
  load,
  onFailed,
  ...properties
}: { load: Load<Properties> } & Pending & Properties): ComponentChild {
  const [part, show] = useState(() => loaded.get(load) as Loaded<Properties> | undefined);
  const [isFailed, fail] = useState(false);
  const [tries, retry] = useState(0);
  useEffect(() => {
    if (part !== undefined) return;
    let isCurrent = true;
    load().then(
      (module) => {
        loaded.set(load, module);
        if (isCurrent) show(module);
      },
      () => {
        if (!isCurrent) return;
        fail(true);
        onFailed?.();
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, tries]);
  if (part !== undefined) {
    const Part = part.default as FunctionComponent<object>;
    return <Part {...properties} />;
  }
  if (!isFailed || onFailed !== undefined) return null;
  return (
    <main class="pane">
      <div class="empty">
        <p>{t('error.NETWORK')}</p>
        <button
          type="button"
          class="button"
          onClick={() => {
            fail(false);
            retry(tries + 1);
          }}
        >
          {t('app.retry')}
        </button>
      </div>
    </main>
  );
}
