import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { UUID_PATTERN } from '../common/identifier.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';

const ALGORITHM = 'HS256';
const ISSUER = 'parley';
const AUDIENCE = 'parley';
/** The end of what a date can say, in seconds since 1970. */
const LAST_MOMENT = 8.64e12;

/**
 * What a token must be for its claims to be looked at, wherever it is verified. Its end is left to `AccessTokens.accept`,
 * which requires one and goes by this server's clock.
 */
export const ACCESS_TOKEN_VERIFICATION = {
  algorithms: [ALGORITHM] as ['HS256'],
  issuer: ISSUER,
  audience: AUDIENCE,
  ignoreExpiration: true,
};

/**
 * The key that access tokens are signed with. As an object: given a text, the library first tries at every token whether
 * it is a public key, which costs more than the rest of the request.
 */
export function accessTokenKey({ jwtSecret }: Configuration): KeyObject {
  return createSecretKey(Buffer.from(jwtSecret));
}

export interface IssuedAccessToken {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
}

export interface VerifiedAccess {
  principal: Principal;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Access tokens: JWTs (contract, section 2). They say who; whether that session still lives, `Sessions.isLive` says. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {}

  issue({ userId, sessionId }: Principal): IssuedAccessToken {
    const expiresIn = this.configuration.accessTokenSeconds;
    const claims = { sub: userId, sid: sessionId, iat: Math.floor(this.clock.now() / 1_000) };
    return {
      accessToken: this.jwt.sign(claims, { algorithm: ALGORITHM, issuer: ISSUER, audience: AUDIENCE, expiresIn }),
      expiresIn,
    };
  }

  /** @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED */
  verify(token: string): VerifiedAccess {
    let claims: unknown;
    try {
      claims = this.jwt.verify<object>(token, ACCESS_TOKEN_VERIFICATION);
    } catch (cause) {
      throw new DomainError('UNAUTHORIZED', { cause });
    }
    return this.accept(claims);
  }

  /**
   * The claims of a token whose signature was verified.
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED
   */
  accept(claims: unknown): VerifiedAccess {
    const { sub, sid, exp } = Object(claims) as Record<string, unknown>;
    if (!isUuid(sub) || !isUuid(sid) || typeof exp !== 'number' || !(exp < LAST_MOMENT))
      throw new DomainError('UNAUTHORIZED');
    const expiresAt = exp * 1_000;
    if (expiresAt <= this.clock.now()) throw new DomainError('TOKEN_EXPIRED');
    return { principal: { userId: sub, sessionId: sid }, expiresAt };
  }
}

function isUuid(claim: unknown): claim is string {
  return typeof claim === 'string' && UUID_PATTERN.test(claim);
}
