import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { AttachmentsService } from '../attachments.service.js';
import type { AttachmentView } from '../../views/attachments.view.js';
import { SNIFFED_BYTES } from '../media/media-type.js';
import { safeFileName } from '../uploads/file-name.js';
import { announcedBytes, type IncomingBody } from '../uploads/receiving/incoming-body.js';
import { StoreFailures } from '../uploads/store-failures.js';
import { type Reservation, UploadAdmission } from '../uploads/upload-admission.js';
import { appendBody } from './append-body.js';
import { PartialFiles } from './partial-files.js';
import { type ResumableUpload, ResumableUploadsRepository } from './resumable-uploads.repository.js';
import type { Announcement } from './tus-headers.js';
import { UploadAllowance } from './upload-allowance.js';
import { isFaultOfFile, UploadCompletion } from './upload-completion.js';
import { UploadHolds } from './upload-holds.js';
import { PENDING_DELETION } from '../attachment-state.js';

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

/**
 * Uploads in as many requests as it takes (docs/adr/0024). Their rows are there before their files; a file grows at its end,
 * by one request at a time; with its last byte it takes the way of every other upload: spool, scanner, decoder, store.
 *
 * As long as that has not succeeded, the offset is one byte short of the end: whoever asks sends the last byte again, and so
 * asks for the rest to be done. Nothing is lost where an answer was, and nothing says "complete" that is not.
 */
