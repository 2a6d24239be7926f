import { DomainError } from '../../common/errors.js';
import type { Acknowledgement } from '../../realtime/protocol/acknowledgement.js';

/** What a command was answered. @throws DomainError where it was refused */
export function acknowledged<Result>(answer: Acknowledgement<Result>): Result {
  if (answer.ok) return answer.data;
  const { code, message, errors, retryAfterMs, until, reason } = answer.error;
  throw new DomainError(code, {
    message,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(until === undefined || reason === undefined ? {} : { suspension: { until, reason } }),
  });
}

/** A refusal's parts, without those it does not have. */
export function partsOf({ code, message, extras }: DomainError): object {
  return { code, message, ...extras };
}

/** How a dialect says that an event was refused, beside the answer to its callback. */
interface RefusalWords {
  /** The event that says that a message was not sent, and the one whose failure it says. */
  readonly notSent: { readonly event: string; readonly of: string };
  /** Whether it knows the client's event at all. */
  knows(event: string): boolean;
  emit(event: string, payload: object): void;
}

/**
 * Refuses an event, and returns the answer to its callback. Only for a message that is not sent is there an event of its own:
 * clients wait for it, and would take any other failure for their message's. Of what else failed a client that asked for
 * no answer receives `exception`, as in Parley's own dialect; of an event that the dialect does not know, nothing.
 */
export function refuseEvent(words: RefusalWords, event: string, error: DomainError, isAnswered: boolean): object {
  const refusal = eventRefusal(event, error);
  if (event === words.notSent.of) words.emit(words.notSent.event, refusal);
  else if (!isAnswered && words.knows(event)) words.emit('exception', refusal);
  return { success: false, ...refusal };
}

/** The same as the payload of an event that refuses another one, which it names. */
function eventRefusal(event: string, error: DomainError): object {
  return { error: error.message, ...partsOf(error), event: event.slice(0, 64) };
}
