import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { DomainError, domainErrorOf, invalidField } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import type { StoredFile } from '../attachment.js';
import { AttachmentSweeper } from '../attachment-sweeper.js';
import { AttachmentsRepository, type Completion } from '../attachments.repository.js';
import type { AttachmentView } from '../../views/attachments.view.js';
import type { ProcessedImage } from '../media/media-job.js';
import { MediaProcessor } from '../media/media-processor.js';
import { Scanner } from '../scanning/scanner.js';
import { AttachmentLinks } from '../serving/attachment-urls.js';
import { blobKey } from '../store/blob-keys.js';
import { BlobStore } from '../store/blob-store.js';
import { safeFileName } from './file-name.js';
import { Spool, type SpooledFile } from './receiving/spool.js';
import { isOwnFailure } from './store-failures.js';
import type { UploadHints } from './upload-fields.js';

/** How often, and how long after the last time, an answer that was lost is asked for again. */
const COMPLETION_RETRY_MS = [100, 500, 2_000];

/** What nothing is known of besides its bytes. */
const PLAIN = {
  width: null,
  height: null,
  blurhash: null,
  durationMs: null,
  waveform: null,
  voice: false,
  animated: false,
  hasPoster: false,
};

/** What a file is called, and what its sender says of it. */
export interface NamedUpload extends UploadHints {
  name: string | undefined;
}

/** Whose a file becomes. */
export type Owner = Pick<Principal, 'userId'>;

/** Brings files from the spool into the store, whatever way they came in: scanned, decoded, cleaned, and then complete. */
@Injectable()
export class UploadKeeper {
  private readonly logger = new Logger(UploadKeeper.name);
  /** By film, in this process. */
  private readonly posters = new KeyedMutex();

  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly spool: Spool,
    private readonly media: MediaProcessor,
    private readonly scanner: Scanner,
    private readonly links: AttachmentLinks,
    private readonly sweeper: AttachmentSweeper,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Copies what came already and may be asked for again and again: no further than its beginning where it could not be
   * processed now.
   * @throws DomainError RATE_LIMITED, OVERLOADED; as `Spool.take`.
   */
  async copy({ userId }: Owner, source: Readable): Promise<SpooledFile> {
    return this.spool.take(source, async ({ kind }) => {
      if (kind !== 'FILE') await this.media.requireCapacity(userId);
    });
  }

  /** From a file on this disk to files in the store. Whatever goes wrong, nothing of it stays. */
  async keep(id: string, { userId }: Owner, file: SpooledFile, named: NamedUpload): Promise<AttachmentView> {
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

  /** @throws DomainError UPLOAD_EXPIRED where the sweep has given it up, or its owner's account was deleted; as its parts do */
  async putIntoStore(id: string, owner: Owner, file: SpooledFile, named: NamedUpload): Promise<AttachmentView> {
    try {
      return await this.storeClean(id, owner, file, named);
    } catch (error) {
      // What was put into the store may be removed from there at the same moment: that is no failure of the store.
      const isKept = (): Promise<boolean> => this.repository.isKept(id).catch(() => true);
      const known = domainErrorOf(error);
      const isGivenUp = known.code === 'UPLOAD_EXPIRED' || (isOwnFailure(known) && !(await isKept()));
      if (!isGivenUp) throw error;
      await this.sweepAgain(id, owner);
      throw new DomainError('UPLOAD_EXPIRED');
    }
  }

  /** What a process stored that stood still meanwhile lies where the sweep may have been already. */
  private async sweepAgain(id: string, { userId }: Owner): Promise<void> {
    await this.repository
      .sweepAgain(id, userId)
      .then(() => this.sweeper.soon())
      .catch((failure: unknown) =>
        this.logger.warn(`files of ${id} may stay for a day: ${(failure as Error).message}`),
      );
  }

  private async storeClean(
    id: string,
    { userId }: Owner,
    file: SpooledFile,
    named: NamedUpload,
  ): Promise<AttachmentView> {
    await this.scanner.requireClean(userId, file);
    const stored = await this.storeFile(id, userId, file, named);
    const completion = await this.complete(userId, stored);
    if (completion === 'OVER_QUOTA') throw new DomainError('QUOTA_EXCEEDED');
    if (completion === 'GIVEN_UP') throw new DomainError('UPLOAD_EXPIRED');
    return this.links.view(stored);
  }

  /** An answer that is lost says nothing of what was done: it is asked for again, which does no harm. */
  private async complete(ownerId: string, stored: StoredFile): Promise<Completion> {
    for (const pause of [...COMPLETION_RETRY_MS, undefined]) {
      try {
        return await this.repository.complete(ownerId, stored, this.configuration.uploadQuotaBytes);
      } catch (error) {
        if (pause === undefined || domainErrorOf(error).code !== 'UNAVAILABLE') throw error;
        await setTimeout(pause, undefined, { ref: false });
      }
    }
    return 'GIVEN_UP';
  }

  private async storeFile(id: string, ownerId: string, file: SpooledFile, named: NamedUpload): Promise<StoredFile> {
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
      // Only its description says what it is, and so how large it may be; what is kept of it may be larger than what came.
      if (Math.max(given, recording.size) > this.configuration.uploadLimits[recording.kind])
        throw new DomainError('PAYLOAD_TOO_LARGE');
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
  async keepPoster(filmId: string, { userId }: Principal, file: SpooledFile): Promise<AttachmentView> {
    if (file.type.kind !== 'IMAGE') throw invalidField('file', 'a poster must be an image');
    if (!(await this.repository.mayHavePoster(filmId, userId))) throw noPosterFor();
    await this.scanner.requireClean(userId, file);
    return this.withPictures(userId, file, ({ blurhash }, thumbnails) =>
      this.posters.run(filmId, async () => {
        // Of two at once the second one must not take the place of what the first one's film is shown with.
        if (!(await this.repository.mayHavePoster(filmId, userId))) throw noPosterFor();
        await this.putThumbnails(filmId, thumbnails);
        const film = await this.repository.setPoster(filmId, userId, blurhash);
        if (film !== undefined) return this.links.view(film);
        // Deleted meanwhile, perhaps swept: what was put there since would stay for ever.
        if ((await this.repository.find(filmId)) === undefined) await this.sweepAgain(filmId, { userId });
        throw noPosterFor();
      }),
    );
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

  async giveUp(id: string, ownerId: string): Promise<void> {
    await this.repository.markPendingDeletion(id, ownerId);
    this.sweeper.soon();
  }
}

function noPosterFor(): DomainError {
  return invalidField('posterFor', 'posterFor must name a film of your own without a poster that no message uses yet');
}
