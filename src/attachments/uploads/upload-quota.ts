import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { AttachmentsRepository } from '../attachments.repository.js';
import type { UsageView } from '../../views/attachments.view.js';

const MEGABYTE = 1024 * 1024;

/**
 * How much of the disk one user's files may take: complete ones, each with the bytes that it is served with; and how much may
 * come in how fast. What is refused here is refused early, by what a sender announces; whether it fits in truth is decided by
 * the statement that completes it.
 */
@Injectable()
export class UploadQuota {
  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly limiter: RateLimiter,
    private readonly configuration: Configuration,
  ) {}

  async usageOf(userId: string): Promise<UsageView> {
    const usage = await this.repository.usageOf(userId);
    return { ...usage, quotaBytes: this.configuration.uploadQuotaBytes ?? null };
  }

  /** Counts one more upload. @throws DomainError RATE_LIMITED; QUOTA_EXCEEDED where so many bytes more would be too many. */
  async begin(userId: string, bytes: number): Promise<void> {
    await this.limiter.consume('uploads', userId);
    const quota = this.configuration.uploadQuotaBytes;
    if (quota === undefined) return;
    const usage = await this.repository.usageOf(userId);
    if (usage.bytes + bytes > quota) throw new DomainError('QUOTA_EXCEEDED');
  }

  /** Counts one more request for an upload that was counted. @throws DomainError RATE_LIMITED */
  async repeat(userId: string): Promise<void> {
    await this.limiter.consume('uploadParts', userId);
  }

  /** Charges what comes in. @throws DomainError RATE_LIMITED */
  async charge(userId: string, bytes: number): Promise<void> {
    await this.limiter.consume('uploadedMegabytes', userId, megabytes(bytes));
  }

  /** Charges what came in already, also where it is more than is left: later uploads wait for it. */
  async chargeReceived(userId: string, bytes: number): Promise<void> {
    await this.limiter.charge('uploadedMegabytes', userId, megabytes(bytes));
  }

  /**
   * Where `charged` bytes were charged, and it was `actual` ones. More of them are charged also where they are refused: they came.
   * @throws DomainError RATE_LIMITED where it was more, and more than is left
   */
  async settle(userId: string, charged: number, actual: number): Promise<void> {
    const more = megabytes(actual) - megabytes(charged);
    if (more > 0)
      try {
        await this.limiter.consume('uploadedMegabytes', userId, more);
      } catch (error) {
        await this.limiter.charge('uploadedMegabytes', userId, more);
        throw error;
      }
    else await this.limiter.restore('uploadedMegabytes', userId, -more);
  }
}

/** What so many bytes count for in the limit `uploadedMegabytes`. */
function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}
