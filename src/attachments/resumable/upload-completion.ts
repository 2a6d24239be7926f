import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import type { AttachmentView } from '../../views/attachments.view.js';
import { mediaType, SNIFFED_BYTES } from '../media/media-type.js';
import { Spool } from '../uploads/receiving/spool.js';
import { STORE_RETRY_MS } from '../uploads/store-failures.js';
import type { Reservation } from '../uploads/upload-admission.js';
import { UploadKeeper } from '../uploads/upload-keeper.js';
import { PartialFiles } from './partial-files.js';
import type { ResumableUpload } from './resumable-uploads.repository.js';
import { UploadAllowance } from './upload-allowance.js';

/** Makes an attachment of what came in, or gives it up. */
@Injectable()
export class UploadCompletion {
  constructor(
    private readonly files: PartialFiles,
    private readonly spool: Spool,
    private readonly keeper: UploadKeeper,
    private readonly allowance: UploadAllowance,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Once its beginning says what it is: what is too large for its kind, or of none, need not come any further.
   * @throws DomainError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA; it is given up then.
   */
  async requirePossible(upload: ResumableUpload): Promise<void> {
    try {
      const { kind } = await mediaType(await this.files.beginning(upload.id, SNIFFED_BYTES), this.configuration.heic);
      if (upload.size > this.configuration.uploadLimits[kind]) throw new DomainError('PAYLOAD_TOO_LARGE');
    } catch (error) {
      if (isFaultOfFile(error)) await this.giveUp(upload);
      throw error;
    }
  }

  /** All of its bytes are there: from here on it is an upload like any other. */
  async complete(upload: ResumableUpload, reservation: Reservation): Promise<AttachmentView> {
    const { id, ownerId, size, name, voice, waveform } = upload;
    reservation.require(size);
    const file = await this.keeper.copy({ userId: ownerId }, this.files.read(id));
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

  async giveUp({ id, ownerId, size }: ResumableUpload): Promise<void> {
    const received = await this.files.sizeOf(id);
    await this.keeper.giveUp(id, ownerId);
    await this.allowance.restore(ownerId, size, received);
    // Else the sweep does it.
    await this.files.remove(id).catch(() => undefined);
  }
}

/** What is wrong with the file itself stays wrong; all else may be tried again. */
export function isFaultOfFile(error: unknown): boolean {
  return (
    error instanceof DomainError && ['INVALID', 'TOO_LARGE', 'UNSUPPORTED', 'UNPROCESSABLE'].includes(error.category)
  );
}
