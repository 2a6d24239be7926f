import type { Setup } from '../delivery/rooms.js';
import type { Restored } from '../engine/recovery/recovery-adapter.js';

/** Everything read about a connection before it is let in. */
export interface Admission {
  setup: Setup;
  conversationIds: readonly string[];
  /** Conversations whose latest messages its user may not read, with the first number that it may. */
  joined: readonly { conversationId: string; seq: number }[];
  syncCursor: string;
  /** What a connection missed that was lost and came back as the same session. */
  restored: Restored | undefined;
}
