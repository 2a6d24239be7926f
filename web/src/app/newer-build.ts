const KEY = 'parley.reloaded';
const MIN_BETWEEN_RELOADS_MS = 60_000;
let isAsking = false;

/**
 * After a part of the page could not be fetched: where the server has another build by now, the page begins anew with it.
 * What was written is kept, so nothing is lost by that.
 */
export async function reloadIfNewer(): Promise<void> {
  const script = document.querySelector<HTMLScriptElement>('script[type=module]')?.getAttribute('src');
  const last = Number(sessionStorage.getItem(KEY) ?? 0);
  // Many parts that are alike fail at once.
  if (isAsking || script == null || Date.now() - last < MIN_BETWEEN_RELOADS_MS) return;
  isAsking = true;
  try {
    const response = await fetch('/', { cache: 'no-store' });
    if (!response.ok || (await response.text()).includes(script)) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  } finally {
    isAsking = false;
  }
}
