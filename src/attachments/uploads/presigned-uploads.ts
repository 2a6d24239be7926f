import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { type AnnouncedUpload, AttachmentsRepository } from '../attachments.repository.js';
import { AttachmentsService } from '../attachments.service.js';
import type { AttachmentView, PresignedUploadView } from '../../views/attachments.view.js';
import type { AnnounceUpload } from '../dto/attachments.dto.js';
import { announcedKey } from '../store/blob-keys.js';
import { BlobStore } from '../store/blob-store.js';
import { safeFileName } from './file-name.js';
import { Spool } from './receiving/spool.js';
import { STORE_RETRY_MS, StoreFailures } from './store-failures.js';
import { UploadAdmission } from './upload-admission.js';
import { UploadKeeper } from './upload-keeper.js';
import { UploadQuota } from './upload-quota.js';

/** For how long a client may put bytes where it was sent to. */
const PRESIGNED_SECONDS = 3_600;

/** Files that a client puts into the store by itself, past this server, and has looked at afterwards. */
@Injectable()
export class PresignedUploads {
  constructor(
    private readonly attachments: AttachmentsService,
    private readonly repository: AttachmentsRepository,
    private readonly store: BlobStore,
    private readonly spool: Spool,
    private readonly admission: UploadAdmission,
    private readonly keeper: UploadKeeper,
    private readonly failures: StoreFailures,
    private readonly quota: UploadQuota,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Answers where a client may put bytes by itself, past this server, and charges them.
   * @throws DomainError UPLOADS_NOT_PRESIGNED where the store is this server's own disk; QUOTA_EXCEEDED, RATE_LIMITED.
   */
  async announce(principal: Principal, upload: AnnounceUpload): Promise<PresignedUploadView> {
    const { name, size, mimeType, voice, waveform } = upload;
    const limits = Object.values(this.configuration.uploadLimits);
    if (size > Math.max(...limits)) throw new DomainError('PAYLOAD_TOO_LARGE');
    await this.quota.begin(principal.userId, size);
    const id = newId();
    const type = mimeType ?? 'application/octet-stream';
    const expiresAt = new Date(this.clock.now() + PRESIGNED_SECONDS * 1_000).toISOString();
    const put = await this.store.presign(announcedKey(id), size, type, PRESIGNED_SECONDS);
    if (put === undefined) throw new DomainError('UPLOADS_NOT_PRESIGNED');
    // Here and not when it is confirmed: what the store takes is paid for whether or not it ever is, and once.
    await this.quota.charge(principal.userId, size);
    await this.repository
      .announce(id, principal.userId, {
        name: safeFileName(name, undefined),
        size,
        voice: voice ?? false,
        waveform: waveform ?? null,
      })
      .catch(async (error: unknown) => {
        // Nobody learns where it could have been put.
        await this.quota.settle(principal.userId, size, 0);
        throw error;
      });
    return { id, method: 'PUT', ...put, expiresAt };
  }

  /**
   * Takes in what a client put where it was sent to. A second time it answers the same again.
   * @throws DomainError NOT_FOUND, UPLOAD_INCOMPLETE while nothing is there or it is being looked at, RATE_LIMITED, and as `upload`.
   */
  async confirm(principal: Principal, ipAddress: string | undefined, id: string): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.failures.guarded(async () => {
      await this.quota.repeat(principal.userId);
      const { processName } = this.spool;
      const announced = await this.repository.proceed(id, principal.userId, processName);
      if (announced === undefined) return this.confirmed(principal, id);
      // As long as it takes, nobody else may take it over. A renewal that fails is followed by others.
      const renewal = setInterval(
        () => void this.repository.renewStoring(id, processName).catch(() => undefined),
        this.configuration.timings.uploadRenewalMs,
      );
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
        else await this.repository.retreat(id, processName);
        throw error;
      } finally {
        clearInterval(renewal);
      }
    });
  }

  private async takeAnnounced(
    id: string,
    principal: Principal,
    { size, ...hints }: AnnouncedUpload,
  ): Promise<AttachmentView> {
    const stream = await this.store.read(announcedKey(id));
    if (stream === undefined) throw new DomainError('UPLOAD_INCOMPLETE');
    const file = await this.keeper.copy(principal, stream);
    try {
      // The store takes no other size than the announced one: a file that comes out of it shorter broke off on its way.
      if (file.size !== size && (await this.store.sizeOf(announcedKey(id))) === size)
        throw new DomainError('UNAVAILABLE', { retryAfterMs: STORE_RETRY_MS });
      if (file.size !== size) throw invalidField('size', `${size} bytes were announced, and ${file.size} came`);
      return await this.keeper.putIntoStore(id, principal, file, hints);
    } finally {
      await this.spool.discard([file.path]);
    }
  }

  private async confirmed({ userId }: Principal, id: string): Promise<AttachmentView> {
    const [row] = await this.repository.ofOwner(userId, [id]);
    if (row !== undefined) return this.attachments.view(row);
    throw new DomainError((await this.repository.isStoring(id, userId)) ? 'UPLOAD_INCOMPLETE' : 'NOT_FOUND');
  }
}
