const PREFIX = 'user:';

/** Names the direct conversation with a user that is not known to exist: nothing was sent there yet. */
export const pendingConversationId = (userId: string): string => PREFIX + userId;

/** The user of such a name; undefined for an id of the server. */
export const recipientOf = (conversationId: string): string | undefined =>
  conversationId.startsWith(PREFIX) ? conversationId.slice(PREFIX.length) : undefined;
