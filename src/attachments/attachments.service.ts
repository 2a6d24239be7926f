import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError, invalidField } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/database.js';
import { ipAddressKey } from '../limits/ip-address-key.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { AttachmentLinks } from './serving/attachment-urls.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { type StoredFile, type Variant } from './attachment.js';
import type { Avatar, AvatarChoice } from './avatar.js';
import { type AnnouncedUpload, type AttachmentRow, AttachmentsRepository } from './attachments.repository.js';
import type { AttachmentView, PresignedUploadView, UsageView } from './attachments.view.js';
import { announcedKey, blobKey } from './store/blob-keys.js';
import { BlobStore, type ByteRange } from './store/blob-store.js';
import type { AnnounceUpload } from './dto/attachments.dto.js';
import { safeFileName } from './uploads/file-name.js';
import { announcedBytes, type IncomingBody } from './uploads/incoming-body.js';
import { receiveFile } from './uploads/multipart.js';
import { Spool, type SpooledFile } from './uploads/spool.js';
import { UPLOAD_FIELDS, uploadFields } from './uploads/upload-fields.js';
import { STORE_RETRY_MS, StoreFailures } from './uploads/store-failures.js';
import { UploadQuota } from './uploads/upload-quota.js';
import { UploadKeeper } from './uploads/upload-keeper.js';
import { type Reservation, UploadAdmission } from './uploads/upload-admission.js';
import { maxUploadBytes, MULTIPART_OVERHEAD } from '../http/uploads.js';

export type { AttachmentRow } from './attachments.repository.js';

/** For how long a client may put bytes where it was sent to. */
const PRESIGNED_SECONDS = 3_600;
const MEGABYTE = 1024 * 1024;

