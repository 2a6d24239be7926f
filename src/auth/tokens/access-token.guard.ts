import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import passport from 'passport';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { IS_PUBLIC } from '../../http/public.decorator.js';

/** Every HTTP route is closed but those that are `@Public()`. Sockets were let in by their handshake, or not at all. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly strategy: AccessTokenStrategy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<Request>();
    Object.assign(request, { user: await this.authenticate(request, context.switchToHttp().getResponse<Response>()) });
    return true;
  }

  /**
   * Passport keeps strategies by name for the whole process, where a second server would replace this one's: so it is
   * given the strategy itself, and a new object of it each time. Passport writes the request's own continuation on what
   * it is given; on a shared one, requests at the same moment would be answered as one another's users.
   */
  private authenticate(request: Request, response: Response): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const decide = (error: unknown, principal: Principal | false | null): void => {
        if (principal) resolve(principal);
        else reject(error ?? new DomainError('UNAUTHORIZED'));
      };
      passport.authenticate(Object.create(this.strategy) as AccessTokenStrategy, { session: false }, decide)(
        request,
        response,
        reject,
      );
    });
  }
}
