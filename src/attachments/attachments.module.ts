import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { AttachmentFilesController } from './serving/attachment-files.controller.js';
import { AttachmentServing } from './serving/attachment-serving.js';
import { AttachmentLinks } from './serving/attachment-urls.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { AttachmentsController } from './attachments.controller.js';
import { AttachmentsRepository } from './attachments.repository.js';
import { AttachmentsService } from './attachments.service.js';
import { Scanner } from './scanning/scanner.js';
import { BlobStore } from './store/blob-store.js';
import { DiskBlobStore } from './store/disk-blob-store.js';
import { MediaProcessor } from './media/media-processor.js';
import { PageReader } from './previews/page-reader.js';
import { PartialFiles } from './resumable/partial-files.js';
import { ResumableUploadsRepository } from './resumable/resumable-uploads.repository.js';
import { ResumableUploads } from './resumable/resumable-uploads.service.js';
import { UploadAllowance } from './resumable/upload-allowance.js';
import { UploadCompletion } from './resumable/upload-completion.js';
import { UploadHolds } from './resumable/upload-holds.js';
import { TusController } from './resumable/tus.controller.js';
import { PresignedUploads } from './uploads/presigned-uploads.js';
import { Spool } from './uploads/receiving/spool.js';
import { StoreFailures } from './uploads/store-failures.js';
import { UploadAdmission } from './uploads/upload-admission.js';
import { UploadKeeper } from './uploads/upload-keeper.js';
import { UploadQuota } from './uploads/upload-quota.js';
import { UploadsService } from './uploads/uploads.service.js';

@Module({
  // Its paths first: of theirs one has parameters alone.
  controllers: [TusController, AttachmentsController, AttachmentFilesController],
  providers: [
    AttachmentLinks,
    AttachmentServing,
    AttachmentSweeper,
    AttachmentsRepository,
    AttachmentsService,
    MediaProcessor,
    PageReader,
    PartialFiles,
    PresignedUploads,
    ResumableUploads,
    ResumableUploadsRepository,
    Scanner,
    Spool,
    StoreFailures,
    UploadAdmission,
    UploadAllowance,
    UploadCompletion,
    UploadHolds,
    UploadKeeper,
    UploadQuota,
    UploadsService,
    {
      provide: BlobStore,
      inject: [Configuration],
      useFactory: async ({ s3, dataDirectory, timings }: Configuration): Promise<BlobStore> => {
        if (s3 === undefined) return new DiskBlobStore(join(dataDirectory, 'attachments'));
        // Loading it takes longer than all else a start loads; whoever keeps files on the disk does not wait for it.
        const { S3BlobStore } = await import('./store/s3-blob-store.js');
        return new S3BlobStore(s3, timings);
      },
    },
  ],
  exports: [AttachmentLinks, AttachmentServing, AttachmentsService, PageReader, UploadsService],
})
export class AttachmentsModule {}
