import type { KeyScope } from '../../common/access/key-scope.js';
import type { Transaction } from '../../database/database.js';
import type { VerifiedAccess } from '../tokens/access-token.js';

/** An API key that is good at this moment. */
export interface VerifiedKey {
  keyId: string;
  /** The administrator who made it. */
  makerId: string;
  scopes: ReadonlySet<KeyScope>;
  /** Milliseconds since 1970; far away where it has no end. */
  expiresAt: number;
}

/** A connection that a key opens. */
export interface KeyConnection extends VerifiedAccess {
  scopes: ReadonlySet<KeyScope>;
}

/**
 * What auth needs of API keys, which lie above it. Implemented by integrations/keys/api-keys.ts, bound in app.module.
 */
export abstract class KeyAccess {
  /**
   * @throws DomainError UNAUTHORIZED for a key that is unknown, revoked or expired, or whose maker is no administrator any more;
   *   ACCOUNT_SUSPENDED where its maker is; RATE_LIMITED
   */
  abstract verify(secret: string): Promise<VerifiedKey>;

  /**
   * Whom the key acts as.
   * @throws DomainError NOT_FOUND for nobody, and for a user where the key may act as bots alone; FORBIDDEN for moderators and
   *   administrators: a key is never a way to their rights; ACCOUNT_SUSPENDED
   */
  abstract requireActor(key: VerifiedKey, userId: string): Promise<{ isBot: boolean }>;

  abstract isBot(userId: string): Promise<boolean>;

  /**
   * A connection of a bot. It has a session, which ends with the key.
   * @throws DomainError UNAUTHORIZED, FORBIDDEN (without `conversations:read`), NOT_FOUND
   */
  abstract connect(secret: string, userId: string): Promise<KeyConnection>;

  /**
   * Within a transaction that locked the user: ends what is connected by keys that it made. None is opened meanwhile.
   * `Sessions.announceEnd` is to follow the commit.
   */
  abstract endConnectionsOfMaker(
    transaction: Transaction,
    makerId: string,
  ): Promise<{ userId: string; sessionIds: string[] }[]>;
}
