import { Revocations } from '../auth/revocations.js';
import type { Session, TokenProvider } from '../auth/session.js';
import type { SessionTokens } from '../auth/session-tokens.js';
import { call } from '../http/http.js';
import type { Http } from '../http/types.js';
import type { Ports } from '../ports/ports.js';
import type {
  Login,
  OwnUser,
  PendingRegistration,
  Registered,
  Registration,
  Tokens,
  VerifyCode,
} from '../protocol/protocol.generated.js';

/** The account of the user who is logged in on this device. */
export interface SignInAccount {
  readonly isClosed: boolean;
  /** Resolves when the changes that were asked for are done. */
  readonly settled: Promise<unknown>;
  change<Result>(work: () => Promise<Result>): Promise<Result>;
  open(userId: string): Promise<void>;
}

export interface SignInPorts extends Omit<Ports, 'socket'> {
  url: string;
  deviceName: string | undefined;
  session: Session;
  sessionTokens: SessionTokens;
  account: SignInAccount;
  http: Http;
  /** Resolves when an earlier session is restored. */
  ready: Promise<void>;
}

/** How somebody comes to be logged in, and how the server learns that somebody left. */
export class SignIn {
  #revocations: Revocations | undefined;

  constructor(private readonly ports: SignInPorts) {}

  async register(registration: Registration): Promise<Registered | PendingRegistration> {
    const { deviceName } = this.ports;
    const body = { deviceName, ...registration };
    const answer = await this.#post<Registered | PendingRegistration>('/auth/register', body, 'user');
    if ('accessToken' in answer) await this.#begin(answer, answer.user.id);
    return answer;
  }

  login(credentials: Login): Promise<void> {
    return this.#logIn('/auth/login', credentials);
  }

  verify(code: VerifyCode): Promise<void> {
    return this.#logIn('/auth/verify-otp', code);
  }

  async useToken(provider: TokenProvider): Promise<void> {
    const { ready, account, session, sessionTokens, http } = this.ports;
    await ready;
    await account.settled;
    sessionTokens.useProvider(provider);
    // Not among the changes of the account: a provider that never answers keeps nobody from closing the client.
    const userId = session.userId ?? (await http.request<OwnUser>('/users/me', { expects: 'id' })).body.id;
    await account.change(async () => {
      await sessionTokens.identify(userId);
      await account.open(userId);
    });
  }

  /** Tries to end on the server what was left here. Never rejects. */
  async revoke(): Promise<void> {
    const { session, sessionTokens, account } = this.ports;
    if (session.revocations.length === 0 || account.isClosed) return;
    this.#revocations ??= new Revocations(this.ports, session, sessionTokens);
    await this.#revocations.attempt();
  }

  close(): void {
    this.#revocations?.close();
  }

  async #logIn(path: string, body: object): Promise<void> {
    const { deviceName } = this.ports;
    const answer = await this.#post<Tokens & { user?: OwnUser }>(path, { deviceName, ...body }, 'refreshToken');
    await this.#begin(answer, answer.user?.id);
  }

  async #post<Body>(path: string, body: object, expects: string): Promise<Body> {
    return (await call<Body>(this.ports, path, { method: 'POST', body, expects })).body;
  }

  async #begin(answer: Tokens, knownUserId: string | undefined): Promise<void> {
    const { ready, account, sessionTokens } = this.ports;
    await ready;
    await account.change(async () => {
      const me = { expects: 'id' };
      const userId = knownUserId ?? (await call<OwnUser>(this.ports, '/users/me', me, answer.accessToken)).body.id;
      await sessionTokens.begin(userId, answer);
      await account.open(userId);
    });
  }
}
