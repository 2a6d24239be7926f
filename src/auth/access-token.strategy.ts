import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import { ACCESS_TOKEN_VERIFICATION, accessTokenKey, AccessTokens } from './access-token.js';
import { Sessions } from './sessions.js';

/** An access token from the Authorization header, of a session that still lives. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  constructor(
    configuration: Configuration,
    private readonly accessTokens: AccessTokens,
    private readonly sessions: Sessions,
  ) {
    super({
      ...ACCESS_TOKEN_VERIFICATION,
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // Typed as text or bytes, and handed on as it is.
      secretOrKey: accessTokenKey(configuration) as unknown as Buffer,
    });
  }

  /** @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED */
  async validate(claims: unknown): Promise<Principal> {
    const { principal } = this.accessTokens.accept(claims);
    if (!(await this.sessions.isLive(principal.sessionId))) throw new DomainError('UNAUTHORIZED');
    return principal;
  }
}
