export { netInfoConnectivity, type NetInfo } from './connectivity.js';
export { expoFileSource, type ExpoFile } from './file-source.js';
export { appStateLifecycle, type ReactNativeAppState } from './lifecycle.js';
export * from './push.js';
export { secureStoreTokens, type ExpoSecureStore } from './token-store.js';
