import { ChatError } from '@parley/client';
import { t } from '../texts/texts.js';

/** Runs a call that asks for the password again; a wrong one is reported about the password alone. */
export async function wrongPassword(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'INVALID_CREDENTIALS') throw error;
    throw new Error(t('error.WRONG_PASSWORD'), { cause: error });
  }
}
