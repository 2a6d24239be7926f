import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import type { Principal } from '../../common/principal.js';
import { ReadGate } from './read-gate.js';

/** Puts the GET routes of a controller, by which HEAD is answered, too, behind the `ReadGate` of their callers. */
export function GatedReads(): ClassDecorator & MethodDecorator {
  return UseInterceptors(ReadGateInterceptor);
}

@Injectable()
export class ReadGateInterceptor implements NestInterceptor {
  constructor(private readonly gate: ReadGate) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, user } = context.switchToHttp().getRequest<{ method: string; user?: Principal }>();
    if ((method !== 'GET' && method !== 'HEAD') || user === undefined) return next.handle();
    return defer(() => this.gate.run(user, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
