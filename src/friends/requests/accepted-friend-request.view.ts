import { ConversationView } from '../../views/conversations.view.js';
import { UserView } from '../../views/users.view.js';
import { FriendRequestView } from '../../views/friends.view.js';

/** What accepting answers. In a file of its own: the only view of friends that knows one of conversations, above it. */
export class AcceptedFriendRequestView {
  request!: FriendRequestView;
  friend!: UserView;
  /** The direct conversation with the new friend, as the caller sees it. */
  conversation!: ConversationView;
}
