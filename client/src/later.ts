/**
 * What follows the first load of a page: all that is not needed to show what is cached and to keep what is typed. One file,
 * since each of several would be compressed by itself, and asked for by itself.
 */
export { SocketConnection } from './connection/connection.js';
export { callsOf } from './facade/calls.js';
export { SignIn } from './facade/sign-in.js';
export { uploadFile } from './facade/upload-file.js';
export { authenticatedHttp, call } from './http/http.js';
export { fetchFriends } from './http/friend-lists.js';
export { StoredUploads } from './outbox/uploads.js';
export { socketIo } from './ports/socket-io.js';
export { processLock } from './tabs/process-lock.js';
export { sharedTabs } from './tabs/shared-tabs.js';
export { webLock } from './tabs/web-lock.js';
