import { statfs } from 'node:fs/promises';
import { DomainError } from './errors.js';

/** Asks the system; tests give another. */
export class DiskProbe {
  /** Bytes that this process may still write where `path` lies; undefined where there is no such place. */
  async freeBytes(path: string): Promise<number | undefined> {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch {
      return undefined;
    }
  }
}

export interface FreeSpaceOptions {
  readonly paths: readonly string[];
  /** 0 looks at nothing. */
  readonly minFreeBytes: number;
  readonly log: { error(line: string): void; log(line: string): void };
}

const CHECK_INTERVAL_MS = 2_000;
const RETRY_AFTER_MS = 10_000;
/** Writes are taken again from this much above the floor on, so that nothing swings to and fro at it. */
const RECOVERY_RATIO = 1.1;
const MEGABYTE = 1024 * 1024;

/**
 * Keeps a floor of free space on the disks of this process: below it nothing new is stored, so that the database can
 * still write its log, end its transactions and start again. Reads go on. Recovers by itself.
 */
export class FreeSpace {
  private shortage: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: FreeSpaceOptions,
    private readonly probe: DiskProbe,
  ) {}

  /** Whether writes are refused. */
  get isLow(): boolean {
    return this.shortage !== undefined;
  }

  /** @throws DomainError UNAVAILABLE while there is less than the floor. */
  requireSpace(): void {
    if (this.isLow) throw new DomainError('UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS });
  }

  /**
   * For what brings many bytes: whether the floor is kept when they are stored, asked of the system in this moment.
   * @throws DomainError UNAVAILABLE where it is not.
   */
  async requireSpaceFor(bytes: number): Promise<void> {
    this.requireSpace();
    if (this.options.minFreeBytes === 0) return;
    const free = await this.freeBytes();
    if (free !== undefined && free.bytes - bytes < this.options.minFreeBytes)
      throw new DomainError('UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS });
  }

  async onModuleInit(): Promise<void> {
    if (this.options.minFreeBytes === 0) return;
    await this.check();
    this.timer = setInterval(() => void this.check(), CHECK_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Never throws. */
  async check(): Promise<void> {
    const { minFreeBytes, log } = this.options;
    const least = await this.freeBytes();
    if (least === undefined) return;
    const wasLow = this.isLow;
    if (least.bytes < minFreeBytes * (wasLow ? RECOVERY_RATIO : 1)) this.shortage = least.path;
    else this.shortage = undefined;
    if (this.isLow === wasLow) return;
    const left = `${Math.floor(least.bytes / MEGABYTE)} MB are free at ${least.path}`;
    if (wasLow) log.log(`writes are taken again: ${left}`);
    else log.error(`writes are refused: ${left}, and MIN_FREE_DISK_MB is ${minFreeBytes / MEGABYTE}`);
  }

  /** The bytes of the place that has the least. */
  private async freeBytes(): Promise<{ path: string; bytes: number } | undefined> {
    const found = await Promise.all(
      this.options.paths.map(async (path) => ({ path, bytes: await this.probe.freeBytes(path) })),
    );
    return found
      .flatMap(({ path, bytes }) => (bytes === undefined ? [] : [{ path, bytes }]))
      .reduce<{ path: string; bytes: number } | undefined>(
        (least, place) => (least === undefined || place.bytes < least.bytes ? place : least),
        undefined,
      );
  }
}
