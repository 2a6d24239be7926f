import * as v from 'valibot';
import { exactObject, isObject } from './exact-object.js';

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
const SECRET_ALGORITHMS = ['HS256'] as const;
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
const DEFAULT_SALT = 'authjs.session-token';

const NOT_AN_OBJECT = 'must be an object';
// Faults name the key, never what is under it: that may be a secret in the wrong place.
const NAME_FAULT = `must be a text of 1 to ${MAX_NAME_LENGTH} characters`;
const SECRET_FAULT = `must be a text of at least ${MIN_SECRET_BYTES} bytes`;
const URL_FAULT = 'must be an https:// URL (http:// only on localhost), without a user and password';
const AUDIENCE_FAULT = 'must be a text or an array of them (null says that the tokens of this issuer have none)';

/** What is said of a key that has to be there and is not: the same as where it is wrong. */
const FAULT_OF_MISSING: Readonly<Record<string, string>> = {
  issuer: NAME_FAULT,
  secret: SECRET_FAULT,
  authJsSecret: SECRET_FAULT,
  jwksUrl: URL_FAULT,
  audience: AUDIENCE_FAULT,
};

function exactly<const Entries extends v.ObjectEntries>(entries: Entries) {
  return exactObject(entries, {
    notAnObject: NOT_AN_OBJECT,
    surplus: (key, allowed) =>
      `has ${/^\w{1,24}$/.test(key) ? `the key ${key}` : 'a key'} that does not belong there (allowed: ${allowed.join(', ')})`,
    missing: (key) => FAULT_OF_MISSING[key] ?? NOT_AN_OBJECT,
  });
}

const name = v.custom<string>(isName, NAME_FAULT);

const issuer = v.pipe(
  name,
  v.check((value) => value !== OWN_ISSUER, `must not be "${OWN_ISSUER}", which issues this server's own tokens`),
);

const secret = v.custom<string>(
  (value) => typeof value === 'string' && Buffer.byteLength(value) >= MIN_SECRET_BYTES,
  SECRET_FAULT,
);

const audience = v.pipe(
  v.custom<string | null | readonly string[]>(
    (value) => value === null || isName(value) || (Array.isArray(value) && value.length > 0 && value.every(isName)),
    AUDIENCE_FAULT,
  ),
  v.transform((value): readonly string[] | null => (typeof value === 'string' ? [value] : value)),
);

function algorithms(choices: readonly string[], fallback: readonly string[]) {
  const fault = `must be an array of: ${choices.join(', ')}`;
  return v.optional(v.pipe(v.array(v.picklist(choices, fault), fault), v.nonEmpty(fault)), [...fallback]);
}

const jwksUrl = v.pipe(
  v.custom<string>((value) => typeof value === 'string' && URL.canParse(value), URL_FAULT),
  v.transform((value) => new URL(value)),
  // Keys that came in the clear might be anybody's.
  v.check(
    ({ protocol, hostname, username, password }) =>
      (protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname))) &&
      username === '' &&
      password === '',
    URL_FAULT,
  ),
  v.transform(({ href }) => href),
);

const claimPaths = exactly({
  subject: v.optional(name, 'sub'),
  name: v.optional(name, 'name'),
  picture: v.optional(name, 'picture'),
  email: v.optional(name, 'email'),
});

/** Read by themselves, so that their faults say where they are. */
const claims = v.optional(v.unknown(), {});

/** An entry of each kind, by the key that says which kind it is. */
const KINDS = {
  secret: exactly({
    secret,
    issuer,
    iss: v.optional(v.null('must be null (which says that the tokens of this issuer have none)')),
    claims,
    audience,
    algorithms: algorithms(SECRET_ALGORITHMS, SECRET_ALGORITHMS),
  }),
  jwksUrl: exactly({
    jwksUrl,
    issuer,
    claims,
    audience,
    algorithms: algorithms(JWKS_ALGORITHMS, DEFAULT_JWKS_ALGORITHMS),
  }),
  authJsSecret: v.pipe(
    exactly({
      authJsSecret: secret,
      issuer,
      claims,
      salt: v.optional(v.custom<string>((value) => value === '' || isName(value), NAME_FAULT)),
      version: v.optional(v.picklist([4, 5], 'must be 4 (NextAuth.js) or 5 (Auth.js)'), 5),
    }),
    v.forward(
      v.check(({ version, salt }) => version === 4 || salt !== '', NAME_FAULT),
      ['salt'],
    ),
  ),
} as const;

type Kind = keyof typeof KINDS;

const entryOfOneKind = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isObject, NOT_AN_OBJECT),
  v.check((fields) => kindsOf(fields).length === 1, `must have exactly one of ${Object.keys(KINDS).join(', ')}`),
  v.transform((fields) => ({ fields, kind: kindsOf(fields)[0] as Kind })),
);

/** Without the parser's message, which quotes the text. */
const json = v.pipe(v.string(), v.parseJson(undefined, 'must be JSON: an issuer, or an array of them'));

/**
 * Reads AUTH_TRUSTED_ISSUERS: JSON, one issuer or an array of them; docs/trusted-issuers.md shows the shapes.
 * @throws TrustedIssuersError
 */
export function parseTrustedIssuers(text: string | undefined): readonly TrustedIssuer[] {
  if (text === undefined || text.trim() === '') return [];
  const parsed = read(json, text);
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

function readIssuer(value: unknown, place: string): TrustedIssuer {
  const { fields, kind } = read(entryOfOneKind, value, place);
  const claimsOf = (entry: { claims: unknown }): ClaimPaths => read(claimPaths, entry.claims, `${place}: claims`);
  switch (kind) {
    case 'secret': {
      const { iss, ...entry } = read(KINDS.secret, fields, place);
      return { ...entry, kind: 'secret', claims: claimsOf(entry), ...(iss === null ? { iss } : {}) };
    }
    case 'jwksUrl': {
      const entry = read(KINDS.jwksUrl, fields, place);
      return { ...entry, kind: 'jwks', claims: claimsOf(entry) };
    }
    case 'authJsSecret': {
      const entry = read(KINDS.authJsSecret, fields, place);
      const salt = entry.salt ?? (entry.version === 4 ? '' : DEFAULT_SALT);
      return { ...entry, kind: 'authjs', claims: claimsOf(entry), salt };
    }
  }
}

function kindsOf(fields: object): Kind[] {
  return (Object.keys(KINDS) as Kind[]).filter((key) => Object.hasOwn(fields, key));
}

/** @param place what the fault is of; none where it is of the whole */
function read<Schema extends v.GenericSchema>(schema: Schema, value: unknown, place?: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ message, path }] = result.issues;
  const key = path?.[0]?.key;
  const fault = typeof key === 'string' ? `${key} ${message}` : message;
  throw new TrustedIssuersError(place === undefined ? fault : `${place}: ${fault}`);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_NAME_LENGTH;
}
