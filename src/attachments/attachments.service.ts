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
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { AttachmentLinks } from './serving/attachment-urls.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { type StoredFile, type Variant } from './attachment.js';
import { type AnnouncedUpload, type AttachmentRow, AttachmentsRepository } from './attachments.repository.js';
import type { AttachmentView, PresignedUploadView } from './attachments.view.js';
import { announcedKey, blobKey } from './store/blob-keys.js';
import { Scanner } from './scanning/scanner.js';
import { BlobStore, type ByteRange } from './store/blob-store.js';
import type { AnnounceUpload } from './dto/attachments.dto.js';
import { safeFileName } from './uploads/file-name.js';
import { MediaProcessor } from './media/media-processor.js';
import type { ProcessedImage } from './media/media-job.js';
import { announcedBytes, receiveFile } from './uploads/multipart.js';
import { Spool, type SpooledFile } from './uploads/spool.js';
import { uploadFields, type UploadHints } from './uploads/upload-fields.js';
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

/** What nothing is known of besides its bytes. */
const PLAIN = {
  ...{ width: null, height: null, blurhash: null, durationMs: null, waveform: null },
  ...{ voice: false, animated: false, hasPoster: false },
};

/** What a file is called, and what its sender says of it. */
interface NamedUpload extends UploadHints {
  name: string | undefined;
}

