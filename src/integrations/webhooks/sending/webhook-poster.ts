import { Injectable } from '@nestjs/common';
import { Clock } from '../../../common/clock.js';
import { Configuration } from '../../../config/configuration.js';
import { isAllowedHost } from '../../../outbound/public-fetch.js';
import { publicPost } from '../../../outbound/public-post.js';
import { retryAfterMs } from '../../../outbound/retry-after.js';
import { signedHeaders } from './signature.js';

export interface Attempt {
  url: string;
  /** What it is signed by, the newest first. */
  secrets: readonly string[];
  /** The `webhook-id`. */
  id: string;
  /** The body, as it was written once but for a quotation that is gone since. */
  payload: string;
}

/** How an attempt went. `error` is null where it was taken. */
export interface AttemptResult {
  status: number | null;
  error: string | null;
  /** What the answer asks for before the next attempt. */
  retryAfterMs: number;
  durationMs: number;
}

const MAX_ERROR_LENGTH = 200;

/** One signed request to a receiver. Nothing of its answer is read but the status and `Retry-After`; no redirect is followed. */
@Injectable()
export class WebhookPoster {
  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {}

  async post({ url, secrets, id, payload }: Attempt): Promise<AttemptResult> {
    const target = new URL(url);
    const startedAt = performance.now();
    const took = (): number => Math.round(performance.now() - startedAt);
    try {
      const { status, retryAfter } = await publicPost(target, {
        headers: {
          ...signedHeaders(secrets, id, payload, this.clock.now()),
          'content-type': 'application/json',
          'user-agent': 'Parley webhook',
        },
        body: Buffer.from(payload),
        timeoutMs: this.configuration.timings.webhookRequestMs,
        isAllowed: isAllowedHost(target, this.configuration.webhookAllowedHosts),
      });
      return {
        status,
        error: status >= 200 && status < 300 ? null : `status ${status}`,
        retryAfterMs: retryAfterMs(retryAfter, this.clock.now()) ?? 0,
        durationMs: took(),
      };
    } catch (error) {
      const reason = (error as Error).message.slice(0, MAX_ERROR_LENGTH) || 'no answer';
      return { status: null, error: reason, retryAfterMs: 0, durationMs: took() };
    }
  }
}
