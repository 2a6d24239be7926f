import { DomainError, type ErrorCode, type FieldErrors } from '../../common/errors.js';

/** An error over a socket (contract, section 1): in an acknowledgement, or with `event` in `exception`. */
export class SocketErrorView {
  /** A stable word to switch on. */
  code!: ErrorCode;
  message!: string;
  /** Which fields are wrong and how; with `VALIDATION_FAILED`. */
  errors?: FieldErrors;
  /** Milliseconds after which the same may succeed; with `RATE_LIMITED`, `OVERLOADED` and `UNAVAILABLE`. */
  retryAfterMs?: number;
}

/** What every client event is answered with. */
export type Acknowledgement<Result = unknown> = { ok: true; data: Result } | { ok: false; error: SocketErrorView };

export function success<Result>(data: Result): Acknowledgement<Result> {
  return { ok: true, data };
}

export function failure(error: DomainError): { ok: false; error: SocketErrorView } {
  return {
    ok: false,
    error: {
      code: error.code,
      message: error.message,
      ...(error.errors === undefined ? {} : { errors: error.errors }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    },
  };
}
