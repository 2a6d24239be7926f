import { Listeners } from '../connection/listeners.js';
import type { call, HttpPorts, TokenSource } from '../http/http.js';
import type { Lock, Random } from '../ports/environment.js';
import { COOKIE_MARK, type Revocation, type StoredSession, type TokenStore } from '../ports/token-store.js';
import { defined } from '../protocol/defined.js';
import { ChatError } from '../protocol/errors.js';
import type { Tokens } from '../protocol/protocol.generated.js';

export interface SessionPorts extends HttpPorts {
  call: typeof call;
  tokens: TokenStore;
  lock: Lock;
  random: Random;
}

/** Longer than a renewal may take: whoever holds the lock by then does nothing any more. */
const LOCK_TIMEOUT_MS = 20_000;

/** Sessions that wait for their end on the server; beyond that the oldest end by themselves, in time. */
const MAX_REVOCATIONS = 5;

/** Brings a token of the application's own log-in; called again when the server refused the last one. */
export type TokenProvider = () => Promise<string>;

/**
 * Who is logged in, and its token. Renewals happen one at a time, over all tabs, and each first looks whether another tab
 * has renewed already: a refresh token works once, and using it twice would end the session.
 */
export class Session implements TokenSource {
  #held: StoredSession | undefined;
  #provider: TokenProvider | undefined;
  #renewal: Promise<string> | undefined;
  #isKept = true;
  #revocations: readonly Revocation[] = [];
  /** Rises with each log-in and log-out: what was asked for before does not count after it. */
  #generation = 0;
  readonly #endListeners = new Listeners<[code: string]>();

  constructor(private readonly ports: SessionPorts) {}

  get userId(): string | undefined {
    return this.#held?.userId || undefined;
  }

  /** Sessions that were left here, and may go on on the server. */
  get revocations(): readonly Revocation[] {
    return this.#revocations;
  }

  /** Called when the server says that this session is over; not of a log-out. */
  readonly onEnd = this.#endListeners.add;

