import type { ChatClient } from '../client.js';
import { Listeners } from '../connection/listeners.js';
import type { Observable } from '../connection/types.js';
import { badgeOf, unreadIdsOf } from '../facade/unread.js';
import type { Unsubscribe } from '../ports/environment.js';
import { ChatError } from '../protocol/errors.js';
import type { ExpoSecureStore } from './token-store.js';

/** The part of `expo-notifications` that is used: `import * as Notifications from 'expo-notifications'` fits. */
export interface ExpoNotifications {
  getPermissionsAsync(): Promise<ExpoPermission>;
  requestPermissionsAsync(): Promise<ExpoPermission>;
  getExpoPushTokenAsync(options: { projectId?: string; devicePushToken?: GivenToken }): Promise<{ data: string }>;
  unregisterForNotificationsAsync(): Promise<void>;
  /** Stops Expo from registering this phone again by itself; `getExpoPushTokenAsync` starts it. */
  setAutoServerRegistrationEnabledAsync?(enabled: boolean): Promise<void>;
  /** The token is the phone's own one, of Apple or Google. It is emitted whenever it is asked for, changed or not. */
  addPushTokenListener(listener: (token: DeviceToken) => void): { remove(): void };
  addNotificationResponseReceivedListener(listener: (response: ExpoResponse) => void): { remove(): void };
  getLastNotificationResponse(): ExpoResponse | null;
  clearLastNotificationResponse(): void;
  getPresentedNotificationsAsync(): Promise<ExpoNotification[]>;
  dismissNotificationAsync(identifier: string): Promise<void>;
  dismissAllNotificationsAsync(): Promise<void>;
  setBadgeCountAsync(count: number): Promise<unknown>;
}

/** The phone's own, of Apple or Google. */
interface DeviceToken {
  readonly type: unknown;
  readonly data: unknown;
}

/** One of Google: Apple's is never refused for a while. */
interface GivenToken {
  type: 'android';
  data: string;
}

export interface ExpoPermission {
  readonly granted: boolean;
  readonly canAskAgain: boolean;
}

export interface ExpoNotification {
  readonly request: { readonly identifier: string; readonly content: { readonly data?: unknown } };
}

export interface ExpoResponse {
  readonly notification: ExpoNotification;
}

/** What a notification is about. */
export interface PushTarget {
  readonly kind: 'message' | 'friend_request' | 'friend_accepted' | 'conversation';
  readonly conversationId?: string;
  readonly seq?: number;
}

export type PushStatus =
  /** Nobody was asked yet, or was and may be asked again. */
  | 'off'
  /** The user has said no: only the phone's settings change that. */
  | 'blocked'
  /** Allowed; this phone is being registered, or will be when the server is reached. */
  | 'pending'
  | 'on'
  /** Neither the network nor the user: `error` says what. */
  | 'failed';

export interface PushSnapshot {
  readonly status: PushStatus;
  readonly error?: Error;
}

export interface ExpoPushOptions {
  notifications: ExpoNotifications;
  /** Keeps how this phone is called among the user's devices. */
  secureStore: ExpoSecureStore;
  /** Of the project at Expo, where the app's own configuration does not say it. */
  projectId?: string;
  /** How much a notification shows. Left out: as it was, at first all of it. */
  preview?: 'full' | 'sender' | 'none';
  /** A language tag. */
  locale?: string;
}

/** The part of the client that is used. */
export type PushClient = Pick<ChatClient, 'connection' | 'conversations' | 'userId' | 'http' | 'ready'>;

/** How soon and how late what failed is tried again. */
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/**
 * Notifications through Expo. Once allowed, this phone is registered at each start and log-in and whenever its token changes;
 * a log-out ends them here also where the server is not reached. The badge is the number of unread messages, and what was
 * read disappears from the list of notifications.
 */
