import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { STORE_RETRY_MS } from '../uploads/store-failures.js';
import { UploadQuota } from '../uploads/upload-quota.js';
import type { Hold, UnfinishedBounds } from './resumable-uploads.repository.js';

/** Unfinished uploads of one user at the most. */
const MAX_UNFINISHED_OF_USER = 60;
/** A user's share of the room for what is unfinished, which is never less than one upload of the largest kind. */
const SHARE_OF_USER = 1 / 8;

/** What a user may begin to upload: charged as it is announced, and given back as far as it never came. */
@Injectable()
export class UploadAllowance {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly quota: UploadQuota,
    private readonly configuration: Configuration,
  ) {}

  /** Bytes of one upload at the most. */
  get maxSize(): number {
    return Math.max(...Object.values(this.configuration.uploadLimits));
  }

  get bounds(): UnfinishedBounds {
    const { maxSize } = this;
    const { spoolBytes } = this.configuration;
    const maxBytes = Math.max(spoolBytes, 2 * maxSize);
    return {
      maxUploadsOfUser: MAX_UNFINISHED_OF_USER,
      maxBytesOfUser: Math.max(spoolBytes * SHARE_OF_USER, maxSize),
      maxBytesToBegin: maxBytes - maxSize,
      maxBytes,
    };
  }

  /**
   * Charges an upload of so many bytes, and runs `begin` within the room that there is.
   * @throws DomainError QUOTA_EXCEEDED, RATE_LIMITED; OVERLOADED where `begin` finds no room.
   */
  async begin<Begun>(
    userId: string,
    size: number,
    begin: (bounds: UnfinishedBounds) => Promise<Begun | undefined>,
  ): Promise<Begun> {
    await this.quota.begin(userId, size);
    await this.quota.charge(userId, size);
    const begun = await begin(this.bounds).catch(async (error: unknown) => {
      await this.restore(userId, size, 0);
      throw error;
    });
    if (begun !== undefined) return begun;
    await this.restore(userId, size, 0);
    throw noRoom();
  }

  /** @throws DomainError OVERLOADED where there is none for what a request brings. */
  requireRoom({ hasRoom }: Hold): void {
    if (!hasRoom) throw noRoom();
  }

  /** Charges one more request for an upload. @throws DomainError RATE_LIMITED */
  async append(userId: string): Promise<void> {
    await this.quota.repeat(userId);
  }

  /** Charges one more attempt to finish what came, as another upload. @throws DomainError RATE_LIMITED */
  async finishAgain(userId: string): Promise<void> {
    await this.limiter.consume('uploads', userId);
  }

  /** Charges what came and is not kept, beside what was announced. */
  async chargeDiscarded(userId: string, bytes: number): Promise<void> {
    await this.quota.chargeReceived(userId, bytes);
  }

  /** Gives back what of an announced upload did not come and will not. */
  async restore(userId: string, size: number, received: number): Promise<void> {
    await this.quota.settle(userId, size, Math.min(size, received));
  }
}

function noRoom(): DomainError {
  const message = 'Too many uploads are unfinished; finish or end some first.';
  return new DomainError('OVERLOADED', { message, retryAfterMs: STORE_RETRY_MS });
}
