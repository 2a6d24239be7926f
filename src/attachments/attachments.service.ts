import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { BoundedMap } from '../common/bounded-map.js';
import { Clock } from '../common/clock.js';
import { DomainError, invalidField } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import type { Principal } from '../common/principal.js';
import { domainErrorOf } from '../http/problem.filter.js';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/database.js';
import { ipAddressKey } from '../limits/ip-address-key.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import { AttachmentLinks } from './serving/attachment-urls.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { type StoredFile, type Variant } from './attachment.js';
import { type AttachmentRow, AttachmentsRepository } from './attachments.repository.js';
import type { AttachmentView, PresignedUploadView } from './attachments.view.js';
import { announcedKey, blobKey } from './store/blob-keys.js';
import { BlobStore, type ByteRange } from './store/blob-store.js';
import type { AnnounceUpload } from './dto/attachments.dto.js';
import { safeFileName } from './uploads/file-name.js';
import { ImageProcessor } from './media/image-processor.js';
import { announcedBytes, receiveFile } from './uploads/multipart.js';
import { Spool, type SpooledFile } from './uploads/spool.js';
import { type Reservation, UploadAdmission } from './uploads/upload-admission.js';
import { maxUploadBytes } from '../http/uploads.js';

/** For how long a client may put bytes where it was told to. */
const PRESIGNED_SECONDS = 3_600;
const MEGABYTE = 1024 * 1024;
/** How often, and how long after the last time, an answer that was lost is asked for again. */
const COMPLETION_RETRY_MS = [100, 500, 2_000];
const STORE_RETRY_MS = 10_000;
/** The same failure is told once in so long, however many uploads meet it. */
const LOG_WINDOW_MS = 60_000;

