/** Which claim says what: a claim's name, or the path to one inside others (`user_metadata.full_name`). */
export interface ClaimPaths {
  readonly subject: string;
  readonly name: string;
  readonly picture: string;
  readonly email: string;
}

interface Issuer {
  /** What the tokens' `iss` says, to the letter; of Auth.js, whose tokens say none, a name of the operator's choosing. */
  readonly issuer: string;
  readonly claims: ClaimPaths;
}

interface SigningIssuer extends Issuer {
  /** One of which a token's `aud` must hold. Null: this issuer's tokens have no `aud`. */
  readonly audience: readonly string[] | null;
  /** The only ones that a token may be signed with. */
  readonly algorithms: readonly string[];
}

export interface SharedSecretIssuer extends SigningIssuer {
  readonly kind: 'secret';
  readonly secret: string;
  /** Null: its tokens have no `iss`, and `issuer` is a name of the operator's choosing. At most one issuer is such. */
  readonly iss?: null;
}

export interface JwksIssuer extends SigningIssuer {
  readonly kind: 'jwks';
  readonly jwksUrl: string;
}

/** An app with Auth.js (version 5) or NextAuth.js (version 4), whose session tokens are encrypted. */
export interface AuthJsIssuer extends Issuer {
  readonly kind: 'authjs';
  readonly authJsSecret: string;
  readonly salt: string;
  readonly version: 4 | 5;
}

/** Somebody whose tokens are accepted as our own are (contract, section 2). */
export type TrustedIssuer = SharedSecretIssuer | JwksIssuer | AuthJsIssuer;

/** What is wrong with AUTH_TRUSTED_ISSUERS, in one line that begins with it and repeats no value of it. */
export class TrustedIssuersError extends Error {
  override readonly name = 'TrustedIssuersError';

  constructor(fault: string) {
    super(`AUTH_TRUSTED_ISSUERS ${fault}`);
  }
}

const MIN_SECRET_BYTES = 32;
const MAX_NAME_LENGTH = 255;
/** The `iss` of this server's own tokens, which no other may write. */
const OWN_ISSUER = 'parley';
const SECRET_ALGORITHMS = ['HS256'];
const JWKS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
const DEFAULT_JWKS_ALGORITHMS = ['RS256', 'ES256'];
const DEFAULT_CLAIMS: ClaimPaths = { subject: 'sub', name: 'name', picture: 'picture', email: 'email' };
const DEFAULT_SALT = 'authjs.session-token';

/** The key that says which kind an entry is, and the other keys it may have. */
const KINDS = {
  secret: ['issuer', 'iss', 'claims', 'audience', 'algorithms'],
  jwksUrl: ['issuer', 'claims', 'audience', 'algorithms'],
  authJsSecret: ['issuer', 'claims', 'salt', 'version'],
} as const;

/**
 * Reads AUTH_TRUSTED_ISSUERS: JSON, one issuer or an array of them; docs/trusted-issuers.md shows the shapes.
 * @throws TrustedIssuersError
 */
export function parseTrustedIssuers(text: string | undefined): readonly TrustedIssuer[] {
  if (text === undefined || text.trim() === '') return [];
  const parsed = parseJson(text);
  const entries: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const issuers = entries.map((entry, index) => readIssuer(entry, `entry ${index + 1}`));
  issuers.forEach(({ issuer }, index) => {
    const first = issuers.findIndex((other) => other.issuer === issuer);
    if (first !== index) throw new TrustedIssuersError(`entries ${first + 1} and ${index + 1} have the same issuer`);
  });
  // Nothing in a token without one would say whose it is.
  const nameless = issuers.flatMap((issuer, index) =>
    issuer.kind === 'secret' && issuer.iss === null ? index + 1 : [],
  );
  if (nameless.length > 1)
    throw new TrustedIssuersError(
      `entries ${nameless.slice(0, 2).join(' and ')} both have iss: null, which one may have`,
    );
  return issuers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the text.
    throw new TrustedIssuersError('must be JSON: an issuer, or an array of them');
  }
}

