import type { User } from '@parley/client';
import { t } from '../../texts/texts.js';

export interface AdminUser extends User {
  role: 'USER' | 'MODERATOR' | 'ADMIN';
  email: string | null;
  deletedAt: string | null;
  /** Null where the account may be used; without an end it is a ban. */
  suspension: { since: string; until: string | null; reason: string | null } | null;
}

export type UserState = 'active' | 'suspended' | 'banned' | 'deleted';

export function stateOf({ suspension, deletedAt }: Pick<AdminUser, 'suspension' | 'deletedAt'>): UserState {
  if (deletedAt !== null) return 'deleted';
  if (suspension === null) return 'active';
  return suspension.until === null ? 'banned' : 'suspended';
}

export function StateTag({ state }: { state: UserState }) {
  return state === 'active' ? null : <span class="tag bad">{t(`admin.state.${state}`)}</span>;
}
