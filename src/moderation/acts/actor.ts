import { DomainError } from '../../common/errors.js';
import { hasRole } from '../../common/access/server-role.js';
import type { Standing } from '../../users/accounts/accounts.js';
import { accountSuspended, suspensionAt } from '../../users/accounts/suspension.js';

/** The one who acts. */
export interface Actor {
  /** Null: an operator at the server's machine, who may do everything. */
  readonly userId: string | null;
  readonly ipAddress: string | undefined;
}

/** At the server's machine. */
export const OPERATOR: Actor = { userId: null, ipAddress: undefined };

/**
 * That this actor may act upon this user. What it goes by was read under the lock of both, so that a role that was taken away a
 * moment ago is worth nothing, nor is one of who was suspended.
 * @param target undefined: nobody, or deleted
 * @param now milliseconds since 1970
 * @throws DomainError ACCOUNT_SUSPENDED (the actor's), NOT_FOUND (no such user; or the actor has no role any more), FORBIDDEN
 *   (itself; a moderator upon another, or upon an administrator)
 */
export function requireMayAct(
  actor: Actor,
  standing: Standing | undefined,
  target: Standing | undefined,
  now: number,
): asserts target is Standing {
  if (actor.userId !== null) requireModerator(standing, now);
  if (target === undefined) throw new DomainError('NOT_FOUND');
  if (target.id === actor.userId) throw new DomainError('FORBIDDEN', { message: 'You cannot act upon yourself.' });
  if (actor.userId !== null && standing?.role !== 'ADMIN' && target.role !== 'USER')
    throw new DomainError('FORBIDDEN', { message: 'Only administrators act upon moderators and administrators.' });
}

/** @throws DomainError ACCOUNT_SUSPENDED, NOT_FOUND */
export function requireModerator(standing: Standing | undefined, now: number): asserts standing is Standing {
  const suspension = suspensionAt(standing, now);
  if (suspension !== undefined) throw accountSuspended(suspension);
  if (standing === undefined || !hasRole(standing.role, 'MODERATOR')) throw new DomainError('NOT_FOUND');
}
