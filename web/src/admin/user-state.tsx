import { t } from '../texts/texts.js';
import type { AdminUser } from './UsersPage.js';

export type UserState = 'active' | 'suspended' | 'banned';

export function stateOf({ suspension }: Pick<AdminUser, 'suspension'>): UserState {
  if (suspension === null) return 'active';
  return suspension.until === null ? 'banned' : 'suspended';
}

export function StateTag({ state }: { state: UserState }) {
  return state === 'active' ? null : <span class="tag bad">{t(`admin.state.${state}`)}</span>;
}
