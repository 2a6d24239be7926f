import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { base64url, exportSPKI, type JWTPayload, SignJWT } from 'jose';
import { TrustedIssuers } from './trusted-issuers.js';
import { Clock } from '../../common/clock.js';
import type { ErrorCode } from '../../common/errors.js';
import { parseTrustedIssuers } from '../../config/trusted-issuers.js';

import {
  START,
  SECOND,
  MINUTE,
  ISSUER,
  SHARED,
  AUDIENCE,
  SECRET,
  now,
  setNow,
  KeyServer,
  signingKey,
  claims,
  sign,
  signShared,
  unsecured,
  keyServer,
  attacker,
  rsa,
  elliptic,
  next,
  stranger,
  remoteIssuer,
  trusting,
  refusal,
  expectRefused,
} from '../../../test/support/servers/issuers.js';

describe('an issuer with published keys', () => {
  it.each([
    ['RS256', () => rsa],
    ['ES256', () => elliptic],
  ])('is believed with %s', async (_, key) => {
    const token = await sign(key(), { name: 'Ada', picture: 'https://example.com/ada.png' });
    expect(await trusting(remoteIssuer()).verify(token)).toEqual({
      issuer: ISSUER,
      subject: 'ada',
      name: 'Ada',
      picture: 'https://example.com/ada.png',
      expiresAt: START + 60 * MINUTE,
      issuedAt: expect.any(Number),
      tokenId: createHash('sha256').update(token).digest('hex'),
    });
  });

  it('is believed with every algorithm that may be configured', async () => {
    for (const algorithm of ['RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES384', 'ES512', 'EdDSA']) {
      const key = await signingKey('one', algorithm);
      keyServer.keys = [key.jwk];
      const identity = await trusting(remoteIssuer({ algorithms: [algorithm] })).verify(await sign(key));
      expect(identity?.subject).toBe('ada');
    }
  });

  it('may name one of several audiences', async () => {
    const issuers = trusting(remoteIssuer({ audience: ['a', 'b'] }));
    expect(await issuers.verify(await sign(rsa, { aud: ['userinfo', 'b'] }))).toMatchObject({ subject: 'ada' });
    await expectRefused(issuers, await sign(rsa, { aud: ['userinfo', 'c'] }));
  });

  it('is asked for its keys once for many tokens at once', async () => {
    const issuers = trusting(remoteIssuer());
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => sign(rsa, { sub })));
    expect(await Promise.all(tokens.map((token) => issuers.verify(token)))).toHaveLength(4);
    expect(keyServer.requests).toBe(1);
  });
});

describe('tokens that are not of a trusted issuer', () => {
  it('are left to others', async () => {
    const issuers = trusting(remoteIssuer(), { issuer: SHARED, secret: SECRET, audience: AUDIENCE });
    const others = [
      await sign(rsa, { iss: 'https://else.example/' }),
      await sign(rsa, { iss: ISSUER.slice(0, -1) }),
      await signShared({ iss: 'parley' }),
      await sign(rsa, { iss: undefined }),
      unsecured({ alg: 'RS256' }, { iss: [ISSUER] }, 'AAAA'),
      unsecured({ alg: 'RS256' }, { iss: '__proto__' }, 'AAAA'),
      '',
      'token',
      'a.b',
      'a.b.c',
      '..',
      'a.b.c.d.e',
      'x'.repeat(100_000),
      `..${'x'.repeat(100_000)}`,
    ];
    for (const token of others) expect(await issuers.verify(token)).toBeUndefined();
    expect(keyServer.requests).toBe(0);
  });

  it('are all, where nobody is trusted', async () => {
    expect(await trusting().verify(await sign(rsa))).toBeUndefined();
  });
});

