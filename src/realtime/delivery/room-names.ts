/** The names of all rooms. Nowhere else is one put together. */
export const room = {
  user: (userId: string) => `user:${userId}`,
  session: (sessionId: string) => `session:${sessionId}`,
  /** All sockets of all members. The bare id: with a prefix, every socket would keep texts of its own for its rooms. */
  conversation: (conversationId: string) => conversationId,
  /** Those sockets that show the conversation at the moment. */
  open: (conversationId: string) => `open:${conversationId}`,
  /** The conversation of such a room; undefined for any other one. */
  openIdOf: (name: string) => (name.startsWith('open:') ? name.slice(5) : undefined),
} as const;
