import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../common/async/periodic.js';
import { AttachmentsRepository } from './attachments.repository.js';
import { announcedKey, blobKeys } from './store/blob-keys.js';
import { BlobStore } from './store/blob-store.js';
import { PartialFiles } from './resumable/partial-files.js';
import { ResumableUploadsRepository } from './resumable/resumable-uploads.repository.js';
import { Spool } from './uploads/spool.js';

/** How often it looks; what a deleted message carried is gone within a minute even if nobody asks for it. */
const INTERVAL_MS = 20_000;
/** Attachments removed at once. */
const BATCH = 100;

/**
 * Removes the bytes of attachments that are of no use any more, then what is known of them. The row goes last: after a
 * crash in between, the next look finds it again. Several processes may do this at once; removing twice is no harm.
 */
@Injectable()
export class AttachmentSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AttachmentSweeper.name);
  private readonly passes = new Periodic(
    INTERVAL_MS,
    () => this.sweep(),
    ({ message }) => this.logger.warn(`files of no use stay for now: ${message}`),
  );

  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly spool: Spool,
    private readonly resumable: ResumableUploadsRepository,
    private readonly partialFiles: PartialFiles,
  ) {}

  onApplicationBootstrap(): void {
    this.passes.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.passes.stop();
    await this.spool.close();
  }

  /** One pass after the one that may be under way. */
  soon(): void {
    this.passes.soon();
  }

  private async sweep(): Promise<void> {
    await this.spool.sweep();
    for (const repository of [this.repository, this.resumable])
      while (!this.passes.isStopped && (await repository.markExpiredPendingDeletion(BATCH)) === BATCH);
    await this.sweepPartialFiles();
    await this.inBatches(
      () => this.repository.listPendingDeletion(BATCH),
      async (ids) => {
        for (const id of ids) await this.store.remove(blobKeys(id));
        await this.repository.noteSwept(ids);
        await this.repository.forget(ids);
      },
    );
    await this.inBatches(
      () => this.repository.listClosedUploads(BATCH),
      async (ids) => {
        await this.store.remove(ids.map(announcedKey));
        await this.repository.noteSwept(ids);
      },
    );
  }

  /** Those of this machine whose rows say that they are finished or given up. A row is there before its file. */
  private async sweepPartialFiles(): Promise<void> {
    const ids = await this.partialFiles.list();
    for (let start = 0; start < ids.length; start += BATCH) {
      const batch = ids.slice(start, start + BATCH);
      const unfinished = new Set(await this.resumable.unfinished(batch));
      for (const id of batch) if (!unfinished.has(id)) await this.partialFiles.remove(id);
    }
  }

  private async inBatches(
    find: () => Promise<string[]>,
    remove: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    for (let ids = await find(); ids.length > 0 && !this.passes.isStopped; ids = await find()) await remove(ids);
  }
}
