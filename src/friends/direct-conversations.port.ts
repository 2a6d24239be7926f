import type { Principal } from '../common/access/principal.js';
import type { ConversationView } from '../views/conversations.view.js';
import type { Transaction } from '../database/database.js';

/**
 * What friends need of conversations, which lie above them: accepting a request opens the direct conversation.
 * Implemented by conversations/direct/direct-conversations.ts, bound in app.module.
 */
export abstract class DirectConversations {
  /** Finds or creates the direct conversation of two users, within the caller's transaction. */
  abstract open(
    transaction: Transaction,
    userId: string,
    otherUserId: string,
  ): Promise<{ conversationId: string; created: boolean }>;

  /**
   * From here on the two are shown each other's presence and receipts there.
   * @returns whether that is new for one of them.
   */
  abstract show(transaction: Transaction, conversationId: string): Promise<boolean>;

  /** A block between the two has ended: sync delivers each other's cursors to them, in all that they share. */
  abstract unblocked(transaction: Transaction, userId: string, otherUserId: string): Promise<void>;

  /** The conversation as the caller sees it. */
  abstract view(principal: Principal, conversationId: string): Promise<ConversationView>;
}
