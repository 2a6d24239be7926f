import { ConversationView, ReceiptView } from './conversations.view.js';
import { FriendRequestView } from './friends.view.js';
import { MessageView } from './messages.view.js';
import { UserView } from './users.view.js';

/** A friendship that began or ended. */
export class FriendChangeView {
  user!: UserView;
  /** ISO 8601, UTC. */
  since!: string;
  /** When it ended; null while it lasts. */
  removedAt!: string | null;
}

/** All that changed for the caller since its cursor; each thing once, as it is now (contract, section 5). */
export class SyncView {
  /** For the next call. */
  cursor!: string;
  /** Whether to call again at once. */
  hasMore!: boolean;
  /** New, rejoined or changed. */
  conversations!: ConversationView[];
  /** Conversations the caller is no longer a member of. */
  leftConversationIds!: string[];
  /** New, edited or deleted; ascending within a conversation. */
  messages!: MessageView[];
  /** Members' cursors; of groups of more than 100 the caller's alone. */
  receipts!: ReceiptView[];
  friendRequests!: FriendRequestView[];
  friends!: FriendChangeView[];
  /** Profiles that changed, of the caller and of whoever it meets in conversations or among its friends; deleted ones too. */
  users!: UserView[];
}

/** The cursor cannot be gone on from: drop what is kept, and start without one. */
export class SyncResetView {
  /** Always true. */
  reset!: boolean;
}
