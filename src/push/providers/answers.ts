import { retryAfterMs } from '../../outbound/retry-after.js';
import type { PushPlatform } from '../devices/devices.view.js';
import type { Verdict } from './push-provider.js';

/**
 * What each answer of a provider means (docs/push.md shows the same table). By the provider's own code where it has one, else
 * by the HTTP status; what is not here is `again` from status 500 on, and `keep` below it: an answer that nobody knows costs
 * no token.
 */
export const ANSWERS: Readonly<Record<PushPlatform, Readonly<Record<string, Verdict>>>> = {
  expo: {
    DeviceNotRegistered: 'remove',
    MessageTooBig: 'keep',
    MessageRateExceeded: 'again',
    ExpoError: 'again',
    ProviderError: 'again',
    // Of the credentials that Expo holds for the app.
    InvalidCredentials: 'alarm',
    MismatchSenderId: 'alarm',
    DeveloperError: 'alarm',
    // Of a whole request.
    UNAUTHORIZED: 'alarm',
    PUSH_TOO_MANY_EXPERIENCE_IDS: 'alarm',
    PUSH_TOO_MANY_NOTIFICATIONS: 'alarm',
    TOO_MANY_REQUESTS: 'again',
    '400': 'alarm',
    '401': 'alarm',
    '403': 'alarm',
    '429': 'again',
  },
  fcm: {
    UNREGISTERED: 'remove',
    // The token, or the notification.
    INVALID_ARGUMENT: 'suspect',
    // The token is of another project: of this one it is none.
    SENDER_ID_MISMATCH: 'suspect',
    QUOTA_EXCEEDED: 'again',
    UNAVAILABLE: 'again',
    INTERNAL: 'again',
    // What Firebase could not sign in with at Apple's or at a browser's.
    THIRD_PARTY_AUTH_ERROR: 'alarm',
    UNAUTHENTICATED: 'alarm',
    PERMISSION_DENIED: 'alarm',
    NOT_FOUND: 'alarm',
    '401': 'alarm',
    '403': 'alarm',
    // Without the code of FCM it is the project that is not found.
    '404': 'alarm',
    '429': 'again',
  },
  apns: {
    Unregistered: 'remove',
    ExpiredToken: 'remove',
    // After both environments were tried.
    BadDeviceToken: 'remove',
    DeviceTokenNotForTopic: 'suspect',
    PayloadTooLarge: 'keep',
    BadCollapseId: 'keep',
    BadExpirationDate: 'keep',
    BadPriority: 'keep',
    PayloadEmpty: 'keep',
    BadTopic: 'alarm',
    MissingTopic: 'alarm',
    TopicDisallowed: 'alarm',
    InvalidPushType: 'alarm',
    BadCertificate: 'alarm',
    BadCertificateEnvironment: 'alarm',
    ExpiredProviderToken: 'alarm',
    InvalidProviderToken: 'alarm',
    MissingProviderToken: 'alarm',
    Forbidden: 'alarm',
    BadPath: 'alarm',
    MethodNotAllowed: 'alarm',
    TooManyProviderTokenUpdates: 'again',
    TooManyRequests: 'again',
    InternalServerError: 'again',
    ServiceUnavailable: 'again',
    Shutdown: 'again',
    IdleTimeout: 'again',
    '403': 'alarm',
    '410': 'remove',
    '429': 'again',
  },
  web: {
    '404': 'remove',
    '410': 'remove',
    '400': 'suspect',
    // A subscription made with another key.
    '401': 'alarm',
    '403': 'alarm',
    '413': 'keep',
    '429': 'again',
    // A push service that leads elsewhere is not followed.
    '300': 'suspect',
    '301': 'suspect',
    '302': 'suspect',
    '303': 'suspect',
    '307': 'suspect',
    '308': 'suspect',
  },
};

export function verdictOf(platform: PushPlatform, code: string | undefined, status: number): Verdict {
  const table = ANSWERS[platform];
  if (code !== undefined && Object.hasOwn(table, code)) return table[code] ?? 'keep';
  return table[String(status)] ?? (status >= 500 || status === 408 ? 'again' : 'keep');
}

const MAX_RETRY_AFTER_MS = 3_600_000;

/** What an answer asks to wait, in milliseconds: an hour at most; undefined where it asks for nothing. */
export function retryAfterOf(header: string | null | undefined, now: number): number | undefined {
  const asked = retryAfterMs(header, now);
  return asked === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, asked);
}