function readIssuer(value: unknown, place: string): TrustedIssuer {
  // The type is what lets the compiler see that `fail` ends it.
  const entry: Entry = new Entry(value, place);
  const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((key) => entry.has(key));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) entry.fail('', 'must have exactly one of secret, jwksUrl, authJsSecret');
  entry.allowOnly([kind, ...KINDS[kind]]);

  const issuer = entry.name('issuer');
  if (issuer === OWN_ISSUER) entry.fail('issuer', `must not be "${OWN_ISSUER}", which issues this server's own tokens`);
  const claims = readClaims(entry);
  switch (kind) {
    case 'secret': {
      const algorithms = entry.choices('algorithms', SECRET_ALGORITHMS, SECRET_ALGORITHMS);
      const secret = entry.secret(kind);
      return { kind: 'secret', issuer, claims, secret, audience: entry.audience(), algorithms, ...entry.iss() };
    }
    case 'jwksUrl': {
      const algorithms = entry.choices('algorithms', JWKS_ALGORITHMS, DEFAULT_JWKS_ALGORITHMS);
      return { kind: 'jwks', issuer, claims, jwksUrl: entry.keysUrl(kind), audience: entry.audience(), algorithms };
    }
    case 'authJsSecret': {
      const version = entry.version();
      const salt = entry.salt(version);
      return { kind: 'authjs', issuer, claims, authJsSecret: entry.secret(kind), salt, version };
    }
  }
}

function readClaims(entry: Entry): ClaimPaths {
  if (!entry.has('claims')) return DEFAULT_CLAIMS;
  const claims = entry.inner('claims');
  claims.allowOnly(Object.keys(DEFAULT_CLAIMS));
  const path = (claim: keyof ClaimPaths): string => (claims.has(claim) ? claims.name(claim) : DEFAULT_CLAIMS[claim]);
  return { subject: path('subject'), name: path('name'), picture: path('picture'), email: path('email') };
}

/** One object of the JSON. Its faults name the key, never what is under it: that may be a secret in the wrong place. */
class Entry {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly place: string,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('', 'must be an object');
    this.fields = value as Record<string, unknown>;
  }

  fail(key: string, fault: string): never {
    throw new TrustedIssuersError(`${this.place}: ${key === '' ? fault : `${key} ${fault}`}`);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.fields, key);
  }

  allowOnly(keys: readonly string[]): void {
    const unknown = Object.keys(this.fields).find((key) => !keys.includes(key));
    if (unknown === undefined) return;
    const shown = /^\w{1,24}$/.test(unknown) ? `the key ${unknown}` : 'a key';
    this.fail('', `has ${shown} that does not belong there (allowed: ${keys.join(', ')})`);
  }

  inner(key: string): Entry {
    return new Entry(this.fields[key], `${this.place}: ${key}`);
  }

  name(key: string): string {
    const value = this.fields[key];
    if (!isName(value)) this.fail(key, `must be a text of 1 to ${MAX_NAME_LENGTH} characters`);
    return value;
  }

  iss(): { iss?: null } {
    if (!this.has('iss')) return {};
    if (this.fields.iss !== null)
      this.fail('iss', 'must be null (which says that the tokens of this issuer have none)');
    return { iss: null };
  }

  secret(key: string): string {
    const value = this.fields[key];
    if (typeof value !== 'string' || Buffer.byteLength(value) < MIN_SECRET_BYTES) {
      this.fail(key, `must be a text of at least ${MIN_SECRET_BYTES} bytes`);
    }
    return value;
  }

  audience(): readonly string[] | null {
    const value = this.fields.audience;
    if (value === null) return null;
    if (isName(value)) return [value];
    if (!Array.isArray(value) || value.length === 0 || !value.every(isName)) {
      this.fail('audience', 'must be a text or an array of them (null says that the tokens of this issuer have none)');
    }
    return value;
  }

  choices(key: string, all: readonly string[], fallback: readonly string[]): readonly string[] {
    if (!this.has(key)) return fallback;
    const value = this.fields[key];
    if (!Array.isArray(value) || value.length === 0 || !value.every((choice) => all.includes(choice as string))) {
      this.fail(key, `must be an array of: ${all.join(', ')}`);
    }
    return value as string[];
  }

  keysUrl(key: string): string {
    const value = this.fields[key];
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    // Keys that came in the clear might be anybody's.
    const isSafe =
      url?.protocol === 'https:' || (url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname));
    if (url === undefined || !isSafe || url.username !== '' || url.password !== '') {
      this.fail(key, 'must be an https:// address (http:// only on localhost), without a user and password');
    }
    return url.href;
  }

  version(): 4 | 5 {
    const value = this.has('version') ? this.fields.version : 5;
    if (value !== 4 && value !== 5) this.fail('version', 'must be 4 (NextAuth.js) or 5 (Auth.js)');
    return value;
  }

  salt(version: 4 | 5): string {
    if (!this.has('salt')) return version === 4 ? '' : DEFAULT_SALT;
    if (version === 4 && this.fields.salt === '') return '';
    return this.name('salt');
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_NAME_LENGTH;
}
