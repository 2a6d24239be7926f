import type { ErrorCode } from './protocol.generated.js';

/** What goes wrong on this side of the wire. */
export type LocalErrorCode =
  /** The server was not reached, or the connection broke before it answered: it may have done what was asked, or not. */
  | 'NETWORK'
  /** No answer in time: likewise. */
  | 'TIMEOUT'
  /** Nothing was sent: the connection is not live. */
  | 'NOT_CONNECTED'
  /** There is no session, or it has ended: log in. */
  | 'NOT_LOGGED_IN'
  /** The account is suspended; `until` says how long. */
  | 'ACCOUNT_SUSPENDED'
  /** The caller gave up, or the client was closed. */
  | 'ABORTED'
  /** An answer that is not the server's (a proxy's page, say). */
  | 'UNEXPECTED_ANSWER'
  /** What was to be sent cannot be read any more (a file that is gone). */
  | 'UNREADABLE_FILE'
  /** This device can keep nothing more. */
  | 'STORAGE';

export interface ErrorDetails {
  /** Field to messages, with `VALIDATION_FAILED`. */
  errors?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Not before so many milliseconds from now. */
  retryAfterMs?: number | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  /** With `ACCOUNT_SUSPENDED`. */
  until?: string | null | undefined;
  reason?: string | null | undefined;
  cause?: unknown;
}

/** The one error that the client rejects with. `code` is the server's word or one of this side's; newer servers may add some. */
export class ChatError extends Error {
  declare readonly errors: ErrorDetails['errors'];
  declare readonly retryAfterMs: ErrorDetails['retryAfterMs'];
  declare readonly status: ErrorDetails['status'];
  declare readonly requestId: ErrorDetails['requestId'];
  declare readonly until: ErrorDetails['until'];
  declare readonly reason: ErrorDetails['reason'];

  constructor(
    readonly code: ErrorCode | LocalErrorCode,
    message: string,
    { cause, ...details }: ErrorDetails = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'ChatError';
    Object.assign(this, details);
  }

  /** Whether the same may succeed later without anybody changing it. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.code) || (this.status ?? 0) >= 500;
  }
}

const TRANSIENT: ReadonlySet<string> = new Set<ErrorCode | LocalErrorCode>([
  'NETWORK',
  'REQUEST_TIMEOUT',
  'TIMEOUT',
  'NOT_CONNECTED',
  'NOT_LOGGED_IN', // the user logs in again, and what was typed goes out
  'ACCOUNT_SUSPENDED',
  'ABORTED',
  'UNEXPECTED_ANSWER',
  'STORAGE',
  'UNAUTHORIZED',
  'TOKEN_EXPIRED',
  'RATE_LIMITED',
  'TOO_MANY_CONNECTIONS',
  'OVERLOADED',
  'UPLOAD_LOCKED',
  'UPLOAD_OFFSET_MISMATCH',
  'UPLOAD_EXPIRED', // it is begun anew
  'UNAVAILABLE',
  'INTERNAL_ERROR',
]);
