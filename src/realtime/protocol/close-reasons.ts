/**
 * Why the server ends a connection, and whether the client should come back with the credentials it has. Refusing one
 * request has codes of its own: common/errors.ts. Sent as `session:ended { code, retry, retryAfterMs? }` before the
 * disconnect.
 */
export const CLOSE_REASONS = {
  /** The token's time is over; come back with a new one. */
  TOKEN_EXPIRED: { retry: true },
  LOGGED_OUT: { retry: false },
  SESSION_REVOKED: { retry: false },
  REFRESH_TOKEN_REUSED: { retry: false },
  PASSWORD_CHANGED: { retry: false },
  ACCOUNT_DELETED: { retry: false },
  /** A moderator's act; `until` and `reason` go with it. The client may log in again when it has ended. */
  ACCOUNT_SUSPENDED: { retry: false },
  /** Far more events than any client needs, after they had been refused for a while. */
  FLOODING: { retry: true, retryAfterMs: 5_000 },
  /** The client does not read what it is sent. It syncs when it is back. */
  SLOW_CONSUMER: { retry: true },
  /** The user has as many connections as one may have, and this was the oldest of the session that has most of them. */
  TOO_MANY_CONNECTIONS: { retry: false },
  SERVER_SHUTDOWN: { retry: true },
  /** The connection could not be set up. */
  UNAVAILABLE: { retry: true },
} as const satisfies Record<string, { retry: boolean; retryAfterMs?: number }>;

export type CloseCode = keyof typeof CLOSE_REASONS;
