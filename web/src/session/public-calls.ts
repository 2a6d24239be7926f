import { ChatError, type ErrorCode } from '@parley/client';

/** A call that needs no session, so the client's own (which does) cannot make it. */
export async function publicPost(path: string, body: object): Promise<void> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw new ChatError('NETWORK', 'The server was not reached.', { cause });
  }
  if (response.ok) return;
  const problem = ((await response.json().catch(() => ({}))) ?? {}) as {
    code?: ErrorCode;
    detail?: string;
    errors?: Record<string, string[]>;
  };
  const { code = 'UNEXPECTED_ANSWER', detail = `The server answered ${response.status}.`, errors } = problem;
  throw new ChatError(code, detail, { status: response.status, errors });
}
