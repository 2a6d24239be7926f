import { Body, Controller, HttpCode, Ip, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../http/decorators/key-scope.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { AttachmentView, PresignedUploadView } from '../views/attachments.view.js';
import { AnnounceUpload, UploadForm } from './dto/attachments.dto.js';
import { PresignedUploads } from './uploads/presigned-uploads.js';
import { UploadsService } from './uploads/uploads.service.js';

@ApiTags('attachments')
@ApiBearerAuth()
@KeyScope('messages:write')
@Controller('attachments')
export class AttachmentsController {
  constructor(
    private readonly uploads: UploadsService,
    private readonly presigned: PresignedUploads,
  ) {}

  /**
   * Uploads one file, to be named in `attachmentIds` of one message within a day; or, with `posterFor`, the poster of a film,
   * which is answered then.
   */
  @Post()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: UploadForm })
  @ApiCreatedResponse({ type: AttachmentView })
  @ApiErrors(
    'UNSUPPORTED_MEDIA',
    'PAYLOAD_TOO_LARGE',
    'IMAGE_TOO_LARGE',
    'INFECTED',
    'UPLOAD_EXPIRED',
    'OVERLOADED',
    'UNAVAILABLE',
  )
  upload(@CurrentPrincipal() principal: Principal, @Req() request: Request): Promise<AttachmentView> {
    return this.uploads.upload(principal, request.ip, request);
  }

  /** Where the files are kept in S3: a URL to put one file at, past this server. To be confirmed afterwards. */
  @Post('uploads')
  @ApiCreatedResponse({ type: PresignedUploadView })
  @ApiErrors('UPLOADS_NOT_PRESIGNED')
  announce(@CurrentPrincipal() principal: Principal, @Body() upload: AnnounceUpload): Promise<PresignedUploadView> {
    return this.presigned.announce(principal, upload);
  }

  /** The bytes are there: from here on it is as if they had been uploaded to this server. */
  @Post('uploads/:id/confirm')
  @HttpCode(200)
  @ApiOkResponse({ type: AttachmentView })
  @ApiErrors(
    'NOT_FOUND',
    'UPLOAD_INCOMPLETE',
    'UPLOAD_EXPIRED',
    'UNSUPPORTED_MEDIA',
    'PAYLOAD_TOO_LARGE',
    'IMAGE_TOO_LARGE',
    'INFECTED',
    'OVERLOADED',
    'UNAVAILABLE',
  )
  confirm(
    @CurrentPrincipal() principal: Principal,
    @Ip() ipAddress: string | undefined,
    @Param('id', IdPipe) id: string,
  ): Promise<AttachmentView> {
    return this.presigned.confirm(principal, ipAddress, id);
  }
}
