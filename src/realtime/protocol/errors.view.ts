import { ApiProperty } from '@nestjs/swagger';
import { ERRORS, type ErrorCode, type FieldErrors } from '../../common/errors.js';

/** An error over a socket (contract, section 1): in an acknowledgement, or with `event` in `exception`. */
export class SocketErrorView {
  /** A stable word to switch on. */
  @ApiProperty({ enum: Object.keys(ERRORS), enumName: 'ErrorCode' })
  code!: ErrorCode;
  /** @example "The request is not valid." */
  message!: string;
  /** Which fields are wrong and how; with `VALIDATION_FAILED`. */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
  })
  errors?: FieldErrors;
  /** Milliseconds after which the same may succeed; with `RATE_LIMITED`, `OVERLOADED` and `UNAVAILABLE`. */
  retryAfterMs?: number;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null;
}

/** A failure of an event that came without an acknowledgement callback. */
export class ExceptionView extends SocketErrorView {
  /** The event that failed. @example "send_message" */
  event!: string;
}
