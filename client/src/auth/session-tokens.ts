import { pause } from '../connection/backoff.js';
import { within } from '../connection/time-limit.js';
import { anotherSession, type call, type HttpPorts, type SessionSource } from '../http/http.js';
import type { Lock, Random } from '../ports/environment.js';
import {
  COOKIE_MARK,
  cookieSessionOf,
  type Revocation,
  type StoredSession,
  type TokenStore,
} from '../ports/token-store.js';
import { ChatError } from '../protocol/errors.js';
import type { Tokens } from '../protocol/protocol.generated.js';
import type { Session, TokenProvider } from './session.js';

export interface SessionTokensPorts extends HttpPorts {
  call: typeof call;
  tokens: TokenStore;
  lock: Lock;
  /** It is that of clients of other users as well, which need not wait for one another. */
  isProcessWide?: boolean;
  random: Random;
}

/** Longer than a renewal may take: whoever holds the lock by then does nothing any more. */
const LOCK_TIMEOUT_MS = 20_000;

/** How often, and how far apart, a tab that follows looks whether the one that leads has stored anew what a browser has removed. */
export const MAX_LOOKS = 10;
export const LOOK_PAUSE_MS = 300;

/** How long the application may take to bring a token: then its provider is asked again. */
const PROVIDER_TIMEOUT_MS = 15_000;

interface Renewal {
  generation: number;
  token: Promise<string>;
  /** Those who wait for it wait no longer. */
  giveUp(): void;
}

/**
 * The token of the session. Renewals happen one at a time, over all tabs, and each first looks whether another tab has renewed
 * already: a refresh token works once, and using it twice would end the session.
 */
export class SessionTokens implements SessionSource {
  /** What was held and the store has not taken, or not yet. */
  #unkept: StoredSession | undefined;
  #isSaving = false;
  #renewal: Renewal | undefined;
  /** The provider's tokens are this user's: the server has said so. */
  #isIdentified = true;

  constructor(
    private readonly session: Session,
    private readonly ports: SessionTokensPorts,
  ) {}