/** Files that users upload: taken in, looked at, kept, and used once (contract, section 7). */
@Injectable()
export class AttachmentsService {
  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly spool: Spool,
    private readonly admission: UploadAdmission,
    private readonly keeper: UploadKeeper,
    private readonly failures: StoreFailures,
    private readonly quota: UploadQuota,
    private readonly links: AttachmentLinks,
    private readonly sweeper: AttachmentSweeper,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Takes the file of a multipart request in.
   * @throws DomainError UNSUPPORTED_MEDIA, IMAGE_TOO_LARGE, INFECTED, PAYLOAD_TOO_LARGE, VALIDATION_FAILED, RATE_LIMITED, OVERLOADED,
   *   UNAVAILABLE.
   */
  async upload(principal: Principal, ipAddress: string | undefined, request: IncomingBody): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.failures.guarded(() =>
      this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
        await this.limiter.consume('uploads', principal.userId);
        await this.quota.requireRoomFor(principal.userId, fileBytes(announcedBytes(request)));
        const { file, name, fields } = await this.receive(principal, request, reservation);
        try {
          const { posterFor, ...hints } = uploadFields(fields);
          if (posterFor !== null) return await this.keeper.keepPoster(posterFor, principal, file);
          const id = newId();
          await this.repository.begin(id, principal.userId, safeFileName(name, undefined));
          return await this.keeper.keep(id, principal, file, { name, ...hints });
        } finally {
          await this.spool.discard([file.path]);
        }
      }),
    );
  }

  /**
   * Answers where a client may put bytes by itself, past this server.
   * @throws DomainError UPLOADS_NOT_PRESIGNED where the store is this server's own disk.
   */
  async announce(principal: Principal, upload: AnnounceUpload): Promise<PresignedUploadView> {
    const { name, size, mimeType, voice, waveform } = upload;
    const limits = Object.values(this.configuration.uploadLimits);
    if (size > Math.max(...limits)) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.limiter.consume('uploads', principal.userId);
    await this.quota.requireRoomFor(principal.userId, size);
    const id = newId();
    const type = mimeType ?? 'application/octet-stream';
    const expiresAt = new Date(this.clock.now() + PRESIGNED_SECONDS * 1_000).toISOString();
    const put = await this.store.presign(announcedKey(id), size, type, PRESIGNED_SECONDS);
    if (put === undefined) throw new DomainError('UPLOADS_NOT_PRESIGNED');
    await this.repository.announce(id, principal.userId, {
      name: safeFileName(name, undefined),
      size,
      voice: voice ?? false,
      waveform: waveform ?? null,
    });
    return { id, method: 'PUT', ...put, expiresAt };
  }

  /**
   * Takes in what a client put where it was sent to. A second time it answers the same again.
   * @throws DomainError NOT_FOUND, UPLOAD_INCOMPLETE while nothing is there or it is being looked at, and as `upload`.
   */
  async confirm(principal: Principal, ipAddress: string | undefined, id: string): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.failures.guarded(async () => {
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
        if (
          error instanceof DomainError &&
          ['INVALID', 'TOO_LARGE', 'UNSUPPORTED', 'UNPROCESSABLE'].includes(error.category)
        )
          await this.keeper.giveUp(id, principal.userId);
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
    return this.failures.guarded(() =>
      this.admission.admit(uploader, bytes.length, async () => {
        const file = await this.spool.take(Readable.from([bytes]));
        try {
          if (file.type.kind !== 'IMAGE') throw new DomainError('UNSUPPORTED_MEDIA');
          const id = newId();
          await this.repository.begin(id, ownerId, 'preview');
          await this.keeper.keep(id, { userId: ownerId }, file, {
            name: 'preview',
            voice: false,
            waveform: null,
          });
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

  /** What the files of a user take, and may take. */
  usageOf({ userId }: Pick<Principal, 'userId'>): Promise<UsageView> {
    return this.quota.usageOf(userId);
  }

  /** Checks no access. @throws DomainError NOT_FOUND */
  async find(id: string): Promise<AttachmentRow> {
    const row = await this.repository.find(id);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return row;
  }

  /** Within the caller's transaction: files that outlive their message, for as long as this keeper wants them. */
  keep(transaction: Transaction, keeperId: string, ids: readonly string[]): Promise<void> {
    return this.repository.keep(transaction, keeperId, ids);
  }

  /** Within the caller's transaction. Once it is committed, `sweep` removes what no message has any more. */
  giveUpKept(transaction: Transaction, keeperIds: readonly string[]): Promise<void> {
    return this.repository.giveUpKept(transaction, keeperIds);
  }

  /** What a keeper keeps, by id. Checks no access. */
  async keptBy(keeperId: string): Promise<ReadonlyMap<string, AttachmentRow>> {
    return new Map((await this.repository.keptBy(keeperId)).map((row) => [row.id, row]));
  }

  view(file: StoredFile): AttachmentView {
    return this.links.view(storedFile(file));
  }

  /**
   * Within the transaction that changes somebody's picture: what it becomes; undefined where it stays.
   * @param currentId the upload that is the picture now: naming it again changes nothing
   * @throws DomainError VALIDATION_FAILED unless an `avatarId` is an image of the caller's own that nothing uses yet.
   */
  async chosenAvatar(
    transaction: Transaction,
    { userId }: Principal,
    { avatarId, avatarUrl }: AvatarChoice,
    currentId: string | null,
  ): Promise<Avatar | undefined> {
    if (avatarId !== undefined && avatarId === currentId) return undefined;
    if (avatarId === undefined) return avatarUrl === undefined ? undefined : { avatarId: null, avatarUrl };
    if (!(await this.repository.lockUnusedImage(transaction, avatarId, userId)))
      throw invalidField('avatarId', 'avatarId must be an unused image of your own');
    return { avatarId, avatarUrl: null };
  }

  /** The bytes of one variant, and how many the file has. */
  async read(id: string, variant: Variant, range?: ByteRange): Promise<Readable> {
    const stream = await this.failures.guarded(() => this.store.read(blobKey(id, variant), range));
    if (stream === undefined) throw new DomainError('NOT_FOUND');
    return stream;
  }

  async sizeOf(row: AttachmentRow, variant: Variant): Promise<number> {
    const size =
      variant === 'original'
        ? row.size
        : await this.failures.guarded(() => this.store.sizeOf(blobKey(row.id, variant)));
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

  /** A page of what a user uploaded, by id, with URLs to fetch it from. */
  async export(ownerId: string, after: string, limit: number): Promise<{ id: string }[]> {
    const rows = await this.repository.export(ownerId, after, limit);
    return rows.map((row) => ({ ...row, url: row.state === 'READY' ? this.links.urlOf(row.id, 'original') : null }));
  }

  /** Removes soon what is to be deleted. */
  sweep(): void {
    this.sweeper.soon();
  }

  private async takeAnnounced(
    id: string,
    principal: Principal,
    { size, ...hints }: AnnouncedUpload,
  ): Promise<AttachmentView> {
    const stream = await this.store.read(announcedKey(id));
    if (stream === undefined) throw new DomainError('UPLOAD_INCOMPLETE');
    const file = await this.spool.take(stream);
    try {
      // The store takes no other size than the announced one: a file that comes out of it shorter broke off on its way.
      if (file.size !== size && (await this.store.sizeOf(announcedKey(id))) === size)
        throw new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS });
      if (file.size !== size) throw invalidField('size', `${size} bytes were announced, and ${file.size} came`);
      await this.limiter.consume('uploadedMegabytes', principal.userId, Math.ceil(file.size / MEGABYTE));
      return await this.keeper.putIntoStore(id, principal, file, hints);
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
    request: IncomingBody,
    reservation: Reservation,
  ): Promise<{ file: SpooledFile; name: string | undefined; fields: ReadonlyMap<string, string> }> {
    const advance = megabytes(announcedBytes(request) ?? 0);
    await this.limiter.consume('uploadedMegabytes', userId, advance);
    let received = 0;
    const settle = async (): Promise<void> => {
      const more = megabytes(received) - advance;
      if (more > 0) await this.limiter.consume('uploadedMegabytes', userId, more);
      else await this.limiter.restore('uploadedMegabytes', userId, -more);
    };
    const { result: taken, fields } = await receiveFile(request, {
      largest: maxUploadBytes(this.configuration),
      now: () => this.clock.now(),
      paceCheckMs: this.configuration.timings.uploadPaceCheckMs,
      fieldNames: UPLOAD_FIELDS,
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
    return { ...taken, fields };
  }
}

/** Of the file in a form of so many bytes, at least. */
function fileBytes(announced: number | undefined): number {
  return Math.max(0, (announced ?? 0) - MULTIPART_OVERHEAD);
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}

function storedFile(row: StoredFile): StoredFile {
  const { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform } = row;
  const { voice, animated, hasPoster } = row;
  return { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform, voice, animated, hasPoster };
}
