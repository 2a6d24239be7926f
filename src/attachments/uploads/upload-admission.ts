import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { FreeSpace } from '../../common/free-space.js';
import { Configuration } from '../../config/configuration.js';
import { maxUploadBytes } from '../../http/uploads.js';

/** Uploads under way in this process at the most; from one IP address; of one user. */
const MAX_UPLOADS = 500;
const MAX_UPLOADS_OF_IP_ADDRESS = 250;
const MAX_UPLOADS_OF_USER = 60;
/** Their shares of the spool, which are never less than one upload of the largest kind. */
const SHARE_OF_IP_ADDRESS = 1 / 2;
const SHARE_OF_USER = 1 / 8;
/** What an upload of unknown length reserves at a time. */
const STEP_BYTES = 1024 * 1024;
const RETRY_AFTER_MS = 5_000;

export interface Uploader {
  userId: string;
  /** By `ipAddressKey`. */
  ipAddress: string;
}

/** What is under way, of all or of one: how many uploads, and the bytes that are reserved for them. */
interface Usage {
  uploads: number;
  bytes: number;
}

interface Share {
  usage: Usage;
  maxUploads: number;
  maxBytes: number;
}

/**
 * Decides, before its first byte, whether an upload may come in, and keeps room in the spool for it. Every byte that lies
 * there is somebody's: a user has a share of the room, so has an IP address, and what is left is for everybody else.
 * The numbers are of one process; workers of one machine, which have one disk, divide the room among them.
 */
@Injectable()
export class UploadAdmission {
  private readonly all: Usage = { uploads: 0, bytes: 0 };
  private readonly byUser = new Map<string, Usage>();
  private readonly byIpAddress = new Map<string, Usage>();
  private readonly largest: number;
  private readonly maxBytes: number;

  constructor(
    private readonly freeSpace: FreeSpace,
    configuration: Configuration,
  ) {
    this.largest = maxUploadBytes(configuration);
    const { spoolBytes, worker } = configuration;
    this.maxBytes = Math.max(spoolBytes / (worker?.count ?? 1), 2 * this.largest);
  }

  /**
   * Runs `work`, an upload, with room reserved for it, and gives the room back at its end, whatever that is.
   * @param announced bytes as the sender said; undefined where it did not: then room is reserved as they come.
   * @throws DomainError OVERLOADED where there is no room, of the uploader's own or at all; UNAVAILABLE where the disk is full.
   */
  async admit<Result>(
    uploader: Uploader,
    announced: number | undefined,
    work: (reservation: Reservation) => Promise<Result>,
  ): Promise<Result> {
    const shares = this.sharesOf(uploader);
    const reservation = new Reservation(shares);
    for (const { usage } of shares) usage.uploads += 1;
    try {
      if (shares.some(({ usage, maxUploads }) => usage.uploads > maxUploads)) throw overloaded();
      reservation.require(announced ?? STEP_BYTES);
      // All that is reserved; what of it is written already counts twice, which errs on the safe side.
      await this.freeSpace.requireSpaceFor(this.all.bytes);
      return await work(reservation);
    } finally {
      reservation.release();
      for (const { usage } of shares) usage.uploads -= 1;
      forgetIdle(this.byUser, uploader.userId);
      forgetIdle(this.byIpAddress, uploader.ipAddress);
    }
  }

  private sharesOf({ userId, ipAddress }: Uploader): Share[] {
    const share = (part: number): number => Math.max(this.maxBytes * part, this.largest);
    return [
      { usage: usageOf(this.byUser, userId), maxUploads: MAX_UPLOADS_OF_USER, maxBytes: share(SHARE_OF_USER) },
      {
        usage: usageOf(this.byIpAddress, ipAddress),
        maxUploads: MAX_UPLOADS_OF_IP_ADDRESS,
        maxBytes: share(SHARE_OF_IP_ADDRESS),
      },
      { usage: this.all, maxUploads: MAX_UPLOADS, maxBytes: this.maxBytes },
    ];
  }
}

/** Room in the spool for one upload. */
export class Reservation {
  private bytes = 0;

  constructor(private readonly shares: readonly Share[]) {}

  /** Room for so many bytes in all. @throws DomainError OVERLOADED, and nothing more is reserved. */
  require(bytes: number): void {
    const more = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES - this.bytes;
    if (more <= 0) return;
    if (this.shares.some(({ usage, maxBytes }) => usage.bytes + more > Math.ceil(maxBytes / STEP_BYTES) * STEP_BYTES))
      throw overloaded();
    for (const { usage } of this.shares) usage.bytes += more;
    this.bytes += more;
  }

  release(): void {
    for (const { usage } of this.shares) usage.bytes -= this.bytes;
    this.bytes = 0;
  }
}

function usageOf(known: Map<string, Usage>, key: string): Usage {
  const usage = known.get(key) ?? { uploads: 0, bytes: 0 };
  known.set(key, usage);
  return usage;
}

function forgetIdle(known: Map<string, Usage>, key: string): void {
  if (known.get(key)?.uploads === 0) known.delete(key);
}

function overloaded(): DomainError {
  return new DomainError('OVERLOADED', {
    message: 'Too many uploads are under way; try again when some are done.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
