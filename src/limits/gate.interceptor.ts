import {
  type CallHandler,
  type CustomDecorator,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import type { Principal } from '../common/access/principal.js';
import { ReadGate } from './reads/read-gate.js';
import { WriteGate } from './writes/write-gate.js';

const IS_UNGATED = 'isUngated';

/**
 * Puts the routes of a controller behind the gates of their callers: GET, by which HEAD is answered, too, behind the
 * `ReadGate`, all others behind the `WriteGate`.
 */
export function Gated(): ClassDecorator & MethodDecorator {
  return UseInterceptors(GateInterceptor);
}

/** Leaves a route of such a controller out, which has bounds of its own. */
export const Ungated = (): CustomDecorator => SetMetadata(IS_UNGATED, true);

@Injectable()
export class GateInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly reads: ReadGate,
    private readonly writes: WriteGate,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, user } = context.switchToHttp().getRequest<{ method: string; user?: Principal }>();
    const isUngated = this.reflector.get<boolean | undefined>(IS_UNGATED, context.getHandler()) ?? false;
    if (user === undefined || isUngated) return next.handle();
    const gate = method === 'GET' || method === 'HEAD' ? this.reads : this.writes;
    return defer(() => gate.run(user, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
