import { ExpoPush } from '@parley/client/react-native';
import Constants from 'expo-constants';
import { isRunningInExpoGo } from 'expo';
import * as SecureStore from 'expo-secure-store';
import { Platform } from 'react-native';
import { client } from '../chat/client';

/** As in app.json. Android shows nothing without a channel. */
const CHANNEL = 'messages';

/** Undefined in Expo Go, which takes no notifications of other apps: there must be a build of one's own. */
export const push: ExpoPush | undefined = isRunningInExpoGo() ? undefined : start();

function start(): ExpoPush {
  // Not imported: in Expo Go that alone would be an error.
  const Notifications = require('expo-notifications') as typeof import('expo-notifications');
  // A user who looks at the app sees what comes.
  const quiet = { shouldShowBanner: false, shouldShowList: false, shouldPlaySound: false, shouldSetBadge: true };
  Notifications.setNotificationHandler({ handleNotification: async () => quiet });
  if (Platform.OS === 'android') {
    const importance = Notifications.AndroidImportance.HIGH;
    Notifications.setNotificationChannelAsync(CHANNEL, { name: 'Messages', importance }).catch(() => undefined);
  }
  const { projectId } = (Constants.expoConfig?.extra?.eas ?? {}) as { projectId?: string };
  const locale = new Intl.DateTimeFormat().resolvedOptions().locale;
  const more = { locale, ...(projectId === undefined ? {} : { projectId }) };
  return new ExpoPush(client, { notifications: Notifications, secureStore: SecureStore, ...more });
}
