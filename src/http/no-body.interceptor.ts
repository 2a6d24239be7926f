import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor, SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { DomainError } from '../common/errors.js';
import { isUploadPath } from './uploads.js';

const IGNORES_BODY = 'parley:ignores-body';

/** A handler that must not fail for what it does not look at: many clients send their refresh token when they log out. */
export function IgnoresBody(): MethodDecorator {
  return SetMetadata(IGNORES_BODY, true);
}

/**
 * Refuses the fields of a body where a handler takes none, as validation refuses unknown fields elsewhere (contract, section 1).
 * Behind the guards: who may not call a route is shown that first. An empty object is no body.
 */
@Injectable()
export class NoBodyInterceptor implements NestInterceptor {
  private readonly takesBody = new WeakMap<object, boolean>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    const fields = Object.keys((request.body as object | undefined) ?? {});
    // Where files are uploaded, anything but a file is refused for its type.
    if (fields.length === 0 || isUploadPath(request) || this.hasBodyParameter(context)) return next.handle();
    throw new DomainError('VALIDATION_FAILED', {
      errors: Object.fromEntries(fields.map((field) => [field, [`property ${field} should not exist`]])),
    });
  }

  private hasBodyParameter(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.takesBody.get(handler);
    if (known !== undefined) return known;
    // Without it every call that has a body would be refused: no body passes unseen.
    const parameters: object = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {};
    const takesBody =
      Reflect.getMetadata(IGNORES_BODY, handler) === true ||
      Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
    this.takesBody.set(handler, takesBody);
    return takesBody;
  }
}
