import { client } from '../session/client.js';
import type { Intent } from './actions.js';

/** By user and conversation, in one item: a log-out removes it whole. */
const KEY = 'parley.intents';

const keyOf = (conversationId: string): string => `${client.userId ?? ''} ${conversationId}`;

function kept(): Record<string, Intent> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, Intent>;
  } catch {
    return {};
  }
}

/** What the draft of a conversation answers, or which message is edited there: as the draft, it outlives the page. */
export function keepIntent(conversationId: string, intent: Intent): void {
  const { [keyOf(conversationId)]: before, ...intents } = kept();
  if (intent.type === 'new' && before === undefined) return;
  if (intent.type !== 'new') intents[keyOf(conversationId)] = intent;
  try {
    localStorage.setItem(KEY, JSON.stringify(intents));
  } catch {
    // Where the browser keeps nothing it lasts as long as the conversation is shown.
  }
}

export const keptIntent = (conversationId: string): Intent => kept()[keyOf(conversationId)] ?? { type: 'new' };

/** After a log-out nothing of the user stays on this device. */
export function removeIntents(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to remove.
  }
}
