import { Injectable } from '@nestjs/common';
import { DomainError, domainErrorOf } from '../../common/errors.js';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { AccessTokens, type VerifiedAccess } from './access-token.js';
import { ExternalUsers } from '../external/external-users.js';
import { Sessions } from '../sessions/sessions.js';
import { TrustedIssuers } from '../external/trusted-issuers.js';

/** Whom a token speaks for, the same for every door: own access tokens and those of trusted issuers. */
@Injectable()
export class Authenticator {
  private readonly refusals = new BoundedLogger('Tokens', 20);

  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly trustedIssuers: TrustedIssuers,
    private readonly externalUsers: ExternalUsers,
    private readonly sessions: Sessions,
  ) {}

  /** Whether a token is a trusted issuer's. @throws DomainError as `verify` */
  async isExternal(token: string): Promise<boolean> {
    return (await this.trustedIssuers.verify(token)) !== undefined;
  }

  /**
   * All but whether the session still lives, which `Sessions.requireLive` says.
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, ACCOUNT_SUSPENDED, UNAVAILABLE (an issuer's keys cannot be fetched)
   */
  async verify(token: string): Promise<VerifiedAccess> {
    try {
      const external = await this.trustedIssuers.verify(token);
      return external === undefined ? this.accessTokens.verify(token) : await this.externalUsers.accessOf(external);
    } catch (error) {
      // An expired one is every client's, four times an hour.
      const { code } = domainErrorOf(error);
      if (code !== 'TOKEN_EXPIRED') this.refusals.log('a token was refused', { code });
      throw error;
    }
  }

  /** @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, ACCOUNT_SUSPENDED, UNAVAILABLE (an issuer's keys cannot be fetched) */
  async authenticate(token: string): Promise<VerifiedAccess> {
    const access = await this.verify(token);
    await this.sessions.requireLive(access.principal).catch((error: unknown) => {
      if (error instanceof DomainError && error.status < 500)
        this.refusals.log('a token was refused: its session has ended', { ...access.principal, code: error.code });
      throw error;
    });
    return access;
  }
}
