/** Between two frames with events of one process, at the least, where there are few processes. */
const FRAME_PAUSE_MS = 5;
/** Well below what a message waits for the one before it (ConversationSequencer). */
const MAX_FRAME_PAUSE_MS = 50;
/** Other processes up to which the pause does not grow. */
const FEW_PEERS = 4;

/**
 * At a low rate an event leaves in the turn in which it happened; at a high one several share what a frame costs each process
 * and Redis, which is more than an event does. Every frame goes to every process, so with more of them each sends fewer.
 */
export function framePauseMs(peers: number): number {
  return Math.min(MAX_FRAME_PAUSE_MS, FRAME_PAUSE_MS * Math.max(1, peers / FEW_PEERS));
}
