/** What a notification is about. */
export interface PushSubject {
  kind: 'message' | 'friend_request' | 'friend_accepted' | 'conversation';
  conversationId?: string;
  messageId?: string;
  seq?: number;
  senderId?: string;
  /** Unread messages in all conversations that are not muted. */
  badge: number;
}

interface Push {
  title: string;
  body: string;
  tag: string;
  silent: boolean;
  data: PushSubject | { kind: 'clear'; conversationId?: string; badge: number };
}

export interface WebPushHandling {
  /** The URL, in this origin, of what a notification is about. */
  pathOf: (subject: PushSubject) => string;
  /**
   * Whether a page at this URL is the app, which listens by `onNotificationOpened`: a click is led to no other window of the
   * origin. Left out: they all are.
   */
  isApp?: (url: URL) => boolean;
  icon?: string;
  /** A small picture of one colour, where a system shows such. */
  badge?: string;
}

// The types of a worker and of a page exclude each other: what is used of the former.
interface WindowClient {
  readonly url: string;
  readonly focused: boolean;
  focus(): Promise<unknown>;
  postMessage(message: unknown, options: { transfer?: [] }): void;
}
interface WaitingEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface PushEvent extends WaitingEvent {
  readonly data: { json(): unknown } | null;
}
interface NotificationClick extends WaitingEvent {
  readonly notification: Notification;
}
export interface WorkerScope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
  readonly navigator: {
    setAppBadge?: (count: number) => Promise<void>;
    clearAppBadge?: () => Promise<void>;
  };
  readonly location: { readonly origin: string };
  addEventListener(type: string, listener: (event: Event) => void): void;
}

const OPENED = 'parley:notification-opened';
const KINDS: readonly string[] = ['message', 'friend_request', 'friend_accepted', 'conversation'];

/**
 * In a service worker: shows what the server pushes, and leads a click to its place: in a window of the app that is open (see
 * `onNotificationOpened`), else in a new one. What was read goes when the app is open: `clearReadNotifications`.
 */
export function handleWebPush(scope: WorkerScope, handling: WebPushHandling): void {
  scope.addEventListener('push', (event) => {
    const push = pushOf(event as PushEvent);
    if (push !== undefined) (event as PushEvent).waitUntil(receive(scope, handling, push));
  });
  scope.addEventListener('notificationclick', (event) => {
    const { notification } = event as NotificationClick;
    notification.close();
    (event as NotificationClick).waitUntil(open(scope, handling, notification.data as PushSubject));
  });
}

/** In the page: a notification was clicked while it was open. Returns the way to end it. */
export function onNotificationOpened(listener: (subject: PushSubject) => void): () => void {
  const receiveMessage = ({ data }: MessageEvent<{ type?: unknown; subject?: PushSubject } | null>): void => {
    if (data?.type === OPENED && data.subject !== undefined) listener(data.subject);
  };
  navigator.serviceWorker.addEventListener('message', receiveMessage);
  return () => navigator.serviceWorker.removeEventListener('message', receiveMessage);
}

/** Undefined where it is none of this server's, or of a kind that is not known here. */
function pushOf({ data }: PushEvent): Push | undefined {
  let push: Push | null;
  try {
    push = data?.json() as Push | null;
  } catch {
    return undefined;
  }
  const kind = push?.data?.kind;
  return push != null && kind !== undefined && (kind === 'clear' || KINDS.includes(kind)) ? push : undefined;
}

async function receive(scope: WorkerScope, handling: WebPushHandling, push: Push): Promise<void> {
  const { registration, navigator } = scope;
  const { title, body, tag, silent, data } = push;
  const { badge } = data;
  // Systems without a number on the app's icon, or that refuse it.
  await (badge > 0 ? navigator.setAppBadge?.(badge) : navigator.clearAppBadge?.())?.catch(() => undefined);
  if (data.kind === 'clear') {
    if (typeof tag !== 'string') return;
    for (const notification of await registration.getNotifications({ tag })) notification.close();
    return;
  }
  const { icon, badge: sign } = handling;
  const options = {
    body,
    tag,
    silent,
    // One that replaces another rings again; a silent one must not ask for it.
    renotify: !silent,
    data,
    ...(icon === undefined ? {} : { icon }),
    ...(sign === undefined ? {} : { badge: sign }),
  };
  await registration.showNotification(title, options);
}

async function open(
  { clients, location }: WorkerScope,
  { pathOf, isApp = () => true }: WebPushHandling,
  subject: PushSubject,
): Promise<void> {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [window] = windows
    .filter(({ url }) => isApp(new URL(url)))
    .sort((a, b) => Number(b.focused) - Number(a.focused));
  if (window === undefined) {
    await clients.openWindow(location.origin + pathOf(subject));
    return;
  }
  window.postMessage({ type: OPENED, subject }, {});
  // Refused where nobody clicked, so some systems: the window is at the right place then, behind others.
  await window.focus().catch(() => undefined);
}
