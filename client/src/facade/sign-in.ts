import { Revocations } from '../auth/revocations.js';
import type { Session, TokenProvider } from '../auth/session.js';
import type { SessionTokens } from '../auth/session-tokens.js';
import { doubledMs, pause } from '../connection/backoff.js';
import { within } from '../connection/time-limit.js';
import { call } from '../http/http.js';
import type { Http } from '../http/types.js';
import type { Channel } from '../ports/environment.js';
import type { Ports } from '../ports/ports.js';
import { StorageError } from '../ports/storage.js';
import { ChatError } from '../protocol/errors.js';
import { handled } from '../protocol/handled.js';
import type {
  Login,
  OwnUser,
  PendingRegistration,
  Registered,
  Registration,
  Tokens,
  VerifyCode,
} from '../protocol/protocol.generated.js';

/** So long a log-in waits for the server to end the session that was left before it; as in client.ts, whose code must not wait for this. */
const REVOCATION_TIMEOUT_MS = 800;
/** So long a server may take to say whose tokens an application brings, before they count as those of the last user. */
const IDENTITY_TIMEOUT_MS = 3_000;
/** How often a storage is opened that does not open. */
const MAX_OPENINGS = 3;

/** The account of the user who is logged in on this device. */
export interface SignInAccount {
  readonly isClosed: boolean;
  /** Rises with each log-out. */
  readonly departures: number;
  /** Resolves when an earlier session is restored. */
  readonly ready: Promise<void>;
  /** Resolves when the changes that were asked for are done. */
  readonly settled: Promise<unknown>;
  change<Result>(work: () => Promise<Result>): Promise<Result>;
  open(userId: string): Promise<void>;
  /** Of the storage of a user of this server. */
  nameOf(userId: string): string;
}

export interface SignInPorts extends Omit<Ports, 'socket'> {
  url: string;
  deviceName?: string;
  session: Session;
  sessionTokens: SessionTokens;
  account: SignInAccount;
  http: Http;
}

/** When it was asked for: its number among the log-ins, and how many log-outs came before it. */
export interface LogInAttempt {
  number: number;
  departures: number;
}

/** How somebody comes to be logged in, and how the server learns that somebody left. */
export class SignIn {
  #revocations: Revocations | undefined;
  /** The highest number of an attempt, and what became of it. */
  #asked = 0;
  #last: Promise<void> = Promise.resolve();
  /** By it the other tabs of this server learn that somebody has logged in. */
  readonly #channel: Channel;

  constructor(private readonly ports: SignInPorts) {
    this.#channel = ports.channel(`parley:session:${ports.url}`);
    this.#channel.subscribe(() => void handled(this.#takeOver()));
  }

