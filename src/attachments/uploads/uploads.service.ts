import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { maxUploadBytes, MULTIPART_OVERHEAD } from '../../http/uploads.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { AttachmentsRepository } from '../attachments.repository.js';
import type { AttachmentView } from '../../views/attachments.view.js';
import { safeFileName } from './file-name.js';
import { announcedBytes, type IncomingBody } from './receiving/incoming-body.js';
import { receiveFile } from './receiving/multipart.js';
import { Spool, type SpooledFile } from './receiving/spool.js';
import { StoreFailures } from './store-failures.js';
import { type Reservation, UploadAdmission } from './upload-admission.js';
import { UPLOAD_FIELDS, uploadFields } from './upload-fields.js';
import { UploadKeeper } from './upload-keeper.js';
import { UploadQuota } from './upload-quota.js';

/** Files whose bytes come through this server in one piece: in a form, or fetched by the server itself. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly repository: AttachmentsRepository,
    private readonly spool: Spool,
    private readonly admission: UploadAdmission,
    private readonly keeper: UploadKeeper,
    private readonly failures: StoreFailures,
    private readonly quota: UploadQuota,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Takes the file of a multipart request in.
   * @throws DomainError UNSUPPORTED_MEDIA, IMAGE_TOO_LARGE, INFECTED, PAYLOAD_TOO_LARGE, VALIDATION_FAILED, RATE_LIMITED, OVERLOADED,
   *   UPLOAD_EXPIRED where the account was deleted meanwhile, UNAVAILABLE.
   */
  async upload(principal: Principal, ipAddress: string | undefined, request: IncomingBody): Promise<AttachmentView> {
    const uploader = { userId: principal.userId, ipAddress: ipAddressKey(ipAddress) };
    return this.failures.guarded(() =>
      this.admission.admit(uploader, announcedBytes(request), async (reservation) => {
        await this.quota.begin(principal.userId, fileBytes(announcedBytes(request)));
        const { file, name, fields } = await this.receive(principal, request, reservation);
        try {
          const { posterFor, ...hints } = uploadFields(fields);
          if (posterFor !== null) return await this.keeper.keepPoster(posterFor, principal, file);
          const id = newId();
          await this.begin(id, principal.userId, safeFileName(name, undefined));
          return await this.keeper.keep(id, principal, file, { name, ...hints });
        } finally {
          await this.spool.discard([file.path]);
        }
      }),
    );
  }

  /**
   * Takes in an image that the server fetched for a user, for a message to use. One that none uses is swept after a day.
   * @throws DomainError UNSUPPORTED_MEDIA, IMAGE_TOO_LARGE, PAYLOAD_TOO_LARGE, OVERLOADED, UPLOAD_EXPIRED, UNAVAILABLE.
   */
  async keepImageOf(ownerId: string, bytes: Buffer): Promise<string> {
    const uploader = { userId: ownerId, ipAddress: 'link previews' };
    return this.failures.guarded(() =>
      this.admission.admit(uploader, bytes.length, async () => {
        const file = await this.spool.take(Readable.from([bytes]));
        try {
          if (file.type.kind !== 'IMAGE') throw new DomainError('UNSUPPORTED_MEDIA');
          const id = newId();
          await this.begin(id, ownerId, 'preview');
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

  private async begin(id: string, ownerId: string, name: string): Promise<void> {
    if (!(await this.repository.begin(id, ownerId, name))) throw new DomainError('UPLOAD_EXPIRED');
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
    const announced = announcedBytes(request) ?? 0;
    await this.quota.charge(userId, announced);
    let received = 0;
    const settle = (): Promise<void> => this.quota.settle(userId, announced, received);
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
      await settle().catch(() => undefined);
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
