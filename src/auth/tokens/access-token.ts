import { createSecretKey, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import type { TokensView } from './tokens.view.js';

const ALGORITHM = 'HS256';
const ISSUER = 'parley';
const AUDIENCE = 'parley';
/** The end of what a date can say, in seconds since 1970. */
const LAST_MOMENT = 8.64e12;

/**
 * What a token must be for its claims to be looked at. Its end is left to `AccessTokens.accept`,
 * which requires one and goes by this server's clock.
 */
const ACCESS_TOKEN_VERIFICATION = {
  algorithms: [ALGORITHM] as ['HS256'],
  issuer: ISSUER,
  audience: AUDIENCE,
  ignoreExpiration: true,
};

/** How a key is named in the headers of its tokens. */
const KEY_ID = /^parley-[\w-]{11}$/;

interface Key {
  id: string;
  jwt: JwtService;
}

/** As an object: given a text, the library first tries at every token whether it is a public key, which costs more than the rest of the request. */
function keyOf(secret: string): Key {
  const id = hkdfSync('sha256', secret, '', 'parley access token key id', 8);
  return {
    id: `parley-${Buffer.from(id).toString('base64url')}`,
    jwt: new JwtService({ secret: createSecretKey(Buffer.from(secret)) }),
  };
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
  private readonly current: Key;
  /** With the one before, during a change-over. */
  private readonly keys: readonly Key[];

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    const { jwtSecret, jwtSecretPrevious } = configuration;
    this.current = keyOf(jwtSecret);
    this.keys = jwtSecretPrevious === undefined ? [this.current] : [this.current, keyOf(jwtSecretPrevious)];
  }

  issue({ userId, sessionId }: Principal): IssuedAccessToken {
    const expiresIn = this.configuration.accessTokenSeconds;
    const claims = { sub: userId, sid: sessionId, iat: Math.floor(this.clock.now() / 1_000) };
    return {
      accessToken: this.current.jwt.sign(claims, {
        algorithm: ALGORITHM,
        issuer: ISSUER,
        audience: AUDIENCE,
        expiresIn,
        keyid: this.current.id,
      }),
      expiresIn,
    };
  }

  /** With the refresh token of the same session. */
  pairOf({ principal, refreshToken }: { principal: Principal; refreshToken: string }): TokensView {
    const { accessToken, expiresIn } = this.issue(principal);
    return { accessToken, refreshToken, expiresIn };
  }

  /**
   * @throws DomainError UNAUTHORIZED; TOKEN_EXPIRED also for one under a key that is ours no more: its session lives on,
   *   and clients refresh at that code.
   */
  verify(token: string): VerifiedAccess {
    const keyId = keyIdOf(token);
    const keys = keyId === undefined ? this.keys : this.keys.filter(({ id }) => id === keyId);
    if (keys.length === 0) throw new DomainError(KEY_ID.test(keyId ?? '') ? 'TOKEN_EXPIRED' : 'UNAUTHORIZED');
    let failure: unknown;
    for (const { jwt } of keys) {
      let claims: unknown;
      try {
        claims = jwt.verify<object>(token, ACCESS_TOKEN_VERIFICATION);
      } catch (error) {
        failure = error;
        continue;
      }
      return this.accept(claims);
    }
    throw new DomainError('UNAUTHORIZED', { cause: failure });
  }

  /**
   * The claims of a token whose signature was verified.
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED
   */
  private accept(claims: unknown): VerifiedAccess {
    const { sub, sid, exp } = Object(claims) as Record<string, unknown>;
    if (!isUuid(sub) || !isUuid(sid) || typeof exp !== 'number' || !(exp < LAST_MOMENT))
      throw new DomainError('UNAUTHORIZED');
    const expiresAt = exp * 1_000;
    if (expiresAt <= this.clock.now()) throw new DomainError('TOKEN_EXPIRED');
    return { principal: { userId: sub, sessionId: sid }, expiresAt };
  }
}

/** Which key a token says it is under; undefined where it says nothing, as tokens of earlier versions. */
function keyIdOf(token: string): string | undefined {
  try {
    const { kid }: { kid?: unknown } = Object(
      JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()),
    );
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

function isUuid(claim: unknown): claim is string {
  return typeof claim === 'string' && UUID_PATTERN.test(claim);
}
