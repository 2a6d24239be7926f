/** What stands in place of a token that only the browser holds, in a cookie, begins with this. */
export const COOKIE_MARK = 'cookie ';
/** The part of a mark that stays through renewals; a token as it is. */
export const cookieSessionOf = (token: string): string =>
  token.startsWith(COOKIE_MARK) ? token.split(' ', 2).join(' ') : token;

/** A session that the user has left on this device, and that may go on on the server. */
export interface Revocation {
  accessToken: string;
  /** Absent where the application brought the token. */
  refreshToken?: string;
  /** The user who has left, with all that this device held of them: a start removes what a log-out that was cut off has not. */
  userId?: string;
}

/** What a session needs to go on after a restart; `userId` and `accessToken` are empty where nobody is logged in. */
export interface StoredSession {
  /** The server it belongs to, as given to `createClient`. */
  url: string;
  userId: string;
  accessToken: string;
  /** Absent where the application brings its own tokens (`useToken`). */
  refreshToken?: string;
  /** The id of a refresh that was not answered yet; it is repeated under the same. */
  attemptId?: string;
  /** Left without a network: they are ended on the server when it is reached. */
  revocations?: readonly Revocation[];
}

/**
 * Keeps one session. On a phone this is the keychain, in a browser localStorage or nothing; the default keeps it in
 * memory. Tabs of one origin share it: it is read again before each refresh, under the `Lock`, since another tab may have
 * refreshed meanwhile. `save` must be durable when it resolves: a refresh token that was spent and not kept ends the session.
 */
export interface TokenStore {
  load(): Promise<StoredSession | undefined>;
  save(session: StoredSession): Promise<void>;
  clear(): Promise<void>;
  /**
   * Whether what was kept is gone without `clear`, as where a browser empties the storage of an origin: the session is saved again
   * then. Absent where both look the same.
   */
  wasEmptied?(): Promise<boolean>;
}
