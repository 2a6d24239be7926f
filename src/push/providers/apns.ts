import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import type { ApnsSettings } from '../../config/settings/push-settings.js';
import type { ApnsEnvironment } from '../devices/devices.view.js';
import type { LeasedDevice } from '../sending/notice.js';
import { retryAfterOf, verdictOf } from './answers.js';
import { reasonOf } from './expo.js';
import { jsonWebToken } from './json-web-token.js';
import { type Push, PushProvider, type PushResult } from './push-provider.js';

/** Apple refuses a token that is older than an hour, and one that is renewed more often than every 20 minutes. */
const TOKEN_LIFE_MS = 40 * 60_000;
const MIN_TOKEN_LIFE_MS = 20 * 60_000;
const EXPIRY_SECONDS = 24 * 3_600;
const MAX_ANSWER_BYTES = 16 * 1024;
/** A connection that nothing is sent on is ended: a network on its way may forget it without a word, and a request would be lost. */
const IDLE_TIMEOUT_MS = 60_000;

interface Answer {
  status: number;
  reason: string | undefined;
  /** 410: since when the token is none, in milliseconds since 1970. */
  since: number | undefined;
  retryAfter: string | undefined;
}

/** Apple Push Notification service: HTTP/2, a token signed by the .p8 key. */
@Injectable()
export class ApnsProvider extends PushProvider {
  readonly platform = 'apns';
  readonly maxBatch = 1;
  readonly maxConcurrent = 32;
  private readonly sessions = new Map<string, ClientHttp2Session>();
  private token: { text: string; issuedAt: number } | undefined;
  /** When a token was given up before its time; milliseconds of `performance.now()`. */
  private givenUpAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    super();
  }

  get isConfigured(): boolean {
    return this.configuration.push.apns !== undefined;
  }

  send(pushes: readonly Push[]): Promise<PushResult[]> {
    return Promise.all(pushes.map((push) => this.one(push)));
  }

  override close(): void {
    for (const session of this.sessions.values()) session.destroy();
    this.sessions.clear();
  }

  private async one(push: Push): Promise<PushResult> {
    const { apns } = this.configuration.push;
    if (apns === undefined) return { verdict: 'again', reason: 'APNS_KEY is not set' };
    const environment = push.device.environment ?? 'production';
    const first = await this.attempt(apns, environment, push);
    if (first.reason !== 'BadDeviceToken') return first;
    // An app that was built for tests has tokens of the other environment.
    const other = environment === 'production' ? 'sandbox' : 'production';
    const second = await this.attempt(apns, other, push);
    if (second.verdict === 'sent') return { ...second, environment: other };
    // While the other one is away it is not known; nobody else has to wait for that.
    return second.verdict === 'again' ? { ...second, isOfDevice: true } : first;
  }

  /** What is wrong with the environment for tests is nothing to everybody else. */
  override laneOf({ environment }: LeasedDevice): string {
    return environment === 'sandbox' ? environment : this.platform;
  }

  private async attempt(apns: ApnsSettings, environment: ApnsEnvironment, push: Push): Promise<PushResult> {
    try {
      const token = this.providerToken(apns);
      const answer = await this.post(apns, environment, push, token);
      if (!this.isRenewed(token, answer.reason)) return this.resultOf(answer, push);
      return this.resultOf(await this.post(apns, environment, push, this.providerToken(apns)), push);
    } catch (error) {
      return { verdict: 'again', reason: `Apple is away: ${reasonOf(error)}` };
    }
  }

  private resultOf({ status, reason, since, retryAfter }: Answer, { device }: Push): PushResult {
    if (status === 200) return { verdict: 'sent', reason: 'taken by Apple' };
    const verdict = verdictOf('apns', reason, status);
    const said = reason ?? `status ${status}`;
    // It was registered again after Apple had noted that it is none.
    if (status === 410 && since !== undefined && since < device.registeredAt.getTime())
      return { verdict: 'keep', reason: `${said}, before it was registered` };
    const retryAfterMs = retryAfterOf(retryAfter, this.clock.now());
    return {
      verdict,
      reason: said,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      // Too many for this one token.
      ...(reason === 'TooManyRequests' ? { isOfDevice: true } : {}),
    };
  }

  /** Whether there may be another token than the one that was refused. */
  private isRenewed(token: string, reason: string | undefined): boolean {
    if (reason !== 'ExpiredProviderToken' && reason !== 'InvalidProviderToken') return false;
    if (this.token?.text !== token) return true;
    if (reason === 'InvalidProviderToken') {
      // Maybe for its time, by a clock that has been put right since. Where it is the key, Apple wants none made too often.
      if (performance.now() - this.givenUpAt < MIN_TOKEN_LIFE_MS) return false;
      this.givenUpAt = performance.now();
    }
    this.token = undefined;
    return true;
  }

  private providerToken({ key, keyId, teamId }: ApnsSettings): string {
    const now = this.clock.now();
    const age = now - (this.token?.issuedAt ?? 0);
    // One of the future is from before the clock was put right.
    if (this.token === undefined || age > TOKEN_LIFE_MS || age < 0)
      this.token = {
        text: jsonWebToken('ES256', key, { kid: keyId }, { iss: teamId, iat: Math.floor(now / 1_000) }),
        issuedAt: now,
      };
    return this.token.text;
  }

  private post(apns: ApnsSettings, environment: ApnsEnvironment, push: Push, token: string): Promise<Answer> {
    const { device, notification } = push;
    const { shown, tag } = notification;
    const session = this.session(apns.urls[environment]);
    return new Promise((resolve, reject) => {
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: `/3/device/${device.address}`,
        authorization: `bearer ${token}`,
        'apns-topic': apns.bundleId,
        // A number alone as well: background is for what shows nothing at all, and Apple lets few of those through.
        'apns-push-type': 'alert',
        'apns-priority': shown === undefined ? '5' : '10',
        'apns-expiration': String(Math.floor(this.clock.now() / 1_000) + EXPIRY_SECONDS),
        ...(shown === undefined ? {} : { 'apns-collapse-id': tag }),
        'content-type': 'application/json',
      });
      const timer = setTimeout(() => {
        stream.close(constants.NGHTTP2_CANCEL);
        // One that does not answer may be dead without a word; the next request opens another one.
        session.destroy();
        reject(Object.assign(new Error('no answer'), { name: 'TimeoutError' }));
      }, this.configuration.timings.pushRequestMs);
      let status = 0;
      let retryAfter: string | undefined;
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on('response', (headers) => {
        status = Number(headers[constants.HTTP2_HEADER_STATUS]);
        const given = headers['retry-after'];
        retryAfter = Array.isArray(given) ? given[0] : given;
      });
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
      });
      stream.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      stream.on('close', () => {
        clearTimeout(timer);
        if (status === 0) reject(Object.assign(new Error('cut'), { name: 'connection lost' }));
        else resolve({ status, retryAfter, ...bodyOf(Buffer.concat(chunks)) });
      });
      stream.end(JSON.stringify(payloadOf(push)));
    });
  }

  private session(origin: string): ClientHttp2Session {
    const known = this.sessions.get(origin);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(origin);
    const forget = (): void => {
      if (this.sessions.get(origin) === session) this.sessions.delete(origin);
    };
    // Its requests fail by themselves; without a listener the event would end the process.
    session.on('error', forget);
    session.on('close', forget);
    session.on('goaway', forget);
    session.setTimeout(IDLE_TIMEOUT_MS, () => session.close());
    // What is open while nothing is sent keeps no process alive.
    session.unref();
    this.sessions.set(origin, session);
    return session;
  }
}

function bodyOf(body: Buffer): { reason: string | undefined; since: number | undefined } {
  try {
    const { reason, timestamp } = JSON.parse(body.toString()) as { reason?: unknown; timestamp?: unknown };
    return {
      reason: typeof reason === 'string' ? reason : undefined,
      since: typeof timestamp === 'number' ? timestamp : undefined,
    };
  } catch {
    return { reason: undefined, since: undefined };
  }
}

function payloadOf({ notification: { shown, tag, data } }: Push): object {
  if (shown === undefined) return { aps: { 'content-available': 1, badge: data.badge }, ...data };
  const { title, body, sound } = shown;
  return {
    aps: { alert: { title, body }, badge: data.badge, 'thread-id': tag, ...(sound ? { sound: 'default' } : {}) },
    ...data,
  };
}
