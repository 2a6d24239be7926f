import { createHash, createSecretKey } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type FetchImplementation,
  type FlattenedJWSInput,
  type JWTClaimVerificationOptions,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { textFault } from '../../common/validation/is-text.decorator.js';
import { cleanName, normalEmail } from '../../common/text/visible-text.js';
import type { AuthJsIssuer, JwksIssuer, SharedSecretIssuer, TrustedIssuer } from '../../config/trusted-issuers.js';
import { AuthJsTokens } from './auth-js-token.js';

/** The user that an external token names. `issuer` and `subject` together are the key; all else is only shown. */
export interface ExternalIdentity {
  readonly issuer: string;
  /** 1 to 255 characters, without control characters; unique within its issuer. */
  readonly subject: string;
  /** One line of 1 to 64 code points. */
  readonly name?: string;
  /** An https:// URL of at most 2,048 characters. */
  readonly picture?: string;
  /** Lower case; only one that the issuer has verified (of Auth.js: that the app took its user's). */
  readonly email?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When the token was made: milliseconds since 1970; 0 where it does not say. */
  readonly issuedAt: number;
  /** SHA-256 of the token, hex: the same for the same token. */
  readonly tokenId: string;
}

/** All in milliseconds. */
export interface KeySetTiming {
  /** How long one request for keys may take. */
  timeoutMs: number;
  /** The least time from one request for an issuer's keys to the next, whether for a key not known or after a failure. */
  cooldownMs: number;
  /** How long fetched keys are believed: a key that was withdrawn is refused after that at the latest. */
  cacheMaxAgeMs: number;
}

const KEY_SET_TIMING: KeySetTiming = { timeoutMs: 3_000, cooldownMs: 10_000, cacheMaxAgeMs: 600_000 };
const MIN_RETRY_MS = 1_000;

/** The same at every door. An identity provider's claims may be many. */
export const MAX_TOKEN_LENGTH = 16_384;
/** How far an issuer's clock may be ahead of ours. A token's end goes by ours alone. */
const CLOCK_TOLERANCE_SECONDS = 60;
const CLOCK_TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1_000;
/** The last moment that a Date can hold. */
const LAST_MOMENT = 8.64e15;

const MAX_VERIFIED = 10_000;
const MAX_VERIFIED_MS = 60_000;

const MAX_SUBJECT_LENGTH = 255;
const MAX_NAME_LENGTH = 64;
/** What of a name is looked at. */
const MAX_CLAIM_LENGTH = 1_000;
const MAX_PICTURE_URL_LENGTH = 2_048;
const MAX_EMAIL_LENGTH = 254;

type SigningIssuer = SharedSecretIssuer | JwksIssuer;
type Claims = Readonly<Record<string, unknown>>;

interface Verified {
  issuer: TrustedIssuer;
  claims: Claims;
}

/**
 * Verifies tokens of the issuers that the operator trusts (contract, section 2). The issuer decides key and algorithms;
 * the token only names the issuer and, of several keys, which one: no URL or key in its header is looked at.
 */
@Injectable()
export class TrustedIssuers {
  /** By `iss`; undefined is the one whose tokens have none. */
  private readonly signing = new Map<string | undefined, { issuer: SigningIssuer; key: JWTVerifyGetKey }>();
  private readonly encrypting: { issuer: AuthJsIssuer; tokens: AuthJsTokens }[] = [];
  /** By token, oldest first: so that a token is not verified anew at every request. Only of tokens that were accepted. */
  private readonly verified = new Map<string, { identity: ExternalIdentity; until: number }>();

  constructor(
    issuers: readonly TrustedIssuer[],
    private readonly clock: Clock,
    timing: Partial<KeySetTiming> = {},
  ) {
    for (const issuer of issuers) {
      if (issuer.kind === 'authjs') this.encrypting.push({ issuer, tokens: new AuthJsTokens(issuer) });
      else this.signing.set(issOf(issuer), { issuer, key: keyOf(issuer, clock, { ...KEY_SET_TIMING, ...timing }) });
    }
  }

  /**
   * The user that the token names; undefined where it is none of a trusted issuer: own tokens, unknown `iss`, not a token.
   * An encrypted token names no issuer: with any Auth.js issuer configured, it is either one of theirs or refused.
   * @throws DomainError UNAUTHORIZED; TOKEN_EXPIRED; UNAVAILABLE (with `retryAfterMs`) while the issuer's keys cannot be
   *   fetched
   */
  async verify(token: string): Promise<ExternalIdentity | undefined> {
    if (token.length > MAX_TOKEN_LENGTH || this.signing.size + this.encrypting.length === 0) return undefined;
    const tokenId = createHash('sha256').update(token).digest('hex');
    const known = this.recall(tokenId);
    if (known !== undefined) return known;

    const verified = await this.open(token).catch((cause: unknown) => {
      if (cause instanceof DomainError) throw cause;
      throw new DomainError(cause instanceof errors.JWTExpired ? 'TOKEN_EXPIRED' : 'UNAUTHORIZED', { cause });
    });
    if (verified === undefined) return undefined;
    const identity = identityOf(verified, tokenId, this.clock.now());
    this.remember(identity);
    return identity;
  }

