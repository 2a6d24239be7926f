import { isTemporaryFailure } from './temporary-failures.js';

/**
 * What can go wrong, as clients see it: a stable code and a category, free of any transport.
 * `STATUS_OF_CATEGORY` maps it to HTTP; over a socket the code travels as it is (contract, section 1).
 */
export type ErrorCategory =
  | 'INVALID'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'GONE'
  | 'PRECONDITION'
  | 'TIMEOUT'
  | 'TOO_LARGE'
  | 'UNSUPPORTED'
  | 'OUT_OF_RANGE'
  | 'UNPROCESSABLE'
  | 'LOCKED'
  | 'LIMITED'
  | 'HEADERS'
  | 'UNAVAILABLE'
  | 'INTERNAL';

export const STATUS_OF_CATEGORY: Readonly<Record<ErrorCategory, number>> = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  GONE: 410,
  PRECONDITION: 412,
  TIMEOUT: 408,
  TOO_LARGE: 413,
  UNSUPPORTED: 415,
  OUT_OF_RANGE: 416,
  UNPROCESSABLE: 422,
  LOCKED: 423,
  LIMITED: 429,
  HEADERS: 431,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

interface ErrorDefinition {
  category: ErrorCategory;
  /** One English sentence for developers; clients word their own by the code. */
  message: string;
}

