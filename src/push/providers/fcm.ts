import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import type { FcmSettings } from '../../config/settings/push-settings.js';
import { jsonOf, unread } from './answer-body.js';
import { retryAfterOf, verdictOf } from './answers.js';
import { reasonOf } from './expo.js';
import { jsonWebToken } from './json-web-token.js';
import { type Push, PushProvider, type PushResult } from './push-provider.js';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** Google's access tokens live an hour; one is renewed so long before its end. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Without `Retry-After` Google asks for this after a 429. */
const RETRY_AFTER_MS = 60_000;
const TTL = '86400s';
const MAX_ANSWER_BYTES = 64 * 1024;

/** Firebase Cloud Messaging, HTTP v1: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
@Injectable()
export class FcmProvider extends PushProvider {
  readonly platform = 'fcm';
  readonly maxBatch = 1;
  readonly maxConcurrent = 32;
  private token: { text: string; renewAt: number } | undefined;
  /** One renewal for all who wait for it. */
  private renewing: Promise<string | PushResult> | undefined;

  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {
    super();
  }

  get isConfigured(): boolean {
    return this.configuration.push.fcm !== undefined;
  }

  send(pushes: readonly Push[]): Promise<PushResult[]> {
    return Promise.all(pushes.map((push) => this.one(push)));
  }

  private async one(push: Push): Promise<PushResult> {
    const { fcm } = this.configuration.push;
    if (fcm === undefined) return { verdict: 'again', reason: 'FCM_SERVICE_ACCOUNT is not set' };
    const token = await this.accessToken(fcm);
    if (typeof token !== 'string') return token;
    const result = await this.post(fcm, token, push);
    if (result.reason !== 'UNAUTHENTICATED') return result;
    // A token may end before its time; all who were refused with it share the renewal, and each tries again once.
    if (this.token?.text === token) this.token = undefined;
    const renewed = await this.accessToken(fcm);
    if (typeof renewed !== 'string') return renewed;
    return renewed === token ? result : this.post(fcm, renewed, push);
  }

  private async post(fcm: FcmSettings, token: string, push: Push): Promise<PushResult> {
    try {
      const response = await fetch(`${fcm.url}/v1/projects/${encodeURIComponent(fcm.projectId)}/messages:send`, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ message: messageOf(push) }),
        signal: AbortSignal.timeout(this.configuration.timings.pushRequestMs),
      });
      if (response.ok) {
        await unread(response);
        return { verdict: 'sent', reason: 'taken by FCM' };
      }
      const { error } = (await jsonOf(response, MAX_ANSWER_BYTES)) as { error?: GoogleError };
      const code = codeOf(error);
      const verdict = verdictOf('fcm', code, response.status);
      const retryAfterMs =
        retryAfterOf(response.headers.get('retry-after'), this.clock.now()) ??
        (response.status === 429 ? RETRY_AFTER_MS : undefined);
      return {
        verdict,
        reason: code ?? `status ${response.status}`,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        // Apple's key is missing at Firebase, say: no phone of Google's has to wait for that.
        ...(code === 'THIRD_PARTY_AUTH_ERROR' ? { isOfDevice: true } : {}),
        // Too many for this one phone, or for all: FCM says the same of both, and not always which.
        ...(code === 'QUOTA_EXCEEDED' && !isOfProject(error) ? { mayBeOfDevice: true } : {}),
      };
    } catch (error) {
      return { verdict: 'again', reason: `FCM is away: ${reasonOf(error)}` };
    }
  }

  private accessToken(fcm: FcmSettings): Promise<string | PushResult> {
    if (this.token !== undefined && this.clock.now() < this.token.renewAt) return Promise.resolve(this.token.text);
    this.renewing ??= this.renew(fcm).finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async renew(fcm: FcmSettings): Promise<string | PushResult> {
    const now = this.clock.now();
    const issuedAt = Math.floor(now / 1_000);
    const assertion = jsonWebToken(
      'RS256',
      fcm.privateKey,
      fcm.privateKeyId === undefined ? {} : { kid: fcm.privateKeyId },
      {
        iss: fcm.clientEmail,
        scope: SCOPE,
        aud: fcm.tokenUrl,
        iat: issuedAt,
        exp: issuedAt + 3_600,
      },
    );
    try {
      const response = await fetch(fcm.tokenUrl, {
        method: 'POST',
        redirect: 'error',
        body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
        signal: AbortSignal.timeout(this.configuration.timings.pushRequestMs),
      });
      const body: { access_token?: unknown; expires_in?: unknown } = await jsonOf(response, MAX_ANSWER_BYTES);
      if (response.ok && typeof body.access_token === 'string') {
        const lifeMs = (typeof body.expires_in === 'number' ? body.expires_in : 3_600) * 1_000;
        this.token = { text: body.access_token, renewAt: now + Math.max(lifeMs / 2, lifeMs - RENEW_BEFORE_MS) };
        return body.access_token;
      }
      if (response.ok || response.status >= 500 || response.status === 429)
        return { verdict: 'again', reason: `Google's sign-in answers ${response.status}` };
      return { verdict: 'alarm', reason: `Google refuses the key of FCM_SERVICE_ACCOUNT (status ${response.status})` };
    } catch (error) {
      return { verdict: 'again', reason: `Google's sign-in is away: ${reasonOf(error)}` };
    }
  }
}

