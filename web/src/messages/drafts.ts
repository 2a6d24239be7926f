import { useSyncExternalStore } from '../react.js';
import { client } from '../session/client.js';

// What is written and not sent, by conversation. It outlives the session: who logs in again goes on where they were.
const listeners = new Set<() => void>();

function keyOf(conversationId: string): string {
  return `parley.draft.${client.userId ?? ''}.${conversationId}`;
}

export function draftOf(conversationId: string): string {
  return localStorage.getItem(keyOf(conversationId)) ?? '';
}

export function keepDraft(conversationId: string, text: string): void {
  try {
    if (text === '') localStorage.removeItem(keyOf(conversationId));
    else localStorage.setItem(keyOf(conversationId), text);
  } catch {
    // The disk is full: the text is still in its field.
  }
  for (const listener of [...listeners]) listener();
}

/** After a log-out nothing of the user stays on this device. */
export function forgetDrafts(userId: string): void {
  for (const key of Object.keys(localStorage))
    if (key.startsWith(`parley.draft.${userId}.`)) localStorage.removeItem(key);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

export function useDraft(conversationId: string): string {
  return useSyncExternalStore(subscribe, () => draftOf(conversationId));
}