describe('an issuer by secret whose tokens name none', () => {
  const nameless = { issuer: 'web-app', secret: SECRET, iss: null, audience: null, claims: { subject: 'id' } };
  /** As apps sign that give their users an id and nothing else. */
  const signed = (changes: JWTPayload = {}, secret = SECRET): Promise<string> =>
    signShared(
      { iss: undefined, aud: undefined, sub: undefined, id: 'cm4-ada', email: 'ada@example.com', ...changes },
      secret,
    );

  it('is believed by its signature, with its own claim for who it is', async () => {
    expect(await trusting(nameless, remoteIssuer()).verify(await signed())).toEqual({
      issuer: 'web-app',
      subject: 'cm4-ada',
      expiresAt: expect.any(Number),
      issuedAt: expect.any(Number),
      tokenId: expect.any(String),
    });
  });

  it.each<[string, JWTPayload]>([
    ['without an end', { exp: undefined }],
    ['without its claim', { id: undefined, sub: 'ada' }],
    ['with a number for it', { id: 7 }],
    ['for an audience', { aud: AUDIENCE }],
  ])('is not believed %s', async (_, changes) => {
    await expectRefused(trusting(nameless), await signed(changes));
  });

  it('is not believed with another secret, unsigned, or after its end', async () => {
    const issuers = trusting(nameless);
    await expectRefused(issuers, await signed({}, 'another secret of at least 32 bytes'));
    const payload = { id: 'cm4-ada', exp: now / SECOND + 60 };
    for (const alg of ['none', 'HS256']) await expectRefused(issuers, unsecured({ alg }, payload));
    await expectRefused(issuers, await signed({ exp: START / SECOND - 1 }), 'TOKEN_EXPIRED');
  });

  it('speaks for no issuer that has a name, nor for this server', async () => {
    const issuers = trusting(nameless, { issuer: SHARED, secret: 'x'.repeat(32), audience: null });
    for (const iss of ['web-app', 'parley', 'https://else.example', ''])
      expect(await issuers.verify(await signed({ iss }))).toBeUndefined();
    await expectRefused(issuers, await signed({ iss: SHARED }));
    for (const iss of [null, 5, ['web-app'], {}])
      expect(await issuers.verify(unsecured({ alg: 'HS256' }, { iss, id: 'ada' }, 'AAAA'))).toBeUndefined();
  });
});

describe('a token of a trusted issuer', () => {
  it.each<[string, JWTPayload, ErrorCode]>([
    ['for another audience', { aud: 'https://else.example' }, 'UNAUTHORIZED'],
    ['without an audience', { aud: undefined }, 'UNAUTHORIZED'],
    ['without an end', { exp: undefined }, 'UNAUTHORIZED'],
    ['with an end that is text', { exp: '2030-01-01' as unknown as number }, 'UNAUTHORIZED'],
    ['with an end beyond all calendars', { exp: 1e300 }, 'UNAUTHORIZED'],
    ['that has expired', { exp: START / SECOND - 3_600 }, 'TOKEN_EXPIRED'],
    ['that expires at this moment', { exp: START / SECOND }, 'TOKEN_EXPIRED'],
    ['that is not valid yet', { nbf: START / SECOND + 3_600 }, 'UNAUTHORIZED'],
    ['from the future', { iat: START / SECOND + 3_600 }, 'UNAUTHORIZED'],
    ['without a subject', { sub: undefined }, 'UNAUTHORIZED'],
    ['with an empty subject', { sub: '' }, 'UNAUTHORIZED'],
    ['with a number as subject', { sub: 7 as unknown as string }, 'UNAUTHORIZED'],
    ['with a subject that is too long', { sub: 'x'.repeat(256) }, 'UNAUTHORIZED'],
    ['with NUL in its subject', { sub: 'ada\0' }, 'UNAUTHORIZED'],
    ['with half a character in its subject', { sub: 'ada\ud800' }, 'UNAUTHORIZED'],
  ])('is refused %s', async (_, changes, code) => {
    await expectRefused(trusting(remoteIssuer()), await sign(rsa, changes), code);
  });

  it('may come from a clock a little ahead of ours', async () => {
    const soon = START / SECOND + 30;
    expect(await trusting(remoteIssuer()).verify(await sign(rsa, { iat: soon, nbf: soon }))).toBeDefined();
  });

  it('has no audience where its issuer is said to put none in', async () => {
    const issuers = trusting(remoteIssuer({ audience: null }));
    expect(await issuers.verify(await sign(rsa, { aud: undefined }))).toMatchObject({ subject: 'ada' });
    await expectRefused(issuers, await sign(rsa, { aud: AUDIENCE }));
  });

  it('is refused where its signature is of somebody else, or was of something else', async () => {
    const issuers = trusting(remoteIssuer());
    await expectRefused(issuers, await sign(stranger));
    const [header, , signature] = (await sign(rsa)).split('.');
    const payload = base64url.encode(JSON.stringify(claims({ sub: 'somebody-else' })));
    await expectRefused(issuers, `${header}.${payload}.${signature}`);
  });

  it('is refused with an algorithm that is not agreed upon, before anything is fetched', async () => {
    const issuers = trusting(remoteIssuer({ algorithms: ['RS256'] }));
    await expectRefused(issuers, await sign(elliptic));
    for (const alg of ['none', 'None', 'NONE', '', undefined, 'RS1', ['RS256']]) {
      await expectRefused(issuers, unsecured({ alg, kid: rsa.kid }, claims()));
      await expectRefused(issuers, unsecured({ alg, kid: rsa.kid }, claims(), 'AAAA'));
    }
    expect(keyServer.requests).toBe(0);
  });

  it('is refused when signed with the public key as if it were a secret', async () => {
    const issuers = trusting(remoteIssuer());
    const pem = await exportSPKI(rsa.publicKey);
    for (const secret of [pem, pem.trim(), `${pem}\n`, JSON.stringify(rsa.jwk), rsa.jwk.n ?? '']) {
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', kid: rsa.kid })
        .sign(Buffer.from(secret));
      await expectRefused(issuers, token);
    }
  });

  it('is refused where it names no key, or one the issuer does not have', async () => {
    const issuers = trusting(remoteIssuer());
    await expectRefused(issuers, await sign(rsa, {}, { kid: 'unknown' }));
    await expectRefused(issuers, await sign(rsa, {}, { kid: elliptic.kid }));
    await expectRefused(issuers, await sign(rsa, {}, { kid: undefined }));
    expect(keyServer.requests).toBe(1);
  });

  it('brings no key of its own, and no URL to fetch one from', async () => {
    const issuers = trusting(remoteIssuer());
    attacker.keys = [stranger.jwk];
    const url = `${attacker.url}/jwks.json`;
    for (const kid of [rsa.kid, 'unknown']) {
      await expectRefused(issuers, await sign(stranger, {}, { kid, jwk: stranger.jwk }));
      await expectRefused(issuers, await sign(stranger, {}, { kid, jku: url }));
      await expectRefused(issuers, await sign(stranger, {}, { kid, x5u: url, x5c: ['AAAA'] }));
    }
    await expectRefused(issuers, await sign(rsa, {}, { kid: url }));
    expect(attacker.requests).toBe(0);
  });

  it('is refused with extensions that must be understood', async () => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', kid: rsa.kid, crit: ['x'], x: 1 })
      .sign(rsa.privateKey, { crit: { x: true } });
    await expectRefused(trusting(remoteIssuer()), token);
  });
});

