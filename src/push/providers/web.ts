import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Configuration, ConfigurationError } from '../../config/configuration.js';
import { publicPost } from '../../outbound/public-post.js';
import { isNamedWhole, isWebHostAllowed } from '../devices/push-token.js';
import type { LeasedDevice } from '../sending/notice.js';
import { retryAfterOf, verdictOf } from './answers.js';
import { reasonOf } from './expo.js';
import { jsonWebToken } from './json-web-token.js';
import { type Push, PushProvider, type PushResult } from './push-provider.js';
import { encrypted } from './web-encryption.js';

const TTL_SECONDS = 24 * 3_600;
/** A token for a push service is good for so long; at most a day is allowed. */
const TOKEN_LIFE_MS = 12 * 3_600_000;
const MAX_TOKENS = 100;
/** Some push services take no more; encryption adds about a hundred bytes. */
const MAX_BODY_BYTES = 2_700;
const MAX_CHARACTERS = 400;
/** Answers that may be about one browser's subscription alone. */
const OF_SUBSCRIPTION: readonly number[] = [401, 403, 429];

/** Push services of browsers: RFC 8030, with VAPID (RFC 8292) and encryption for the browser alone (RFC 8291). */
@Injectable()
export class WebProvider extends PushProvider {
  readonly platform = 'web';
  readonly maxBatch = 1;
  readonly maxConcurrent = 64;
  readonly isConfigured = true;
  /** By the origin of the push service. */
  private readonly tokens = new Map<string, { text: string; renewAt: number }>();

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Each push service by itself: what one browser's maker does is nothing to another's. */
  override laneOf({ address }: LeasedDevice): string {
    return URL.canParse(address) ? new URL(address).host : address;
  }

  send(pushes: readonly Push[]): Promise<PushResult[]> {
    return Promise.all(pushes.map((push) => this.one(push)));
  }

  private async one({ device, notification }: Push): Promise<PushResult> {
    const { hosts } = this.configuration.push.web;
    const { p256dh, auth } = device;
    if (p256dh === null || auth === null) return { verdict: 'suspect', reason: 'no keys' };
    const url = new URL(device.address);
    // It was allowed when it registered.
    if (!isWebHostAllowed(url, hosts))
      return { verdict: 'suspect', reason: 'its push service is not allowed any more' };
    try {
      const body = encrypted(bodyOf(notification), { p256dh, auth });
      const sounds = notification.shown?.sound === true;
      const { status, retryAfter } = await publicPost(url, {
        headers: {
          authorization: `vapid t=${this.token(url.origin)}, k=${this.configuration.push.web.keys().publicKey}`,
          'content-encoding': 'aes128gcm',
          'content-type': 'application/octet-stream',
          ttl: String(TTL_SECONDS),
          topic: topicOf(notification.tag, sounds),
          urgency: sounds ? 'high' : 'normal',
        },
        body,
        timeoutMs: this.configuration.timings.pushRequestMs,
        isAllowed: isNamedWhole(url, hosts),
      });
      if (status >= 200 && status < 300) return { verdict: 'sent', reason: 'taken by the push service' };
      const retryAfterMs = retryAfterOf(retryAfter, this.clock.now());
      return {
        verdict: verdictOf('web', undefined, status),
        reason: `status ${status}`,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        // Too many for one subscription, or one that was made with another key: both anybody could register.
        ...(OF_SUBSCRIPTION.includes(status) ? { mayBeOfDevice: true } : {}),
      };
    } catch (error) {
      if (error instanceof ConfigurationError) return { verdict: 'alarm', reason: error.message };
      return { verdict: 'again', reason: `the push service is away: ${reasonOf(error)}` };
    }
  }

  private token(origin: string): string {
    const now = this.clock.now();
    const known = this.tokens.get(origin);
    if (known !== undefined && now < known.renewAt) return known.text;
    const { keys, subject } = this.configuration.push.web;
    const claims = { aud: origin, exp: Math.floor((now + TOKEN_LIFE_MS) / 1_000), sub: subject };
    const text = jsonWebToken('ES256', keys().privateKey, {}, claims);
    if (this.tokens.size >= MAX_TOKENS) this.tokens.clear();
    this.tokens.set(origin, { text, renewAt: now + TOKEN_LIFE_MS / 2 });
    return text;
  }
}

/**
 * At most 32 characters of base64url: the later of two notifications of one tag takes the other's place while the browser is
 * off. But a silent one does not replace one that sounds, which would never ring then: the tag makes them one on the screen.
 */
function topicOf(tag: string, sounds: boolean): string {
  return createHash('sha256').update(`${sounds} ${tag}`).digest('base64url').slice(0, 32);
}

/** What the page's service worker is given. Never more than push services take, and never nothing. */
function bodyOf({ shown, tag, data }: Push['notification']): Buffer {
  for (let characters = MAX_CHARACTERS; ; characters >>= 1) {
    const texts =
      shown === undefined
        ? {}
        : { title: cut(shown.title, characters), body: cut(shown.body, characters), silent: !shown.sound };
    const bytes = Buffer.from(JSON.stringify({ ...texts, tag, data }));
    if (bytes.length <= MAX_BODY_BYTES || characters <= 1) return bytes;
  }
}

function cut(text: string, characters: number): string {
  return Array.from(text).slice(0, characters).join('');
}
