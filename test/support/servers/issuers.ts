import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  base64url,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { TrustedIssuers } from '../../../src/auth/external/trusted-issuers.js';
import { Clock } from '../../../src/common/clock.js';
import type { DomainError, ErrorCode } from '../../../src/common/errors.js';
import { parseTrustedIssuers } from '../../../src/config/trusted-issuers.js';

export const START = 1_795_226_000_000;
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const ISSUER = 'https://issuer.example/';
export const SHARED = 'https://shared.example';
export const AUDIENCE = 'https://chat.example';
export const SECRET = 'a shared secret of at least 32 bytes';

/** The time, for us and for the library, which reads it directly. */
export let now = START;

/** Sets the time. */
export function setNow(time: number): void {
  now = time;
}

/** An issuer's JWKS endpoint, on a port of its own. */
export class KeyServer {
  keys: JWK[] = [];
  status = 200;
  body: string | undefined;
  requests = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<KeyServer> {
    const server = createServer((_, response) => {
      keyServer.requests += 1;
      const headers = { 'content-type': 'application/json', location: `${keyServer.url}/elsewhere` };
      response.writeHead(keyServer.status, headers).end(keyServer.body ?? JSON.stringify({ keys: keyServer.keys }));
    });
    const keyServer = new KeyServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return keyServer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export interface SigningKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

export async function signingKey(kid: string, algorithm: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  return {
    kid,
    algorithm,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' },
  };
}

export function claims(changes: JWTPayload = {}): JWTPayload {
  const seconds = now / SECOND;
  return { iss: ISSUER, aud: AUDIENCE, sub: 'ada', iat: seconds, exp: seconds + 3_600, ...changes };
}

export function sign(
  key: SigningKey,
  changes: JWTPayload = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT(claims(changes))
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header })
    .sign(key.privateKey);
}

export function signShared(changes: JWTPayload = {}, secret = SECRET, alg = 'HS256'): Promise<string> {
  return new SignJWT(claims({ iss: SHARED, ...changes }))
    .setProtectedHeader({ alg, typ: 'JWT' })
    .sign(Buffer.from(secret));
}

export function unsecured(header: object, payload: object, signature = ''): string {
  return [header, payload].map((part) => base64url.encode(JSON.stringify(part))).join('.') + `.${signature}`;
}

export let keyServer: KeyServer;
export let attacker: KeyServer;
export let rsa: SigningKey;
export let elliptic: SigningKey;
export let next: SigningKey;
export let stranger: SigningKey;

beforeAll(async () => {
  Logger.overrideLogger(false);
  attacker = await KeyServer.start();
  [rsa, elliptic, next, stranger] = await Promise.all([
    signingKey('rsa-1', 'RS256'),
    signingKey('ec-1', 'ES256'),
    signingKey('ec-2', 'ES256'),
    signingKey('rsa-1', 'RS256'),
  ]);
});

beforeEach(async () => {
  now = START;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  keyServer = await KeyServer.start();
  keyServer.keys = [rsa.jwk, elliptic.jwk];
});

afterEach(async () => {
  jest.restoreAllMocks();
  await keyServer.stop();
});

afterAll(async () => {
  await attacker.stop();
  Logger.overrideLogger(['error', 'warn', 'log']);
});

export function remoteIssuer(changes: object = {}) {
  return { issuer: ISSUER, jwksUrl: `${keyServer.url}/jwks.json`, audience: AUDIENCE, ...changes };
}

export function trusting(...entries: object[]): TrustedIssuers {
  return new TrustedIssuers(parseTrustedIssuers(JSON.stringify(entries)), new Clock());
}

export async function refusal(verification: Promise<unknown>): Promise<DomainError> {
  try {
    await verification;
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('the token was accepted');
}

export async function expectRefused(
  issuers: TrustedIssuers,
  token: string,
  code: ErrorCode = 'UNAUTHORIZED',
): Promise<void> {
  expect((await refusal(issuers.verify(token))).code).toBe(code);
}
