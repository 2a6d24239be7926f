import { t } from '../texts/texts.js';
import '../texts/more.js';
import { notify } from './toasts.js';

/** Into the clipboard. Says whether it is there. */
export async function copy(text: string): Promise<void> {
  let isCopied: boolean;
  try {
    await navigator.clipboard.writeText(text);
    isCopied = true;
  } catch {
    isCopied = copySelected(text);
  }
  notify(t(isCopied ? 'app.copied' : 'app.notCopied'));
}

/** On plain http browsers have no clipboard for scripts: what is selected is copied as by the keyboard. */
function copySelected(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.className = 'hidden-text';
  field.value = text;
  // Outside a modal dialog that is open nothing can be selected.
  (focused?.closest('dialog') ?? document.body).append(field);
  field.select();
  try {
    // oxlint-disable-next-line typescript/no-deprecated -- there is no other way
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
