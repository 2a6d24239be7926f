import type { IncomingMessage } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { Principal } from '../../common/principal.js';
import { Configuration } from '../../config/configuration.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { AttachmentsRepository } from '../attachments.repository.js';
import type { AttachmentView } from '../attachments.view.js';
import { mediaType, SNIFFED_BYTES } from '../media/media-type.js';
import { AttachmentLinks } from '../serving/attachment-urls.js';
import { safeFileName } from '../uploads/file-name.js';
import { announcedBytes } from '../uploads/multipart.js';
import { isDeadProcess, Spool } from '../uploads/spool.js';
import { STORE_RETRY_MS, StoreFailures } from '../uploads/store-failures.js';
import { type Reservation, UploadAdmission } from '../uploads/upload-admission.js';
import { UploadKeeper } from '../uploads/upload-keeper.js';
import { UploadQuota } from '../uploads/upload-quota.js';
import { appendBody } from './append-body.js';
import { PartialFiles } from './partial-files.js';
import { type ResumableUpload, ResumableUploadsRepository } from './resumable-uploads.repository.js';
import type { Announcement } from './tus-headers.js';

const MEGABYTE = 1024 * 1024;
/** Unfinished uploads of one user at the most. */
const MAX_UNFINISHED_OF_USER = 60;
/** A user's share of the room for what is unfinished, which is never less than one upload of the largest kind. */
const SHARE_OF_USER = 1 / 8;
/** How often a process says that it is still at its uploads. */
const RENEWAL_MS = 5_000;

/** How far an upload is. */
export interface UploadProgress {
  id: string;
  /** Bytes that the server has and keeps, whatever happens. All of them only once the file is an attachment. */
  offset: number;
  size: number;
  metadata: string | null;
  expiresAt: Date;
  /** What became of it; null until it is complete. */
  attachment: AttachmentView | null;
}

/** A body that is being written. */
interface Transfer {
  interrupt(): void;
  ended: Promise<void>;
}

/**
 * Uploads in as many requests as it takes (docs/adr/0024). Their rows are there before their files; a file grows at its end,
 * by one request at a time; with its last byte it takes the way of every other upload: spool, scanner, decoder, store.
 *
 * As long as that has not succeeded, the offset is one byte short of the end: whoever asks sends the last byte again, and so
 * asks for the rest to be done. Nothing is lost where an answer was, and nothing says "complete" that is not.
 */
@Injectable()
export class ResumableUploads implements OnApplicationShutdown {
  private readonly logger = new Logger(ResumableUploads.name);
  /** Bodies that come in, and files that are being finished, in this process; by id. */
  private readonly transfers = new Map<string, Transfer>();
  private readonly completions = new Map<string, Promise<AttachmentView>>();
  private renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: ResumableUploadsRepository,
    private readonly attachments: AttachmentsRepository,
    private readonly files: PartialFiles,
    private readonly spool: Spool,
    private readonly admission: UploadAdmission,
    private readonly quota: UploadQuota,
    private readonly keeper: UploadKeeper,
    private readonly failures: StoreFailures,
    private readonly links: AttachmentLinks,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  onApplicationShutdown(): void {
    clearInterval(this.renewal);
  }

  /** Bytes of one upload at the most. */
  get maxSize(): number {
    return Math.max(...Object.values(this.configuration.uploadLimits));
  }

