import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { EncryptJWT, type JWTPayload } from 'jose';

import {
  START,
  SECOND,
  MINUTE,
  SHARED,
  AUDIENCE,
  SECRET,
  now,
  setNow,
  signShared,
  remoteIssuer,
  trusting,
  refusal,
  expectRefused,
} from '../../../test/support/servers/issuers.js';

/** Made by @auth/core 0.41.3 and next-auth 4.24.15 themselves: `{ name, email, picture, sub }`, ending on 2027-11-21. */
const MADE_BY_AUTH_JS =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiX1J2UzdDeXhYTEtUUmd4NVFMcmFLR3kyczZIeHpBdjUzZ2szaWk1a2Z1MlZFNmxoTGdOa2lEdG0yaGpkLTVmNmZsWmNCVVZzdmhjbnZzU0xXRllZVmcifQ..F0Q2IGi46zsHLCGvxBd9DQ.6Otd1GZswoGQVLDClRzCzs3XrOd5qrtNFwuZrAdIsnaijWxjmJZljtzcv_77ZDHIIrf9pjAn7JbenJayBWrG-ajrD6yveUnEgvPxG-P_w8oWYytYAVlgA09rseHyV_MEQMexYbWjz6eWuDg7vA3PRT-qHuNpDcJYOk7XibPWpzI10SOI0ZnkX68IthJxnuG2AjwWmr9OTSx_kReLHNfBX7FSV-FsAfXZ_hYoihiQSamUlU4TcD7gLHXKGvc5x1w-.WyOCvZSApJCv4O_cGyFCHbtu96MBgEXhsWxisi2G-F0';
const MADE_BY_NEXT_AUTH =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..7yGFHtgt1hf_8PWX.4k-ydg1juCzaNTJYWer6ebWi_JfRAVPCioFavDkXzXohC1R88MKIzqjMJj9hUOQ6q6QVhbImjCL-mEMH3N_wfq8pxfnnPpdZadR2HdZJ82RVhVxZo9r-f4drBKwk9RTwP8lhB1tyHplg-7Rbz5yvZscMpolYU07KRgXI_nrihGU_m6SIxa4Grr1H6tEfU1o2BeuW3YUb0IZrLWz0wmj29WvMR2xC1w4fKzTFoFrPEjvQSKUo.X0kEtV8DsRMHdVIOzSm4ug';
const AUTH_JS_SECRET = 'an Auth.js secret of at least 32 bytes';
const NEXT_AUTH_SECRET = 'a NextAuth secret of at least 32 bytes';

describe('an app with Auth.js', () => {
  const authJs = { issuer: 'web-app', authJsSecret: AUTH_JS_SECRET };
  const nextAuth = { issuer: 'old-app', authJsSecret: NEXT_AUTH_SECRET, version: 4 };
  const ada = {
    subject: 'ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: 'https://example.com/ada.png',
  };

  interface Encryption {
    secret: string;
    salt: string;
    label: string;
    bytes: number;
    enc: string;
  }

  function encrypt(payload: JWTPayload, changes: Partial<Encryption> = {}): Promise<string> {
    const { secret, salt, label, bytes, enc } = {
      secret: AUTH_JS_SECRET,
      salt: 'authjs.session-token',
      label: 'Auth.js Generated Encryption Key (authjs.session-token)',
      bytes: 64,
      enc: 'A256CBC-HS512',
      ...changes,
    };
    const key = new Uint8Array(hkdfSync('sha256', secret, salt, label, bytes));
    const token = new EncryptJWT(payload).setProtectedHeader({ alg: 'dir', enc });
    return token.encrypt(key);
  }

  const session = { sub: 'ada', iat: START / SECOND, exp: START / SECOND + 3_600 };

  it('is believed with tokens that the libraries themselves made', async () => {
    const issuers = trusting(nextAuth, authJs);
    expect(await issuers.verify(MADE_BY_AUTH_JS)).toMatchObject({ issuer: 'web-app', ...ada });
    expect(await issuers.verify(MADE_BY_NEXT_AUTH)).toMatchObject({ issuer: 'old-app', ...ada });
    setNow(now + 366 * 24 * 60 * MINUTE);
    await expectRefused(issuers, MADE_BY_AUTH_JS, 'TOKEN_EXPIRED');
    await expectRefused(issuers, MADE_BY_NEXT_AUTH, 'TOKEN_EXPIRED');
  });

  it('is found among several by what decrypts its token', async () => {
    const second = { issuer: 'second-app', authJsSecret: 'a second secret of at least 32 bytes' };
    const issuers = trusting(authJs, nextAuth, second);
    const token = await encrypt(session, { secret: second.authJsSecret });
    expect(await issuers.verify(token)).toMatchObject({ issuer: 'second-app', subject: 'ada' });
  });

  it('uses its cookie name as salt', async () => {
    const salt = '__Secure-authjs.session-token';
    const token = await encrypt(session, { salt, label: `Auth.js Generated Encryption Key (${salt})` });
    expect(await trusting({ ...authJs, salt }).verify(token)).toMatchObject({ subject: 'ada' });
    await expectRefused(trusting(authJs), token);
    await expectRefused(trusting({ ...authJs, salt }), MADE_BY_AUTH_JS);
  });

  it('is refused with another secret, method or version', async () => {
    await expectRefused(trusting(authJs), await encrypt(session, { secret: NEXT_AUTH_SECRET }));
    await expectRefused(trusting(authJs), await encrypt(session, { bytes: 32, enc: 'A256GCM' }));
    await expectRefused(trusting({ ...nextAuth, version: 5 }), MADE_BY_NEXT_AUTH);
    await expectRefused(trusting({ ...authJs, version: 4 }), MADE_BY_AUTH_JS);
    const [header, , ...rest] = MADE_BY_AUTH_JS.split('.');
    await expectRefused(trusting(authJs), [header, 'AAAA', ...rest].join('.'));
  });

  it('is refused without a subject or an end', async () => {
    await expectRefused(trusting(authJs), await encrypt({ ...session, sub: undefined }));
    await expectRefused(trusting(authJs), await encrypt({ ...session, exp: undefined }));
  });

  it('is not spoken for by a signed token with its name', async () => {
    expect(await trusting(authJs).verify(await signShared({ iss: 'web-app' }, AUTH_JS_SECRET))).toBeUndefined();
  });

  it('is not looked at where no issuer of that kind is configured', async () => {
    expect(await trusting(remoteIssuer()).verify(MADE_BY_AUTH_JS)).toBeUndefined();
  });
});

