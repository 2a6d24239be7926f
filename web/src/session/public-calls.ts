import { ChatError, type ErrorCode } from '@parley/client';

/** A call that needs no session, so the client's own (which does) cannot make it. */
export async function publicPost(path: string, body: object): Promise<void> {
  const response = await reached(
    fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    }),
  );
  await requireDone(response);
}

/** @throws ChatError NETWORK */
export async function reached<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw new ChatError('NETWORK', 'The server was not reached.', { cause });
  }
}

/** @throws ChatError with the server's code */
export async function requireDone(response: Response): Promise<void> {
  if (response.ok) return;
  const problem = ((await response.json().catch(() => ({}))) ?? {}) as {
    code?: ErrorCode;
    detail?: string;
    errors?: Record<string, string[]>;
    retryAfterMs?: number;
  };
  const {
    code = 'UNEXPECTED_ANSWER',
    detail = `The server answered ${response.status}.`,
    errors,
    retryAfterMs,
  } = problem;
  throw new ChatError(code, detail, { status: response.status, errors, retryAfterMs });
}
