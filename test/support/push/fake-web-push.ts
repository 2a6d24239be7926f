import { createDecipheriv, createPublicKey, hkdfSync, randomUUID, verify } from 'node:crypto';
import { type Call, FakeService, type Reply } from './fake-service.js';
import { type BrowserSubscription, browserSubscription } from './web-subscription.js';

/** A push service of a browser, and the browsers that subscribed at it. */
export class FakeWebPush extends FakeService {
  /** The status that an endpoint answers; by endpoint. */
  readonly statuses = new Map<string, number>();
  readonly topics: string[] = [];
  private readonly browsers = new Map<string, BrowserSubscription>();

  /** Another browser. */
  subscribe(): BrowserSubscription {
    const browser = browserSubscription(`${this.url}/push/${randomUUID()}`);
    this.browsers.set(browser.subscription.endpoint, browser);
    return browser;
  }

  protected answer({ method, path, headers, body }: Call): Reply {
    const endpoint = `${this.url}${path}`;
    const status = this.statuses.get(endpoint);
    if (status !== undefined) return { status, headers: { location: `${this.url}/elsewhere` } };
    const browser = this.browsers.get(endpoint);
    if (browser === undefined) {
      this.fault(`nobody is at ${path}`);
      return { status: 404 };
    }
    if (method !== 'POST') this.fault(`${method} is not spoken`);
    this.checkToken(headers.authorization ?? '');
    if (headers['content-encoding'] !== 'aes128gcm') this.fault('another encryption');
    if (!/^\d+$/.test(String(headers.ttl))) this.fault('no TTL');
    if (!/^[\w-]{1,32}$/.test(String(headers.topic))) this.fault('a topic that is none');
    this.topics.push(String(headers.topic));
    if (body.length > 3_000) this.fault(`a body of ${body.length} bytes`);
    const text = decrypted(body, browser);
    if (text.length === 0) this.fault('an empty notification');
    const { title, body: shown, silent, tag, data } = JSON.parse(text.toString());
    this.delivered.push({
      address: endpoint,
      title,
      body: shown,
      badge: data.badge,
      sound: silent === false,
      tag,
      quiet: title === undefined,
      data,
    });
    return { status: 201 };
  }

  private checkToken(authorization: string): void {
    const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
    const [header = '', claims = '', signature = ''] = token.split('.');
    const point = Buffer.from(key, 'base64url');
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    };
    const isSigned = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const life = exp - Date.now() / 1_000;
    if (!isSigned || aud !== this.url || life <= 0 || life > 24 * 3_600 || !/^(mailto|https):/.test(sub))
      this.fault('a token that is none');
  }
}

/** As a browser does it, after RFC 8291 and RFC 8188, with nothing of the server's own. */
export function decrypted(message: Buffer, { curve, secret }: Pick<BrowserSubscription, 'curve' | 'secret'>): Buffer {
  const salt = message.subarray(0, 16);
  const keyLength = message.readUInt8(20);
  const sender = message.subarray(21, 21 + keyLength);
  const sealed = message.subarray(21 + keyLength);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), curve.getPublicKey(), sender]);
  const shared = Buffer.from(hkdfSync('sha256', curve.computeSecret(sender), secret, info, 32));
  const key = Buffer.from(hkdfSync('sha256', shared, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16));
  const nonce = Buffer.from(hkdfSync('sha256', shared, salt, Buffer.from('Content-Encoding: nonce\0'), 12));
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2));
}
