import type { ServerEvent } from '../connection/types.js';
import type { StoredValue } from '../ports/storage.js';
import type { Conversation, Message } from '../protocol/protocol.generated.js';
import { retrySync, reset, startAnew, takeChanges } from './catch-up.js';
import { askUnread, moveCursor, takeConversation } from './conversations.js';
import { takeEvent } from './events.js';
import { evictTimelines, receiveMessage, takeMessages } from './messages.js';
import { LOOK_THROUGH_MS } from './expired-urls.js';
import {
  askPresence,
  beginLookUps,
  endLookUp,
  lookUpUnknown,
  QUIET_RETRY_MS,
  setFriend,
  setTyping,
  takePresent,
  takeRequest,
  takeUser,
} from './people.js';
import type { RowChanges, SyncEffect, SyncInput, SyncState, Window } from './state.js';
import { askSync, newStep, retryLater, saveCursor, setTimer, type Step, table, write } from './step.js';
import { EMPTY_STATE, withRows } from './stored-state.js';
import { derive } from './timeline.js';
import { NEW_WINDOW, PAGE_SIZE } from './message-rows.js';
import { MAX_WINDOW } from './window.js';
import { endPage, placeWindow, setWindow, setWindows, wishAfter } from './windows.js';

export const INITIAL_STATE: SyncState = {
  ...EMPTY_STATE,
  cursor: null,
  hasFriends: false,
  isFetchingFriends: false,
  connection: 0,
  lookedUp: new Set(),
  isLookingUp: false,
  notShown: new Map(),
  freshPresence: new Map(),
  presenceAt: 0,
  isReady: false,
  isCaughtUp: false,
  catchUp: null,
  uncovered: 0,
  failures: 0,
  unplaced: [],
  hasStartedAnew: false,
  generation: 0,
};

/**
 * What the client knows after one more thing happened, and what is to be done about it.
 *
 * Sync alone is complete: the cursor moves with its answers only, so everything else may come late, twice, in any order or
 * never. Of two copies of a message the higher `version` holds, of two read cursors the farther one, of two views of a
 * conversation the one with more messages. What has no version (profiles, friends, memberships) comes over one socket in
 * its order; an answer of sync that was under way beside it may be the older one, so sync is asked again.
 *
 * The timelines that `neededTimelines` names must be loaded first.
 * @param now in milliseconds since 1970, by the server's clock; NaN as long as that is not known
 */
export function reduce(
  state: SyncState,
  input: SyncInput,
  now = Number.NaN,
): { state: SyncState; effects: SyncEffect[] } {
  const step = newStep(state, now);
  take(step, input);
  conclude(step, input);
  return { state: step.state, effects: step.effects };
}

/** The conversations whose messages an input is weighed against. */
export function neededTimelines(state: SyncState, input: SyncInput): string[] {
  const needed = new Set<string>();
  switch (input.type) {
    case 'synced':
      if ('messages' in input.answer)
        for (const { conversationId } of input.answer.messages) needed.add(conversationId);
      if ('conversations' in input.answer)
        for (const view of input.answer.conversations) if (isStale(state, view)) needed.add(view.id);
      if ('receipts' in input.answer)
        for (const { conversationId, userId } of input.answer.receipts)
          if (userId === state.userId) needed.add(conversationId);
      break;
    case 'event': {
      const { message, conversation, conversationId } = input.payload as {
        message?: Message;
        conversation?: { id: string };
        conversationId?: string;
      };
      const id = message?.conversationId ?? conversation?.id ?? conversationId;
      if (id !== undefined && input.name !== 'typing') needed.add(id);
      break;
    }
    case 'answer': {
      const id = input.message?.conversationId ?? input.conversation?.id ?? input.readIn?.conversationId;
      if (id !== undefined) needed.add(id);
      break;
    }
    default:
      if ('conversationId' in input && input.type !== 'loaded') needed.add(input.conversationId);
  }
  return [...needed].filter((id) => state.conversations.has(id) && !state.timelines.has(id));
}

/** Whether more is known of a conversation than this view of it says. */
function isStale(state: SyncState, { id, lastSeq, me }: Conversation): boolean {
  const row = state.conversations.get(id);
  return row !== undefined && (lastSeq < row.lastSeq || me.lastReadSeq < row.me.lastReadSeq);
}