  private open(token: string): Promise<Verified | undefined> {
    const parts = token.split('.').length;
    if (parts === 3) return this.openSigned(token);
    if (parts === 5) return this.openEncrypted(token);
    return Promise.resolve(undefined);
  }

  private async openSigned(token: string): Promise<Verified | undefined> {
    const signing = this.signingOf(token);
    if (signing === undefined) return undefined;
    const { issuer, key } = signing;
    const iss = issOf(issuer);
    const { payload } = await jwtVerify(token, key, {
      ...this.requirements(),
      algorithms: [...issuer.algorithms],
      ...(iss === undefined ? {} : { issuer: iss }),
      ...(issuer.audience === null ? {} : { audience: [...issuer.audience] }),
    });
    // A token that names an audience is for that one, which is not us (RFC 7519, section 4.1.3).
    if (issuer.audience === null && payload.aud !== undefined) throw new DomainError('UNAUTHORIZED');
    return { issuer, claims: payload };
  }

  private signingOf(token: string): { issuer: SigningIssuer; key: JWTVerifyGetKey } | undefined {
    try {
      const { iss }: { iss?: unknown } = decodeJwt(token);
      return iss === undefined || typeof iss === 'string' ? this.signing.get(iss) : undefined;
    } catch {
      return undefined;
    }
  }

  private async openEncrypted(token: string): Promise<Verified | undefined> {
    if (this.encrypting.length === 0) return undefined;
    for (const { issuer, tokens } of this.encrypting) {
      try {
        return { issuer, claims: await tokens.decrypt(token, this.requirements()) };
      } catch (error) {
        const isOfAnother = error instanceof errors.JWEDecryptionFailed || error instanceof errors.JOSEAlgNotAllowed;
        if (!isOfAnother) throw error;
      }
    }
    throw new DomainError('UNAUTHORIZED');
  }

  private requirements(): JWTClaimVerificationOptions {
    return {
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(this.clock.now()),
    };
  }

  private recall(tokenId: string): ExternalIdentity | undefined {
    const known = this.verified.get(tokenId);
    if (known === undefined) return undefined;
    if (this.clock.now() < known.until) return known.identity;
    this.verified.delete(tokenId);
    return undefined;
  }

  private remember(identity: ExternalIdentity): void {
    const until = Math.min(identity.expiresAt, this.clock.now() + MAX_VERIFIED_MS);
    this.verified.delete(identity.tokenId);
    this.verified.set(identity.tokenId, { identity, until });
    const [oldest] = this.verified.keys();
    if (this.verified.size > MAX_VERIFIED && oldest !== undefined) this.verified.delete(oldest);
  }
}

/** What its tokens say as `iss`. */
function issOf(issuer: SigningIssuer): string | undefined {
  return issuer.kind === 'secret' && issuer.iss === null ? undefined : issuer.issuer;
}

function keyOf(issuer: SigningIssuer, clock: Clock, timing: KeySetTiming): JWTVerifyGetKey {
  if (issuer.kind === 'jwks') return new RemoteKeys(issuer, clock, timing).find;
  const secret = createSecretKey(Buffer.from(issuer.secret));
  return () => secret;
}

/** The token's fault: it names a key that the issuer, as far as we know, does not have. */
const FAULTS_OF_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** An issuer's public keys, fetched when they are needed and kept. */
class RemoteKeys {
  private readonly logger = new Logger(TrustedIssuers.name);
  private readonly keys: JWTVerifyGetKey;
  private nextFetchAt = 0;
  /** When the last fetch began that was answered. */
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private failure: unknown;

  constructor(
    private readonly issuer: JwksIssuer,
    private readonly clock: Clock,
    private readonly timing: KeySetTiming,
  ) {
    this.keys = createRemoteJWKSet(new URL(issuer.jwksUrl), {
      timeoutDuration: timing.timeoutMs,
      cooldownDuration: timing.cooldownMs,
      cacheMaxAge: timing.cacheMaxAgeMs,
      [customFetch]: this.fetch,
    });
  }

