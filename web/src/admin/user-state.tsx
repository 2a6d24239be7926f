import { t } from '../texts/texts.js';
import type { AdminUser } from './UsersPage.js';

export type UserState = 'active' | 'suspended' | 'banned' | 'deleted';

export function stateOf({ suspension, deletedAt }: Pick<AdminUser, 'suspension' | 'deletedAt'>): UserState {
  if (deletedAt !== null) return 'deleted';
  if (suspension === null) return 'active';
  return suspension.until === null ? 'banned' : 'suspended';
}

export function StateTag({ state }: { state: UserState }) {
  return state === 'active' ? null : <span class="tag bad">{t(`admin.state.${state}`)}</span>;
}
