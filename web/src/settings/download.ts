import { attempt, notify } from '../app/toasts.js';
import { reached, requireDone } from '../session/public-calls.js';
import { t } from '../texts/texts.js';

/** For a link to a file of the server's: fetched here, so that a refusal is said and not a download that failed. */
export function download(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  const clicked = event.currentTarget;
  const { href, download: name } = clicked;
  event.preventDefault();
  // A second click while it comes does not want it twice.
  if (clicked.getAttribute('aria-disabled') === 'true') return;
  clicked.setAttribute('aria-disabled', 'true');
  notify(t('session.wait'));
  void attempt(async () => {
    const response = await reached(fetch(href));
    await requireDone(response);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await reached(response.blob()));
    link.download = name;
    link.click();
    // The browser has it by then, however slow it is.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }).then(() => clicked.removeAttribute('aria-disabled'));
}
