import { ApiProperty } from '@nestjs/swagger';
import { ERRORS, type ErrorCode } from '../common/errors.js';

/** An error over HTTP: RFC 9457, `application/problem+json` (contract, section 1). */
export class ProblemView {
  /** Where the code is explained. @example "/docs/errors#NOT_FOUND" */
  type!: string;
  title!: string;
  status!: number;
  detail!: string;
  /** The same as `detail`. */
  message!: string;
  /** A stable word to switch on. */
  @ApiProperty({ enum: Object.keys(ERRORS), enumName: 'ErrorCode' })
  code!: ErrorCode;
  /** Names this request in the server's log. */
  requestId!: string;
  /** Which fields are wrong and how; with `VALIDATION_FAILED`. */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { email: ['email must be an email'] },
  })
  errors?: Record<string, string[]>;
  /** Milliseconds after which the same may succeed; with `Retry-After`, which has whole seconds. */
  retryAfterMs?: number;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null;
}
