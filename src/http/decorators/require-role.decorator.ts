import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { ServerRole } from '../../common/access/server-role.js';

export const REQUIRED_ROLE = 'requiredRole';

/**
 * Closes a route, or a controller, to callers below this role of the server. For them it does not exist: they are answered
 * 404, before their parameters and body are looked at.
 */
export const RequireRole = (role: Exclude<ServerRole, 'USER'>): CustomDecorator => SetMetadata(REQUIRED_ROLE, role);
