/**
 * What follows the first load of a page: all that is not needed to show what is cached. One file, since each of several would
 * be compressed by itself, and asked for by itself.
 */
export { Engine } from './engine.js';
export { callsOf } from './facade/calls.js';
export { SignIn } from './facade/sign-in.js';
export { uploadFile } from './facade/upload-file.js';
export { authenticatedHttp, call } from './http/http.js';
export { socketIo } from './ports/socket-io.js';
export { loneTab } from './tabs/lone-tab.js';
export { processLock } from './tabs/process-lock.js';
export { sharedTabs } from './tabs/shared-tabs.js';
export { webLock } from './tabs/web-lock.js';
