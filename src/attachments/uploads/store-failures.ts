import { Injectable, Logger } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { Clock } from '../../common/clock.js';
import { DomainError, domainErrorOf } from '../../common/errors.js';

export const STORE_RETRY_MS = 10_000;
/** The same failure is logged once in so long, however many uploads meet it. */
const LOG_WINDOW_MS = 60_000;

/** No fault of the client's. */
export function isOwnFailure({ code }: DomainError): boolean {
  return code === 'INTERNAL_ERROR' || code === 'UNAVAILABLE';
}

/** Makes a temporary failure of what the store, the disk or the database could not do. */
@Injectable()
export class StoreFailures {
  private readonly logger = new Logger(StoreFailures.name);
  /** When each kind of failure was last logged. */
  private readonly loggedAt = new BoundedMap<string, number>(100);

  constructor(private readonly clock: Clock) {}

  /** What the store, the disk or the database could not do, it may do later, and is not the client's fault. */
  async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const known = domainErrorOf(error);
      if (!isOwnFailure(known)) throw error;
      this.log(error);
      throw known.code === 'UNAVAILABLE' && known.retryAfterMs !== undefined
        ? known
        : new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS, cause: error });
    }
  }

  private log(error: unknown): void {
    const cause = error instanceof DomainError && error.cause !== undefined ? error.cause : error;
    const { code, name } = Object(cause) as { code?: unknown; name?: unknown };
    const kind = String(code ?? name);
    const now = this.clock.now();
    if (now - (this.loggedAt.get(kind) ?? -Infinity) < LOG_WINDOW_MS) return;
    this.loggedAt.set(kind, now);
    this.logger.error('files cannot be kept or read', cause instanceof Error ? cause.stack : String(cause));
  }
}
