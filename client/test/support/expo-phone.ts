import { Listeners } from '../../src/connection/listeners.js';
import type { ExpoNotification, ExpoNotifications, ExpoResponse } from '../../src/react-native/index.js';

/** A phone with its settings, its keychain, and what is in its list of notifications. */
export class Phone implements ExpoNotifications {
  permission = { granted: false, canAskAgain: true };
  answer = true;
  asked = 0;
  token = 'ExponentPushToken[1]';
  /** Apple's or Google's, which the phone's own module emits. */
  deviceToken = 'device 1';
  badge = 0;
  presented: ExpoNotification[] = [];
  started: ExpoResponse | null = null;
  isRegistered = false;
  /** Expo learns by itself of each new token of the phone's own. */
  isRegisteredByItself = false;
  canUnregister = true;
  readonly kept = new Map<string, string>();
  readonly tokenListeners = new Listeners<[{ type: unknown; data: unknown }]>();
  readonly responseListeners = new Listeners<[ExpoResponse]>();

  /** What a backup brings to another phone. */
  readonly inBackup = new Set<string>();

  readonly secureStore = {
    AFTER_FIRST_UNLOCK: 0,
    AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: 3,
    getItemAsync: async (key: string) => this.kept.get(key) ?? null,
    setItemAsync: async (key: string, value: string, { keychainAccessible }: { keychainAccessible?: number } = {}) => {
      this.kept.set(key, value);
      if (keychainAccessible !== 3) this.inBackup.add(key);
    },
    deleteItemAsync: async (key: string) => void this.kept.delete(key),
  };

  getPermissionsAsync = async () => this.permission;
  requestPermissionsAsync = () => {
    this.asked += 1;
    this.permission = { granted: this.answer, canAskAgain: false };
    return this.getPermissionsAsync();
  };
  /** Why Apple or Google gives no token, and why Expo does not. */
  deviceTokenFailure: Error | undefined;
  tokenFailure: Error | undefined;
  /** Until then Expo gives no token. */
  expoAnswered: Promise<void> = Promise.resolve();
  /** The real module repeats it for as long as the app runs. */
  #repeatedFailure: Error | undefined;
  getExpoPushTokenAsync = async ({ devicePushToken }: { devicePushToken?: { data: unknown } }) => {
    if (devicePushToken === undefined) {
      this.#repeatedFailure ??= this.deviceTokenFailure;
      if (this.#repeatedFailure !== undefined) throw this.#repeatedFailure;
      // Emitted each time, changed or not, while Expo is being asked.
      this.rotateTo(this.deviceToken);
    } else if (devicePushToken.data !== this.deviceToken) throw new Error('This phone has another token.');
    await this.expoAnswered;
    if (this.tokenFailure !== undefined) throw this.tokenFailure;
    this.isRegistered = this.isRegisteredByItself = true;
    return { data: this.token };
  };
  setAutoServerRegistrationEnabledAsync = async (isEnabled: boolean) => {
    this.isRegisteredByItself = isEnabled;
  };
  unregisterForNotificationsAsync = async () => {
    if (!this.canUnregister) throw new Error('SERVICE_NOT_AVAILABLE');
    this.isRegistered = false;
    this.deviceToken = `${this.deviceToken}, then another`;
  };
  rotateTo(deviceToken: string): void {
    this.deviceToken = deviceToken;
    this.tokenListeners.call({ type: 'android', data: deviceToken });
  }
  addPushTokenListener = (listener: (token: { type: unknown; data: unknown }) => void) => ({
    remove: this.tokenListeners.add(listener),
  });
  addNotificationResponseReceivedListener = (listener: (response: ExpoResponse) => void) => ({
    remove: this.responseListeners.add(listener),
  });
  getLastNotificationResponse = () => this.started;
  clearLastNotificationResponse = () => {
    this.started = null;
  };
  getPresentedNotificationsAsync = async () => this.presented;
  dismissNotificationAsync = async (identifier: string) => {
    this.presented = this.presented.filter(({ request }) => request.identifier !== identifier);
  };
  dismissAllNotificationsAsync = async () => {
    this.presented = [];
  };
  setBadgeCountAsync = async (count: number) => {
    this.badge = count;
    if (count === 0) this.presented = [];
  };
}
