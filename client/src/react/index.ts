export type { HookClient, HookMessages, OutgoingMessage, Uploadable } from './client.js';
export * from './hooks.js';
export { useObservable } from './observable.js';
