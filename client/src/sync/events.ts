import type { ServerEvent } from '../connection/types.js';
import type { ServerEvents } from '../protocol/protocol.generated.js';
import { askUnread, dropConversation, moveCursor, takeConversation } from './conversations.js';
import { receiveMessage } from './messages.js';
import { removeFriend, setFriend, setTyping, takeNewRequest, takePresence, takeRequest, takeUser } from './people.js';
import { askAgain, askSync, setTimer, type Step } from './step.js';

/** Live events do not move the cursor: after so many, or so long after the first, it is moved on. */
const MAX_UNCOVERED = 50;
const UNCOVERED_WINDOW_MS = 60_000;

/** The fields of all events: one name is one thing in each of them. */
type Fields = ServerEvents['message:new'] &
  ServerEvents['receipt:read'] &
  ServerEvents['typing'] &
  ServerEvents['friend:request_sent'] &
  ServerEvents['conversation:new'];

/** One server event. One that nobody knows, or that lacks its fields, throws or changes nothing: sync says what it was about. */
export function takeEvent(step: Step, { name, payload }: ServerEvent): void {
  const { state } = step;
  const { conversationId, userId, user, message, conversation, request, seq, isTyping } = payload as unknown as Fields;
  if (name === 'typing') return setTyping(step, conversationId, userId, isTyping);
  if (name === 'presence:update') return takePresence(step, payload);
  // Before the first answer of sync there is nothing to weigh it against; what it says, that or the next one says too.
  if (state.cursor === null || name === 'sync:needed') return askSync(step);
  const [subject, change] = name.split(':') as [string, string?];
  if (subject === 'receipt') {
    moveCursor(step, conversationId, userId, change === 'read' ? seq : 0, seq);
    if (change === 'read' && userId === state.userId) askUnread(step, conversationId);
    return;
  }
  if (subject === 'message') {
    countUncovered(step);
    receiveMessage(step, message);
    if (name === 'message:new') takeConversation(step, conversation);
    return;
  }
  if (subject !== 'user' && subject !== 'friend' && subject !== 'conversation') return;
  countUncovered(step);
  // What has no version may have been passed over by an answer that is under way, or be the older of the two.
  askAgain(state);
  if (subject === 'user') takeUser(step, user);
  else if (subject === 'friend') {
    if (change === 'removed') return removeFriend(step, userId);
    (change === 'request_sent' ? takeNewRequest : takeRequest)(step, request, user);
    if (change === 'request_accepted') setFriend(step, null, user);
  } else if (change === 'removed') dropConversation(step, conversationId);
  else takeConversation(step, conversation, true);
}

/** Something came that no cursor covers yet; enough of it, and the cursor is moved on. */
function countUncovered(step: Step): void {
  const uncovered = (step.state.uncovered += 1);
  if (uncovered >= MAX_UNCOVERED) askSync(step);
  // Not the timer of an attempt that failed, which is repeated much sooner.
  else if (uncovered === 1) setTimer(step, 'cursor', UNCOVERED_WINDOW_MS);
}
