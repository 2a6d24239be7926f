import type { LimitName } from '../../config/limits.js';
import type { PrimaryChannel } from '../../workers/primary-channel.js';
import { type CountAction, SharedBuckets } from './shared-buckets.js';

/** In the memory of the process that started the workers of this machine. */
export class IpcBuckets extends SharedBuckets {
  override readonly isReady = true;

  constructor(private readonly primary: Pick<PrimaryChannel, 'count'>) {
    super();
  }

  override count(limit: LimitName, key: string, points: number, action: CountAction): Promise<number> {
    return this.primary.count(limit, key, points, action);
  }

  override stop(): void {}
}