function take(step: Step, input: SyncInput): void {
  const { state, effects } = step;
  switch (input.type) {
    case 'rows':
      Object.assign(state, withRows(state, input.rows));
      return;
    case 'loaded': {
      const { conversationId, messages, type: _, ...held } = input;
      if (state.timelines.has(conversationId) || !state.conversations.has(conversationId)) return;
      const rows = messages.map((message) => ({ ...message, state: 'sent' as const }));
      table(step, 'timelines').set(conversationId, { ...held, rows });
      return;
    }
    case 'ready':
      if (state.userId !== null && state.userId !== input.userId) reset(step);
      goOffline(step);
      Object.assign(state, { userId: input.userId, isReady: true, isFetchingFriends: false, failures: 0 });
      state.hasStartedAnew = false;
      if (!input.recovered) {
        state.connection += 1;
        beginLookUps(step);
        state.freshPresence = new Map();
        // The first sync has all of it.
        if (state.cursor !== null) askPresence(step);
      }
      setWindows(step, { unreachable: 0, isPaused: false });
      return askSync(step);
    case 'offline':
      goOffline(step);
      return setWindows(step, { wish: null, isPaused: false });
    case 'event':
      return takeEvent(step, input as unknown as ServerEvent);
    case 'synced':
      if (input.cursor !== state.cursor) return;
      return 'cursor' in input.answer ? takeChanges(step, input.answer) : startAnew(step);
    case 'sync-failed':
      if (input.cursor !== state.cursor) return;
      // The server does not know such a cursor any more.
      return input.failure.code === 'VALIDATION_FAILED' && input.cursor !== null
        ? startAnew(step)
        : retrySync(step, input.failure.retryAfterMs);
    case 'page': {
      const { conversationId, query, page } = input;
      if (state.windows.get(conversationId)?.loading !== query) return;
      takeMessages(step, conversationId, page.items);
      return endPage(step, conversationId, query, page);
    }
    case 'page-failed': {
      const { conversationId: id, query, failure } = input;
      const window = state.windows.get(id);
      if (window?.loading !== query) return;
      // Asked for the sake of URLs alone: once more in a minute, or when the server says so, and nothing of the rest before.
      if (query.around !== undefined && query.around !== window.wish) {
        const renewed = { asked: [[window.from, window.to]] as const, at: step.now + (failure.retryAfterMs ?? 0) };
        return setWindow(step, id, { loading: null, renewed });
      }
      // What is before or after stays wanted, unless the window is full: what is on screen would be pushed out. A jump is over.
      const isKept = !isFull(window) && (window.wish === 'older' || window.wish === 'newer');
      const wish = isKept ? window.wish : wishAfter(window, query);
      setWindow(step, id, { loading: null, wish, isPaused: true });
      return retryLater(step, `pages:${id}`, failure.retryAfterMs);
    }
    case 'answer': {
      const { users = [], friendRequests = [], conversation, message, settled = [], readIn, left = [] } = input;
      for (const user of users) takeUser(step, user);
      for (const request of friendRequests) takeRequest(step, request);
      if (conversation !== undefined) takeConversation(step, conversation);
      if (message !== undefined) receiveMessage(step, message);
      if (readIn !== undefined) {
        // Since it was read the cache may have been made anew, from before the server knew.
        moveCursor(step, readIn.conversationId, state.userId, readIn.seq);
        askUnread(step, readIn.conversationId);
      }
      const { unplaced } = state;
      step.settled.push(...settled.filter(({ clientId }) => !unplaced.some((one) => one.clientId === clientId)));
      if (left.length === 0) return;
      if (!state.isReady) return void step.settled.push(...left);
      state.unplaced = [...unplaced, ...left];
      return askSync(step);
    }
    case 'friends':
      // Something may have changed since others were asked for.
      if (!state.isFetchingFriends || input.generation !== state.generation) return;
      state.hasFriends = true;
      // A request that came late, and was over before the cursor.
      for (const request of state.friendRequests.values())
        if (request.status === 'PENDING' && !input.requests.some(({ id }) => id === request.id))
          takeRequest(step, { ...request, status: 'CANCELLED' });
      for (const user of input.friends) setFriend(step, null, user);
      for (const { user, ...request } of input.requests) takeRequest(step, request, user);
      return saveCursor(step);
    case 'friends-failed':
      return retryLater(step, 'friends', input.failure.retryAfterMs);
    case 'presence':
      if (input.connection === state.connection) takePresent(step, input.users);
      return;
    case 'presence-failed':
      if (input.connection === state.connection)
        setTimer(step, `presence:${input.connection}`, Math.max(input.failure.retryAfterMs ?? 0, QUIET_RETRY_MS));
      return;
    case 'users':
      return endLookUp(step, input);
    case 'read':
      return moveCursor(step, input.conversationId, state.userId, input.seq);
    case 'open': {
      const { conversationId, before } = input;
      const window = state.windows.get(conversationId);
      const { from, to, follows, unread, isUnreadFixed } = before ?? NEW_WINDOW;
      const resume = from <= to ? ([from, follows ? Infinity : to] as const) : undefined;
      const opened = window ?? { ...NEW_WINDOW, from, to, follows, unread, isUnreadFixed, resume, viewers: 0 };
      table(step, 'windows').set(conversationId, { ...opened, viewers: opened.viewers + 1 });
      if (state.windows.size === 1) setTimer(step, 'urls', LOOK_THROUGH_MS);
      if (window === undefined && state.isCaughtUp) effects.push({ type: 'join', conversationId });
      step.touched.add(conversationId);
      return;
    }
    case 'close': {
      const { conversationId } = input;
      const viewers = (state.windows.get(conversationId)?.viewers ?? 0) - 1;
      if (viewers > 0) return setWindow(step, conversationId, { viewers });
      if (table(step, 'windows').delete(conversationId) && state.isCaughtUp)
        effects.push({ type: 'leave', conversationId });
      return;
    }
    case 'older':
    case 'newer': {
      const window = state.windows.get(input.conversationId);
      // A list asks again and again at its edge: after a failure nothing more is to come later than it was wished for.
      if (window?.isPaused === true && isFull(window)) return;
      return setWindow(step, input.conversationId, { wish: input.type });
    }
    case 'newest':
      return setWindow(step, input.conversationId, {
        wish: 'newest',
        follows: true,
        unreachable: 0,
        isPaused: false,
        resume: undefined,
      });
    case 'jump':
      return setWindow(step, input.conversationId, { wish: input.seq, isPaused: false, resume: undefined });
    case 'timer': {
      const [kind, conversationId = '', userId = ''] = input.name.split(':');
      if (kind === 'sync' || kind === 'cursor') {
        if (state.catchUp === null) askSync(step);
      } else if (kind === 'friends') state.isFetchingFriends = false;
      else if (kind === 'presence' && conversationId === `${state.connection}`) askPresence(step);
      else if (kind === 'users' && conversationId === `${state.connection}`) beginLookUps(step);
      else if (kind === 'join' && state.isCaughtUp && state.windows.has(conversationId))
        effects.push({ type: 'join', conversationId });
      else if (kind === 'typing') setTyping(step, conversationId, userId, false);
      else if (kind === 'urls' && state.windows.size > 0) setTimer(step, 'urls', LOOK_THROUGH_MS);
      else if (kind === 'pages') setWindow(step, conversationId, { unreachable: 0, isPaused: false });
    }
  }
}

