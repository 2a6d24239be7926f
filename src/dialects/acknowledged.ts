import { DomainError } from '../common/errors.js';
import type { Acknowledgement } from '../realtime/protocol/acknowledgement.js';

/** What a command was answered. @throws DomainError where it was refused */
export function acknowledged<Result>(answer: Acknowledgement<Result>): Result {
  if (answer.ok) return answer.data;
  const { code, message, errors, retryAfterMs } = answer.error;
  throw new DomainError(code, {
    message,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A refusal's parts, without those it does not have. */
export function partsOf({ code, message, errors, retryAfterMs }: DomainError): object {
  return {
    code,
    message,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The same as the payload of an event that refuses another one, which it names. */
export function eventRefusal(event: string, error: DomainError): object {
  return { error: error.message, ...partsOf(error), event: event.slice(0, 64) };
}
