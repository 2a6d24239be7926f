import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type Http2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { until } from '../story.js';
import type { Delivered } from './fake-service.js';

/** Apple's push service: HTTP/2, a signed token, an answer with a reason. */
export class FakeApns {
  readonly delivered: Delivered[] = [];
  readonly faults: string[] = [];
  /** By token: the status, the reason, and of a 410 since when. */
  readonly refusals = new Map<string, { status: number; reason: string; timestamp?: number; retryAfter?: string }>();
  /** What each call was about, in their order. */
  readonly calls: string[] = [];
  /** Different texts of the signed token that were sent. */
  readonly tokens = new Set<string>();
  expiredTokens = false;
  /** Texts of signed tokens that are not taken. */
  refusedTokens = new Set<string>();
  isSilent = false;
  readonly keyId = 'ABC123DEFG';
  readonly teamId = 'DEF123GHIJ';
  readonly bundleId = 'com.example.chat';
  private readonly sessions = new Set<Http2Session>();
  private server: Http2Server | undefined;

  constructor(readonly pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })) {}

  get url(): string {
    const address = this.server?.address();
    if (address == null || typeof address === 'string') throw new Error('the fake has not started');
    return `http://127.0.0.1:${address.port}`;
  }

  /** The .p8 that Apple gives out. */
  get key(): string {
    return this.pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  get environment(): Record<string, string> {
    return {
      APNS_URL: this.url,
      APNS_KEY: this.key,
      APNS_KEY_ID: this.keyId,
      APNS_TEAM_ID: this.teamId,
      APNS_BUNDLE_ID: this.bundleId,
    };
  }

  async start(): Promise<this> {
    const server = createServer();
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => undefined);
    });
    server.on('stream', (stream, headers) => this.take(stream, headers as Record<string, string>));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise<void>((resolve) => {
      if (this.server === undefined) resolve();
      else this.server.close(() => resolve());
    });
  }

  /** As a machine of Apple's that goes. */
  cut(): void {
    for (const session of this.sessions) session.destroy();
  }

  of(address: string): Delivered[] {
    return this.delivered.filter((one) => one.address === address);
  }

  async arrived(address: string, count = 1): Promise<Delivered[]> {
    await until(`${count} notifications came to ${address}`, () => this.of(address).length >= count);
    return this.of(address);
  }

  private take(stream: ServerHttp2Stream, headers: Record<string, string>): void {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const address = /^\/3\/device\/([0-9a-f]+)$/.exec(headers[':path'] ?? '')?.[1] ?? '';
      this.calls.push(address);
      if (this.isSilent) return;
      const refused = this.look(headers) ?? this.refusals.get(address);
      if (refused !== undefined) {
        const { status, reason, timestamp, retryAfter } = refused;
        stream.respond({ ':status': status, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) });
        stream.end(JSON.stringify({ reason, ...(timestamp === undefined ? {} : { timestamp }) }));
        return;
      }
      this.deliver(address, headers, Buffer.concat(chunks));
      stream.respond({ ':status': 200 });
      stream.end();
    });
  }

  private look(
    headers: Record<string, string>,
  ): { status: number; reason: string; timestamp?: number; retryAfter?: string } | undefined {
    const token = headers.authorization?.replace(/^bearer /, '') ?? '';
    const [header = '', claims = '', signature = ''] = token.split('.');
    const isSigned = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: createPublicKey(this.pair.privateKey), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const { iss, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (this.refusedTokens.has(token) || !isSigned || kid !== this.keyId || alg !== 'ES256' || iss !== this.teamId)
      return { status: 403, reason: 'InvalidProviderToken' };
    if (Date.now() / 1_000 - iat > 3_600 || (this.expiredTokens && this.tokens.has(token)))
      return { status: 403, reason: 'ExpiredProviderToken' };
    this.tokens.add(token);
    if (headers['apns-topic'] !== this.bundleId) return { status: 400, reason: 'TopicDisallowed' };
    return undefined;
  }

  private deliver(address: string, headers: Record<string, string>, body: Buffer): void {
    if (body.length > 4_096) this.faults.push('a payload of more than 4,096 bytes');
    const { aps, ...data } = JSON.parse(body.toString());
    const quiet = aps.alert === undefined;
    if (Buffer.byteLength(headers['apns-collapse-id'] ?? '') > 64)
      this.faults.push('a collapse id of more than 64 bytes');
    // Whatever shows an alert or a number, or makes a sound.
    const isAlert = [aps.alert, aps.badge, aps.sound].some((shown) => shown !== undefined);
    if (headers['apns-push-type'] !== (isAlert ? 'alert' : 'background'))
      this.faults.push('another push type than the payload');
    if (quiet && headers['apns-priority'] !== '5') this.faults.push('a quiet notification in a hurry');
    if (Number(headers['apns-expiration']) < Date.now() / 1_000) this.faults.push('an expiration that is over');
    this.delivered.push({
      address,
      title: aps.alert?.title,
      body: aps.alert?.body,
      badge: aps.badge,
      sound: aps.sound !== undefined,
      tag: headers['apns-collapse-id'],
      quiet,
      data,
    });
  }
}