/** Whose a file becomes. */
type Owner = Pick<Principal, 'userId'>;

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
    private readonly media: MediaProcessor,
    private readonly scanner: Scanner,
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
  async upload(principal: Principal, ipAddress: string | undefined, request: IncomingMessage): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.guarded(() =>
      this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
        await this.limiter.consume('uploads', principal.userId);
        const { file, name, fields } = await this.receive(principal, request, reservation);
        try {
          const { posterFor, ...hints } = uploadFields(fields);
          if (posterFor !== null) return await this.keepPoster(posterFor, principal, file);
          const id = newId();
          await this.repository.begin(id, principal.userId, safeFileName(name, undefined));
          return await this.keep(id, principal, file, { name, ...hints });
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
  async announce(principal: Principal, upload: AnnounceUpload): Promise<PresignedUploadView> {
    const { name, size, mimeType, voice, waveform } = upload;
    const limits = Object.values(this.configuration.uploadLimits);
    if (size > Math.max(...limits)) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.limiter.consume('uploads', principal.userId);
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
        if (
          error instanceof DomainError &&
          ['INVALID', 'TOO_LARGE', 'UNSUPPORTED', 'UNPROCESSABLE'].includes(error.category)
        )
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
          await this.keep(id, { userId: ownerId }, file, {
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
      return await this.putIntoStore(id, principal, file, hints);
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

  /** From a file on this disk to files in the store. Whatever goes wrong, nothing of it stays. */
  private async keep(id: string, { userId }: Owner, file: SpooledFile, named: NamedUpload): Promise<AttachmentView> {
    try {
      return await this.putIntoStore(id, { userId }, file, named);
    } catch (error) {
      // Only the row says what may be removed: where it cannot be reached, it may be READY, and the sweep decides later.
      await this.giveUp(id, userId).catch((failure: unknown) =>
        this.logger.warn(`attachment ${id} is left to the sweep: ${(failure as Error).message}`),
      );
      throw error;
    }
  }

  private async putIntoStore(
    id: string,
    { userId }: Owner,
    file: SpooledFile,
    named: NamedUpload,
  ): Promise<AttachmentView> {
    await this.scanner.requireClean(userId, file);
    const stored = await this.stored(id, userId, file, named);
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

  private async stored(id: string, ownerId: string, file: SpooledFile, named: NamedUpload): Promise<StoredFile> {
    switch (file.type.kind) {
      case 'IMAGE':
        return this.keepImage(id, ownerId, file, named);
      case 'VIDEO':
      case 'AUDIO':
        return this.keepRecording(id, ownerId, file, named);
      case 'FILE': {
        const { mimeType, extension } = file.type;
        await this.store.put(blobKey(id, 'original'), file.path, mimeType);
        return { ...PLAIN, id, kind: 'FILE', mimeType, size: file.size, name: safeFileName(named.name, extension) };
      }
    }
  }

  private async keepRecording(
    id: string,
    ownerId: string,
    { path: input, size: given, type }: SpooledFile,
    { name, voice, waveform }: NamedUpload,
  ): Promise<StoredFile> {
    const output = await this.spool.newPath();
    try {
      const { path, extension, ...recording } = await this.media.processRecording(ownerId, { input, output, ...type });
      // Only its description says what it is, and so how large it may be.
      if (given > this.configuration.uploadLimits[recording.kind]) throw new DomainError('PAYLOAD_TOO_LARGE');
      await this.store.put(blobKey(id, 'original'), path, recording.mimeType);
      const isSound = recording.kind === 'AUDIO';
      return {
        ...PLAIN,
        ...recording,
        id,
        name: safeFileName(name, extension),
        voice: isSound && voice,
        waveform: isSound ? (waveform ?? recording.waveform) : null,
      };
    } finally {
      await this.spool.discard([output]);
    }
  }

  private async keepImage(id: string, ownerId: string, file: SpooledFile, { name }: NamedUpload): Promise<StoredFile> {
    return this.withPictures(ownerId, file, async ({ extension, ...image }, { output, ...thumbnails }) => {
      await this.putThumbnails(id, thumbnails);
      await this.store.put(blobKey(id, 'original'), output, image.mimeType);
      return { ...PLAIN, ...image, id, kind: 'IMAGE', name: safeFileName(name, extension) };
    });
  }

  /**
   * Makes an image a film's poster. Its pictures lie under the film's id: whatever becomes of the film, they go with it.
   * @throws DomainError VALIDATION_FAILED unless the film is an own one, without a poster, that no message uses.
   */
  private async keepPoster(filmId: string, { userId }: Principal, file: SpooledFile): Promise<AttachmentView> {
    if (file.type.kind !== 'IMAGE') throw invalidField('file', 'a poster must be an image');
    if (!(await this.repository.mayHavePoster(filmId, userId))) throw noPosterFor();
    await this.scanner.requireClean(userId, file);
    return this.withPictures(userId, file, async ({ blurhash }, thumbnails) => {
      await this.putThumbnails(filmId, thumbnails);
      const film = await this.repository.setPoster(filmId, userId, blurhash);
      if (film !== undefined) return this.view(film);
      // Deleted meanwhile, perhaps swept: what was put there since would stay for ever.
      if ((await this.repository.find(filmId)) === undefined) await this.giveUp(filmId, userId);
      throw noPosterFor();
    });
  }

  /** Runs `keep` with what becomes of an image, in files that are gone afterwards. */
  private async withPictures<Result>(
    ownerId: string,
    { path: input }: SpooledFile,
    keep: (image: ProcessedImage, paths: { output: string; small: string; large: string }) => Promise<Result>,
  ): Promise<Result> {
    const paths: string[] = [];
    try {
      const output = await this.spool.newPath();
      const small = await this.spool.newPath();
      const large = await this.spool.newPath();
      paths.push(output, small, large);
      const thumbnails = { 320: small, 1280: large };
      const image = await this.media.processImage(ownerId, { input, output, thumbnails });
      return await keep(image, { output, small, large });
    } finally {
      await this.spool.discard(paths);
    }
  }

  private async putThumbnails(id: string, { small, large }: { small: string; large: string }): Promise<void> {
    await this.store.put(blobKey(id, '320'), small, 'image/webp');
    await this.store.put(blobKey(id, '1280'), large, 'image/webp');
  }

  private async giveUp(id: string, ownerId: string): Promise<void> {
    await this.repository.doom(id, ownerId);
    this.sweeper.soon();
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}

function noPosterFor(): DomainError {
  return invalidField('posterFor', 'posterFor must name a film of your own without a poster that no message uses yet');
}

function storedFile(row: StoredFile): StoredFile {
  const { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform } = row;
  const { voice, animated, hasPoster } = row;
  return { id, kind, mimeType, size, name, width, height, blurhash, durationMs, waveform, voice, animated, hasPoster };
}
