export type { OutgoingContent, OutgoingMessage, Recipient } from '../facade/outgoing.js';
export type { HookClient, HookMessages, Uploadable } from './client.js';
export * from './hooks.js';
export { useObservable } from './observable.js';
