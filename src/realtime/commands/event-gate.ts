import { DomainError } from '../../common/errors.js';
import type { Limit } from '../../config/limits.js';
import { TokenBucket } from '../../limits/rates/token-bucket.js';
import type { UserBytes } from './inbound-bytes.js';

/** Events of one connection that may be under way at once. */
const MAX_CONCURRENT = 1_000;
/** Refusals, less the events let in since, beyond which a client is taken for one that does not listen. */
const MAX_REFUSALS = 12_000;
/** Refusals after which a connection is not read for a while: also a refusal costs, and a flood is nothing but refusals. */
const REFUSALS_BEFORE_REST = 500;
const REST_STEP_MS = 15;

/**
 * Bounds what one connection can ask for: a token bucket (the limit `events`), a number of events under way, and, where their
 * bytes are counted, those of all connections of its user.
 */
export class EventGate {
  private readonly bucket: TokenBucket | undefined;
  private concurrent = 0;
  private refusals = 0;

  /** @param limit undefined counts no events. @param userBytes undefined counts no bytes. */
  constructor(
    limit: Limit | undefined,
    private readonly userBytes?: UserBytes,
  ) {
    if (limit !== undefined) this.bucket = new TokenBucket(limit.burst, limit.points / limit.perSeconds);
  }

  /** Whether the connection should be ended. */
  get isFlooded(): boolean {
    return this.refusals > MAX_REFUSALS;
  }

  /**
   * For how many milliseconds the connection should not be read, so that others get their turn: the longer, the more was
   * refused. To be asked after each refusal.
   */
  get restMs(): number {
    return this.refusals % REFUSALS_BEFORE_REST === 0 ? (this.refusals / REFUSALS_BEFORE_REST) * REST_STEP_MS : 0;
  }

  /** Undefined lets the event in, and `leave` must follow, or `keep` that refuses it after all. */
  enter(): DomainError | undefined {
    if (this.concurrent >= MAX_CONCURRENT) return this.refuse('OVERLOADED', 1_000);
    if (this.bucket?.take() === false) return this.refuse('RATE_LIMITED', Math.max(1, this.bucket.retryAfterMs));
    this.concurrent += 1;
    return undefined;
  }

  /** Counts the bytes of an event that was let in, until it leaves with them. Not undefined: it is out again. */
  keep(bytes: number): DomainError | undefined {
    if (this.userBytes?.take(bytes) !== false) return undefined;
    this.concurrent -= 1;
    return this.refuse('OVERLOADED', 1_000);
  }

  leave(bytes = 0): void {
    this.concurrent -= 1;
    this.userBytes?.giveBack(bytes);
    // Forgiven one by one and not at once: the bucket lets a flood in drop by drop.
    if (this.refusals > 0) this.refusals -= 1;
  }

  private refuse(code: 'OVERLOADED' | 'RATE_LIMITED', retryAfterMs: number): DomainError {
    this.refusals += 1;
    return new DomainError(code, { retryAfterMs });
  }
}
