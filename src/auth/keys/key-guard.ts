import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { DomainError, invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { KEY_PREFIX } from '../../common/access/key-scope.js';
import type { Principal } from '../../common/access/principal.js';
import type { KeyRule } from '../../http/decorators/key-scope.decorator.js';
import { keySessionId } from './key-session-id.js';
import { KeyAccess } from './key-access.port.js';

const ACT_AS = 'X-Act-As';

/** Lets a request with an API key in, where its route is one for keys and the key has its scope. */
@Injectable()
export class KeyGuard {
  constructor(private readonly keys: KeyAccess) {}

  isKey(token: string): boolean {
    return token.startsWith(KEY_PREFIX);
  }

  /**
   * @param rule what the route says of keys; undefined where it says nothing, and is closed to them
   * @throws DomainError UNAUTHORIZED, RATE_LIMITED, FORBIDDEN, NOT_FOUND, VALIDATION_FAILED (`X-Act-As`)
   */
  async admit(secret: string, request: Request, rule: KeyRule | undefined): Promise<Principal> {
    const key = await this.keys.verify(secret);
    if (rule === undefined) throw new DomainError('FORBIDDEN', { message: 'API keys may not do this.' });
    if (!key.scopes.has(rule.scope))
      throw new DomainError('FORBIDDEN', { message: `The API key lacks the scope ${rule.scope}.` });
    const { keyId, makerId } = key;
    const given = request.headers[ACT_AS.toLowerCase()];
    if (rule.actor === 'maker') {
      if (given !== undefined) throw invalidField(ACT_AS, `${ACT_AS} is not taken here: the maker of the key acts`);
      return { userId: makerId, sessionId: keySessionId(keyId, makerId), keyId };
    }
    const userId = actorOf(given);
    await this.keys.requireActor(key, userId);
    return { userId, sessionId: keySessionId(keyId, userId), keyId };
  }
}

/** @throws DomainError VALIDATION_FAILED (`field`) */
export function actorOf(given: unknown, field = ACT_AS): string {
  if (typeof given !== 'string' || !UUID_PATTERN.test(given.toLowerCase()))
    throw invalidField(field, `${field} must name the user who acts, by its id`);
  return given.toLowerCase();
}