/** Files that users upload: taken in, looked at, kept, and used once (contract, section 7). */
@Injectable()
export class AttachmentsService {
  private readonly logger = new Logger(AttachmentsService.name);
  /** When each kind of failure was last told. */
  private readonly toldAt = new BoundedMap<string, number>(100);

  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly spool: Spool,
    private readonly admission: UploadAdmission,
    private readonly images: ImageProcessor,
    private readonly links: AttachmentLinks,
    private readonly sweeper: AttachmentSweeper,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Takes the file of a multipart request in.
   * @throws DomainError UNSUPPORTED_MEDIA, IMAGE_TOO_LARGE, PAYLOAD_TOO_LARGE, VALIDATION_FAILED, RATE_LIMITED, OVERLOADED,
   *   UNAVAILABLE.
   */
  async upload(principal: Principal, ipAddress: string | undefined, request: IncomingMessage): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.guarded(() =>
      this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
        await this.limiter.consume('uploads', principal.userId);
        const { file, name } = await this.receive(principal, request, reservation);
        try {
          const id = newId();
          await this.repository.begin(id, principal.userId, safeFileName(name, undefined));
          return await this.keep(id, principal, file, name);
        } finally {
          await this.spool.discard([file.path]);
        }
      }),
    );
  }

  /**
   * Tells where a client may put bytes by itself, past this server.
   * @throws DomainError UPLOADS_NOT_PRESIGNED where the store is this server's own disk.
   */
  async announce(principal: Principal, { name, size, mimeType }: AnnounceUpload): Promise<PresignedUploadView> {
    const limits = Object.values(this.configuration.uploadLimits);
    if (size > Math.max(...limits)) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.limiter.consume('uploads', principal.userId);
    const id = newId();
    const type = mimeType ?? 'application/octet-stream';
    const expiresAt = new Date(this.clock.now() + PRESIGNED_SECONDS * 1_000).toISOString();
    const put = await this.store.presign(announcedKey(id), size, type, PRESIGNED_SECONDS);
    if (put === undefined) throw new DomainError('UPLOADS_NOT_PRESIGNED');
    await this.repository.announce(id, principal.userId, safeFileName(name, undefined), size);
    return { id, method: 'PUT', ...put, expiresAt };
  }

  /**
   * Takes in what a client put where it was told to. A second time it answers the same again.
   * @throws DomainError NOT_FOUND, UPLOAD_INCOMPLETE while nothing is there or it is being looked at, and as `upload`.
   */
  async confirm(principal: Principal, ipAddress: string | undefined, id: string): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.guarded(async () => {
      const announced = await this.repository.proceed(id, principal.userId);
      if (announced === undefined) return this.confirmed(principal, id);
      try {
        const view = await this.admission.admit(uploader, announced.size, () =>
          this.takeAnnounced(id, principal, announced),
        );
        // Else the sweep does it, once nothing can be put there any more.
        void this.store.remove([announcedKey(id)]).catch(() => undefined);
        return view;
      } catch (error) {
        // What is not there yet, or could not be stored at the moment, may be later; what is wrong stays wrong.
        if (error instanceof DomainError && ['INVALID', 'TOO_LARGE', 'UNSUPPORTED'].includes(error.category))
          await this.giveUp(id, principal.userId);
        else await this.repository.retreat(id);
        throw error;
      }
    });
  }

  /**
   * Takes in an image that the server fetched for a user, for a message to use. One that none uses is swept after a day.
   * @throws DomainError UNSUPPORTED_MEDIA, IMAGE_TOO_LARGE, PAYLOAD_TOO_LARGE, OVERLOADED, UNAVAILABLE.
   */
  async keepImageOf(ownerId: string, bytes: Buffer): Promise<string> {
    const uploader = { userId: ownerId, ipAddress: 'link previews' };
    return this.guarded(() =>
      this.admission.admit(uploader, bytes.length, async () => {
        const file = await this.spool.take(Readable.from([bytes]));
        try {
          if (file.type.kind !== 'IMAGE') throw new DomainError('UNSUPPORTED_MEDIA');
          const id = newId();
          await this.repository.begin(id, ownerId, 'preview');
          await this.keep(id, { userId: ownerId, sessionId: '' }, file, 'preview');
          return id;
        } finally {
          await this.spool.discard([file.path]);
        }
      }),
    );
  }

  /** Those of a user's own uploads that are named, in that order; those that are not there are left out. */
  async ofOwner(ownerId: string, ids: readonly string[]): Promise<StoredFile[]> {
    const rows = new Map((await this.repository.ofOwner(ownerId, ids)).map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = rows.get(id);
      return row === undefined ? [] : [storedFile(row)];
    });
  }

  /** Says nothing about who may see it. @throws DomainError NOT_FOUND */
  async find(id: string): Promise<AttachmentRow> {
    const row = await this.repository.find(id);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return row;
  }

  view(file: StoredFile): AttachmentView {
    return this.links.view(storedFile(file));
  }

  /**
   * Within the transaction that changes somebody's picture.
   * @returns what its `avatarUrl` is from then on.
   * @throws DomainError VALIDATION_FAILED unless it is an image of the caller's own that nothing uses yet.
   */
  async claimAvatar(transaction: Transaction, { userId }: Principal, id: string): Promise<string> {
    if (!(await this.repository.claimAvatar(transaction, id, userId)))
      throw invalidField('avatarId', 'avatarId must be an unused image of your own');
    return `/avatars/${id}`;
  }

  /** The bytes of one variant, and how many the file has. */
  async read(id: string, variant: Variant, range?: ByteRange): Promise<Readable> {
    const stream = await this.guarded(() => this.store.read(blobKey(id, variant), range));
    if (stream === undefined) throw new DomainError('NOT_FOUND');
    return stream;
  }

  async sizeOf(row: AttachmentRow, variant: Variant): Promise<number> {
    const size =
      variant === 'original' ? row.size : await this.guarded(() => this.store.sizeOf(blobKey(row.id, variant)));
    if (size === undefined) throw new DomainError('NOT_FOUND');
    return size;
  }

  /** Within the transaction that deletes a message. Once it is committed, `sweep` removes the bytes. */
  async markPendingDeletionOfMessage(transaction: Transaction, messageId: string): Promise<void> {
    await this.repository.markPendingDeletionOfMessage(transaction, messageId);
  }

  /** Within the transaction that erases a user: what it never used. Its messages stay, with what they carry. */
  async markUnusedPendingDeletion(transaction: Transaction, ownerId: string): Promise<void> {
    await this.repository.markUnusedPendingDeletion(transaction, ownerId);
  }

  /** A page of what a user uploaded, by id, with addresses to fetch it from. */
  async export(ownerId: string, after: string, limit: number): Promise<{ id: string }[]> {
    const rows = await this.repository.export(ownerId, after, limit);
    return rows.map((row) => ({ ...row, url: row.state === 'READY' ? this.links.address(row.id, 'original') : null }));
  }

  /** Removes what was doomed, soon. */
  sweep(): void {
    this.sweeper.soon();
  }

  private async takeAnnounced(
    id: string,
    principal: Principal,
    { name, size }: { name: string; size: number },
  ): Promise<AttachmentView> {
    const stream = await this.store.read(announcedKey(id));
    if (stream === undefined) throw new DomainError('UPLOAD_INCOMPLETE');
    const file = await this.spool.take(stream);
    try {
      if (file.size !== size) throw invalidField('size', `${size} bytes were announced, and ${file.size} came`);
      await this.limiter.consume('uploadedMegabytes', principal.userId, Math.ceil(file.size / MEGABYTE));
      return await this.putIntoStore(id, principal, file, name);
    } finally {
      await this.spool.discard([file.path]);
    }
  }

  private async confirmed({ userId }: Principal, id: string): Promise<AttachmentView> {
    const [row] = await this.repository.ofOwner(userId, [id]);
    if (row !== undefined) return this.view(row);
    throw new DomainError((await this.repository.isStoring(id, userId)) ? 'UPLOAD_INCOMPLETE' : 'NOT_FOUND');
  }

  /**
   * The file of a request, in the spool. What comes in is charged to its sender whatever becomes of it: what was announced
   * before the first byte, and what really came after the last.
   */
  private async receive(
    { userId }: Principal,
    request: IncomingMessage,
    reservation: Reservation,
  ): Promise<{ file: SpooledFile; name: string | undefined }> {
    const advance = megabytes(announcedBytes(request) ?? 0);
    await this.limiter.consume('uploadedMegabytes', userId, advance);
    let received = 0;
    const settle = async (): Promise<void> => {
      const more = megabytes(received) - advance;
      if (more > 0) await this.limiter.consume('uploadedMegabytes', userId, more);
      else await this.limiter.restore('uploadedMegabytes', userId, -more);
    };
    const taken = await receiveFile(request, {
      largest: maxUploadBytes(this.configuration),
      now: () => this.clock.now(),
      count: (bytes) => {
        received = bytes;
        reservation.require(bytes);
      },
      take: async (stream, given) => ({ file: await this.spool.take(stream), name: given }),
      undo: ({ file }) => this.spool.discard([file.path]),
    }).catch(async (error: unknown) => {
      await Promise.resolve(settle()).catch(() => undefined);
      throw error;
    });
    try {
      await settle();
    } catch (error) {
      await this.spool.discard([taken.file.path]);
      throw error;
    }
    return taken;
  }

  /** From a file on this disk to files in the store. Whatever goes wrong, nothing of it stays. */
  private async keep(
    id: string,
    principal: Principal,
    file: SpooledFile,
    name: string | undefined,
  ): Promise<AttachmentView> {
    try {
      return await this.putIntoStore(id, principal, file, name);
    } catch (error) {
      // Only the row says what may be removed: where it cannot be reached, it may be READY, and the sweep decides later.
      await this.giveUp(id, principal.userId).catch((failure: unknown) =>
        this.logger.warn(`attachment ${id} is left to the sweep: ${(failure as Error).message}`),
      );
      throw error;
    }
  }

  private async putIntoStore(
    id: string,
    { userId }: Principal,
    file: SpooledFile,
    name: string | undefined,
  ): Promise<AttachmentView> {
    const stored =
      file.type.kind === 'IMAGE' ? await this.keepImage(id, userId, file, name) : await this.keepFile(id, file, name);
    // Where the sweep gave it up meanwhile.
    if (!(await this.complete(stored))) throw new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS });
    return this.links.view(stored);
  }

  /** An answer that is lost says nothing of what was done: it is asked for again, which does no harm. */
  private async complete(stored: StoredFile): Promise<boolean> {
    for (const pause of [...COMPLETION_RETRY_MS, undefined]) {
      try {
        return await this.repository.complete(stored);
      } catch (error) {
        if (pause === undefined || domainErrorOf(error).code !== 'UNAVAILABLE') throw error;
        await setTimeout(pause, undefined, { ref: false });
      }
    }
    return false;
  }

  /** What the store, the disk or the database could not do, it may do later, and is not the client's fault. */
  private async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const known = domainErrorOf(error);
      const isOurs = known.code === 'INTERNAL_ERROR' || known.code === 'UNAVAILABLE';
      if (!isOurs) throw error;
      this.tell(error);
      throw known.code === 'UNAVAILABLE' && known.retryAfterMs !== undefined
        ? known
        : new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS, cause: error });
    }
  }

  private tell(error: unknown): void {
    const cause = error instanceof DomainError && error.cause !== undefined ? error.cause : error;
    const { code, name } = Object(cause) as { code?: unknown; name?: unknown };
    const kind = String(code ?? name);
    const now = this.clock.now();
    if (now - (this.toldAt.get(kind) ?? -Infinity) < LOG_WINDOW_MS) return;
    this.toldAt.set(kind, now);
    this.logger.error('files cannot be kept or read', cause instanceof Error ? cause.stack : String(cause));
  }

  private async keepFile(id: string, { path, size, type }: SpooledFile, name: string | undefined): Promise<StoredFile> {
    const { kind, mimeType, extension } = type;
    await this.store.put(blobKey(id, 'original'), path, mimeType);
    return { id, kind, mimeType, size, name: safeFileName(name, extension), width: null, height: null, blurhash: null };
  }

  private async keepImage(
    id: string,
    ownerId: string,
    { path }: SpooledFile,
    name: string | undefined,
  ): Promise<StoredFile> {
    const [output, small, large] = await Promise.all([
      this.spool.newPath(),
      this.spool.newPath(),
      this.spool.newPath(),
    ]);
    try {
      const { extension, ...image } = await this.images.process(ownerId, {
        input: path,
        output,
        thumbnails: { 320: small, 1280: large },
      });
      await this.store.put(blobKey(id, '320'), small, 'image/webp');
      await this.store.put(blobKey(id, '1280'), large, 'image/webp');
      await this.store.put(blobKey(id, 'original'), output, image.mimeType);
      return { id, kind: 'IMAGE', ...image, name: safeFileName(name, extension) };
    } finally {
      await this.spool.discard([output, small, large]);
    }
  }

  private async giveUp(id: string, ownerId: string): Promise<void> {
    await this.repository.doom(id, ownerId);
    this.sweeper.soon();
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}

function storedFile({ id, kind, mimeType, size, name, width, height, blurhash }: StoredFile): StoredFile {
  return { id, kind, mimeType, size, name, width, height, blurhash };
}
