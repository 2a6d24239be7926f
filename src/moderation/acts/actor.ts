import { DomainError } from '../../common/errors.js';
import { hasRole } from '../../common/server-role.js';
import type { Standing } from '../../users/accounts/accounts.js';

/** Who acts. */
export interface Actor {
  /** Null: an operator at the server's machine, who may do everything. */
  readonly userId: string | null;
  readonly ipAddress: string | undefined;
}

/**
 * That this actor may act upon this user. What it goes by was read under the lock of both, so that a role that was taken away a
 * moment ago is worth nothing.
 * @param target undefined: nobody, or deleted
 * @throws DomainError NOT_FOUND (no such user; or the actor has no role any more), FORBIDDEN (itself; a moderator upon another, or
 *   upon an administrator)
 */
export function requireMayAct(
  actor: Actor,
  standing: Standing | undefined,
  target: Standing | undefined,
): asserts target is Standing {
  if (actor.userId !== null) requireModerator(standing);
  if (target === undefined) throw new DomainError('NOT_FOUND');
  if (target.id === actor.userId) throw new DomainError('FORBIDDEN', { message: 'You cannot act upon yourself.' });
  if (actor.userId !== null && standing?.role !== 'ADMIN' && target.role !== 'USER')
    throw new DomainError('FORBIDDEN', { message: 'Only administrators act upon moderators and administrators.' });
}

/** @throws DomainError NOT_FOUND */
export function requireModerator(standing: Standing | undefined): asserts standing is Standing {
  if (standing === undefined || !hasRole(standing.role, 'MODERATOR')) throw new DomainError('NOT_FOUND');
}
