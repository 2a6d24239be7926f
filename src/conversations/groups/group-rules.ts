import type { ErrorCode } from '../../common/errors.js';
import type { MemberRole } from '../../views/conversations.view.js';

/** Who may do what in a group. Pure: each answers with the code of the refusal, or null. */

export function refusalToManage(actor: MemberRole): ErrorCode | null {
  return actor === 'MEMBER' ? 'FORBIDDEN' : null;
}

/** Owners remove anybody else, admins remove plain members. */
export function refusalToRemove(actor: MemberRole, target: MemberRole): ErrorCode | null {
  if (actor === 'OWNER') return null;
  return actor === 'ADMIN' && target === 'MEMBER' ? null : 'FORBIDDEN';
}

/** Only the owner gives and takes roles; it keeps its own until it hands the group over. */
export function refusalToChangeRole(actor: MemberRole, isSelf: boolean): ErrorCode | null {
  return actor === 'OWNER' && !isSelf ? null : 'FORBIDDEN';
}
