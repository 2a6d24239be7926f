import { notify } from '../design/toasts.js';
import { errorText } from '../texts/error-text.js';

export { notify };

/** Does it, and says why where it fails. Resolves with whether it was done. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    notify(errorText(error));
    return false;
  }
}
