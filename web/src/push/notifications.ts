import type { ChatError } from '@parley/client';
import {
  canWebPush,
  clearReadNotifications,
  disableWebPush,
  enableWebPush,
  isWebPushEnabled,
  unsubscribeWebPush,
  type PushPreview,
} from '@parley/client/web-push';
import { useSyncExternalStore } from '../react.js';
import { client } from '../session/client.js';

/** `impossible`: this browser cannot, or the server does not; `denied`: the user refused it in the browser. */
export type NotificationState = 'unknown' | 'impossible' | 'denied' | 'off' | 'on';

const DECLINED_KEY = 'parley.notifications-declined';
/** The user who turned them on: nobody else of this browser gets any without being asked. */
const OWNER_KEY = 'parley.notifications-of';
/** With its user. The server has it no more once the session has ended, and would show everything after the next log-in. */
const PREVIEW_KEY = 'parley.notifications-preview';
/** The worker may never become ready: where the browser forbids one, say. */
const WORKER_TIMEOUT_MS = 10_000;

/** Known without asking anybody. */
function ruledOut(): 'impossible' | 'denied' | undefined {
  if (!canWebPush()) return 'impossible';
  return Notification.permission === 'denied' ? 'denied' : undefined;
}

let state: NotificationState = ruledOut() ?? 'unknown';
let preview: PushPreview = 'full';
let isMissed = false;
let endClearing: (() => void) | undefined;
const listeners = new Set<() => void>();

function show(next: { state?: NotificationState; preview?: PushPreview; isMissed?: boolean }): void {
  state = next.state ?? state;
  preview = next.preview ?? preview;
  isMissed = next.isMissed ?? isMissed;
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const useNotifications = (): NotificationState => useSyncExternalStore(subscribe, () => state);

export const usePushPreview = (): PushPreview => useSyncExternalStore(subscribe, () => preview);

function keptPreview(): { preview?: PushPreview } {
  const [userId, preview] = localStorage.getItem(PREVIEW_KEY)?.split(' ') ?? [];
  return userId === client.userId ? { preview: preview as PushPreview } : {};
}

function keepPreview({ preview }: { preview: PushPreview }): void {
  // Behind a log-out nothing is kept.
  if (localStorage.getItem(OWNER_KEY) === client.userId)
    localStorage.setItem(PREVIEW_KEY, `${client.userId} ${preview}`);
  show({ preview });
}

/** Whether to ask: a message came while nobody looked, and nothing was decided yet. */
export const useMissedMessage = (): boolean =>
  useSyncExternalStore(subscribe, () => isMissed && state === 'off' && localStorage.getItem(DECLINED_KEY) === null);

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('This browser runs no service worker for this page.')), WORKER_TIMEOUT_MS);
  });
}

async function worker(): Promise<ServiceWorkerRegistration> {
  return Promise.race([navigator.serviceWorker.ready, late()]);
}

/**
 * At the start, and after a log-in: what is on stays on, with the endpoints of today, for the user who turned it on.
 * @returns whether there is nothing to be tried again: false where it failed for now
 */
export async function lookAtNotifications(): Promise<boolean> {
  const reason = ruledOut();
  if (reason !== undefined) {
    show({ state: reason });
    return true;
  }
  const { userId } = client;
  const registration = await worker().catch(() => {
    showFailure();
    // On a slow first visit it comes later than that.
    return navigator.serviceWorker.ready;
  });
  try {
    let isOn = await isWebPushEnabled({ registration });
    // A user who has gone meanwhile is looked at again after the next log-in.
    if (client.userId !== userId) return true;
    const owner = localStorage.getItem(OWNER_KEY);
    if (isOn && owner !== null && owner !== client.userId) {
      // The session of another user of this browser ended without a log-out here.
      await unsubscribeWebPush({ registration });
      turnedOff();
      isOn = false;
    }
    if (isOn) {
      turnedOn(registration);
      try {
        keepPreview(await enableWebPush(client, { registration, locale: navigator.language, ...keptPreview() }));
      } finally {
        // Subscribed behind a log-out, it would pass for the next user's.
        if (localStorage.getItem(OWNER_KEY) === null) await unsubscribeWebPush({ registration });
      }
    } else {
      await client.http.request('/push/web-key');
      show({ state: 'off' });
    }
    return true;
  } catch (error) {
    showFailure();
    // What the browser throws says nothing of it.
    return (error as Partial<ChatError>).isTransient === false;
  }
}

/** Without a network what is on is on; a server that does not push has no key. */
function showFailure(): void {
  if (state === 'unknown') show({ state: navigator.onLine ? 'impossible' : 'unknown' });
}

/** Asks the browser for its permission: only from a click. */
export async function turnOn(wanted?: PushPreview): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') {
    decline();
    return show({ state: Notification.permission === 'denied' ? 'denied' : 'off' });
  }
  const registration = await worker();
  const choice = wanted === undefined ? keptPreview() : { preview: wanted };
  const device = await enableWebPush(client, { registration, locale: navigator.language, ...choice });
  turnedOn(registration);
  keepPreview(device);
}

function turnedOn(registration: ServiceWorkerRegistration): void {
  endClearing ??= clearReadNotifications(client, { registration });
  localStorage.setItem(OWNER_KEY, client.userId ?? '');
  show({ state: 'on' });
}

export async function turnOff(): Promise<void> {
  await disableWebPush(client, { registration: await worker() });
  turnedOff();
}

/**
 * For a log-out, whatever this tab knows: another one may have turned them on since, and a start without a network does not
 * learn whether they are. Waits for no server: the session's end ends the device there; nor for a browser that does not answer.
 */
export async function unsubscribeFromPush(): Promise<void> {
  if (!canWebPush()) return;
  const unsubscribe = async (): Promise<void> => {
    const registration = await navigator.serviceWorker.getRegistration();
    for (const key of [OWNER_KEY, PREVIEW_KEY]) localStorage.removeItem(key);
    if (state === 'on') turnedOff();
    if (registration !== undefined) await unsubscribeWebPush({ registration });
  };
  await Promise.race([unsubscribe(), late()]);
}

function turnedOff(): void {
  endClearing?.();
  endClearing = undefined;
  localStorage.removeItem(OWNER_KEY);
  show({ state: 'off' });
}

/** Nobody asks again; the settings still have it. */
export function decline(): void {
  localStorage.setItem(DECLINED_KEY, 'yes');
  show({});
}

export function noteMissedMessage(): void {
  if (!isMissed) show({ isMissed: true });
}