  /** @throws DomainError QUOTA_EXCEEDED, RATE_LIMITED; OVERLOADED where too much is unfinished, of the user's own or at all. */
  async begin({ userId }: Principal, { name, ...announced }: Announcement): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      await this.limiter.consume('uploads', userId);
      await this.quota.requireRoomFor(userId, announced.size);
      const megabytes = Math.ceil(announced.size / MEGABYTE);
      await this.limiter.consume('uploadedMegabytes', userId, megabytes);
      const upload = { ...announced, id: newId(), ownerId: userId, name: safeFileName(name, undefined) };
      const { spoolBytes } = this.configuration;
      const expiresAt = await this.repository.begin(upload, {
        maxUploadsOfUser: MAX_UNFINISHED_OF_USER,
        maxBytesOfUser: Math.max(spoolBytes * SHARE_OF_USER, this.maxSize),
        maxBytes: Math.max(spoolBytes, 2 * this.maxSize),
      });
      if (expiresAt === undefined) {
        await this.limiter.restore('uploadedMegabytes', userId, megabytes);
        const message = 'Too many uploads are unfinished; finish or end some first.';
        throw new DomainError('OVERLOADED', { message, retryAfterMs: STORE_RETRY_MS });
      }
      return { id: upload.id, offset: 0, size: upload.size, metadata: upload.metadata, expiresAt, attachment: null };
    });
  }

  /**
   * How far it is. Who asks in order to go on has lost its connection: what that one still brings is not waited for.
   * @throws DomainError NOT_FOUND, UPLOAD_EXPIRED.
   */
  async progress({ userId }: Principal, id: string, { goesOn }: { goesOn: boolean }): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      const found = await this.require(id, userId);
      if (found.state === 'READY') return this.finished(found, await this.viewOf(found));
      if (goesOn) await this.interrupt(id);
      // It may have been finished while its last request was waited for.
      const upload = goesOn ? await this.require(id, userId) : found;
      if (upload.state === 'READY') return this.finished(upload, await this.viewOf(upload));
      return { ...upload, offset: await this.offsetOf(upload), attachment: null };
    });
  }

  /**
   * Writes what a request brings at the end of what is there. An upload that another request is at is taken from it: what that
   * one wrote stays, and the offset says so. With the last byte the upload is complete; a repeat answers the same again.
   * @param body `offset` is read once it is known that there is such an upload
   * @throws DomainError NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_OFFSET_MISMATCH, UPLOAD_LOCKED where another process is at it, and
   *   as an upload in one piece.
   */
  async append(
    { userId }: Principal,
    ipAddress: string | undefined,
    id: string,
    body: { request: IncomingMessage; offset: () => number },
  ): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      await this.limiter.consume('uploadParts', userId);
      const upload = await this.require(id, userId);
      const { request } = body;
      const offset = body.offset();
      if (upload.state === 'READY') return this.repeated(upload, offset, this.viewOf(upload));
      for (let other = this.transfers.get(id); other !== undefined; other = this.transfers.get(id))
        await interrupted(other);
      // Without a pause from here until it is a transfer itself: of several that waited, one is next.
      const completion = this.completions.get(id);
      if (completion !== undefined) return this.repeated(upload, offset, completion);
      const uploader = { userId, ipAddress: ipAddressKey(ipAddress) };
      return this.transferring(id, (signal, endTransfer) =>
        this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
          const expiresAt = await this.hold(upload);
          if (expiresAt === undefined) return this.heldByAnother(upload, offset);
          try {
            await this.receive(upload, offset, request, signal);
            if ((await this.files.sizeOf(id)) < upload.size) {
              await this.repository.release(id, this.spool.processName);
              return { ...upload, expiresAt, offset: await this.offsetOf(upload), attachment: null };
            }
            const completed = this.complete(upload, reservation);
            this.completions.set(id, completed);
            endTransfer();
            return this.finished(upload, await completed);
          } catch (error) {
            await this.afterFailure(upload, error);
            throw error;
          } finally {
            this.completions.delete(id);
          }
        }),
      );
    });
  }

  /** @throws DomainError NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_LOCKED while it is being finished; FORBIDDEN once something uses it. */
  async terminate({ userId }: Principal, id: string, check: () => void): Promise<void> {
    await this.failures.guarded(async () => {
      await this.require(id, userId);
      check();
      await this.interrupt(id);
      if (!(await this.repository.terminate(id))) {
        const { state } = await this.require(id, userId);
        throw new DomainError(state === 'READY' ? 'FORBIDDEN' : 'UPLOAD_LOCKED');
      }
      await this.files.remove(id);
    });
  }

  private async require(id: string, userId: string): Promise<ResumableUpload> {
    const upload = await this.repository.find(id, userId);
    if (upload === undefined) throw new DomainError('NOT_FOUND');
    if (upload.state === 'DOOMED' || upload.isExpired) throw new DomainError('UPLOAD_EXPIRED');
    return upload;
  }

  /** Resolves once no body of it comes in that came in before. */
  private async interrupt(id: string): Promise<void> {
    const transfer = this.transfers.get(id);
    if (transfer !== undefined) await interrupted(transfer);
  }

  /** Runs `work` as the only transfer of this upload here. There must be no other, and is none until it ends. */
  private async transferring<Result>(
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

  /** Makes sure that no other process is at it. @returns when it expires; undefined where another one is. */
  private async hold({ id, holder }: ResumableUpload): Promise<Date | undefined> {
    const dead = holder !== null && isDeadProcess(holder) ? holder : null;
    const expiresAt = await this.repository.hold(id, this.spool.processName, dead);
    this.renewal ??= setInterval(() => void this.renew(), RENEWAL_MS).unref();
    return expiresAt;
  }

  private async heldByAnother({ id, ownerId }: ResumableUpload, offset: number): Promise<UploadProgress> {
    const upload = await this.require(id, ownerId);
    if (upload.state !== 'READY') throw new DomainError('UPLOAD_LOCKED');
    return this.repeated(upload, offset, this.viewOf(upload));
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

  private async receive(
    upload: ResumableUpload,
    offset: number,
    request: IncomingMessage,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, size } = upload;
    requireOffset((await this.offsetOf(upload)) === offset);
    let failure: unknown;
    if ((announcedBytes(request) ?? 0) > size - offset) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.files.ensure(id);
    try {
      const [path, now] = [this.files.pathOf(id), (): number => this.clock.now()];
      await appendBody(request, { path, start: offset, room: size - offset, now, signal });
    } catch (error) {
      failure = error;
      // Of a body that is not what was announced nothing is kept.
      if (error instanceof DomainError && error.code === 'PAYLOAD_TOO_LARGE') await this.files.cut(id, offset);
    }
    const received = await this.files.sizeOf(id);
    if (offset < SNIFFED_BYTES && received >= SNIFFED_BYTES) await this.requirePossible(upload);
    // With its last byte it is whole, whatever became of the request that brought it.
    if (failure !== undefined && received < size) throw failure;
  }

  /** Once its beginning says what it is: what is too large for its kind, or of none, need not come any further. */
  private async requirePossible(upload: ResumableUpload): Promise<void> {
    try {
      const { kind } = await mediaType(await this.files.beginning(upload.id, SNIFFED_BYTES), this.configuration.heic);
      if (upload.size > this.configuration.uploadLimits[kind]) throw new DomainError('PAYLOAD_TOO_LARGE');
    } catch (error) {
      if (error instanceof DomainError && isFaultOfFile(error)) await this.giveUp(upload);
      throw error;
    }
  }

  private async giveUp({ id, ownerId }: ResumableUpload): Promise<void> {
    await this.keeper.giveUp(id, ownerId);
    // Else the sweep does it.
    await this.files.remove(id).catch(() => undefined);
  }

  /** All of its bytes are there: from here on it is an upload like any other. */
  private async complete(upload: ResumableUpload, reservation: Reservation): Promise<AttachmentView> {
    const { id, ownerId, size, name, voice, waveform } = upload;
    reservation.require(size);
    const file = await this.spool.take(this.files.read(id));
    try {
      if (file.size !== size) throw new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS });
      const view = await this.keeper.putIntoStore(id, { userId: ownerId }, file, { name, voice, waveform });
      // Else the sweep does it.
      await this.files.remove(id).catch(() => undefined);
      return view;
    } finally {
      await this.spool.discard([file.path]);
    }
  }

  /** What is wrong with the file itself stays wrong; all else may be tried again. */
  private async afterFailure(upload: ResumableUpload, error: unknown): Promise<void> {
    const isWhole = this.completions.has(upload.id);
    if (isWhole && error instanceof DomainError && isFaultOfFile(error)) {
      await this.giveUp(upload);
      return;
    }
    // Where it cannot be released, this process may hold it again all the same, and others once this one is dead.
    await this.repository.release(upload.id, this.spool.processName).catch(() => undefined);
  }

  private async offsetOf({ id, size }: ResumableUpload): Promise<number> {
    return Math.min(await this.files.sizeOf(id), size - 1);
  }

  private async viewOf({ id, ownerId }: ResumableUpload): Promise<AttachmentView> {
    const [row] = await this.attachments.ofOwner(ownerId, [id]);
    if (row === undefined) throw new DomainError('UPLOAD_EXPIRED');
    return this.links.view(row);
  }

  /** The answer to a request for the last byte of an upload that has it, or is about to be finished. */
  private async repeated(
    upload: ResumableUpload,
    offset: number,
    attachment: Promise<AttachmentView>,
  ): Promise<UploadProgress> {
    requireOffset(offset === upload.size || offset === upload.size - 1);
    return this.finished(upload, await attachment);
  }

  private finished(upload: ResumableUpload, attachment: AttachmentView): UploadProgress {
    const { id, size, metadata, expiresAt } = upload;
    return { id, size, metadata, expiresAt, offset: size, attachment };
  }
}

function interrupted(transfer: Transfer): Promise<void> {
  transfer.interrupt();
  return transfer.ended;
}

function requireOffset(isRight: boolean): void {
  if (!isRight) throw new DomainError('UPLOAD_OFFSET_MISMATCH');
}

function isFaultOfFile({ category }: DomainError): boolean {
  return ['INVALID', 'TOO_LARGE', 'UNSUPPORTED', 'UNPROCESSABLE'].includes(category);
}
