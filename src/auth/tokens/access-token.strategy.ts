import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Authenticator } from './authenticator.js';
import { type RequestHead, SessionCookies } from '../sessions/session-cookies.js';

type Decide = (error: unknown, principal: Principal | null) => void;

/** A strategy that is all in what its subclass does with a request. */
class RequestStrategy extends Strategy {
  override readonly name = 'access-token';

  constructor(private readonly decide: (request: Request, decide: Decide) => void) {
    super();
  }

  override authenticate(request: Request): void {
    this.decide(request, (error, principal) => {
      if (principal === null) this.error(error);
      else this.success(principal);
    });
  }
}

/** An access token, own or of a trusted issuer, from the Authorization header or a browser's cookie. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(RequestStrategy) {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly cookies: SessionCookies,
  ) {
    super();
  }

  /** @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, FOREIGN_ORIGIN, UNAVAILABLE */
  async validate(request: Request): Promise<Principal> {
    return (await this.authenticator.authenticate(this.tokenOf(request))).principal;
  }

  /** @throws DomainError UNAUTHORIZED, FOREIGN_ORIGIN */
  tokenOf(request: RequestHead): string {
    const token = bearerToken(request.headers.authorization) ?? this.cookies.accessToken(request);
    if (token === undefined) throw new DomainError('UNAUTHORIZED');
    return token;
  }
}

/** A token that a client took from an Authorization header, without the header's word before it. */
export function withoutScheme(token: string): string {
  return token.replace(/^Bearer +/i, '');
}

/**
 * The token of an Authorization header; undefined where there is no header.
 * @throws DomainError UNAUTHORIZED for any other header: who sends a wrong one does not mean the cookie.
 */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +([^\s,]+)$/i.exec(header)?.[1];
  if (token === undefined) throw new DomainError('UNAUTHORIZED');
  return token;
}
