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

/** Its library of pictures, out of which somebody picks as many as there may be, up to so many. */
export const picker = { picks: 0, limits: [] as number[] };

export const imagePicker = {
  launchImageLibraryAsync: async ({ selectionLimit = 0 }: { selectionLimit?: number }) => {
    picker.limits.push(selectionLimit);
    const count = Math.min(picker.picks, selectionLimit === 0 ? Infinity : selectionLimit);
    const uriOf = (index: number) => `file:///cache/ImagePicker/${picker.limits.length}-${index}.jpg`;
    return { assets: Array.from({ length: count }, (_, index) => ({ uri: uriOf(index), mimeType: 'image/jpeg' })) };
  },
};

export const files = { removed: [] as string[] };

class Entry {
  readonly exists = true;
  readonly name = 'picked.jpg';
  readonly size = 1;
  readonly uri: string;
  constructor(...parts: string[]) {
    this.uri = parts.join('/');
  }
  delete(): void {
    files.removed.push(this.uri);
  }
}

export const fileSystem = { File: Entry, Directory: Entry, Paths: { cache: 'file:///cache' } };
