import type { Conversation, User } from '@parley/client';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';

/** The other one of a direct conversation. */
export function partnerOf({ type, members }: Conversation): User | undefined {
  if (type !== 'DIRECT') return undefined;
  return members.find(({ user }) => user.id !== client.userId)?.user;
}

export function nameOf(conversation: Conversation): string {
  return conversation.title ?? partnerOf(conversation)?.displayName ?? t('app.deletedUser');
}

export function isMuted({ me }: Conversation): boolean {
  return me.mutedUntil !== null && Date.parse(me.mutedUntil) > Date.now();
}

/** Years of RFC 3339 end there: for good. */
export const FOR_GOOD = '9999-12-31T23:59:59.000Z';