/** Every code this server answers with. A new one is added here, and nowhere else. */
export const ERRORS = {
  VALIDATION_FAILED: { category: 'INVALID', message: 'The request is not valid.' },
  MALFORMED_JSON: { category: 'INVALID', message: 'The body is not valid JSON.' },
  PAYLOAD_TOO_LARGE: { category: 'TOO_LARGE', message: 'The request is too large.' },
  HEADERS_TOO_LARGE: { category: 'HEADERS', message: 'The URL and headers of the request are too large.' },
  REQUEST_TIMEOUT: { category: 'TIMEOUT', message: 'The request took too long to arrive.' },
  RANGE_NOT_SATISFIABLE: { category: 'OUT_OF_RANGE', message: 'The range begins beyond the end of the file.' },
  UNSUPPORTED_MEDIA: { category: 'UNSUPPORTED', message: 'This content type or encoding is not supported.' },
  IMAGE_TOO_LARGE: {
    category: 'TOO_LARGE',
    message: 'The image has too many pixels, or is too costly to decode; send a smaller one.',
  },
  QUOTA_EXCEEDED: { category: 'TOO_LARGE', message: 'Your storage is full; delete some files first.' },
  INFECTED: { category: 'UNPROCESSABLE', message: 'A virus scanner found something in the file.' },
  UNAUTHORIZED: { category: 'UNAUTHENTICATED', message: 'A valid access token is required.' },
  TOKEN_EXPIRED: { category: 'UNAUTHENTICATED', message: 'The access token has expired.' },
  INVALID_CREDENTIALS: { category: 'UNAUTHENTICATED', message: 'The credentials are wrong.' },
  REFRESH_TOKEN_INVALID: { category: 'UNAUTHENTICATED', message: 'The refresh token is unknown, expired or revoked.' },
  REFRESH_TOKEN_REUSED: {
    category: 'UNAUTHENTICATED',
    message: 'The refresh token was used before; its session has ended.',
  },
  OTP_INVALID: { category: 'INVALID', message: 'The code is wrong.' },
  OTP_EXPIRED: { category: 'INVALID', message: 'The code has expired; ask for a new one.' },
  ACCOUNT_SUSPENDED: {
    category: 'FORBIDDEN',
    message: 'The account is suspended until `until`, or until it is lifted where that is null; `reason` is why.',
  },
  EMAIL_NOT_VERIFIED: { category: 'FORBIDDEN', message: 'The e-mail address must be verified first.' },
  FOREIGN_ORIGIN: { category: 'FORBIDDEN', message: 'The request comes from a page of another origin.' },
  LIMIT_REACHED: { category: 'CONFLICT', message: 'The limit is reached.' },
  FORBIDDEN: { category: 'FORBIDDEN', message: 'You may not do this.' },
  CANNOT_MESSAGE: { category: 'FORBIDDEN', message: 'You cannot send messages to this user.' },
  EDIT_WINDOW_CLOSED: { category: 'FORBIDDEN', message: 'The message is too old to be edited.' },
  NOT_FOUND: { category: 'NOT_FOUND', message: 'Not found.' },
  EMAIL_TAKEN: { category: 'CONFLICT', message: 'This e-mail address is already registered.' },
  USERNAME_TAKEN: { category: 'CONFLICT', message: 'This username is already taken.' },
  REQUEST_EXISTS: { category: 'CONFLICT', message: 'A friend request is already pending.' },
  ALREADY_FRIENDS: { category: 'CONFLICT', message: 'You are already friends.' },
  REQUEST_NOT_PENDING: { category: 'CONFLICT', message: 'The friend request is no longer pending.' },
  CANNOT_BEFRIEND_SELF: { category: 'INVALID', message: 'You cannot befriend yourself.' },
  CANNOT_BLOCK_SELF: { category: 'INVALID', message: 'You cannot block yourself.' },
  CANNOT_MESSAGE_SELF: { category: 'INVALID', message: 'You cannot message yourself.' },
  NOT_A_GROUP: { category: 'INVALID', message: 'The conversation is not a group.' },
  GROUP_FULL: { category: 'CONFLICT', message: 'The group is full.' },
  ALREADY_MEMBER: { category: 'CONFLICT', message: 'This user is already a member.' },
  MESSAGE_DELETED: { category: 'CONFLICT', message: 'The message has been deleted.' },
  TOO_MANY_REACTIONS: { category: 'CONFLICT', message: 'Too many different reactions.' },
  CANNOT_REPORT_SELF: { category: 'INVALID', message: 'You cannot report yourself.' },
  REPORT_RESOLVED: { category: 'CONFLICT', message: 'The report is already resolved.' },
  UNKNOWN_EVENT: { category: 'INVALID', message: 'Unknown event.' },
  URL_EXPIRED: { category: 'FORBIDDEN', message: 'The URL has expired; read the message again for a new one.' },
  UPLOADS_NOT_PRESIGNED: { category: 'CONFLICT', message: 'This server takes uploads itself: POST /attachments.' },
  UPLOAD_INCOMPLETE: { category: 'CONFLICT', message: 'The file has not been uploaded yet.' },
  UPLOAD_EXPIRED: { category: 'GONE', message: 'The upload has expired or was cancelled; start again.' },
  UPLOAD_OFFSET_MISMATCH: { category: 'CONFLICT', message: 'The upload is at another offset; ask for it with HEAD.' },
  UPLOAD_LOCKED: {
    category: 'LOCKED',
    message: 'Another request is writing to this upload; ask for its offset and continue.',
  },
  TUS_VERSION_UNSUPPORTED: { category: 'PRECONDITION', message: 'Uploads use tus 1.0.0: send Tus-Resumable: 1.0.0.' },
  UNKNOWN_DIALECT: { category: 'INVALID', message: 'The dialect is unknown or switched off.' },
  MALFORMED_FRAME: { category: 'INVALID', message: 'The frame is not a JSON object.' },
  RATE_LIMITED: { category: 'LIMITED', message: 'Too many requests; try again later.' },
  TOO_MANY_CONNECTIONS: { category: 'LIMITED', message: 'Too many connections; close others first.' },
  OVERLOADED: { category: 'UNAVAILABLE', message: 'The server is overloaded; try again shortly.' },
  UNAVAILABLE: { category: 'UNAVAILABLE', message: 'The server cannot do this at the moment; try again shortly.' },
  INTERNAL_ERROR: { category: 'INTERNAL', message: 'An internal error occurred.' },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** A field's path (`members.0.id`) to what is wrong with it. */
export type FieldErrors = Record<string, string[]>;

/** With ACCOUNT_SUSPENDED, and with the end of a session because of it. */
export interface SuspensionDetails {
  /** ISO 8601; null: until it is lifted. */
  until: string | null;
  /** In the words of who suspended it. */
  reason: string | null;
}

/** What goes with a code, whatever carries it to the client. */
export interface ErrorExtras extends Partial<SuspensionDetails> {
  errors?: FieldErrors;
  retryAfterMs?: number;
}

export interface ErrorDetails {
  /** Overrides the code's own sentence. Never holds anything internal. */
  message?: string;
  errors?: FieldErrors;
  retryAfterMs?: number;
  suspension?: SuspensionDetails;
  cause?: unknown;
}

/** Errors that pass by themselves: they carry the time after which to try again. */
const PASSING: ReadonlySet<ErrorCategory> = new Set(['LIMITED', 'UNAVAILABLE']);
const RETRY_AFTER_MS = 2_000;

/** The only error that services throw on purpose. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly errors: FieldErrors | undefined;
  readonly retryAfterMs: number | undefined;
  readonly suspension: SuspensionDetails | undefined;

  constructor(
    readonly code: ErrorCode,
    details: ErrorDetails = {},
  ) {
    super(details.message ?? ERRORS[code].message, { cause: details.cause });
    this.errors = details.errors;
    this.suspension = details.suspension;
    this.retryAfterMs = details.retryAfterMs ?? (PASSING.has(this.category) ? RETRY_AFTER_MS : undefined);
  }

  /** Without what it does not have. */
  get extras(): ErrorExtras {
    return {
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...this.suspension,
    };
  }

  get category(): ErrorCategory {
    return ERRORS[this.code].category;
  }

  get status(): number {
    return STATUS_OF_CATEGORY[this.category];
  }
}

/** What an error from anywhere is to whoever asked. A bug reveals nothing of itself. */
export function domainErrorOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError(isTemporaryFailure(error) ? 'UNAVAILABLE' : 'INTERNAL_ERROR', { cause: error });
}

/** A single field's fault, in the shape that validation gives. */
export function invalidField(path: string, message: string): DomainError {
  return new DomainError('VALIDATION_FAILED', { errors: { [path]: [message] } });
}
