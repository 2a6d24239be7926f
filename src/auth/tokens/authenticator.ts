import { Injectable } from '@nestjs/common';
import { DomainError, domainErrorOf } from '../../common/errors.js';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { AccessTokens, type VerifiedAccess } from './access-token.js';
import { ExternalUsers } from '../external/external-users.js';
import { Sessions } from '../sessions/sessions.js';
import { TrustedIssuers } from '../external/trusted-issuers.js';

type Reading = (read: () => Promise<VerifiedAccess>) => Promise<VerifiedAccess>;

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
   * @param reading what is read of the database, by whoever waits for one that is away; an issuer's keys are not waited for
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, ACCOUNT_SUSPENDED, UNAVAILABLE (an issuer's keys cannot be fetched)
   */
  async verify(token: string, reading: Reading = (read) => read()): Promise<VerifiedAccess> {
    try {
      const external = await this.trustedIssuers.verify(token);
      if (external === undefined) return this.accessTokens.verify(token);
      return await reading(() => this.externalUsers.accessOf(external));
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
