/** What a client sent over Socket.IO. */
export interface SocketEvent<Answer> {
  event: string;
  payload: unknown;
  /** Where it asked for an answer. */
  acknowledge: ((answer: Answer) => void) | undefined;
}

/** @param name may be a number. @param parameters the last of them may be the callback. */
export function socketEvent<Answer>(name: unknown, parameters: readonly unknown[]): SocketEvent<Answer> {
  const last = parameters.at(-1);
  const acknowledge = typeof last === 'function' ? (last as (answer: Answer) => void) : undefined;
  const payload = acknowledge !== undefined && parameters.length === 1 ? undefined : parameters[0];
  return { event: String(name), payload, acknowledge };
}
