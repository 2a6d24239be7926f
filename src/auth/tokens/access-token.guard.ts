import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import passport from 'passport';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { AccessTokenStrategy, bearerToken } from './access-token.strategy.js';
import { KeyGuard } from '../keys/key-guard.js';
import { KEY_RULE, type KeyRule } from '../../http/decorators/key-scope.decorator.js';
import { IS_PUBLIC } from '../../http/decorators/public.decorator.js';

/**
 * Every HTTP route is closed but those that are `@Public()`, and to API keys but those with a `@KeyScope()`. Sockets were let in
 * by their handshake, or not at all.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly strategy: AccessTokenStrategy,
    private readonly keys: KeyGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const token = bearerToken(request.headers.authorization);
    const user =
      token !== undefined && this.keys.isKey(token)
        ? await this.keys.admit(token, request, this.ruleOfKeys(context))
        : await this.authenticate(request, context.switchToHttp().getResponse<Response>());
    Object.assign(request, { user });
    return true;
  }

  private ruleOfKeys(context: ExecutionContext): KeyRule | undefined {
    return this.reflector.getAllAndOverride<KeyRule | undefined>(KEY_RULE, [context.getHandler(), context.getClass()]);
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