  /**
   * @throws DomainError UNAVAILABLE where the keys could not be fetched, or not since this token was made, which may be signed with
   *   one of later; JOSEError where there is none for it
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (typeof header.kid !== 'string') throw new errors.JWKSNoMatchingKey();
    const began = this.clock.now();
    try {
      return await this.keys(header, token);
    } catch (error) {
      if (FAULTS_OF_TOKEN.some((fault) => error instanceof fault)) {
        // A stranger's token with a key that nobody has uses up the fetch by which a new one would be found.
        const isFresh = this.fetchedAt >= Math.min(began, issuedAtOf(token) + CLOCK_TOLERANCE_MS);
        if (!(error instanceof errors.JWKSNoMatchingKey) || isFresh) throw error;
      } else this.report(error);
      const retryAfterMs = Math.max(this.nextFetchAt - this.clock.now(), MIN_RETRY_MS);
      throw new DomainError('UNAVAILABLE', {
        message: 'The keys of the issuer of this token cannot be fetched at the moment; try again shortly.',
        retryAfterMs,
        cause: error,
      });
    }
  };

  /**
   * The library waits between fetches only after one that succeeded. Without this wait, anybody could make us ask an
   * issuer in distress as often as they send us a token.
   */
  private readonly fetch: FetchImplementation = async (url, options) => {
    const wait = this.nextFetchAt - this.clock.now();
    // Longer than was ever set: the clock was put back.
    if (wait > 0 && wait <= this.timing.cooldownMs) throw this.failure ?? new Error('asked a moment ago');
    this.nextFetchAt = this.clock.now() + this.timing.cooldownMs;
    this.failure = undefined;
    const began = this.clock.now();
    const response = await fetch(url, options);
    if (response.ok) this.fetchedAt = began;
    return response;
  };

  /** At most once for each fetch, however many tokens wait for it. */
  private report(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
    this.logger.warn(
      `the keys of ${this.issuer.issuer} cannot be fetched, tokens signed with one that is not known are refused: ${reason}`,
    );
  }
}

/** When a token says that it was made, which is not verified: milliseconds since 1970, infinite where it does not say. */
function issuedAtOf({ payload }: FlattenedJWSInput): number {
  try {
    const { iat } = JSON.parse(Buffer.from(payload as string, 'base64url').toString()) as JWTPayload;
    return typeof iat === 'number' ? iat * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function identityOf({ issuer, claims }: Verified, tokenId: string, now: number): ExternalIdentity {
  const { exp, iat } = claims as JWTPayload;
  const expiresAt = Math.floor((exp ?? Number.NaN) * 1_000);
  if (!(expiresAt <= LAST_MOMENT)) throw new DomainError('UNAUTHORIZED');
  if (expiresAt <= now) throw new DomainError('TOKEN_EXPIRED');
  if (iat !== undefined && iat > now / 1_000 + CLOCK_TOLERANCE_SECONDS) throw new DomainError('UNAUTHORIZED');

  const subject = claimAt(claims, issuer.claims.subject);
  if (!isLine(subject, MAX_SUBJECT_LENGTH)) throw new DomainError('UNAUTHORIZED');
  const name = nameOf(claimAt(claims, issuer.claims.name));
  const picture = cleanPicture(claimAt(claims, issuer.claims.picture));
  const isVerified = issuer.kind === 'authjs' || claimAt(claims, 'email_verified') === true;
  const email = isVerified ? cleanEmail(claimAt(claims, issuer.claims.email)) : undefined;
  return {
    issuer: issuer.issuer,
    subject,
    ...(name === undefined ? {} : { name }),
    ...(picture === undefined ? {} : { picture }),
    ...(email === undefined ? {} : { email }),
    expiresAt,
    issuedAt: typeof iat === 'number' ? iat * 1_000 : 0,
    tokenId,
  };
}

/** The claim of that very name, as `https://app.example.com/name`, else the one that the path leads to. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Claims)[key];
  }
  return value;
}

function isLine(value: unknown, max: number): value is string {
  return textFault(value, { min: 1, max, singleLine: true }) === null;
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const line = cleanName(value.slice(0, MAX_CLAIM_LENGTH).replace(/[\p{Control}\p{Surrogate}\u2028\u2029]+/gu, ' '));
  return cleanName(Array.from(line).slice(0, MAX_NAME_LENGTH).join('')) || undefined;
}

function cleanPicture(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_PICTURE_URL_LENGTH || !URL.canParse(value)) return undefined;
  const { protocol, href } = new URL(value);
  return protocol === 'https:' && href.length <= MAX_PICTURE_URL_LENGTH ? href : undefined;
}

function cleanEmail(value: unknown): string | undefined {
  if (!isLine(value, MAX_EMAIL_LENGTH) || !/^[^\s@]+@[^\s@]+$/.test(value)) return undefined;
  const email = normalEmail(value);
  return email === undefined || email.length > MAX_EMAIL_LENGTH ? undefined : email;
}
