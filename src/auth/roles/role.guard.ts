import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { hasRole, type ServerRole } from '../../common/access/server-role.js';
import { REQUIRED_ROLE } from '../../http/decorators/require-role.decorator.js';
import { Accounts } from '../../users/accounts/accounts.js';

/**
 * Holds `@RequireRole()`, after `AccessTokenGuard` found the caller. The role is read of the database for every such request:
 * one that was taken away is worth nothing at once. Nothing is read for other routes.
 */
@Injectable()
export class RoleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly accounts: Accounts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const required = this.reflector.getAllAndOverride<ServerRole | undefined>(REQUIRED_ROLE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (required === undefined) return true;
    const { user } = context.switchToHttp().getRequest<{ user?: Principal }>();
    const role = user === undefined ? undefined : await this.accounts.roleOf(user.userId);
    if (role === undefined || !hasRole(role, required)) throw new DomainError('NOT_FOUND');
    return true;
  }
}
