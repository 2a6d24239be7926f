import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Anything } from '../../support/story.js';

/** The key that `startStory` configures. */
export const SECRET = 'a secret that is long enough for every test';
export const HEADER = { alg: 'HS256', typ: 'JWT' };
export const now = (): number => Math.floor(Date.now() / 1_000);
export const encoded = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

export type Signature = (input: string) => string;
export const hmac =
  (key: string | Buffer, hash = 'sha256'): Signature =>
  (input) =>
    createHmac(hash, key).update(input).digest('base64url');

/** A token made by hand; texts stand for themselves, whether or not they are JSON. */
export function token(claims: unknown, header: unknown = HEADER, sign: Signature = hmac(SECRET)): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${sign(input)}`;
}

export const claimsOf = (accessToken: string): Anything =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());

/** What node:http sends as it is given, where `fetch` would put it right. */
export function plainRequest(
  url: string,
  path: string,
  headers: Record<string, string | string[]>,
  { method = 'GET', body = '' } = {},
): Promise<{ status: number; body: Anything }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url + path, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
