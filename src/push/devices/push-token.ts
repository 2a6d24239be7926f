import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { invalidField } from '../../common/errors.js';
import { isPublicIpAddress } from '../../outbound/public-ip-address.js';
import type { PushPlatform } from './devices.view.js';

/** What a notification reaches a device by. */
export interface PushToken {
  /** The token, or a browser's endpoint. */
  token: string;
  /** The keys of a browser, base64url. */
  keys: { p256dh: string; auth: string } | undefined;
}

export interface GivenSubscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** The index of tokens takes no longer ones. */
export const MAX_TOKEN_BYTES = 2_000;

/** What tokens look like: what is something else never reaches a provider, whose requests they become a part of. */
const TOKENS: Readonly<Record<Exclude<PushPlatform, 'web'>, RegExp>> = {
  expo: /^Expo(nent)?PushToken\[[\w:.~+/=-]{1,256}\]$/,
  fcm: /^[\w:.~-]{1,1024}$/,
  apns: /^[0-9a-f]{64,200}$/,
};

/**
 * The token of a device, in the one spelling by which it is compared.
 * @param webHosts push services that a browser's endpoint may lie at
 * @throws DomainError VALIDATION_FAILED
 */
export function pushToken(
  platform: PushPlatform,
  token: string | undefined,
  subscription: GivenSubscription | undefined,
  webHosts: readonly string[],
): PushToken {
  if (platform === 'web') {
    if (subscription === undefined) throw invalidField('subscription', 'subscription is required for web');
    if (token !== undefined) throw invalidField('token', 'token is not for web: send subscription');
    const { endpoint, keys } = subscription;
    return {
      token: endpointOf(endpoint, webHosts),
      keys: { p256dh: publicKeyOf(keys.p256dh), auth: secretOf(keys.auth) },
    };
  }
  if (subscription !== undefined) throw invalidField('subscription', 'subscription is for web alone: send token');
  if (token === undefined) throw invalidField('token', `token is required for ${platform}`);
  const spelt = platform === 'apns' ? token.toLowerCase() : token;
  if (!TOKENS[platform].test(spelt)) throw invalidField('token', `token must be a token of ${platform}`);
  return { token: spelt, keys: undefined };
}

/**
 * Whether a push service may be connected to: at port 443 of a host that is allowed (`host`, or `*.host` for what is below
 * it), or at what the operator names whole (`http://host:port`), which need not be public.
 */
export function isWebHostAllowed(url: URL, webHosts: readonly string[]): boolean {
  if (isNamedWhole(url, webHosts)) return true;
  if (url.protocol !== 'https:' || url.port !== '') return false;
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(hostname) !== 0 && !isPublicIpAddress(hostname)) return false;
  return webHosts.some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host));
}

/** The operator names it with its scheme and port: one of its own network, whose IP address is not checked. */
export function isNamedWhole(url: URL, webHosts: readonly string[]): boolean {
  return webHosts.includes(url.origin);
}

function endpointOf(endpoint: string, webHosts: readonly string[]): string {
  const refusal = invalidField(
    'subscription.endpoint',
    'subscription.endpoint is at no push service of browsers that is allowed here',
  );
  if (!URL.canParse(endpoint)) throw refusal;
  const url = new URL(endpoint);
  url.hash = '';
  if (url.username !== '' || url.password !== '' || Buffer.byteLength(url.href) > MAX_TOKEN_BYTES) throw refusal;
  if (!isWebHostAllowed(url, webHosts)) throw refusal;
  return url.href;
}

/** A point on the curve, uncompressed: one that is not would fail each notification, or reveal something. */
function publicKeyOf(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  const refusal = invalidField('subscription.keys.p256dh', 'subscription.keys.p256dh must be a public key of P-256');
  if (bytes.length !== 65 || bytes[0] !== 4) throw refusal;
  const [x, y] = [bytes.subarray(1, 33).toString('base64url'), bytes.subarray(33).toString('base64url')];
  try {
    createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    throw refusal;
  }
  return bytes.toString('base64url');
}

function secretOf(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 16)
    throw invalidField('subscription.keys.auth', 'subscription.keys.auth must be a secret of 16 bytes');
  return bytes.toString('base64url');
}
