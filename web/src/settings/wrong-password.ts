import { ChatError } from '@parley/client';
import { t } from '../texts/texts.js';

/** Of a call that asks for the password again: a wrong one is said of the password alone. */
export async function wrongPassword(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'INVALID_CREDENTIALS') throw error;
    throw new Error(t('error.WRONG_PASSWORD'), { cause: error });
  }
}