/** One page more takes something from the screen at the other end. */
const isFull = ({ from, to }: Window): boolean => to - from + 1 + PAGE_SIZE > MAX_WINDOW;

function goOffline(step: Step): void {
  Object.assign(step.state, { isReady: false, isCaughtUp: false, catchUp: null, typing: new Map() });
  setWindows(step, { loading: null, renewed: undefined });
}

const EPHEMERAL: ReadonlySet<string> = new Set(['typing', 'presence', 'freshPresence']);

/** What follows from whatever happened; and all rows of a step are one write. */
function conclude(step: Step, { type }: SyncInput): void {
  const { state, effects, rows, dropped, settled } = step;
  if (step.isContradicted && !state.hasStartedAnew) {
    state.hasStartedAnew = true;
    startAnew(step);
  }
  const { cleared } = step;
  if (state.isReady && state.cursor !== null && !state.hasFriends && !state.isFetchingFriends) {
    state.isFetchingFriends = true;
    effects.push({ type: 'friends', generation: (state.generation += 1) });
  }
  for (const id of step.touched) {
    const row = state.conversations.get(id);
    if (row === undefined) continue;
    const derived = derive(row, state.timelines.get(id), state.userId);
    if (derived !== row) table(step, 'conversations').set(id, derived);
    write(step, 'conversations', id, derived as unknown as StoredValue);
  }
  for (const id of state.windows.keys()) placeWindow(step, id);
  // Typing and presence name nobody, and are many.
  const isEphemeral = step.copied.size > 0 && [...step.copied].every((name) => EPHEMERAL.has(name));
  if (state.isCaughtUp && !isEphemeral) lookUpUnknown(step);
  // What is loaded is for an input that waits, and so may be what is held: the step of that input touches both.
  if (type !== 'loaded') evictTimelines(step);
  if (rows.size + cleared.length + dropped.length > 0) {
    const changes: RowChanges = { cleared, dropped, rows: [...rows.values()] };
    effects.unshift({ type: 'write', changes });
  }
  if (settled.length > 0) effects.unshift({ type: 'settle', settled });
}
