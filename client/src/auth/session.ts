import { Listeners } from '../connection/listeners.js';
import type { Revocation, StoredSession, TokenStore } from '../ports/token-store.js';
import { defined } from '../protocol/defined.js';

export interface SessionPorts {
  url: string;
  tokens: TokenStore;
}

/** Sessions that wait for their end on the server; beyond that the oldest end by themselves, in time. */
const MAX_REVOCATIONS = 5;

export interface TokenRequest {
  /** The last one is of no use any more, or soon will not be: none from a cache then. */
  isRefused: boolean;
}

/** Brings a token of the application's own log-in; called again when the server refused the last one. */
export type TokenProvider = (request: TokenRequest) => Promise<string>;

/** Who is logged in on this device. What needs the server is with `SessionTokens`, which follows the first load of a page. */
export class Session {
  held: StoredSession | undefined;
  provider: TokenProvider | undefined;
  /** Rises with each log-in and log-out: what was asked for before does not count after it. */
  generation = 0;
  /** Sessions that were left here, and may go on on the server. */
  revocations: readonly Revocation[] = [];
  readonly endListeners = new Listeners<[code: string]>();

  constructor(private readonly ports: SessionPorts) {}

  get userId(): string | undefined {
    return this.held?.userId || undefined;
  }

  /** Called when the server says that this session is over; not of a log-out. */
  readonly onEnd = this.endListeners.add;

  /** What an earlier run left. Rejects where the store does not say. */
  async restore(): Promise<string | undefined> {
    const { generation } = this;
    const stored = await this.#load();
    if (generation === this.generation) {
      this.held = stored?.userId === '' ? undefined : stored;
      this.revocations = stored?.revocations ?? this.revocations;
    }
    return this.userId;
  }

  /**
   * Whether this user is still logged in on this device: another tab may have logged out, or somebody else in. Where the store was
   * emptied nobody has: it has what is held again, as far as it takes it. Rejects where it does not say.
   */
  async isCurrent(userId: string): Promise<boolean> {
    const { held, provider } = this;
    if (provider === undefined) {
      if (held === undefined || !(await this.isEmptied())) return (await this.#load())?.userId === userId;
      // Not one that has ended meanwhile, nor a token that is spent by now.
      if (held === this.held) await this.save(held).catch(() => undefined);
    }
    return this.userId === userId;
  }

  /** Behind everybody's back. A store that does not answer may hold something. */
  async isEmptied(): Promise<boolean> {
    return (await this.ports.tokens.wasEmptied?.().catch(() => false)) === true;
  }

  /** In memory alone: what is stored is another tab's, and perhaps another user's. */
  forget(): void {
    this.generation += 1;
    this.held = undefined;
    this.provider = undefined;
  }

  /**
   * The user leaves: this device forgets the session at once, and owes the server its end.
   * @param userId whose storage is removed behind it
   */
  async leave(userId?: string): Promise<void> {
    const own = this.held;
    this.forget();
    const { generation } = this;
    const stored = await this.learnRevocations();
    // Another tab may have renewed it.
    const left = stored?.userId === own?.userId ? stored : own;
    if (left !== undefined && left.accessToken !== '') this.owe(left, userId);
    if (generation === this.generation) await this.keepRevocations();
  }

  /** The server is to end the session of these tokens. */
  owe({ accessToken, refreshToken }: Pick<StoredSession, 'accessToken' | 'refreshToken'>, userId?: string): void {
    this.revocations = [...this.revocations, defined({ accessToken, refreshToken, userId })].slice(-MAX_REVOCATIONS);
  }

  /** A store that fails (a locked keychain, say) is as good as an empty one; what memory has goes on. */
  stored(): Promise<StoredSession | undefined> {
    return this.#load().catch(() => undefined);
  }

  async #load(): Promise<StoredSession | undefined> {
    const stored = await this.ports.tokens.load();
    return stored?.url === this.ports.url ? stored : undefined;
  }

  /** What another tab owes, too. */
  async learnRevocations(): Promise<StoredSession | undefined> {
    const stored = await this.stored();
    for (const one of stored?.revocations ?? [])
      if (!this.revocations.some(({ accessToken }) => accessToken === one.accessToken))
        this.revocations = [...this.revocations, one];
    return stored;
  }

  /** With what is owed. */
  save(session: StoredSession): Promise<void> {
    const revocations = this.revocations.length > 0 ? this.revocations : undefined;
    return this.ports.tokens.save(defined({ ...session, revocations }));
  }

  /** Of nobody who is logged in. */
  keepRevocations(): Promise<void> {
    const nobody = { url: this.ports.url, userId: '', accessToken: '' };
    return this.revocations.length > 0 ? this.save(nobody) : this.ports.tokens.clear();
  }
}