interface GoogleError {
  status?: unknown;
  details?: unknown;
}

/** What one entry of the details may have: an FcmError, a QuotaFailure, an ErrorInfo. */
interface ErrorDetail {
  errorCode?: unknown;
  violations?: unknown;
  metadata?: { consumer?: unknown };
}

function detailsOf(error: GoogleError | null | undefined): ErrorDetail[] {
  const details: unknown[] = Array.isArray(error?.details) ? error.details : [];
  return details.filter((detail): detail is ErrorDetail => typeof detail === 'object' && detail !== null);
}

/** The code of FCM itself where there is one: it says more than the status of Google. */
function codeOf(error: GoogleError | null | undefined): string | undefined {
  for (const { errorCode } of detailsOf(error)) if (typeof errorCode === 'string') return errorCode;
  return typeof error?.status === 'string' ? error.status : undefined;
}

/** Whether a quota that is used up is said to be the project's: it is nobody else's to wait for then. */
function isOfProject(error: GoogleError | null | undefined): boolean {
  return detailsOf(error).some(({ violations, metadata }) => {
    const subjects = (Array.isArray(violations) ? violations : []).map(
      (violation: { subject?: unknown } | null) => violation?.subject,
    );
    return [...subjects, metadata?.consumer].some((subject) => /^projects?[:/_]/.test(String(subject)));
  });
}

function messageOf({ device, notification: { shown, tag, data } }: Push): object {
  const texts = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, String(value)]));
  const collapse = { 'apns-collapse-id': tag };
  if (shown === undefined)
    return {
      token: device.address,
      data: texts,
      // Another conversation's clear takes away something else, and must not take the place of this one.
      android: { priority: 'NORMAL', ttl: TTL, collapse_key: tag },
      apns: {
        headers: { 'apns-priority': '5', 'apns-push-type': 'alert' },
        payload: { aps: { 'content-available': 1, badge: data.badge } },
      },
    };
  const { title, body, sound } = shown;
  return {
    token: device.address,
    notification: { title, body },
    data: texts,
    // No collapse key: of more than four FCM drops some while the phone is off. The tag replaces what is shown.
    android: {
      priority: 'HIGH',
      ttl: TTL,
      notification: { tag, notification_count: data.badge, ...(sound ? { default_sound: true } : {}) },
    },
    apns: {
      headers: { 'apns-priority': '10', ...collapse },
      payload: { aps: { badge: data.badge, 'thread-id': tag, ...(sound ? { sound: 'default' } : {}) } },
    },
  };
}
