import type { LimitName } from '../../config/limits.js';
import type { CountAction } from '../../workers/worker-messages.js';

export type { CountAction } from '../../workers/worker-messages.js';

/**
 * Buckets of limits that several processes have in common.
 *
 * An implementation guarantees: what two processes do at once to one bucket is done one after the other. It may not answer, or
 * late: whoever asks does not wait for long.
 */
export abstract class SharedBuckets {
  /** Whether it is of any use to ask. */
  abstract readonly isReady: boolean;
  /** For how many milliseconds it is refused; 0: it is done. */
  abstract count(limit: LimitName, key: string, points: number, action: CountAction): Promise<number>;
  abstract stop(): void;
}
