import type { Http } from '../http/types.js';

export type PushPreview = 'full' | 'sender' | 'none';

export interface WebPushOptions {
  /** Of the service worker that calls `handleWebPush`. */
  registration: ServiceWorkerRegistration;
  /** This browser's: an id that stays. Default: one that is kept in `localStorage`. */
  deviceId?: string;
  /** What a notification may show. Default: as it was, and everything at first. */
  preview?: PushPreview;
  /** A language tag. */
  locale?: string;
}

/** As the server knows this browser. */
export interface PushDevice {
  id: string;
  preview: PushPreview;
  createdAt: string;
  lastUsedAt: string | null;
}

/** What of a client is used: its calls. */
interface Caller {
  readonly http: Http;
}

const DEVICE_KEY = 'parley.device';

/** Whether this browser has what it takes, on this page (https or localhost). */
export function canWebPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
}

/**
 * Subscribes this browser and registers it as a device of the session, which ends it. Needs the permission for notifications:
 * ask for it when a user wants them, never at the start. Calling it again changes nothing: do so at each start, since browsers
 * and servers change their endpoints and keys.
 * @throws ChatError, and what the browser says where it does not subscribe.
 */
export async function enableWebPush(client: Caller, options: WebPushOptions): Promise<PushDevice> {
  const { registration, deviceId = keptDeviceId(), preview, locale } = options;
  const { body } = await client.http.request<{ publicKey: string }>('/push/web-key');
  const subscription = await subscribed(registration.pushManager, body.publicKey);
  const { endpoint = '', keys = {} } = subscription.toJSON();
  const answer = await client.http.request<PushDevice>(`/devices/${encodeURIComponent(deviceId)}`, {
    method: 'PUT',
    body: {
      platform: 'web',
      subscription: { endpoint, keys: { p256dh: keys['p256dh'], auth: keys['auth'] } },
      ...(preview === undefined ? {} : { preview }),
      ...(locale === undefined ? {} : { locale }),
    },
  });
  return answer.body;
}

/** Whether this browser is subscribed: then `enableWebPush` keeps it so. */
export async function isWebPushEnabled({ registration }: Pick<WebPushOptions, 'registration'>): Promise<boolean> {
  return Notification.permission === 'granted' && (await registration.pushManager.getSubscription()) !== null;
}

/**
 * The browser's own part of it, which waits for no server: no notification comes any more, since the browser drops what
 * arrives, and none is left, nor the number on the app's icon. Call it before a log-out, so that the next user of the browser
 * gets nothing of this one's; the server forgets the device with its session.
 */
export async function unsubscribeWebPush({ registration }: Pick<WebPushOptions, 'registration'>): Promise<void> {
  try {
    const subscription = await registration.pushManager.getSubscription();
    await subscription?.unsubscribe();
  } finally {
    for (const notification of await registration.getNotifications()) notification.close();
    // Systems without a number on the app's icon, or that refuse it.
    await navigator.clearAppBadge?.()?.catch(() => undefined);
  }
}

/** No notification comes any more, also without a network, and the server forgets the device. The session goes on. */
export async function disableWebPush(
  client: Caller,
  { registration, deviceId = keptDeviceId() }: Pick<WebPushOptions, 'registration' | 'deviceId'>,
): Promise<void> {
  await unsubscribeWebPush({ registration });
  // Where it is not reached now: the push service answers so when the server sends next.
  await client.http.request(`/devices/${encodeURIComponent(deviceId)}`, { method: 'DELETE' }).catch(() => undefined);
}

/** A subscription is bound to the server's key; one with another key gets nothing any more. */
async function subscribed(manager: PushManager, publicKey: string): Promise<PushSubscription> {
  const key = bytesOf(publicKey);
  const held = await manager.getSubscription();
  const heldKey = held?.options.applicationServerKey;
  if (held !== null && heldKey != null && isSame(new Uint8Array(heldKey), key)) return held;
  await held?.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

function keptDeviceId(): string {
  const kept = localStorage.getItem(DEVICE_KEY);
  if (kept !== null) return kept;
  const made = crypto.randomUUID();
  localStorage.setItem(DEVICE_KEY, made);
  return made;
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