describe('keys', () => {
  it('are fetched anew for one not known, but not more often than every 10 s', async () => {
    const issuers = trusting(remoteIssuer());
    await issuers.verify(await sign(rsa));
    keyServer.keys = [next.jwk];
    setNow(now + 9 * SECOND);
    const token = await sign(next);
    // It is not known yet whether the issuer has it: that is no fault of the token.
    expect(await refusal(issuers.verify(token))).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: SECOND });
    await expectRefused(issuers, token, 'UNAVAILABLE');
    // The keys were fetched since this one was made.
    await expectRefused(issuers, await sign(next, { iat: (START - 2 * MINUTE) / SECOND }));
    expect(keyServer.requests).toBe(1);

    setNow(now + SECOND);
    expect(await issuers.verify(token)).toMatchObject({ subject: 'ada' });
    await expectRefused(issuers, await sign(rsa, { sub: 'signed with a key that was withdrawn' }));
    expect(keyServer.requests).toBe(2);
  });

  it('that were withdrawn are refused after 10 minutes at the latest', async () => {
    const issuers = trusting(remoteIssuer());
    const token = await sign(rsa);
    await issuers.verify(token);
    keyServer.keys = [next.jwk];
    setNow(now + 10 * MINUTE - 1);
    expect(await issuers.verify(token)).toBeDefined();
    setNow(now + MINUTE);
    await expectRefused(issuers, token);
  });

  it('that cannot be fetched are a fault of ours, and asked for again only after 10 s', async () => {
    const issuers = trusting(remoteIssuer(), { issuer: SHARED, secret: SECRET, audience: AUDIENCE });
    const token = await sign(rsa);
    keyServer.status = 503;
    const error = await refusal(issuers.verify(token));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, retryAfterMs: 10 * SECOND });
    expect(error.message).toMatch(/keys/);

    keyServer.status = 200;
    setNow(now + 4 * SECOND);
    expect(await refusal(issuers.verify(token))).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 6 * SECOND });
    expect(keyServer.requests).toBe(1);
    // Others are not affected.
    expect(await issuers.verify(await signShared())).toMatchObject({ issuer: SHARED });
    expect(await issuers.verify(await signShared({ iss: 'parley' }))).toBeUndefined();

    setNow(now + 6 * SECOND);
    expect(await issuers.verify(token)).toMatchObject({ subject: 'ada' });
  });

  it('that are known are used on while others cannot be fetched', async () => {
    const issuers = trusting(remoteIssuer());
    await issuers.verify(await sign(rsa));
    keyServer.status = 500;
    setNow(now + MINUTE);
    await expectRefused(issuers, await sign(next), 'UNAVAILABLE');
    expect(await issuers.verify(await sign(rsa, { sub: 'grace' }))).toMatchObject({ subject: 'grace' });
  });

  it.each<[string, () => void]>([
    ['the answer leads elsewhere', () => (keyServer.status = 302)],
    ['the answer is no JSON', () => (keyServer.body = '<html>')],
    ['the answer is no key set', () => (keyServer.body = '{"keys":{}}')],
  ])('are unavailable where %s', async (_, breakServer) => {
    const issuers = trusting(remoteIssuer());
    breakServer();
    await expectRefused(issuers, await sign(rsa), 'UNAVAILABLE');
    await expectRefused(issuers, await sign(elliptic), 'UNAVAILABLE');
    expect(keyServer.requests).toBe(1);
  });

  it('are unavailable where nobody listens', async () => {
    const gone = await KeyServer.start();
    const issuers = trusting(remoteIssuer({ jwksUrl: gone.url }));
    await gone.stop();
    await expectRefused(issuers, await sign(rsa), 'UNAVAILABLE');
  });

  it('are not waited for longer than said', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const issuers = new TrustedIssuers(parseTrustedIssuers(JSON.stringify(remoteIssuer({ jwksUrl }))), new Clock(), {
      timeoutMs: 50,
    });
    await expectRefused(issuers, await sign(rsa), 'UNAVAILABLE');
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('a token that was accepted', () => {
  it('is remembered for a minute', async () => {
    const issuers = trusting(remoteIssuer());
    const token = await sign(rsa);
    const identity = await issuers.verify(token);
    setNow(now + MINUTE - 1);
    expect(await issuers.verify(token)).toBe(identity);
    setNow(now + 1);
    const again = await issuers.verify(token);
    expect(again).toEqual(identity);
    expect(again).not.toBe(identity);
  });

  it('is not remembered beyond its end', async () => {
    const issuers = trusting(remoteIssuer());
    const token = await sign(rsa, { exp: START / SECOND + 20 });
    setNow(now + 20 * SECOND - 1);
    expect(await issuers.verify(token)).toBeDefined();
    setNow(now + 1);
    await expectRefused(issuers, token, 'TOKEN_EXPIRED');
  });

  it('gives way to 10,000 others', async () => {
    const issuers = trusting({ issuer: SHARED, secret: SECRET, audience: AUDIENCE });
    const first = await signShared();
    const second = await signShared({ sub: 'second' });
    const [firstIdentity, secondIdentity] = [await issuers.verify(first), await issuers.verify(second)];
    for (let index = 0; index < 9_999; index += 1) {
      const unsigned = unsecured({ alg: 'HS256' }, claims({ iss: SHARED, sub: `user ${index}` })).slice(0, -1);
      await issuers.verify(`${unsigned}.${createHmac('sha256', SECRET).update(unsigned).digest('base64url')}`);
    }
    expect(await issuers.verify(second)).toBe(secondIdentity);
    expect(await issuers.verify(first)).not.toBe(firstIdentity);
  });

  it('is not another token with the same beginning', async () => {
    const issuers = trusting(remoteIssuer());
    const token = await sign(rsa);
    await issuers.verify(token);
    await expectRefused(issuers, `${token.slice(0, -8)}AAAAAAAA`);
  });
});

describe('an issuer with a shared secret', () => {
  const issuer = { issuer: SHARED, secret: SECRET, audience: AUDIENCE };

  it('is believed with that secret and HS256 only', async () => {
    const issuers = trusting(issuer);
    expect(await issuers.verify(await signShared())).toMatchObject({ issuer: SHARED, subject: 'ada' });
    await expectRefused(issuers, await signShared({}, 'another secret of at least 32 bytes'));
    await expectRefused(issuers, await signShared({}, SECRET.padEnd(64, '!'), 'HS512'));
    await expectRefused(issuers, unsecured({ alg: 'none' }, claims({ iss: SHARED })));
    await expectRefused(issuers, await signShared({ aud: 'https://else.example' }));
    await expectRefused(issuers, await signShared({ exp: undefined }));
    await expectRefused(issuers, await signShared({ exp: START / SECOND - 1 }), 'TOKEN_EXPIRED');
  });

  it('cannot speak for another issuer', async () => {
    const issuers = trusting(issuer, { ...issuer, issuer: 'https://else.example', secret: `${SECRET}!` });
    await expectRefused(issuers, await signShared({ iss: 'https://else.example' }));
  });
});
