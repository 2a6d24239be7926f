import type { DomainError } from '../../common/errors.js';
import type { SocketErrorView } from './errors.view.js';

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
      ...error.extras,
    },
  };
}
