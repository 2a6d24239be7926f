import { createHash, randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { keySessionId } from '../../auth/keys/key-session-id.js';
import { KeyAccess, type KeyConnection, type VerifiedKey } from '../../auth/keys/key-access.port.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { KEY_PREFIX } from '../../common/access/key-scope.js';
import { decodeCursor, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Database, type Transaction } from '../../database/database.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { type ApiKeyView, apiKeyView, type NewApiKeyView } from './api-keys.view.js';
import type { CreateApiKeyDto } from './dto/api-keys.dto.js';

export const MAX_API_KEYS = 200;
/** How often it is written down that a key is in use, at the most. */
const USE_WINDOW_MS = 60_000;
const SECRET_BYTES = 32;
const SECRET = new RegExp(`^${KEY_PREFIX}[\\w-]{43}$`);
/** For a key that has no end: later than any connection lives. */
const NO_END_MS = 100 * 365 * 86_400_000;

/**
 * Keys by which programs call (contract, section 9). A key is 256 random bits, so its SHA-256 is all that has to be kept: who
 * reads the database cannot call with what it finds, and no comparison of it, however long it takes, says anything of a key.
 */
@Injectable()
export class ApiKeys extends KeyAccess implements OnModuleInit {
  private readonly logger = new Logger(ApiKeys.name);

  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeysRepository,
    private readonly sessions: Sessions,
    private readonly accounts: Accounts,
    private readonly audit: Audit,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
  ) {
    super();
  }

  onModuleInit(): void {
    this.personalData.register({
      name: 'apiKeys',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      // A secret that somebody may have taken along opens nothing.
      erase: (transaction, userId) => this.revokeAllOfMaker(transaction, userId),
    });
  }

  override async verify(secret: string): Promise<VerifiedKey> {
    if (!SECRET.test(secret)) throw new DomainError('UNAUTHORIZED');
    const now = this.clock.now();
    const key = await this.repository.find(hashOf(secret), new Date(now));
    if (key === undefined) throw new DomainError('UNAUTHORIZED');
    // Its secret is known to who made it.
    await this.accounts.requireUnsuspended(key.createdBy);
    await this.limiter.consume('keyRequests', key.id);
    if (key.lastUsedAt === null || key.lastUsedAt.getTime() <= now - USE_WINDOW_MS)
      this.repository
        .noteUse(key.id, new Date(now), USE_WINDOW_MS)
        .catch((error: Error) => this.logger.warn(`the use of a key was not written down: ${error.message}`));
    return {
      keyId: key.id,
      makerId: key.createdBy,
      scopes: new Set(key.scopes),
      expiresAt: key.expiresAt?.getTime() ?? now + NO_END_MS,
    };
  }

  override async requireActor({ scopes }: VerifiedKey, userId: string): Promise<{ isBot: boolean }> {
    const actor = await this.repository.actor(userId);
    if (actor === undefined || (!actor.isBot && !scopes.has('users:write'))) throw new DomainError('NOT_FOUND');
    if (actor.role !== 'USER')
      throw new DomainError('FORBIDDEN', { message: 'An API key acts as no moderator and no administrator.' });
    await this.accounts.requireUnsuspended(userId);
    return { isBot: actor.isBot };
  }

  override async isBot(userId: string): Promise<boolean> {
    return (await this.repository.actor(userId))?.isBot === true;
  }

  override async connect(secret: string, userId: string): Promise<KeyConnection> {
    const key = await this.verify(secret);
    if (!key.scopes.has('conversations:read'))
      throw new DomainError('FORBIDDEN', { message: 'The API key lacks the scope conversations:read.' });
    const { isBot } = await this.requireActor(key, userId);
    if (!isBot) throw new DomainError('NOT_FOUND');
    const { keyId } = key;
    const sessionId = keySessionId(keyId, userId);
    const now = this.clock.now();
    await this.database.transaction(async (transaction) => {
      // Both are held until the session is there: who suspends or deletes one of them, or revokes the key, ends it with the others,
      // or it is not opened at all.
      await this.accounts.holdUnsuspended(transaction, userId, key.makerId);
      if (!(await this.repository.hold(transaction, keyId))) throw new DomainError('UNAUTHORIZED');
      await this.sessions.openExternal(transaction, sessionId, userId, 'API key', now);
      await this.repository.noteSession(transaction, keyId, sessionId);
    });
    return { principal: { userId, sessionId, keyId }, expiresAt: key.expiresAt, scopes: key.scopes };
  }

  override async endConnectionsOfMaker(
    transaction: Transaction,
    makerId: string,
  ): Promise<{ userId: string; sessionIds: string[] }[]> {
    return this.sessions.endThese(transaction, await this.repository.sessionsOfMaker(transaction, makerId));
  }

  private async revokeAllOfMaker(transaction: Transaction, makerId: string): Promise<(() => void) | undefined> {
    const ended = await this.endConnectionsOfMaker(transaction, makerId);
    const removed = await this.repository.removeOfMaker(transaction, makerId);
    if (removed.length === 0) return undefined;
    await this.sessions.raiseEndings(transaction);
    for (const { id, name } of removed)
      await this.audit.record(transaction, {
        actorId: null,
        action: 'api_key.revoke',
        targetType: 'api_key',
        targetId: id,
        reason: 'The account that made it was deleted.',
        details: { name, makerId },
      });
    return () => this.announce(ended);
  }

  private announce(ended: readonly { userId: string; sessionIds: string[] }[]): void {
    for (const { userId, sessionIds } of ended) this.sessions.announceEnd(userId, sessionIds, 'SESSION_REVOKED');
  }

  /** The secret is in the answer, and nowhere else. @throws DomainError LIMIT_REACHED, VALIDATION_FAILED */
  async create(principal: Principal, body: CreateApiKeyDto, ip: string | undefined): Promise<NewApiKeyView> {
    const now = this.clock.now();
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
    if (expiresAt !== null && expiresAt.getTime() <= now)
      throw invalidField('expiresAt', 'expiresAt must be in the future');
    const secret = `${KEY_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const key = {
      id: newId(),
      name: body.name,
      scopes: [...new Set(body.scopes)].sort(),
      createdBy: principal.userId,
      createdAt: new Date(now),
      expiresAt,
    };
    await this.database.transaction(async (transaction) => {
      if (!(await this.repository.add(transaction, key, hashOf(secret), MAX_API_KEYS)))
        throw new DomainError('LIMIT_REACHED');
      await this.audit.record(transaction, {
        actorId: principal.userId,
        action: 'api_key.create',
        targetType: 'api_key',
        targetId: key.id,
        ip,
        details: { name: key.name, scopes: key.scopes.join(' '), expiresAt: expiresAt?.toISOString() ?? null },
      });
    });
    return { ...apiKeyView({ ...key, lastUsedAt: null }), secret };
  }

  /** The newest first. */
  async list({ cursor, limit }: PageQuery): Promise<Page<ApiKeyView>> {
    const [before] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    const rows = await this.repository.list(before, limit + 1);
    return pageOf(rows, limit, ({ id }) => [id], apiKeyView);
  }

  /** From here on it is worth nothing, and its connections end, on every process. @throws DomainError NOT_FOUND */
  async revoke(principal: Principal, id: string, ip: string | undefined): Promise<void> {
    const ended = await this.database.transaction(async (transaction) => {
      const name = await this.repository.lockName(transaction, id);
      if (name === undefined) throw new DomainError('NOT_FOUND');
      const revoked = await this.sessions.endThese(transaction, await this.repository.sessionsOf(transaction, id));
      await this.repository.remove(transaction, id);
      await this.sessions.raiseEndings(transaction);
      await this.audit.record(transaction, {
        actorId: principal.userId,
        action: 'api_key.revoke',
        targetType: 'api_key',
        targetId: id,
        ip,
        details: { name },
      });
      return revoked;
    });
    this.announce(ended);
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