@Injectable()
export class ResumableUploads {
  constructor(
    private readonly repository: ResumableUploadsRepository,
    private readonly attachments: AttachmentsService,
    private readonly files: PartialFiles,
    private readonly admission: UploadAdmission,
    private readonly allowance: UploadAllowance,
    private readonly holds: UploadHolds,
    private readonly completion: UploadCompletion,
    private readonly failures: StoreFailures,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  /** Bytes of one upload at the most. */
  get maxSize(): number {
    return this.allowance.maxSize;
  }

  /** @throws DomainError QUOTA_EXCEEDED, RATE_LIMITED; OVERLOADED where too much is unfinished, of the user's own or at all. */
  async begin({ userId }: Principal, { name, ...announced }: Announcement): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      const upload = { ...announced, id: newId(), ownerId: userId, name: safeFileName(name, undefined) };
      const expiresAt = await this.allowance.begin(userId, upload.size, (bounds) =>
        this.repository.begin(upload, bounds),
      );
      return { id: upload.id, offset: 0, size: upload.size, metadata: upload.metadata, expiresAt, attachment: null };
    });
  }

  /**
   * How far it is. A client that asks in order to go on has lost its connection: what that one still brings is not waited for.
   * @throws DomainError NOT_FOUND, UPLOAD_EXPIRED.
   */
  async progress({ userId }: Principal, id: string, { goesOn }: { goesOn: boolean }): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      const found = await this.require(id, userId);
      if (found.state === 'READY') return this.finished(found, await this.viewOf(found));
      if (goesOn) await this.holds.interrupt(id);
      const offset = await this.offsetOf(found);
      // It may have been finished or ended while its last request was waited for. Its file goes after that: where there is none, only
      // the row as it is since says why.
      const upload = goesOn || offset === 0 ? await this.require(id, userId) : found;
      if (upload.state === 'READY') return this.finished(upload, await this.viewOf(upload));
      return { ...upload, offset, attachment: null };
    });
  }

  /**
   * Writes what a request brings at the end of what is there. An upload that another request is at is taken from it: what that
   * one wrote stays, and the offset says so. With the last byte the upload is complete; a repeat answers the same again.
   * @param body `offset` is read once it is known that there is such an upload
   * @throws DomainError NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_OFFSET_MISMATCH, UPLOAD_LOCKED where another process is at it,
   *   OVERLOADED where there is no room for what it brings, and as an upload in one piece.
   */
  async append(
    { userId }: Principal,
    ipAddress: string | undefined,
    id: string,
    body: { request: IncomingBody; offset: () => number },
  ): Promise<UploadProgress> {
    return this.failures.guarded(async () => {
      await this.allowance.append(userId);
      const upload = await this.require(id, userId);
      const { request } = body;
      const offset = body.offset();
      if (upload.state === 'READY') return this.repeated(upload, offset, () => this.viewOf(upload));
      for (let other = this.holds.interrupt(id); other !== undefined; other = this.holds.interrupt(id)) await other;
      // Without a pause from here until it is a transfer itself: of several that waited, one is next.
      const completion = this.holds.completionOf(id);
      if (completion !== undefined) return this.repeated(upload, offset, () => completion);
      const uploader = { userId, ipAddress: ipAddressKey(ipAddress) };
      return this.holds.transferring(id, (signal, endTransfer) =>
        this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
          const received = await this.files.sizeOf(id);
          if (received >= upload.size) await this.allowance.finishAgain(userId);
          const end = Math.min(upload.size, received + (announcedBytes(request) ?? upload.size));
          const hold = await this.holds.hold(upload, end, this.allowance.bounds);
          this.allowance.requireRoom(hold);
          const { expiresAt } = hold;
          if (expiresAt === undefined) return this.heldByAnother(upload, offset);
          try {
            await this.receive(upload, offset, request, signal);
            const size = await this.files.sizeOf(id);
            if (size < upload.size) {
              if (!(await this.holds.release(id, size))) await this.refuseLost(upload);
              return { ...upload, expiresAt, offset: size, attachment: null };
            }
            const completed = this.complete(upload, reservation);
            this.holds.beginCompletion(id, completed);
            endTransfer();
            return this.finished(upload, await completed);
          } catch (error) {
            await this.afterFailure(upload, error);
            throw error;
          } finally {
            this.holds.endCompletion(id);
          }
        }),
      );
    });
  }

  /** @throws DomainError NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_LOCKED while it is being finished; FORBIDDEN once something uses it. */
  async terminate({ userId }: Principal, id: string, check: () => void): Promise<void> {
    await this.failures.guarded(async () => {
      const upload = await this.require(id, userId);
      check();
      await this.holds.interrupt(id);
      const received = await this.files.sizeOf(id);
      const ended = await this.repository.terminate(id, this.holds.idleHolderOf(upload));
      if (ended === undefined) {
        const { state } = await this.require(id, userId);
        throw new DomainError(state === 'READY' ? 'FORBIDDEN' : 'UPLOAD_LOCKED');
      }
      // Of a complete one all came.
      if (!ended.wasComplete) await this.allowance.restore(userId, upload.size, received);
      await this.files.remove(id);
    });
  }

  private async require(id: string, userId: string): Promise<ResumableUpload> {
    const upload = await this.repository.find(id, userId);
    if (upload === undefined) throw new DomainError('NOT_FOUND');
    if (upload.state === PENDING_DELETION || upload.isExpired) throw new DomainError('UPLOAD_EXPIRED');
    return upload;
  }

  private async heldByAnother({ id, ownerId }: ResumableUpload, offset: number): Promise<UploadProgress> {
    const upload = await this.require(id, ownerId);
    if (upload.state !== 'READY') throw new DomainError('UPLOAD_LOCKED');
    return this.repeated(upload, offset, () => this.viewOf(upload));
  }

  private async complete(upload: ResumableUpload, reservation: Reservation): Promise<AttachmentView> {
    try {
      return await this.completion.complete(upload, reservation);
    } catch (error) {
      // It was in other hands by then, which may be no end of it.
      if (error instanceof DomainError && error.code === 'UPLOAD_EXPIRED') await this.refuseLost(upload);
      throw error;
    }
  }

  /**
   * Another process took it over, or it was ended, while this one stood still.
   * @throws DomainError UPLOAD_EXPIRED where it has ended, UPLOAD_LOCKED where it goes on.
   */
  private async refuseLost({ id, ownerId }: ResumableUpload): Promise<never> {
    await this.require(id, ownerId);
    throw new DomainError('UPLOAD_LOCKED');
  }

  private async receive(
    upload: ResumableUpload,
    offset: number,
    request: IncomingBody,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, size } = upload;
    requireOffset((await this.offsetOf(upload)) === offset);
    let failure: unknown;
    if ((announcedBytes(request) ?? 0) > size - offset) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.files.ensure(id);
    try {
      await appendBody(request, {
        path: this.files.pathOf(id),
        start: offset,
        room: size - offset,
        now: () => this.clock.now(),
        paceCheckMs: this.configuration.timings.uploadPaceCheckMs,
        signal,
      });
    } catch (error) {
      failure = error;
      // Of a body that is not what was announced nothing is kept. It came all the same, and may come again.
      if (error instanceof DomainError && error.code === 'PAYLOAD_TOO_LARGE') {
        const discarded = (await this.files.sizeOf(id)) - offset;
        await this.files.cut(id, offset);
        await this.allowance.chargeDiscarded(upload.ownerId, discarded);
      }
    }
    const received = await this.files.sizeOf(id);
    if (offset < SNIFFED_BYTES && received >= SNIFFED_BYTES) await this.completion.requirePossible(upload);
    // With its last byte it is whole, whatever became of the request that brought it.
    if (failure !== undefined && received < size) throw failure;
  }

  /** What is wrong with the file itself stays wrong; all else may be tried again. */
  private async afterFailure(upload: ResumableUpload, error: unknown): Promise<void> {
    const isWhole = this.holds.completionOf(upload.id) !== undefined;
    if (isWhole && isFaultOfFile(error)) return this.completion.giveUp(upload);
    // Where it cannot be released, this process may hold it again all the same, and others once this one is dead.
    await this.files
      .sizeOf(upload.id)
      .then((received) => this.holds.release(upload.id, received))
      .catch(() => undefined);
  }

  private async offsetOf({ id, size }: ResumableUpload): Promise<number> {
    return Math.min(await this.files.sizeOf(id), size - 1);
  }

  private async viewOf({ id, ownerId }: ResumableUpload): Promise<AttachmentView> {
    const [file] = await this.attachments.ofOwner(ownerId, [id]);
    if (file === undefined) throw new DomainError('UPLOAD_EXPIRED');
    return this.attachments.view(file);
  }

  /**
   * The answer to a request for the last byte of an upload that has it, or is about to be finished.
   * @param attachment is not called where the request is refused: nobody would be there for its failure.
   */
  private async repeated(
    upload: ResumableUpload,
    offset: number,
    attachment: () => Promise<AttachmentView>,
  ): Promise<UploadProgress> {
    requireOffset(offset === upload.size || offset === upload.size - 1);
    return this.finished(upload, await attachment());
  }

  private finished(upload: ResumableUpload, attachment: AttachmentView): UploadProgress {
    const { id, size, metadata, expiresAt } = upload;
    return { id, size, metadata, expiresAt, offset: size, attachment };
  }
}

function requireOffset(isRight: boolean): void {
  if (!isRight) throw new DomainError('UPLOAD_OFFSET_MISMATCH');
}
