import type { Fetch, SocketFactory } from './ports/network.js';
import { systemFetch, systemRandom } from './ports/platform.js';
import { socketIo } from './ports/socket-io.js';
import { COOKIE_MARK, cookieSessionOf } from './ports/token-store.js';

/** Calls whose answers hold tokens. */
const ISSUING_PATHS = /\/auth\/(login|register|verify-otp|refresh)$/;

export interface CookieSession {
  fetch: Fetch;
  socket: SocketFactory;
}

/**
 * Ports for a page of the server's own origin: `createClient({ url: location.origin, storage, ...cookieSession() })`. The
 * session is in the cookies that the server sets and scripts cannot read. What the client holds and stores in the tokens'
 * place are marks, worth nothing, another one after each renewal: by them tabs know that one of them has renewed.
 *
 * A socket's token cannot be renewed in place, since its cookie was sent with the handshake: at the token's end the server
 * closes it and the client connects again.
 */
export function cookieSession(ports: Partial<CookieSession> = {}): CookieSession {
  const { fetch = systemFetch, socket = socketIo } = ports;
  return {
    fetch: async (url, init) => {
      const path = url.split('?', 1)[0] ?? url;
      const { authorization: _, ...headers } = init.headers;
      const isRefresh = path.endsWith('/auth/refresh');
      const request = { ...init, headers, credentials: 'same-origin' as const };
      const response = await fetch(url, isRefresh ? { ...request, body: withoutToken(init.body) } : request);
      if (!ISSUING_PATHS.test(path)) return response;
      const { status, ok, headers: received } = response;
      const session = isRefresh ? sessionOf(init.body) : undefined;
      const text = await response.text();
      // The cookie is gone, to a server before 0.3: to the client the same as one that is no longer good.
      if (isRefresh && status === 400 && text.includes('VALIDATION_FAILED')) return refused(response);
      return { status, ok, headers: received, text: () => Promise.resolve(ok ? withoutTokens(text, session) : text) };
    },
    socket: ({ auth, ...options }, listeners) => {
      const { token: _, ...rest } = auth;
      return socket({ ...options, auth: rest }, listeners);
    },
  };
}

/** What a refresh says beside the token, which is in the cookie. */
function withoutToken(body: unknown): string {
  const { refreshToken: _, ...rest } = (typeof body === 'string' ? JSON.parse(body) : {}) as Record<string, unknown>;
  return JSON.stringify(rest);
}

/** What the marks of one session have in common. */
function sessionOf(body: unknown): string | undefined {
  const { refreshToken } = (typeof body === 'string' ? JSON.parse(body) : {}) as { refreshToken?: string };
  return refreshToken === undefined ? undefined : cookieSessionOf(refreshToken);
}

function withoutTokens(text: string, session = `${COOKIE_MARK}${systemRandom.uuid()}`): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof body !== 'object' || body === null || !('accessToken' in body)) return text;
  const mark = `${session} ${systemRandom.uuid()}`;
  return JSON.stringify({ ...body, accessToken: mark, refreshToken: mark });
}

function refused({ headers }: { headers: { get(name: string): string | null } }): Awaited<ReturnType<Fetch>> {
  const problem = { status: 401, code: 'REFRESH_TOKEN_INVALID', detail: 'There is no session: log in.' };
  return { status: 401, ok: false, headers, text: () => Promise.resolve(JSON.stringify(problem)) };
}