describe('the identity in a token', () => {
  async function identity(changes: JWTPayload, paths: object = {}) {
    return trusting({ issuer: SHARED, secret: SECRET, audience: AUDIENCE, claims: paths }).verify(
      await signShared(changes),
    );
  }

  it('is read at the path that is configured', async () => {
    const paths = {
      subject: 'user.id',
      name: 'user_metadata.full_name',
      picture: 'https://app.example.com/picture',
      email: 'user.mail',
    };
    const token = {
      sub: 'not this one',
      user: { id: 'u1', mail: 'Ada@Example.com' },
      user_metadata: { full_name: 'Ada' },
      'https://app.example.com/picture': 'https://example.com/a.png',
      email_verified: true,
    };
    expect(await identity(token, paths)).toMatchObject({
      subject: 'u1',
      name: 'Ada',
      picture: 'https://example.com/a.png',
      email: 'ada@example.com',
    });
  });

  it('is never read from what every object inherits', async () => {
    const paths = [
      '__proto__',
      'constructor',
      'constructor.name',
      '__proto__.inherited',
      'inherited',
      'a.inherited',
      'a..b',
    ];
    // oxlint-disable-next-line no-extend-native -- what a fault elsewhere might have done
    Object.defineProperty(Object.prototype, 'inherited', { value: 'admin', configurable: true });
    try {
      for (const subject of paths) expect((await refusal(identity({ a: {} }, { subject }))).code).toBe('UNAUTHORIZED');
      expect(await identity({}, { name: 'inherited', picture: '__proto__' })).not.toHaveProperty('name');
    } finally {
      delete (Object.prototype as { inherited?: string }).inherited;
    }
  });

  it('has a name of one line and at most 64 characters', async () => {
    const name = async (value: unknown) => (await identity({ name: value }))?.name;
    expect(await name('  Ada\n\u0000 Lovelace\u0007 ')).toBe('Ada Lovelace');
    expect(await name('👩‍🚀')).toBe('👩‍🚀');
    expect(await name('😀'.repeat(100))).toBe('😀'.repeat(64));
    expect(await name('half \ud800 of one')).toBe('half of one');
    expect(await name('\u202eA\u0308da\u200b')).toBe('Äda');
    for (const value of ['', ' \n ', '\u200b\u2800', '\u3164', 7, null, ['Ada'], { first: 'Ada' }])
      expect(await name(value)).toBeUndefined();
  });

  it('has a picture only over https', async () => {
    const picture = async (value: unknown) => (await identity({ picture: value }))?.picture;
    expect(await picture('https://example.com/a.png?size=2')).toBe('https://example.com/a.png?size=2');
    const refused = [
      'http://example.com/a.png',
      'javascript:alert(1)',
      'data:image/png;base64,AAAA',
      '/a.png',
      '',
      7,
      `https://example.com/${'a'.repeat(2_048)}`,
      `https://example.com/${'ä'.repeat(1_000)}`,
    ];
    for (const value of refused) expect(await picture(value)).toBeUndefined();
  });

  it('has an e-mail address only where the issuer has verified it', async () => {
    const email = async (changes: JWTPayload) => (await identity({ email: 'ada@example.com', ...changes }))?.email;
    expect(await email({ email_verified: true })).toBe('ada@example.com');
    for (const email_verified of [undefined, false, 'true', 1]) expect(await email({ email_verified })).toBeUndefined();
    // What users may write themselves verifies nothing.
    expect(await email({ user_metadata: { email_verified: true } })).toBeUndefined();
    for (const claim of ['ada', 'a b@example.com', 'ada\0@example.com', 7, `${'a'.repeat(250)}@example.com`]) {
      expect(await email({ email: claim, email_verified: true })).toBeUndefined();
    }
  });
});
