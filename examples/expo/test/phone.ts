const kept = new Map<string, string>();

/** What a test does to the phone, and sees of it. */
export const phone = {
  permission: { granted: false, canAskAgain: true },
  isRegistered: false,
  tap: (() => undefined) as (response: object) => void,
  emitToken: (() => undefined) as (token: { data: string }) => void,
};

export const secureStore = {
  getItemAsync: async (key: string) => kept.get(key) ?? null,
  setItemAsync: async (key: string, value: string) => void kept.set(key, value),
  deleteItemAsync: async (key: string) => void kept.delete(key),
};

const nothing = { remove: () => undefined };

/** As much of expo-notifications as is used, of a user who says yes. */
export const notifications = {
  setNotificationHandler: () => undefined,
  getPermissionsAsync: async () => phone.permission,
  requestPermissionsAsync: async () => (phone.permission = { granted: true, canAskAgain: true }),
  getExpoPushTokenAsync: async () => {
    phone.isRegistered = true;
    // Emitted each time, changed or not.
    phone.emitToken({ data: 'device 1' });
    return { data: 'ExponentPushToken[1]' };
  },
  unregisterForNotificationsAsync: async () => void (phone.isRegistered = false),
  addPushTokenListener: (listener: (token: { data: string }) => void) => {
    phone.emitToken = listener;
    return nothing;
  },
  addNotificationResponseReceivedListener: (listener: (response: object) => void) => {
    phone.tap = listener;
    return nothing;
  },
  getLastNotificationResponse: () => null,
  clearLastNotificationResponse: () => undefined,
  getPresentedNotificationsAsync: async () => [],
  dismissAllNotificationsAsync: async () => undefined,
  setBadgeCountAsync: async () => true,
};
