import { ChatError, type User } from '@parley/client';
import { listOf, t } from '../texts/texts.js';

/** Runs a call that adds these to a group, in this order; who is in too many groups already is named. */
export async function addingMembers<Result>(users: readonly User[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'LIMIT_REACHED') throw error;
    const names = Object.keys(error.errors ?? {}).flatMap(
      (field) => users[Number(/^memberIds\.(\d+)$/.exec(field)?.[1])]?.displayName ?? [],
    );
    const text = names.length === 0 ? t('group.tooMany') : t('group.tooManyOf', { names: listOf(names) });
    throw new Error(text, { cause: error });
  }
}
