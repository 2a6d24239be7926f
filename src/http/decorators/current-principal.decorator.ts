import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';

/** The caller, as the guard found it. Only on routes that are not public. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  return context.switchToHttp().getRequest<{ user: Principal }>().user;
});
