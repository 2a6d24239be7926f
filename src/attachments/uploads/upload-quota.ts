import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { AttachmentsRepository } from '../attachments.repository.js';
import type { UsageView } from '../attachments.view.js';

/**
 * How much of the disk one user's files may take: complete ones, each with the bytes that it is served with. What is refused
 * here is refused early, by what a sender announces; whether it fits in truth is decided by the statement that completes it.
 */
@Injectable()
export class UploadQuota {
  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly configuration: Configuration,
  ) {}

  async usageOf(userId: string): Promise<UsageView> {
    const usage = await this.repository.usageOf(userId);
    return { ...usage, quotaBytes: this.configuration.uploadQuotaBytes ?? null };
  }

  /** @throws DomainError QUOTA_EXCEEDED where so many bytes more would be too many. */
  async requireRoomFor(userId: string, bytes: number): Promise<void> {
    const quota = this.configuration.uploadQuotaBytes;
    if (quota === undefined) return;
    const usage = await this.repository.usageOf(userId);
    if (usage.bytes + bytes > quota) throw new DomainError('QUOTA_EXCEEDED');
  }
}
