import { createECDH, type ECDH, randomBytes } from 'node:crypto';

/** A browser that subscribes: it alone can read what is sent to it. */
export interface BrowserSubscription {
  readonly subscription: { endpoint: string; keys: { p256dh: string; auth: string } };
  readonly curve: ECDH;
  readonly secret: Buffer;
}

export function browserSubscription(endpoint: string): BrowserSubscription {
  const curve = createECDH('prime256v1');
  const p256dh = curve.generateKeys('base64url');
  const secret = randomBytes(16);
  return { subscription: { endpoint, keys: { p256dh, auth: secret.toString('base64url') } }, curve, secret };
}
