import { describe, expect, it } from '@jest/globals';
import { parseTrustedIssuers, TrustedIssuersError } from './trusted-issuers.js';

const SECRET = 'a secret of at least thirty-two bytes';
const CLAIMS = { subject: 'sub', name: 'name', picture: 'picture', email: 'email' };

const shared = { issuer: 'https://shared.example', secret: SECRET, audience: 'chat' };
const remote = { issuer: 'https://remote.example', jwksUrl: 'https://remote.example/jwks.json', audience: 'chat' };
const encrypted = { issuer: 'web-app', authJsSecret: SECRET };

function parse(...entries: unknown[]) {
  return parseTrustedIssuers(JSON.stringify(entries));
}

function faultOf(text: string): string {
  try {
    parseTrustedIssuers(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TrustedIssuersError);
    return (error as Error).message;
  }
  throw new Error(`was accepted: ${text}`);
}

describe('AUTH_TRUSTED_ISSUERS', () => {
  it('is empty where it is not set', () => {
    for (const text of [undefined, '', '  ', '[]']) expect(parseTrustedIssuers(text)).toEqual([]);
  });

  it('takes one issuer without an array', () => {
    expect(parseTrustedIssuers(JSON.stringify(shared))).toEqual(parse(shared));
  });

  it('fills in the defaults of each kind', () => {
    expect(parse(shared, remote, encrypted)).toEqual([
      { ...shared, kind: 'secret', audience: ['chat'], algorithms: ['HS256'], claims: CLAIMS },
      { ...remote, kind: 'jwks', audience: ['chat'], algorithms: ['RS256', 'ES256'], claims: CLAIMS },
      { ...encrypted, kind: 'authjs', salt: 'authjs.session-token', version: 5, claims: CLAIMS },
    ]);
  });

  it('takes what is said instead', () => {
    expect(
      parse(
        { ...shared, audience: null, algorithms: ['HS256'], claims: { name: 'user_metadata.full_name' } },
        { ...remote, audience: ['a', 'b'], algorithms: ['EdDSA'], jwksUrl: 'http://localhost:9000/jwks' },
        { ...encrypted, salt: '__Secure-authjs.session-token' },
        { ...encrypted, issuer: 'old-app', version: 4 },
        { ...encrypted, issuer: 'older-app', version: 4, salt: '' },
      ),
    ).toMatchObject([
      { audience: null, claims: { ...CLAIMS, name: 'user_metadata.full_name' } },
      { audience: ['a', 'b'], algorithms: ['EdDSA'], jwksUrl: 'http://localhost:9000/jwks' },
      { salt: '__Secure-authjs.session-token', version: 5 },
      { salt: '', version: 4 },
      { salt: '', version: 4 },
    ]);
  });

  it('takes one issuer by secret whose tokens name none', () => {
    const nameless = { ...shared, issuer: 'web-app', iss: null, audience: null, claims: { subject: 'id' } };
    expect(parse(nameless, shared)).toMatchObject([
      { kind: 'secret', issuer: 'web-app', iss: null, audience: null, claims: { ...CLAIMS, subject: 'id' } },
      { kind: 'secret', issuer: shared.issuer },
    ]);
    expect(faultOf(JSON.stringify([nameless, shared, { ...nameless, issuer: 'other-app' }]))).toMatch(
      /entries 1 and 3 both have iss: null/,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['an iss beside the issuer', { ...shared, iss: 'web-app' }, /iss must be null/],
    ['an iss of published keys', { ...remote, iss: null }, /the key iss/],
    ['no object', 'issuer', /entry 1: must be an object/],
    ['null', null, /must be an object/],
    ['an array in the array', [shared], /must be an object/],
    ['no kind', { issuer: 'a', audience: 'b' }, /exactly one of/],
    ['two kinds', { ...shared, jwksUrl: remote.jwksUrl }, /exactly one of/],
    ['a key nobody knows', { ...shared, audiense: 'b' }, /the key audiense/],
    ['a key of another kind', { ...encrypted, audience: 'b' }, /the key audience/],
    ['a prototype', JSON.parse(`{"__proto__":{"issuer":"a"},"secret":"${SECRET}","audience":"b"}`), /__proto__/],
    ['no issuer', { ...shared, issuer: undefined }, /issuer must be/],
    ['a blank issuer', { ...shared, issuer: ' ' }, /issuer must be/],
    ['an issuer that is a number', { ...shared, issuer: 1 }, /issuer must be/],
    ["this server's own issuer", { ...shared, issuer: 'parley' }, /issuer must not be "parley"/],
    ['a short secret', { ...shared, secret: 'x'.repeat(31) }, /secret must be/],
    ['a short Auth.js secret', { ...encrypted, authJsSecret: 'x'.repeat(31) }, /authJsSecret must be/],
    ['a secret that is a number', { ...shared, secret: 1e40 }, /secret must be/],
    ['no audience with a secret', { ...shared, audience: undefined }, /audience must be/],
    ['no audience with keys', { ...remote, audience: undefined }, /audience must be/],
    ['an empty audience', { ...remote, audience: [] }, /audience must be/],
    ['an audience that is a number', { ...remote, audience: ['a', 1] }, /audience must be/],
    ['no algorithm', { ...remote, algorithms: [] }, /algorithms must be/],
    ['an algorithm without an array', { ...remote, algorithms: 'RS256' }, /algorithms must be/],
    ['a symmetric algorithm with public keys', { ...remote, algorithms: ['RS256', 'HS256'] }, /algorithms must be/],
    ['no signature', { ...remote, algorithms: ['none'] }, /algorithms must be/],
    ['an asymmetric algorithm with a secret', { ...shared, algorithms: ['RS256'] }, /algorithms must be/],
    ['keys in the clear', { ...remote, jwksUrl: 'http://remote.example/jwks' }, /jwksUrl must be/],
    ['keys in the clear of almost localhost', { ...remote, jwksUrl: 'http://localhost.example/' }, /jwksUrl must be/],
    ['keys in a file', { ...remote, jwksUrl: 'file:///etc/jwks.json' }, /jwksUrl must be/],
    ['a password in the address', { ...remote, jwksUrl: 'https://a:b@remote.example/' }, /jwksUrl must be/],
    ['no address', { ...remote, jwksUrl: 'jwks.json' }, /jwksUrl must be/],
    ['a version nobody knows', { ...encrypted, version: 3 }, /version must be/],
    ['an empty salt in version 5', { ...encrypted, salt: '' }, /salt must be/],
    ['claims that are a list', { ...shared, claims: ['sub'] }, /entry 1: claims: must be an object/],
    ['a claim nobody knows', { ...shared, claims: { phone: 'phone' } }, /claims: has the key phone/],
    ['an empty path', { ...shared, claims: { subject: '' } }, /claims: subject must be/],
  ])('refuses %s', (_, entry, fault) => {
    const message = faultOf(JSON.stringify([entry]));
    expect(message).toMatch(/^AUTH_TRUSTED_ISSUERS .+$/);
    expect(message).toMatch(fault);
  });

  it('refuses one issuer twice, and says which entries', () => {
    const entries = [shared, remote, { ...encrypted, issuer: shared.issuer }];
    expect(faultOf(JSON.stringify(entries))).toMatch(/entries 1 and 3/);
  });

  it('refuses what is not JSON', () => {
    for (const text of ['{', SECRET, `[{"secret":"${SECRET}"`]) expect(faultOf(text)).toMatch(/must be JSON/);
  });

  it('never repeats a secret, wherever it was written', () => {
    const wrong = [
      `"${SECRET}"`,
      `{"secret":"${SECRET}}`,
      JSON.stringify({ ...shared, [SECRET]: 1 }),
      JSON.stringify({ issuer: SECRET, secret: 'short', audience: 'a' }),
      JSON.stringify({ ...remote, jwksUrl: SECRET }),
      JSON.stringify({ ...remote, algorithms: [SECRET] }),
      JSON.stringify({ ...shared, audience: [SECRET, 1] }),
      JSON.stringify({ ...encrypted, version: SECRET }),
      JSON.stringify([
        { ...shared, issuer: SECRET },
        { ...shared, issuer: SECRET },
      ]),
    ];
    for (const text of wrong) expect(faultOf(text)).not.toContain(SECRET);
  });
});
