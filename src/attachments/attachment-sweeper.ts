import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../common/async/periodic.js';
import { Configuration } from '../config/configuration.js';
import { AttachmentsRepository, type SweptAttachment } from './attachments.repository.js';
import { announcedKey, blobKeys } from './store/blob-keys.js';
import { BlobStore } from './store/blob-store.js';
import { PartialFiles } from './resumable/partial-files.js';
import { ResumableUploadsRepository } from './resumable/resumable-uploads.repository.js';
import { Spool } from './uploads/receiving/spool.js';

/** How often it looks; what a deleted message carried is gone within a minute, unless there is very much. */
const INTERVAL_MS = 20_000;
/** Attachments that are listed, noted and forgotten at once. */
const BATCH = 100;
/** Attachments whose bytes are removed at once: a store that is far away takes its time for each. */
const MAX_REMOVALS = 8;
/** It is the store that fails then, and not a file: the other parts of a pass come again sooner. */
const MAX_FAILURES_IN_A_ROW = 10;

/**
 * Removes the bytes of attachments that are of no use any more, then what is known of them. The row goes last: after a
 * crash in between, the next look finds it again. Several processes may do this at once; removing twice is no harm.
 */
@Injectable()
export class AttachmentSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AttachmentSweeper.name);
  private abandonRemovals: (() => void) | undefined;
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
    private readonly configuration: Configuration,
  ) {}

  onApplicationBootstrap(): void {
    if (this.isLeftToServers) return;
    this.passes.start();
  }

  async onApplicationShutdown(): Promise<void> {
    const stopped = this.passes.stop();
    this.abandonRemovals?.();
    await stopped;
    await this.spool.close();
  }

  /** One pass after the one that may be under way. */
  soon(): void {
    if (this.isLeftToServers) return;
    this.passes.soon();
  }

  /**
   * An operator's command may not be where the bytes are, and would forget the rows of what it cannot remove. The servers find what it
   * leaves within their interval.
   */
  private get isLeftToServers(): boolean {
    return this.configuration.isOperator === true;
  }

  /** Each part is done whatever becomes of the others. @throws what the first of those that failed did */
  private async sweep(): Promise<void> {
    const parts = [
      () => this.spool.sweep(),
      ...[this.repository, this.resumable].map((repository) => async () => {
        while (!this.passes.isStopped && (await repository.markExpiredPendingDeletion(BATCH)) === BATCH);
      }),
      () => this.sweepPartialFiles(),
      () =>
        this.inBatches(
          (after) => this.repository.listPendingDeletion(BATCH, after),
          (id) => this.store.remove(blobKeys(id)),
          async (swept) => this.repository.forget(await this.repository.noteSwept(swept)),
        ),
      () =>
        this.inBatches(
          (after) => this.repository.listClosedUploads(BATCH, after),
          (id) => this.store.remove([announcedKey(id)]),
          (swept) => this.repository.noteSwept(swept),
        ),
    ];
    const failures = new FirstFailure();
    for (const part of parts) await part().catch(failures.keep);
    failures.throw();
  }

  /** Those of this machine whose rows say that they are finished or given up. A row is there before its file. */
  private async sweepPartialFiles(): Promise<void> {
    const ids = await this.partialFiles.list();
    const failures = new FirstFailure();
    for (let start = 0; start < ids.length; start += BATCH) {
      const batch = ids.slice(start, start + BATCH);
      const unfinished = new Set(await this.resumable.unfinished(batch));
      for (const id of batch) if (!unfinished.has(id)) await this.partialFiles.remove(id).catch(failures.keep);
    }
    failures.throw();
  }

  /** Goes on behind what cannot be removed, which is tried again in the next pass. */
  private async inBatches(
    find: (after?: string) => Promise<SweptAttachment[]>,
    remove: (id: string) => Promise<void>,
    note: (swept: readonly SweptAttachment[]) => Promise<unknown>,
  ): Promise<void> {
    const failures = new FirstFailure();
    for (let found = await find(); found.length > 0 && !this.passes.isStopped; found = await find(found.at(-1)?.id)) {
      const removed: SweptAttachment[] = [];
      for (let start = 0; start < found.length; start += MAX_REMOVALS) {
        if (this.passes.isStopped || failures.inARow >= MAX_FAILURES_IN_A_ROW) break;
        // A store that is slow makes a pass long.
        await this.spool.renew();
        const removals = found.slice(start, start + MAX_REMOVALS).map((one) =>
          remove(one.id).then(() => {
            removed.push(one);
            failures.inARow = 0;
          }, failures.keep),
        );
        await this.untilEnd(removals);
      }
      await note(removed);
      if (failures.inARow >= MAX_FAILURES_IN_A_ROW) break;
    }
    failures.throw();
  }

  /**
   * Until they are done, as far as this process waits for them: a store may be silent for longer than a process has to end, and is
   * asked again by the next look.
   */
  private async untilEnd(removals: readonly Promise<void>[]): Promise<void> {
    const end = new Promise<void>((resolve) => {
      this.abandonRemovals = resolve;
      // It began to end before these were asked for.
      if (this.passes.isStopped) resolve();
    });
    await Promise.race([Promise.all(removals), end]);
  }
}

/** Steps that are each done whatever becomes of the others: the first one that failed speaks for all. */
class FirstFailure {
  inARow = 0;
  private first: { error: unknown } | undefined;

  readonly keep = (error: unknown): void => {
    this.first ??= { error };
    this.inARow += 1;
  };

  throw(): void {
    if (this.first !== undefined) throw this.first.error;
  }
}
