/** Notifications in browsers while the app is closed: the page's part, and the service worker's. */
export { clearReadNotifications } from './read-notifications.js';
export {
  canWebPush,
  disableWebPush,
  enableWebPush,
  isWebPushEnabled,
  unsubscribeWebPush,
  type PushDevice,
  type PushPreview,
  type WebPushOptions,
} from './registration.js';
export {
  handleWebPush,
  onNotificationOpened,
  type PushSubject,
  type WebPushHandling,
  type WorkerScope,
} from './worker.js';