  async register(registration: Registration, attempt: LogInAttempt): Promise<Registered | PendingRegistration> {
    const { deviceName } = this.ports;
    const body = { deviceName, ...registration };
    let answer: Registered | PendingRegistration | undefined;
    await this.#behindLogOut();
    await this.#asLast(attempt, async (isLast) => {
      answer = await this.#post<Registered | PendingRegistration>('/auth/register', body, 'user');
      if ('accessToken' in answer) await this.#begin(answer, answer.user.id, isLast);
    });
    if (answer === undefined) throw superseded();
    return answer;
  }

  login(credentials: Login, attempt: LogInAttempt): Promise<void> {
    return this.#logIn('/auth/login', credentials, attempt);
  }

  verify(code: VerifyCode, attempt: LogInAttempt): Promise<void> {
    return this.#logIn('/auth/verify-otp', code, attempt);
  }

  useToken(provider: TokenProvider, attempt: LogInAttempt): Promise<void> {
    return this.#asLast(attempt, (isLast) => this.#useToken(provider, isLast));
  }

  /**
   * Of several at once the last one counts, for all of them, however late the answers are; where that fails, the others were
   * given up for it. A log-out that was asked for after them ends them.
   */
  #asLast({ number, departures }: LogInAttempt, logIn: (isLast: () => boolean) => Promise<void>): Promise<void> {
    const { account } = this.ports;
    this.#asked = Math.max(this.#asked, number);
    const isLastAsked = (): boolean => number === this.#asked;
    const isLast = (): boolean => isLastAsked() && departures === account.departures;
    const begin = async (): Promise<void> => {
      if (account.isClosed) throw clientClosed();
      if (!isLast()) throw superseded();
      await logIn(isLast);
    };
    const done = begin().catch((error: unknown) => {
      if (isLastAsked() || !hasCode(error, 'ABORTED')) throw error;
      return this.#last.catch(() => Promise.reject(error));
    });
    if (isLastAsked()) this.#last = done;
    return done;
  }

  async #useToken(provider: TokenProvider, isLast: () => boolean): Promise<void> {
    const { account, sessionTokens } = this.ports;
    await account.ready;
    await account.settled;
    if (!isLast()) throw superseded();
    sessionTokens.useProvider(provider);
    // Not among the changes of the account: a provider that never answers keeps nobody from closing the client.
    const userId = await this.#identity();
    await this.#change(async () => {
      if (!isLast()) throw superseded();
      await sessionTokens.identify(userId);
      await this.#open(userId);
    });
  }

  /** The server answers who the user is. Where it cannot be asked, that is whoever it was the last time: the connection corrects that. */
  async #identity(): Promise<string> {
    const { session, http, clock } = this.ports;
    const asked = http.request<OwnUser>('/users/me', { expects: 'id' }).then(({ body }) => body.id);
    const last = session.userId;
    if (last === undefined) return asked;
    const known = asked.catch((error: unknown) => {
      if (hasCode(error, 'ABORTED')) throw error;
      return last;
    });
    return within(clock, IDENTITY_TIMEOUT_MS, known, () => last);
  }

  /** Tries to end on the server what was left here. Never rejects. */
  async revoke(): Promise<void> {
    const { session, sessionTokens, account, clock } = this.ports;
    if (session.revocations.length === 0 || account.isClosed) return;
    if (this.#revocations === undefined) {
      this.#revocations = new Revocations(this.ports, session, sessionTokens);
      // First: what the server does not have to end any more is forgotten.
      await within(clock, REVOCATION_TIMEOUT_MS, this.#removeLeft(), () => undefined);
    }
    await this.#revocations.attempt();
  }

  /**
   * Removes what a log-out has left that was cut off when its session was removed and its storage was not; not what somebody who
   * has logged in since goes on with. Never rejects.
   */
  async #removeLeft(): Promise<void> {
    const { session, account, storage, tokens } = this.ports;
    for (const { userId } of session.revocations)
      await account
        .change(async () => {
          if (userId === undefined || account.isClosed) return;
          const users = [session.userId, (await tokens.load())?.userId];
          if (!users.includes(userId)) await storage.destroy(account.nameOf(userId));
        })
        .catch(() => undefined);
  }

  close(): void {
    this.#channel.close();
    this.#revocations?.close();
  }

  /**
   * Where nobody is logged in, or the session has ended, the one that another tab has begun counts here as well. It has ended where
   * the store, of which there is one for all tabs, has another user's.
   */
  #takeOver(): Promise<void> {
    const { account, session } = this.ports;
    return account.change(async () => {
      if (account.isClosed || session.provider !== undefined) return;
      if (session.userId !== undefined) {
        if (await session.isCurrent(session.userId)) return;
        session.forget();
        session.endListeners.call('LOGGED_OUT');
      }
      const userId = await session.restore();
      if (userId === undefined) return;
      session.generation += 1;
      try {
        await this.#open(userId);
      } catch {
        // As before: the user may log in here.
        session.forget();
        session.endListeners.call('STORAGE');
      }
    });
  }

  /** One that nobody has waited for, and whose cookies would be replaced. */
  async #behindLogOut(): Promise<void> {
    const { account, clock } = this.ports;
    await account.settled;
    await within(clock, REVOCATION_TIMEOUT_MS, this.revoke(), () => undefined);
  }

  async #logIn(path: string, body: object, attempt: LogInAttempt): Promise<void> {
    const { deviceName } = this.ports;
    await this.#behindLogOut();
    return this.#asLast(attempt, async (isLast) => {
      const answer = await this.#post<Tokens & { user?: OwnUser }>(path, { deviceName, ...body }, 'refreshToken');
      await this.#begin(answer, answer.user?.id, isLast);
    });
  }

  async #post<Body>(path: string, body: object, expects: string): Promise<Body> {
    return (await call<Body>(this.ports, path, { method: 'POST', body, expects })).body;
  }

  async #begin(answer: Tokens, knownUserId: string | undefined, isLast: () => boolean): Promise<void> {
    const { account, session, sessionTokens } = this.ports;
    await account.ready;
    await this.#change(async () => {
      const me = { expects: 'id' };
      const userId = knownUserId ?? (await call<OwnUser>(this.ports, '/users/me', me, answer.accessToken)).body.id;
      if (!isLast()) {
        sessionTokens.owe(answer);
        void this.revoke();
        throw superseded();
      }
      await sessionTokens.begin(userId, answer);
      try {
        await this.#open(userId);
      } catch (error) {
        // Without a storage there is nothing that the session could be used for.
        if (hasCode(error, 'STORAGE')) {
          await session.leave().catch(() => undefined);
          void this.revoke();
        }
        throw error;
      }
      this.#channel.post({ type: 'session' });
      void this.revoke();
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const { account } = this.ports;
    return account.change(async () => {
      if (account.isClosed) throw clientClosed();
      await work();
    });
  }

  /** A storage that does not open at this moment, as on a phone that wakes, is not given up. */
  async #open(userId: string): Promise<void> {
    const { account, clock } = this.ports;
    for (let failures = 1; ; failures += 1) {
      try {
        return await account.open(userId);
      } catch (error) {
        if (failures === MAX_OPENINGS || account.isClosed || !mayOpenLater(error)) throw error;
        await pause(clock, doubledMs(failures));
      }
    }
  }
}

export const clientClosed = (): ChatError => new ChatError('ABORTED', 'The client was closed.');

const superseded = (): ChatError => new ChatError('ABORTED', 'Another log-in, or a log-out, came after it.');
const hasCode = (error: unknown, code: string): boolean => error instanceof ChatError && error.code === code;

/** What may be well in a moment: not a storage that a newer version of the app has taken over. */
function mayOpenLater(error: unknown): boolean {
  if (!(error instanceof ChatError) || error.code !== 'STORAGE') return false;
  return !(error.cause instanceof StorageError && error.cause.code === 'OUTDATED');
}