  /** What an earlier run left. */
  async restore(): Promise<string | undefined> {
    const generation = this.#generation;
    const stored = await this.#stored();
    if (generation === this.#generation) this.#hold(stored);
    return this.userId;
  }

  /** Whether this user is still logged in on this device: another tab may have logged out, or somebody else in. */
  async isCurrent(userId: string): Promise<boolean> {
    if (this.#provider !== undefined) return this.userId === userId;
    return (await this.#stored())?.userId === userId;
  }

  async begin(
    userId: string,
    { accessToken, refreshToken }: Pick<Tokens, 'accessToken' | 'refreshToken'>,
  ): Promise<void> {
    this.#generation += 1;
    this.#provider = undefined;
    await this.#learnRevocations();
    // A browser holds one session's cookies: with these gone, nothing is left by which the one before could be ended.
    this.#revocations = this.#revocations.filter((one) => !one.accessToken.startsWith(COOKIE_MARK));
    await this.#keep({ url: this.ports.url, userId, accessToken, refreshToken });
  }

  /** From now on the application's own tokens. Who it is the server says: `identify`. */
  useProvider(provider: TokenProvider): void {
    this.#generation += 1;
    this.#provider = provider;
    if (this.#held?.refreshToken !== undefined) this.#held = undefined;
  }

  async identify(userId: string): Promise<void> {
    if (this.#provider === undefined || this.#held?.userId === userId) return;
    await this.#keep({ url: this.ports.url, userId, accessToken: this.#held?.accessToken ?? '' });
  }

  async token(): Promise<string> {
    // The keychain did not take it: a start would find a token that is spent.
    if (!this.#isKept && this.#held !== undefined) void this.#keep(this.#held);
    const token = this.#held?.accessToken;
    if (token !== undefined && token !== '') return token;
    return this.renew('');
  }

  renew(refused: string): Promise<string> {
    const current = this.#held?.accessToken;
    if (current !== undefined && current !== '' && current !== refused) return Promise.resolve(current);
    if (this.#renewal !== undefined) return this.#renewal;
    const renewal = (this.#provider === undefined ? this.#refresh(refused) : this.#provide(this.#provider)).finally(
      () => {
        if (this.#renewal === renewal) this.#renewal = undefined;
      },
    );
    this.#renewal = renewal;
    return renewal;
  }

  /** The server says that it is over. What the user typed stays. */
  async end(code: string): Promise<void> {
    if (this.#held === undefined) return;
    await this.clear();
    this.#endListeners.call(code);
  }

  async clear(): Promise<void> {
    this.forget();
    await this.#keepRevocations();
  }

  /** In memory alone: what is stored is another tab's, and perhaps another user's. */
  forget(): void {
    this.#generation += 1;
    this.#renewal = undefined;
    this.#held = undefined;
    this.#provider = undefined;
  }

  /** The user leaves: this device forgets the session at once, and owes the server its end. */
  async leave(): Promise<void> {
    const own = this.#held;
    const generation = (this.#generation += 1);
    this.#held = undefined;
    const stored = await this.#learnRevocations();
    // Another tab may have renewed it.
    const left = stored !== undefined && stored.userId === own?.userId ? stored : own;
    if (left !== undefined && left.accessToken !== '') {
      const { accessToken, refreshToken } = left;
      this.#revocations = [...this.#revocations, defined({ accessToken, refreshToken })].slice(-MAX_REVOCATIONS);
    }
    if (generation === this.#generation) await this.clear();
  }

  /** It is over on the server. */
  async revoked(revocation: Revocation): Promise<void> {
    this.#revocations = this.#revocations.filter(({ accessToken }) => accessToken !== revocation.accessToken);
    // Not beside a renewal, in whichever tab, whose tokens this would put back.
    await this.#alone(async () => {
      for (let generation = -1; generation !== this.#generation; ) {
        generation = this.#generation;
        const stored = await this.#stored();
        // Somebody logged in or out meanwhile: what is stored now is theirs.
        if (generation !== this.#generation) continue;
        await (stored === undefined || stored.userId === '' ? this.#keepRevocations() : this.#save(stored));
      }
    });
  }

  async #provide(provider: TokenProvider): Promise<string> {
    const generation = this.#generation;
    let accessToken: string;
    try {
      accessToken = await provider();
    } catch (cause) {
      throw new ChatError('NETWORK', 'The application could not bring a token.', { cause });
    }
    this.#requireSame(generation);
    // Kept with the user's id, so that a start without a network shows what is cached.
    if (this.#held !== undefined) await this.#keep({ ...this.#held, accessToken });
    else this.#held = { url: this.ports.url, userId: '', accessToken };
    return accessToken;
  }

  /** A tab that was frozen in the middle of its renewal is not waited for: to ask again as the same attempt is harmless. */
  #refresh(refused: string): Promise<string> {
    const generation = this.#generation;
    return this.#alone(() => this.#refreshAlone(refused, generation));
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const { clock, lock, url } = this.ports;
    const name = `parley:refresh:${url}`;
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
    const own = this.#held;
    // Another tab may have renewed, or logged out, or somebody else in.
    const stored = (await this.#stored()) ?? own;
    this.#requireSame(generation);
    if (stored?.refreshToken === undefined || stored.userId !== own?.userId)
      throw new ChatError('NOT_LOGGED_IN', 'There is no session: log in.');
    if (stored.accessToken !== refused && stored.accessToken !== own.accessToken) {
      this.#held = stored;
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
      const now = await this.#stored();
      // This tab was frozen, and another one has gone on.
      if (now !== undefined && now.refreshToken !== refreshToken) return (this.#held = now).accessToken;
      await this.#keep({ ...session, accessToken: answer.accessToken, refreshToken: answer.refreshToken });
      return answer.accessToken;
    } catch (error) {
      this.#requireSame(generation);
      // Without a code of the server's it is a word of something in between.
      if (error instanceof ChatError && error.status === 401 && error.code !== 'UNEXPECTED_ANSWER')
        await this.end(error.code);
      throw error;
    }
  }

  #requireSame(generation: number): void {
    if (generation !== this.#generation) throw new ChatError('ABORTED', 'Another session has begun.');
  }

  /** A store that fails (a locked keychain, say) is as good as an empty one; what memory has goes on. */
  async #stored(): Promise<StoredSession | undefined> {
    const stored = await this.ports.tokens.load().catch(() => undefined);
    return stored?.url === this.ports.url ? stored : undefined;
  }

  #hold(session: StoredSession | undefined): void {
    this.#held = session?.userId === '' ? undefined : session;
    this.#revocations = session?.revocations ?? this.#revocations;
  }

  /** What another tab owes, too. */
  async #learnRevocations(): Promise<StoredSession | undefined> {
    const stored = await this.#stored();
    for (const one of stored?.revocations ?? [])
      if (!this.#revocations.some(({ accessToken }) => accessToken === one.accessToken))
        this.#revocations = [...this.#revocations, one];
    return stored;
  }

  async #keep(session: StoredSession): Promise<void> {
    this.#held = session;
    this.#isKept = true;
    await this.#save(session).catch(() => {
      this.#isKept = this.#held !== session;
    });
  }

  #save(session: StoredSession): Promise<void> {
    const revocations = this.#revocations.length > 0 ? this.#revocations : undefined;
    return this.ports.tokens.save(defined({ ...session, revocations }));
  }

  #keepRevocations(): Promise<void> {
    const nobody = { url: this.ports.url, userId: '', accessToken: '' };
    return this.#revocations.length > 0 ? this.#save(nobody) : this.ports.tokens.clear();
  }
}
