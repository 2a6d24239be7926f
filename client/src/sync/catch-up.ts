import type { SyncChanges } from '../protocol/protocol.generated.js';
import { CACHE_STORES } from '../ports/storage.js';
import { dropConversation, moveCursor, takeConversation } from './conversations.js';
import { groupedByConversation, takeMessages } from './messages.js';
import { removeFriend, setFriend, takeRequest, takeUser } from './people.js';
import { askAgain, askSync, retryLater, saveCursor, type Step, type Table, table } from './step.js';
import { NEW_WINDOW } from './message-rows.js';
import { setWindows } from './windows.js';

/** Answers that say nothing, and ask to go on all the same. */
const MAX_EMPTY_ANSWERS = 20;

/** An answer of sync: what changed since the cursor, and the next one. */
export function takeChanges(step: Step, answer: SyncChanges): void {
  const { state, effects } = step;
  const { cursor, hasMore } = answer;
  const isAtEnd = cursor === state.cursor;
  if (state.cursor === null) forgetEarly(step);
  for (const user of answer.users) takeUser(step, user);
  for (const id of answer.leftConversationIds) dropConversation(step, id);
  for (const view of answer.conversations) takeConversation(step, view);
  for (const [id, messages] of groupedByConversation(answer.messages)) takeMessages(step, id, messages);
  for (const { conversationId, userId, lastReadSeq, lastDeliveredSeq } of answer.receipts)
    moveCursor(step, conversationId, userId, lastReadSeq, lastDeliveredSeq);
  for (const { user, since, removedAt } of answer.friends)
    if (removedAt === null) setFriend(step, since, user);
    else removeFriend(step, user.id);
  for (const request of answer.friendRequests) takeRequest(step, request);
  state.cursor = cursor;
  if (!isAtEnd) saveCursor(step);
  const { catchUp } = state;
  if (catchUp === null) return;
  const isEmpty = Object.values(answer).every((list) => !Array.isArray(list) || list.length === 0);
  const empty = isEmpty ? catchUp.empty + 1 : 0;
  if (hasMore && !isAtEnd && empty < MAX_EMPTY_ANSWERS) {
    state.catchUp = { ...catchUp, isLong: true, empty };
    effects.push({ type: 'sync', cursor });
    return;
  }
  state.isCaughtUp = true;
  // A server that asks to go on and does not: what there is is shown, and it is asked again later.
  if (hasMore) return retrySync(step);
  Object.assign(state, { catchUp: null, failures: 0 });
  if (catchUp.isAgain) return askSync(step);
  step.settled.push(...state.unplaced);
  state.unplaced = [];
}

const EARLY = ['conversations', 'timelines', 'friendRequests'] as const satisfies readonly Table[];

/** What answers said before there was a cursor may have changed until then, of which sync says nothing. */
function forgetEarly(step: Step): void {
  const { state } = step;
  if (EARLY.every((name) => state[name].size === 0)) return;
  for (const name of EARLY) table(step, name).clear();
  step.cleared = ['conversations', 'coverage', 'messages', 'friendRequests'];
  setWindows(step, { loading: null });
  // The other way round, what they said may be newer than this answer of sync.
  askAgain(state);
}

export function retrySync(step: Step, retryAfterMs?: number): void {
  step.state.catchUp = null;
  if (step.state.isReady) retryLater(step, 'sync', retryAfterMs);
}

/** The cursor is of another database: what is kept of it goes. What the user made (outbox, drafts, uploads) is not touched. */
export function startAnew(step: Step): void {
  const { state } = step;
  if (state.cursor === null) return retrySync(step);
  reset(step);
  state.catchUp = null;
  askSync(step);
}

const CACHED: readonly Table[] = [
  'conversations',
  'timelines',
  'users',
  'friends',
  'friendRequests',
  'presence',
  'freshPresence',
  'typing',
];

export function reset(step: Step): void {
  const { state } = step;
  for (const name of CACHED) {
    Object.assign(state, { [name]: new Map() });
    step.copied.add(name);
  }
  Object.assign(state, { cursor: null, hasFriends: false, isFetchingFriends: false });
  Object.assign(state, { lookedUp: new Set(), notShown: new Map() });
  for (const [id, { viewers }] of state.windows) table(step, 'windows').set(id, { ...NEW_WINDOW, viewers });
  step.rows.clear();
  step.dropped.length = 0;
  step.cleared = CACHE_STORES;
  saveCursor(step);
}
