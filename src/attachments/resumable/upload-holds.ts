import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { AttachmentView } from '../../views/attachments.view.js';
import { isDeadProcess, Spool } from '../uploads/receiving/spool.js';
import {
  type Hold,
  type ResumableUpload,
  ResumableUploadsRepository,
  type UnfinishedBounds,
} from './resumable-uploads.repository.js';

/** How often a process says that it is still at its uploads. */
const RENEWAL_MS = 5_000;

/** A body that is being written. */
interface Transfer {
  interrupt(): void;
  ended: Promise<void>;
}

/** Who is at which upload: in this process one body at a time, and of all processes one. */
@Injectable()
export class UploadHolds implements OnApplicationShutdown {
  private readonly logger = new Logger(UploadHolds.name);
  /** Bodies that come in, and files that are being finished, in this process; by id. */
  private readonly transfers = new Map<string, Transfer>();
  private readonly completions = new Map<string, Promise<AttachmentView>>();
  private renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: ResumableUploadsRepository,
    private readonly spool: Spool,
  ) {}

  onApplicationShutdown(): void {
    clearInterval(this.renewal);
  }

  /** The file that is being made of it here, if it is. */
  completionOf(id: string): Promise<AttachmentView> | undefined {
    return this.completions.get(id);
  }

  /** Ends the body that comes in of it, which resolves once nothing of that is written any more; undefined where there is none. */
  interrupt(id: string): Promise<void> | undefined {
    const transfer = this.transfers.get(id);
    transfer?.interrupt();
    return transfer?.ended;
  }

  /** Runs `work` as the only transfer of this upload here. There must be no other, and is none until it ends. */
  async transferring<Result>(
    id: string,
    work: (signal: AbortSignal, endTransfer: () => void) => Promise<Result>,
  ): Promise<Result> {
    const controller = new AbortController();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const transfer: Transfer = { interrupt: () => controller.abort(), ended };
    this.transfers.set(id, transfer);
    const endTransfer = (): void => {
      if (this.transfers.get(id) === transfer) this.transfers.delete(id);
      end();
    };
    try {
      return await work(controller.signal, endTransfer);
    } finally {
      endTransfer();
    }
  }

  /** Says that a file is being made of it, to those who ask for its last byte until `endCompletion`. */
  beginCompletion(id: string, completion: Promise<AttachmentView>): void {
    this.completions.set(id, completion);
  }

  endCompletion(id: string): void {
    this.completions.delete(id);
  }

  /** Makes sure that no other process is at it, and that there is room for its bytes up to `end`. */
  async hold(upload: ResumableUpload, end: number, bounds: UnfinishedBounds): Promise<Hold> {
    const holders = { holder: this.spool.processName, deadHolder: this.deadHolderOf(upload) };
    const hold = await this.repository.hold(upload.id, holders, end, bounds);
    this.renewal ??= setInterval(() => void this.renew(), RENEWAL_MS).unref();
    return hold;
  }

  /** Its holder, where that is a process that does not run any more: nobody needs to wait for it. */
  private deadHolderOf({ holder }: Pick<ResumableUpload, 'holder'>): string | null {
    return holder !== null && isDeadProcess(holder) ? holder : null;
  }

  /** Its holder, where that is dead or is this process, which is not at it: it could not be released. */
  idleHolderOf({ id, holder }: ResumableUpload): string | null {
    const isOwn = holder === this.spool.processName && !this.transfers.has(id) && !this.completions.has(id);
    return isOwn ? holder : this.deadHolderOf({ holder });
  }

  /** False where this process was not at it any more. */
  release(id: string, received: number): Promise<boolean> {
    return this.repository.release(id, this.spool.processName, received);
  }

  private async renew(): Promise<void> {
    const ids = [...this.transfers.keys(), ...this.completions.keys()];
    if (ids.length === 0) {
      clearInterval(this.renewal);
      this.renewal = undefined;
      return;
    }
    await this.repository
      .renew(ids, this.spool.processName)
      .catch((error: unknown) => this.logger.warn(`uploads are not renewed: ${(error as Error).message}`));
  }
}
