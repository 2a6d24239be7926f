import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { Database } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { hashedId } from '../hashed-id.js';
import type { VerifiedAccess } from '../tokens/access-token.js';
import { Sessions } from '../sessions/sessions.js';
import { ExternalIdentitiesRepository, type KnownIdentity } from './external-identities.repository.js';
import type { ExternalIdentity } from './trusted-issuers.js';

/**
 * The local users behind the tokens of trusted issuers (contract, section 2). All tokens of one subject are one session
 * here: it is listed and revoked like any other, and a token made after that opens it anew. One made before never does.
 *
 * Guarantee: a subject becomes one user, however many of its tokens come first at the same moment. It never becomes a
 * user who was there before, whatever e-mail address the token names: that would hand accounts over to whoever the issuer is.
 */
@Injectable()
export class ExternalUsers {
  constructor(
    private readonly database: Database,
    private readonly repository: ExternalIdentitiesRepository,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError UNAUTHORIZED for a token from before its session was revoked; ACCOUNT_SUSPENDED */
  async accessOf(identity: ExternalIdentity): Promise<VerifiedAccess> {
    const sessionId = externalSessionId(identity);
    const known = (await this.repository.find(identity, sessionId)) ?? (await this.firstSight(identity, sessionId));
    await this.requireIssuedAfterEnds(identity, known);
    const { userId, revokedAt } = known;
    if (revokedAt !== null) {
      // First: what is opened anew knows of no end any more.
      await this.repository.noteEnds([sessionId], revokedAt);
      if (!(await this.sessions.reopen(userId, sessionId, revokedAt, identity.issuedAt)))
        await this.requireOpen(identity, sessionId);
    }
    if (identity.issuedAt > this.clock.now()) await this.sessions.noteIssue(sessionId, identity.issuedAt);
    return { principal: { userId, sessionId }, expiresAt: identity.expiresAt };
  }

  /** For a request that did not open the session anew: another one with a token of that sign-in did, or another end came. */
  private async requireOpen(identity: ExternalIdentity, sessionId: string): Promise<void> {
    const known = await this.repository.find(identity, sessionId);
    if (known === undefined || known.revokedAt !== null) throw new DomainError('UNAUTHORIZED');
    await this.requireIssuedAfterEnds(identity, known);
  }

  private async requireIssuedAfterEnds(
    { issuedAt }: ExternalIdentity,
    { userId, revokedAt, endedAt }: KnownIdentity,
  ): Promise<void> {
    if (![revokedAt, endedAt].some((end) => end !== null && issuedAt <= end.getTime())) return;
    await this.accounts.requireUnsuspended(userId);
    throw new DomainError('UNAUTHORIZED');
  }

  private firstSight(identity: ExternalIdentity, sessionId: string): Promise<KnownIdentity> {
    const { issuer, name, picture, email } = identity;
    return this.database.transaction(async (transaction) => {
      // A request of the same moment waits here, and then finds what was made.
      await this.repository.lock(transaction, identity);
      const known = await this.repository.find(identity, sessionId, transaction);
      if (known !== undefined) return known;
      const endedAt = await this.repository.endOf(transaction, sessionId);
      // The account was deleted; only who signs in anew gets another.
      if (endedAt !== undefined && identity.issuedAt <= endedAt.getTime()) throw new DomainError('UNAUTHORIZED');
      const userId = await this.accounts.createExternal(transaction, { name, picture, email });
      await this.repository.add(transaction, identity, userId);
      await this.sessions.openExternal(transaction, sessionId, userId, issuer, this.clock.now());
      return { userId, revokedAt: null, endedAt: null };
    });
  }
}

/** One id for all tokens of a subject. */
export function externalSessionId({ issuer, subject }: Pick<ExternalIdentity, 'issuer' | 'subject'>): string {
  return hashedId([issuer, subject]);
}
