import { type KeyObject, sign } from 'node:crypto';

/** A signed JWT: ES256 or RS256. */
export function jsonWebToken(
  algorithm: 'ES256' | 'RS256',
  key: KeyObject,
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, string | number>>,
): string {
  const encoded = [{ alg: algorithm, typ: 'JWT', ...header }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = encoded.join('.');
  // ES256 is the two numbers side by side, not the DER that OpenSSL makes by itself.
  const signature = sign('sha256', Buffer.from(text), algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key);
  return `${text}.${signature.toString('base64url')}`;
}