  /** The store has what is held. */
  get #isKept(): boolean {
    return this.#unkept === undefined || this.#unkept !== this.session.held;
  }

  get userId(): string | undefined {
    return this.session.userId;
  }

  /** Whether the tokens, where there are any, are this user's, as far as the server has said so. */
  isOf(userId: string): boolean {
    return (this.session.provider === undefined || this.#isIdentified) && (this.userId ?? userId) === userId;
  }

  /** The application brings the tokens. */
  get isProvided(): boolean {
    return this.session.provider !== undefined;
  }

  get generation(): number {
    return this.session.generation;
  }

  async begin(
    userId: string,
    { accessToken, refreshToken }: Pick<Tokens, 'accessToken' | 'refreshToken'>,
  ): Promise<void> {
    const { held } = this.session;
    this.#beginAnew(undefined);
    await this.session.learnRevocations();
    // Nobody has logged out: the one before is to end all the same.
    if (held?.refreshToken !== undefined && held.userId !== userId) this.owe(held);
    // A browser holds one session's cookies: with these gone, nothing is left by which the one before could be ended.
    this.session.revocations = this.session.revocations.filter((one) => !one.accessToken.startsWith(COOKIE_MARK));
    await this.#keep({ url: this.ports.url, userId, accessToken, refreshToken });
  }

  /** The server is to end a session that nobody uses. Which cookies the browser holds nobody knows. */
  owe(tokens: Pick<StoredSession, 'accessToken' | 'refreshToken'>): void {
    if (!tokens.accessToken.startsWith(COOKIE_MARK)) this.session.owe(tokens);
  }

  /**
   * From now on the application's own tokens, the next of which is asked for anew: it may be another user's than the last one.
   * The server answers who the user is: `identify`.
   */
  useProvider(provider: TokenProvider): void {
    const { held } = this.session;
    this.#beginAnew(provider);
    this.session.held =
      held?.refreshToken === undefined && held !== undefined ? { ...held, accessToken: '' } : undefined;
  }

  async identify(userId: string): Promise<void> {
    if (this.session.provider === undefined || (this.#isIdentified && this.session.held?.userId === userId)) return;
    this.#isIdentified = true;
    await this.#keep({ url: this.ports.url, userId, accessToken: this.session.held?.accessToken ?? '' });
  }

  #beginAnew(provider: TokenProvider | undefined): void {
    this.session.generation += 1;
    this.session.provider = provider;
    this.#isIdentified = provider === undefined;
    this.#renewal?.giveUp();
    this.#renewal = undefined;
  }

  async token(): Promise<string> {
    // The keychain did not take it: a start would find a token that is spent.
    if (!this.#isKept && !this.#isSaving && this.session.held !== undefined) void this.#keep(this.session.held);
    const token = this.session.held?.accessToken;
    if (token !== undefined && token !== '') return token;
    return this.renew('');
  }

  renew(refused: string): Promise<string> {
    const { held, provider, generation } = this.session;
    const current = held?.accessToken;
    if (current !== undefined && current !== '' && current !== refused) return Promise.resolve(current);
    if (this.#renewal?.generation === generation) return this.#renewal.token;
    let giveUp = (): void => undefined;
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = () => reject(anotherSession());
    });
    const renewed = provider === undefined ? this.#refresh(refused) : this.#provide(provider, refused !== '');
    const renewal = {
      generation,
      giveUp,
      token: Promise.race([renewed, givenUp]).finally(() => {
        if (this.#renewal === renewal) this.#renewal = undefined;
      }),
    };
    this.#renewal = renewal;
    return renewal.token;
  }

  /** The server says that it is over. What the user typed stays, and so does what another tab has logged in to meanwhile. */
  async end(code: string): Promise<void> {
    const { session } = this;
    const { held } = session;
    if (held === undefined) return;
    const isKept = this.#isKept;
    session.forget();
    const { generation } = session;
    session.endListeners.call(code);
    const stored = await session.learnRevocations();
    // A renewal in another tab leaves a mark of the same session, and tokens of which nobody knows.
    const sessionOf = ({ refreshToken = '' }: StoredSession): string => cookieSessionOf(refreshToken);
    const isOther =
      isKept && stored !== undefined && (stored.userId !== held.userId || sessionOf(stored) !== sessionOf(held));
    if (!isOther && generation === session.generation) await session.keepRevocations();
  }

  /** A browser has one session's cookies: where another tab has logged in meanwhile, they are those of that. */
  async isOwed({ accessToken }: Revocation): Promise<boolean> {
    if (!accessToken.startsWith(COOKIE_MARK)) return true;
    const { userId = '', revocations = [] } = (await this.session.stored()) ?? {};
    return userId === '' || revocations.some((one) => one.accessToken === accessToken);
  }

  /** It is over on the server. */
  async revoked(revocation: Revocation): Promise<void> {
    this.session.revocations = this.session.revocations.filter(
      ({ accessToken }) => accessToken !== revocation.accessToken,
    );
    // Not beside a renewal, in whichever tab, whose tokens this would put back.
    await this.#alone(async () => {
      for (let generation = -1; generation !== this.session.generation; ) {
        generation = this.session.generation;
        const stored = await this.session.stored();
        // Somebody logged in or out meanwhile: what is stored now is theirs.
        if (generation !== this.session.generation) continue;
        if (stored !== undefined && stored.userId !== '') await this.session.save(stored);
        // A log-in whose session is on its way into the store takes what is owed with it.
        else if (this.session.held === undefined) await this.session.keepRevocations();
      }
    });
  }

  /** A store that does not take it is tried again with the next request. */
  async #keep(session: StoredSession): Promise<void> {
    this.session.held = session;
    this.#unkept = session;
    this.#isSaving = true;
    try {
      await this.session.save(session);
      if (this.#unkept === session) this.#unkept = undefined;
    } catch {
      // A locked keychain, say.
    } finally {
      this.#isSaving = false;
    }
  }

  /**
   * Where its store was emptied behind everybody's back: nobody has logged out. The tab that leads saves it; what others hold may
   * be spent, so they do only where it does not. Never rejects.
   */
  async saveAgain(isLeader: boolean): Promise<void> {
    const { held } = this.session;
    for (let looks = isLeader ? 1 : MAX_LOOKS; looks > 0; looks -= 1) {
      if (!(await this.session.isEmptied())) return;
      if (looks > 1) await pause(this.ports.clock, LOOK_PAUSE_MS);
    }
    if (held !== undefined && held === this.session.held) await this.#keep(held);
  }

  async #provide(provider: TokenProvider, isRefused: boolean): Promise<string> {
    const generation = this.session.generation;
    const { clock, url } = this.ports;
    const late = (): Promise<never> => Promise.reject(new Error('It took too long.'));
    let accessToken: string;
    try {
      accessToken = await within(clock, PROVIDER_TIMEOUT_MS, provider({ isRefused }), late);
    } catch (cause) {
      throw new ChatError('NETWORK', 'The application could not bring a token.', { cause });
    }
    this.#requireSame(generation);
    // From JavaScript anything may come. Once the user is known it is tried again: nothing that was typed is refused for it.
    if (typeof (accessToken as unknown) !== 'string' || accessToken === '')
      throw new ChatError(this.#isIdentified ? 'NETWORK' : 'VALIDATION_FAILED', 'The application brought no token.');
    const held = { url, userId: '', ...this.session.held, accessToken };
    // Kept with the user's id, so that a start without a network shows what is cached.
    if (this.#isIdentified) await this.#keep(held);
    else this.session.held = held;
    return accessToken;
  }

  /** A tab that was frozen in the middle of its renewal is not waited for: to ask again as the same attempt is harmless. */
  #refresh(refused: string): Promise<string> {
    const generation = this.session.generation;
    return this.#alone(() => this.#refreshAlone(refused, generation)).catch((cause: unknown) => {
      if (cause instanceof ChatError) throw cause;
      throw new ChatError('TIMEOUT', 'Another tab has not waited for it.', { cause });
    });
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const { clock, lock, isProcessWide = false, url } = this.ports;
    const name = `parley:refresh:${url}${isProcessWide ? `:${this.userId ?? ''}` : ''}`;
    const controller = new AbortController();
    let isGranted = false;
    const timer = clock.setTimeout(() => controller.abort(), LOCK_TIMEOUT_MS);
    const granted = (): Promise<Result> => {
      isGranted = true;
      return work();
    };
    try {
      return await lock.run(name, granted, { signal: controller.signal });
    } catch (error) {
      if (isGranted || !controller.signal.aborted) throw error;
      return lock.run(name, work, { steal: true });
    } finally {
      clock.clearTimeout(timer);
    }
  }

  async #refreshAlone(refused: string, generation: number): Promise<string> {
    const own = this.session.held;
    // Another tab may have renewed, or logged out, or somebody else in. What the store did not take is newer than what it has.
    const found = (await this.session.stored()) ?? own;
    const stored = !this.#isKept && found?.userId === own?.userId ? own : found;
    this.#requireSame(generation);
    if (stored?.refreshToken === undefined || stored.userId !== own?.userId)
      throw new ChatError('NOT_LOGGED_IN', 'There is no session.');
    if (stored.accessToken !== refused && stored.accessToken !== own.accessToken) {
      this.session.held = stored;
      return stored.accessToken;
    }
    const { attemptId = this.ports.random.uuid(), ...session } = stored;
    const { refreshToken } = stored;
    try {
      // Kept before it is asked: where the answer is lost, the repeat is known for one, whenever it comes.
      await this.#keep({ ...session, attemptId });
      this.#requireSame(generation);
      const body = { refreshToken, attemptId };
      const request = { method: 'POST', body, expects: 'refreshToken' } as const;
      const answer = (await this.ports.call<Tokens>(this.ports, '/auth/refresh', request)).body;
      this.#requireSame(generation);
      const now = await this.session.stored();
      // This tab was frozen, and another one has gone on.
      if (this.#isKept && now !== undefined && now.refreshToken !== refreshToken)
        return (this.session.held = now).accessToken;
      await this.#keep({ ...session, accessToken: answer.accessToken, refreshToken: answer.refreshToken });
      return answer.accessToken;
    } catch (error) {
      this.#requireSame(generation);
      // Any other refusal is a word of something in between.
      if (error instanceof ChatError && error.code.startsWith('REFRESH_TOKEN_'))
        await this.end(error.code).catch(() => undefined);
      throw error;
    }
  }

  #requireSame(generation: number): void {
    if (generation !== this.session.generation) throw anotherSession();
  }
}
