import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { DomainError } from '../common/errors.js';
import { takesBody } from './engine/route-arguments.js';
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
  private readonly reflector = new Reflector();
  private readonly known = new WeakMap<object, boolean>();

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
    const known = this.known.get(handler);
    if (known !== undefined) return known;
    const isTaken =
      this.reflector.get<boolean | undefined>(IGNORES_BODY, handler) === true ||
      takesBody(context.getClass(), handler.name);
    this.known.set(handler, isTaken);
    return isTaken;
  }
}
