const KEY = 'parley.reloaded';
const MIN_BETWEEN_RELOADS_MS = 60_000;
let isAsking = false;
/** What is open that a reload would lose. */
let held = 0;

/** The page does not begin anew until what this returns is called: for a recording, which is kept nowhere, or an edit under somebody’s hands. */
export function holdReload(): () => void {
  held += 1;
  return () => void (held -= 1);
}

interface Failed {
  /** The user did not ask for it. */
  isOptional: boolean;
  /** The user asked for it once more, in vain. */
  isRetry: boolean;
}

/**
 * After a part of the page could not be fetched: where the server has another build by now, the page begins anew with it.
 * With the same build, too, after a retry: browsers remember of an import that it failed, for as long as the page lives.
 * Messages are kept through that; what holds the reload is not. Where the user has asked for nothing, it waits until nobody
 * looks and nothing is typed in a form either.
 */
export async function reloadAfter({ isOptional, isRetry }: Failed): Promise<void> {
  const script = document.querySelector<HTMLScriptElement>('script[type=module]')?.getAttribute('src');
  const last = Number(sessionStorage.getItem(KEY) ?? 0);
  const isFree = (): boolean => held === 0 && !(isOptional && (document.visibilityState === 'visible' || isTyped()));
  // Many parts that are alike fail at once.
  if (isAsking || script == null || !isFree() || Date.now() - last < MIN_BETWEEN_RELOADS_MS) return;
  isAsking = true;
  try {
    const response = await fetch('/', { cache: 'no-store' });
    if (!response.ok || (!isRetry && (await response.text()).includes(script)) || !isFree()) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  } finally {
    isAsking = false;
  }
}

/** Not of a message, which is kept. */
function isTyped(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
    'input,textarea:not(.composer-text)',
  );
  return [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}
