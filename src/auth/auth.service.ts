import { Injectable } from '@nestjs/common';
import { DomainError, invalidField } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Database } from '../database/database.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import { Accounts, type Credentials } from '../users/accounts.js';
import { AccessTokens } from './access-token.js';
import type { Login, Registration } from './dto/auth.dto.js';
import { Passwords } from './passwords.js';
import { type OpenedSession, Sessions } from './sessions.js';
import type { RegistrationView, TokensView } from './tokens.view.js';

/** Registration and login (contract, section 2). */
@Injectable()
export class AuthService {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly passwords: Passwords,
    private readonly limiter: RateLimiter,
  ) {}

  /** @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN, OVERLOADED */
  async register({ email, password, username, displayName }: Registration, ip?: string): Promise<RegistrationView> {
    const passwordHash = await this.passwords.hash(password);
    const { user, opened } = await this.database.transaction(async (transaction) => {
      const user = await this.accounts.create(transaction, {
        email,
        passwordHash,
        username: username ?? undefined,
        displayName: displayName ?? undefined,
      });
      return { user, opened: await this.sessions.open(user.id, { ip }, transaction) };
    });
    return { user, ...this.tokensOf(opened) };
  }

  /**
   * Answers for an unknown user what it answers for a wrong password, in the same time.
   * @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED
   */
  async login(login: Login, ip?: string): Promise<TokensView> {
    const by = accountNamedBy(login);
    // By what was presented and not by whom it names: the limit must not tell that two names are one person.
    const account = 'email' in by ? by.email : by.username;
    // Counted before the guess, or guesses made at once would not be; given back where it was none.
    await this.limiter.consume('loginByAccount', account);
    const credentials = await this.rightCredentials(by, login.password);
    if (credentials === null) throw new DomainError('INVALID_CREDENTIALS');
    await this.limiter.restore('loginByAccount', account);
    return this.tokensOf(await this.sessions.open(credentials.userId, { deviceName: login.deviceName, ip }));
  }

  /** @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED */
  async refresh(refreshToken: string): Promise<TokensView> {
    return this.tokensOf(await this.sessions.rotate(refreshToken));
  }

  /** Ends the caller's session, its sockets with it. */
  async logout({ sessionId }: Principal): Promise<void> {
    await this.sessions.revoke([sessionId], 'LOGGED_OUT');
  }

  private async rightCredentials(
    by: { email: string } | { username: string },
    password: string,
  ): Promise<Credentials | null> {
    const credentials = await this.accounts.credentialsOf(by);
    const right = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    return right ? credentials : null;
  }

  private tokensOf({ principal, refreshToken }: OpenedSession): TokensView {
    const { accessToken, expiresIn } = this.accessTokens.issue(principal);
    return { accessToken, refreshToken, expiresIn };
  }
}

function accountNamedBy({ email, username }: Login): { email: string } | { username: string } {
  if (email != null && username == null) return { email };
  if (username != null && email == null) return { username };
  throw invalidField('email', 'exactly one of email and username is required');
}
