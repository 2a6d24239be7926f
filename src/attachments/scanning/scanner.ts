import { Injectable, Logger } from '@nestjs/common';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { scanWithClamd } from './clamd.js';

/** Scans at once; clamd has ten threads unless configured otherwise. */
const MAX_SCANS = 8;
const MAX_SCANS_OF_USER = 4;
const MAX_WAITING_OF_USER = 60;
const MAX_WAITING = 500;
const WAIT_TIMEOUT_MS = 60_000;
const RETRY_AFTER_MS = 10_000;

/** Lets nothing pass that a virus scanner has not found clean. Without `CLAMAV_URL` everything passes. */
@Injectable()
export class Scanner {
  private readonly logger = new Logger(Scanner.name);
  private readonly unscanned = new BoundedLogger(Scanner.name, 6);
  private readonly places = new KeyedSemaphore({
    maxPerKey: MAX_SCANS_OF_USER,
    maxTotal: MAX_SCANS,
    maxQueuedPerKey: MAX_WAITING_OF_USER,
    maxQueuedTotal: MAX_WAITING,
    waitTimeoutMs: WAIT_TIMEOUT_MS,
  });
  private readonly settings: Configuration['clamav'];

  constructor(configuration: Configuration) {
    this.settings = configuration.clamav;
  }

  /**
   * Must be called with what came in, before anything of it is decoded or put where somebody could read it.
   * @throws DomainError INFECTED, UNAVAILABLE where the scanner says nothing (with `CLAMAV_FAIL=open` the file passes, and
   *   the log says so), RATE_LIMITED or OVERLOADED where too many files wait for it.
   */
  async requireClean(userId: string, { path }: { path: string }): Promise<void> {
    const { settings } = this;
    if (settings === undefined) return;
    const signature = await this.places.run(userId, () =>
      scanWithClamd(settings.endpoint, path).catch((cause: unknown) => {
        if (!settings.failOpen) throw new DomainError('UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause });
        this.unscanned.warn(`an upload of ${userId} is kept unscanned: ${(cause as Error).message}`);
        return undefined;
      }),
    );
    if (signature === undefined) return;
    this.logger.warn(`an upload of ${userId} was refused: ${signature}`);
    throw new DomainError('INFECTED');
  }
}
