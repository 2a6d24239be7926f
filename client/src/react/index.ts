export type { HookClient, HookMessages, OutgoingMessage } from './client.js';
export * from './hooks.js';
export { useObservable } from './observable.js';