export class ExpoPush implements Observable<PushSnapshot> {
  #snapshot: PushSnapshot = { status: 'off' };
  #isAllowed = false;
  /** The user who is registered, and the one who is being. */
  #registeredFor: string | undefined;
  #registering: Promise<void> | undefined;
  /** The phone's own token; unknown when a registration begins, until it is emitted. */
  #deviceToken: unknown;
  /** The phone gave no token once: expo-notifications repeats that for as long as the app runs, and gives what comes by itself. */
  #isRefusedToken = false;
  #givenToken: GivenToken | undefined;
  #userId: string | undefined;
  #failures = 0;
  /** It failed for good: tried again on a look at the permission, a log-in or another token alone. */
  #hasFailed = false;
  /** The badge and the conversations with something unread that the phone shows now; unknown while pushes may change both. */
  #shown: string | undefined;
  #pendingTap: PushTarget | undefined;
  #releasing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  readonly #listeners = new Listeners();
  readonly #tapListeners = new Listeners<[PushTarget]>();
  readonly #ends: Unsubscribe[] = [];

  constructor(
    private readonly client: PushClient,
    private readonly options: ExpoPushOptions,
  ) {
    const { notifications } = options;
    const token = notifications.addPushTokenListener(({ data }) => {
      if (this.#isRefusedToken) this.#givenToken = { type: 'android', data: String(data) };
      const isAsked = this.#registering !== undefined && this.#deviceToken === undefined && !this.#isRefusedToken;
      const isKnown = isAsked || data === this.#deviceToken;
      this.#deviceToken = data;
      if (isKnown) return;
      this.#registeredFor = undefined;
      this.#hasFailed = false;
      this.#register();
    });
    const response = notifications.addNotificationResponseReceivedListener((tapped) => this.#tapped(tapped));
    this.#ends.push(
      () => token.remove(),
      () => response.remove(),
      client.connection.subscribe(() => this.#look()),
      client.conversations.subscribe(() => this.#count()),
    );
    void this.#begin();
  }

  readonly getSnapshot = (): PushSnapshot => this.#snapshot;

  readonly subscribe = this.#listeners.add;

  /** Asks the user, where that may be asked: call it when there is a reason to. */
  async enable(): Promise<void> {
    const { notifications } = this.options;
    let permission = await notifications.getPermissionsAsync();
    if (!permission.granted && permission.canAskAgain) permission = await notifications.requestPermissionsAsync();
    this.#permit(permission);
    await this.#registering;
  }

  /** The permission may have been changed in the phone's settings: call it when the app comes to the foreground. */
  async lookAgain(): Promise<void> {
    this.#permit(await this.options.notifications.getPermissionsAsync());
  }

  /** A tap on a notification, also the one that has started the app; only while somebody is logged in. */
  onTap(listener: (target: PushTarget) => void): Unsubscribe {
    const end = this.#tapListeners.add(listener);
    this.#deliverTap();
    return end;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  async #begin(): Promise<void> {
    const { notifications } = this.options;
    const started = notifications.getLastNotificationResponse();
    if (started !== null) this.#tapped(started);
    await this.client.ready;
    this.#userId = this.client.userId;
    // A log-out of an earlier run that could not be finished.
    if (this.#userId === undefined) this.#release();
    await this.lookAgain().catch(() => undefined);
    this.#count();
    this.#deliverTap();
  }

  #permit({ granted, canAskAgain }: ExpoPermission): void {
    this.#isAllowed = granted;
    this.#hasFailed = false;
    if (!granted) this.#registeredFor = undefined;
    if (!granted) this.#show({ status: canAskAgain ? 'off' : 'blocked' });
    else if (this.#snapshot.status !== 'on') this.#show({ status: 'pending' });
    this.#register();
  }

  /** The connection has changed, or who is logged in. */
  #look(): void {
    const { userId } = this.client;
    if (userId !== this.#userId) {
      const isLeft = this.#userId !== undefined;
      this.#userId = userId;
      this.#registeredFor = undefined;
      this.#hasFailed = false;
      if (this.#isAllowed) this.#show({ status: 'pending' });
      if (isLeft) this.#release();
      if (userId !== undefined) this.#deliverTap();
    }
    this.#register();
    this.#count();
  }

  #register(): void {
    const { userId } = this.client;
    const isNeeded = this.#isAllowed && userId !== undefined && this.#registeredFor !== userId;
    if (this.#isClosed || this.#hasFailed || !isNeeded || this.#registering !== undefined) return;
    if (this.client.connection.getSnapshot().status !== 'live') return;
    clearTimeout(this.#timer);
    this.#registeredFor = userId;
    this.#deviceToken = this.#givenToken?.data;
    this.#registering = this.#put()
      .then(
        () => {
          this.#failures = 0;
          if (this.#registeredFor === userId) this.#show({ status: 'on' });
        },
        (error: unknown) => {
          const isCurrent = this.#registeredFor === userId;
          if (isCurrent) this.#registeredFor = undefined;
          this.#failures += 1;
          if (codeOf(error) === REFUSED_TOKEN) this.#isRefusedToken = true;
          if (isPassing(error) || !isCurrent) return;
          this.#hasFailed = true;
          this.#show({ status: 'failed', error: error as Error });
        },
      )
      .then(() => {
        this.#registering = undefined;
        if (this.#isClosed) return;
        // The user who was being registered has logged out: Expo may have begun only now what the log-out ended.
        if (this.client.userId === undefined) return this.#release();
        // The server was busy, the token has changed meanwhile, or somebody else is here.
        if (this.#hasFailed || this.#registeredFor !== undefined) return;
        this.#timer = setTimeout(() => this.#register(), Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** this.#failures));
      });
  }

  async #put(): Promise<void> {
    const { notifications, projectId, preview, locale } = this.options;
    // The user who was here before has to be gone first.
    await this.#releasing;
    const devicePushToken = this.#givenToken;
    const { data: token } = await notifications.getExpoPushTokenAsync({
      ...(projectId !== undefined && { projectId }),
      ...(devicePushToken && { devicePushToken }),
    });
    const body = { platform: 'expo', token, ...(preview && { preview }), ...(locale && { locale }) };
    // Before the server knows of it: a log-out after that has something to end.
    await this.#keep(MARK, '1');
    await this.client.http.request(`/devices/${await this.#deviceId()}`, { method: 'PUT', body });
  }

  async #deviceId(): Promise<string> {
    const kept = await this.options.secureStore.getItemAsync(DEVICE).catch(() => null);
    if (kept !== null) return kept;
    const made = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join('');
    await this.#keep(DEVICE, made);
    return made;
  }

  /** For this phone alone: another one that is set up from its backup is another device, which takes nothing from this one. */
  async #keep(key: string, value: string): Promise<void> {
    const { secureStore } = this.options;
    const { AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: keychainAccessible } = secureStore;
    try {
      await secureStore.setItemAsync(key, value, keychainAccessible === undefined ? {} : { keychainAccessible });
    } catch (cause) {
      // A keychain that is locked will be open.
      throw new ChatError('STORAGE', 'This phone keeps nothing now.', { cause });
    }
  }

  /** Nobody is logged in: nothing of the last user's is shown, and this phone takes none of it any more. */
  #release(): void {
    const { notifications, secureStore } = this.options;
    clearTimeout(this.#timer);
    this.#shown = undefined;
    const release = async (): Promise<void> => {
      // The number is there without a registration, too.
      await notifications.setBadgeCountAsync(0).catch(() => undefined);
      // Nobody was registered here since the last time.
      if ((await secureStore.getItemAsync(MARK)) === null) return;
      await notifications.dismissAllNotificationsAsync();
      // First: Expo would take the phone's next token for the one that the server may still know.
      await notifications.setAutoServerRegistrationEnabledAsync?.(false);
      await notifications.unregisterForNotificationsAsync();
      this.#givenToken = undefined;
      await secureStore.deleteItemAsync(MARK);
    };
    this.#releasing = release().catch(() => {
      // Android asks the network for it.
      if (this.#isClosed || this.client.userId !== undefined) return;
      this.#timer = setTimeout(() => this.#release(), MAX_RETRY_MS);
    });
  }

  /** The badge, and what is to disappear because it was read, here or elsewhere. */
  #count(): void {
    // What rings and what is read elsewhere is not known before it is live.
    if (this.client.userId === undefined || this.client.connection.getSnapshot().status !== 'live') {
      this.#shown = undefined;
      return;
    }
    const { items } = this.client.conversations;
    const badge = badgeOf(items, Date.now());
    const ids = unreadIdsOf(items);
    const shown = [badge, ...ids.sort()].join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    const set = (): void => void this.options.notifications.setBadgeCountAsync(badge).catch(() => undefined);
    // That is how phones take all notifications away.
    const isTakingAll = badge === 0;
    if (!isTakingAll) set();
    this.#dismissOthers(ids).then(
      (isEmpty) => {
        if (!isTakingAll || this.#shown !== shown) return;
        if (isEmpty) set();
        // What must stay may be gone at the next change.
        else this.#shown = undefined;
      },
      () => undefined,
    );
  }

  /** Returns whether nothing else is in the list of notifications. */
  async #dismissOthers(unreadIds: readonly string[]): Promise<boolean> {
    const { notifications } = this.options;
    let isEmpty = true;
    for (const { request } of await notifications.getPresentedNotificationsAsync()) {
      const { kind, conversationId = '' } = targetOf(request.content.data) ?? {};
      if (kind === 'message' && conversationId !== '' && !unreadIds.includes(conversationId))
        await notifications.dismissNotificationAsync(request.identifier);
      else isEmpty = false;
    }
    return isEmpty;
  }

  #tapped({ notification }: ExpoResponse): void {
    this.#pendingTap = targetOf(notification.request.content.data);
    this.options.notifications.clearLastNotificationResponse();
    this.#deliverTap();
  }

  #deliverTap(): void {
    const target = this.#pendingTap;
    if (target === undefined || this.#tapListeners.size === 0) return;
    if (this.client.userId === undefined) return;
    this.#pendingTap = undefined;
    this.#tapListeners.call(target);
  }

  #show(snapshot: PushSnapshot): void {
    if (snapshot.status === this.#snapshot.status && snapshot.error === this.#snapshot.error) return;
    this.#snapshot = snapshot;
    this.#listeners.call();
  }
}

const DEVICE = 'parley.device';
const MARK = 'parley.push';
const REFUSED_TOKEN = 'E_REGISTRATION_FAILED';
const KINDS: readonly unknown[] = ['message', 'friend_request', 'friend_accepted', 'conversation'];

/** What came with a notification is whatever its sender wrote. */
function targetOf(data: unknown): PushTarget | undefined {
  const { kind, conversationId, seq } = Object(data) as Partial<Record<keyof PushTarget, unknown>>;
  if (!KINDS.includes(kind)) return undefined;
  return {
    kind: kind as PushTarget['kind'],
    ...(typeof conversationId === 'string' ? { conversationId } : {}),
    ...(typeof seq === 'number' ? { seq } : {}),
  };
}

/**
 * Whether the same may succeed later: of the server and the storage, of Expo's own server, which gives the token, and of
 * Google's, which gives the phone's.
 */
function isPassing(error: unknown): boolean {
  if (error instanceof ChatError) return error.isTransient;
  const { message } = Object(error) as { message?: unknown };
  // The code alone may as well say that the app has no keys of Google's.
  const isGoogleAway =
    codeOf(error) === REFUSED_TOKEN && /SERVICE_NOT_AVAILABLE|SERVER_ERROR|TIMEOUT/.test(String(message));
  return isGoogleAway || /_(NETWORK|SERVER)_ERROR$/.test(String(codeOf(error)));
}

function codeOf(error: unknown): unknown {
  return (Object(error) as { code?: unknown }).code;
}
