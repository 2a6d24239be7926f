import { orAborted } from '../ports/abort.js';
import type { Clock } from '../ports/environment.js';
import type { Fetch, FetchInit, FetchResponse } from '../ports/network.js';
import { defined } from '../protocol/defined.js';
import { ChatError, type ErrorDetails } from '../protocol/errors.js';
import type { ErrorCode } from '../protocol/protocol.generated.js';
import type { Http, HttpAnswer, HttpRequest } from './types.js';

const TIMEOUT_MS = 15_000;
/** However long something between client and server wants it to be. A timer of more than 24 days would be none. */
const MAX_WAIT_MS = 86_400_000;

export interface HttpPorts {
  url: string;
  fetch: Fetch;
  clock: Clock;
}

/** What carries an access token and renews it: the session. */
export interface TokenSource {
  /** Rejects with NOT_LOGGED_IN where there is none. */
  token(): Promise<string>;
  /** Another one than this, which the server refused. One renewal for all who ask at once. */
  renew(refused: string): Promise<string>;
}

/** One request, once. Every failure is a `ChatError`. */
export async function call<Body>(
  { url, fetch, clock }: HttpPorts,
  path: string,
  { method = 'GET', query = {}, body, content, headers = {}, signal, timeoutMs = TIMEOUT_MS, expects }: HttpRequest,
  token?: string,
): Promise<HttpAnswer<Body>> {
  const requestUrl = urlOf(url, path, query);
  // Not throwIfAborted and AbortSignal.any: React Native has neither.
  if (signal?.aborted === true) throw new ChatError('ABORTED', 'It was given up.');
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  signal?.addEventListener('abort', abort);
  let isLate = false;
  const timer = clock.setTimeout(() => {
    isLate = true;
    controller.abort();
  }, timeoutMs);
  const init: FetchInit = {
    method,
    headers: defined({
      accept: 'application/json',
      'content-type': body && 'application/json',
      authorization: token && `Bearer ${token}`,
      ...headers,
    }) as Record<string, string>,
    signal: controller.signal,
    // The session is in the token. Cookies of another log-in on the same origin must not decide.
    credentials: 'omit',
  };
  const sent = body === undefined ? content : JSON.stringify(body);
  if (sent !== undefined) init.body = sent;
  try {
    // A port that does not know signals must not keep anybody waiting.
    const answer = await orAborted(exchange(fetch, requestUrl, init), controller.signal);
    return parsed<Body>(answer.response, answer.text, expects);
  } catch (cause) {
    if (cause instanceof ChatError) throw cause;
    if (isLate) throw new ChatError('TIMEOUT', 'The server did not answer in time.', { cause });
    if (controller.signal.aborted) throw new ChatError('ABORTED', 'It was given up.', { cause });
    throw new ChatError('NETWORK', 'The server was not reached.', { cause });
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** The first may bring what another tab has renewed, which may have run out by now like one's own. */
const MAX_RENEWALS = 2;

/** Tokens of one session after the other. */
export interface SessionSource extends TokenSource {
  /** Rises with each log-in and log-out. */
  readonly generation: number;
  /** Undefined where nobody is logged in, or the server has not said who it is. */
  readonly userId: string | undefined;
}

/** The outcome of a renewal that the server refused: what waited for the token goes out when the user has logged in again. */
const ended = (error: unknown): never => {
  if (error instanceof ChatError && error.code.startsWith('REFRESH_TOKEN_'))
    throw new ChatError('NOT_LOGGED_IN', 'The session has ended.', { cause: error });
  throw error;
};

export const anotherSession = (): ChatError => new ChatError('ABORTED', 'Another session has begun.');

/** Requests under a session's token: refused for its age or otherwise, it is renewed and the request repeated. */
export function authenticatedHttp(ports: HttpPorts, tokens: SessionSource): Http {
  return {
    request: async <Body>(path: string, request: HttpRequest = {}): Promise<HttpAnswer<Body>> => {
      const { generation, userId } = tokens;
      const isLeft = (): boolean => generation !== tokens.generation;
      let token = await tokens.token().catch(ended);
      for (let renewals = 0; ; renewals += 1) {
        // What one user asked for is not done as the next user.
        if (isLeft()) throw anotherSession();
        try {
          const answer = await call<Body>(ports, path, request, token);
          // Nor answered to them. A request that ends the session itself still gets its answer.
          if (isLeft() && tokens.userId !== undefined && tokens.userId !== userId) throw anotherSession();
          return answer;
        } catch (error) {
          if (!(error instanceof ChatError) || error.status !== 401 || renewals === MAX_RENEWALS) throw error;
          // The password in it is wrong, not the token; each repetition would count as a guess.
          if (error.code === 'INVALID_CREDENTIALS') throw error;
          if (isLeft()) throw anotherSession();
          token = await tokens.renew(token).catch(ended);
        }
      }
    },
  };
}

async function exchange(
  fetch: Fetch,
  url: string,
  init: FetchInit,
): Promise<{ response: FetchResponse; text: string }> {
  const response = await fetch(url, init);
  return { response, text: await response.text() };
}

/**
 * @throws ChatError VALIDATION_FAILED a path that could lead to another server, which would get the token; half a character, as
 * where a text was cut
 */
function urlOf(url: string, path: string, query: NonNullable<HttpRequest['query']>): string {
  if (!/^\/(?!\/)/.test(path)) throw new ChatError('VALIDATION_FAILED', 'A path begins with one “/”.');
  const given = Object.entries(defined(query));
  let text: string;
  try {
    text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  } catch (cause) {
    throw new ChatError('VALIDATION_FAILED', 'That is no text.', { cause });
  }
  return `${url.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

function parsed<Body>(response: FetchResponse, text: string, expects: string | undefined): HttpAnswer<Body> {
  const { status } = response;
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    body = null;
  }
  if (status < 200 || status > 299) throw problemOf(response, body);
  // A page of a captive portal or a proxy answers 200 as well. The server answers objects, or nothing.
  const isOwn =
    expects === undefined ? body === undefined || isObject(body) : isObject(body) && (body[expects] ?? null) !== null;
  if (!isOwn) throw new ChatError('UNEXPECTED_ANSWER', 'The answer is not the server’s.', { status });
  return { status, header: (name) => response.headers.get(name), body: body as Body };
}

function problemOf({ status, headers }: FetchResponse, body: unknown): ChatError {
  const problem = isObject(body) ? body : {};
  const retryAfterMs = waitOf(problem['retryAfterMs'], 1) ?? waitOf(headers.get('retry-after'), 1_000);
  const code = typeof problem['code'] === 'string' ? (problem['code'] as ErrorCode) : codeOf(status);
  const message = typeof problem['detail'] === 'string' ? problem['detail'] : `The server answered ${status}.`;
  // These alone: of what something in between answers nothing else becomes the error's.
  const { errors, requestId, until, reason } = problem as ErrorDetails;
  return new ChatError(code, message, defined({ errors, requestId, until, reason, status, retryAfterMs }));
}

const isObject = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** Milliseconds, of something that may come from anybody; undefined where it is no time. */
function waitOf(given: unknown, unitMs: number): number | undefined {
  const milliseconds = typeof given === 'number' || typeof given === 'string' ? Number(given) * unitMs : Number.NaN;
  return milliseconds >= 0 ? Math.min(milliseconds, MAX_WAIT_MS) : undefined;
}

/** What something between client and server answered. */
function codeOf(status: number): ErrorCode | 'UNEXPECTED_ANSWER' {
  if (status === 413) return 'PAYLOAD_TOO_LARGE';
  if (status === 429) return 'RATE_LIMITED';
  return status >= 502 && status <= 504 ? 'UNAVAILABLE' : 'UNEXPECTED_ANSWER';
}
