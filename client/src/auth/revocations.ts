import { backoffMs } from '../connection/jitter.js';
import { call, type HttpPorts } from '../http/http.js';
import type { Connectivity, Lifecycle, Random, Timer, Unsubscribe } from '../ports/environment.js';
import type { Revocation } from '../ports/token-store.js';
import { ChatError } from '../protocol/errors.js';
import type { Tokens } from '../protocol/protocol.generated.js';

export interface RevocationPorts extends HttpPorts {
  random: Random;
  connectivity: Connectivity;
  lifecycle: Lifecycle;
}

/** Where a session is forgotten that is over on the server. */
export interface Revocable {
  /** False where it must not be ended any more. */
  isOwed(revocation: Revocation): Promise<boolean>;
  revoked(revocation: Revocation): Promise<void>;
}

/** The server's own word that the token is of no use: where something between refuses, nothing is known. */
const isFinal = (error: unknown): boolean =>
  error instanceof ChatError && (error.status === 401 || error.code === 'ACCOUNT_SUSPENDED' || !error.isTransient);

/**
 * Ends on the server the sessions that the user has left on this device: at once, and where the server is not reached, when
 * there is a network again, when the app is back, and in between with growing pauses.
 */
export class Revocations {
  #attempt: Promise<void> | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #isClosed = false;
  readonly #ends: Unsubscribe[];

  constructor(
    private readonly ports: RevocationPorts,
    private readonly session: { readonly revocations: readonly Revocation[] },
    private readonly tokens: Revocable,
  ) {
    const retry = (isGood: boolean): void => {
      if (isGood) void this.attempt();
    };
    this.#ends = [ports.connectivity.subscribe(retry), ports.lifecycle.subscribe((state) => retry(state === 'active'))];
  }

  /** Tries each once. Never rejects. */
  attempt(): Promise<void> {
    return (this.#attempt ??= this.#try().finally(() => (this.#attempt = undefined)));
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.ports.clock.clearTimeout(this.#timer);
  }

  async #try(): Promise<void> {
    const { clock, random } = this.ports;
    clock.clearTimeout(this.#timer);
    for (const revocation of this.session.revocations) {
      if (this.#isClosed) return;
      try {
        if (await this.tokens.isOwed(revocation)) await revoke(this.ports, revocation);
        await this.tokens.revoked(revocation);
        this.#failures = 0;
      } catch {
        this.#failures += 1;
      }
    }
    if (this.session.revocations.length > 0 && !this.#isClosed)
      this.#timer = clock.setTimeout(() => void this.attempt(), backoffMs(this.#failures, random));
  }
}

/** Resolves when the session is over on the server, whatever ended it. */
async function revoke(ports: HttpPorts, { accessToken, refreshToken }: Revocation): Promise<void> {
  const logOut = async (token: string): Promise<void> =>
    void (await call(ports, '/auth/logout', { method: 'POST' }, token));
  try {
    await logOut(accessToken);
  } catch (error) {
    if (!isFinal(error)) throw error;
    // The access token has ended, the session has not.
    if (refreshToken === undefined) return;
    try {
      // An answer that is lost does no harm: the repeat presents a spent token, which ends the session as well.
      const { body } = await call<Tokens>(ports, '/auth/refresh', { method: 'POST', body: { refreshToken } });
      await logOut(body.accessToken);
    } catch (refused) {
      if (!isFinal(refused)) throw refused;
    }
  }
}
