import { Controller, Delete, Get, HttpCode, Ip, Param, Patch, Post, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../../http/decorators/key-scope.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { hasBody } from '../../http/uploads.js';
import { AttachmentView, UploadProgressView } from '../../views/attachments.view.js';
import { ResumableUploads, type UploadProgress } from './resumable-uploads.service.js';
import { announcement, bringsBytes, requireTusVersion, uploadOffset, wantsRepresentation } from './tus-headers.js';

const BYTES = { schema: { type: 'string', format: 'binary' } };
const VERSION = { name: 'Tus-Resumable', description: '`1.0.0`', schema: { type: 'string' } } as const;
const PREFER = {
  name: 'Prefer',
  description: '`return=representation`: the answer that completes the upload is the attachment, with 200.',
  required: false,
  schema: { type: 'string' },
} as const;

/** tus 1.0.0 (tus.io/protocols/resumable-upload): uploads that go on after a break. OPTIONS says what of it there is. */
@ApiTags('attachments')
@ApiBearerAuth()
@KeyScope('messages:write')
@Controller('attachments/tus')
export class TusController {
  constructor(private readonly uploads: ResumableUploads) {}

  /** Begins an upload that may come in several requests. Where it goes on is in `Location`, which ends with the attachment's id. */
  @Post()
  @ApiHeader(VERSION)
  @ApiHeader({ name: 'Upload-Length', description: 'Bytes of the file.', schema: { type: 'integer', minimum: 1 } })
  @ApiHeader({
    name: 'Upload-Metadata',
    description: '`filename`, `voice` and `waveform` (as fields of a form), with values in base64.',
    required: false,
    schema: { type: 'string' },
  })
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody({ ...BYTES, required: false })
  @ApiCreatedResponse({
    description: 'Begun; with `Upload-Offset` where bytes came along.',
    headers: { Location: { schema: { type: 'string' } }, 'Upload-Expires': { schema: { type: 'string' } } },
  })
  @ApiErrors(
    'TUS_VERSION_UNSUPPORTED',
    'UNSUPPORTED_MEDIA',
    'PAYLOAD_TOO_LARGE',
    'QUOTA_EXCEEDED',
    'OVERLOADED',
    'UNAVAILABLE',
  )
  async begin(
    @CurrentPrincipal() principal: Principal,
    @Ip() ipAddress: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const { headers } = request;
    requireTusVersion(headers);
    if (hasBody(request) && !bringsBytes(headers)) throw new DomainError('UNSUPPORTED_MEDIA');
    const begun = await this.uploads.begin(principal, announcement(headers, this.uploads.maxSize));
    response.setHeader('Location', `/attachments/tus/${begun.id}`);
    const progress = bringsBytes(headers)
      ? await this.uploads
          .append(principal, ipAddress, begun.id, { request, offset: () => 0 })
          .catch((error: unknown) => this.begunAllTheSame(principal, begun, error))
      : begun;
    showProgress(response, progress);
  }

  /** How far an upload is; with HEAD in the headers alone, as tus has it. Once it is complete: the attachment. */
  @Get(':id')
  @ApiOkResponse({
    type: UploadProgressView,
    headers: {
      'Upload-Offset': { schema: { type: 'integer' } },
      'Upload-Length': { schema: { type: 'integer' } },
      'Upload-Metadata': { schema: { type: 'string' } },
      'Upload-Expires': { schema: { type: 'string' } },
    },
  })
  @ApiErrors('NOT_FOUND', 'UPLOAD_EXPIRED', 'TUS_VERSION_UNSUPPORTED', 'UNAVAILABLE')
  async progress(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UploadProgressView> {
    const isHead = request.method === 'HEAD';
    if (isHead) requireTusVersion(request.headers);
    const progress = await this.uploads.progress(principal, id, { goesOn: isHead });
    const { offset, size, expiresAt, attachment, metadata } = progress;
    showProgress(response, progress);
    response.setHeader('Upload-Length', size);
    if (metadata !== null) response.setHeader('Upload-Metadata', metadata);
    return { id, offset, size, expiresAt: attachment === null ? expiresAt.toISOString() : null, attachment };
  }

  /** Brings the next bytes. With the last ones the file is an attachment, and the answer waits until it is. */
  @Patch(':id')
  @HttpCode(204)
  @ApiHeader(VERSION)
  @ApiHeader({
    name: 'Upload-Offset',
    description: 'How many bytes the server has.',
    schema: { type: 'integer', minimum: 0 },
  })
  @ApiHeader(PREFER)
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody(BYTES)
  @ApiNoContentResponse({
    description: 'The bytes are kept.',
    headers: { 'Upload-Offset': { schema: { type: 'integer' } }, 'Upload-Expires': { schema: { type: 'string' } } },
  })
  @ApiOkResponse({ type: AttachmentView, description: 'Complete, and asked for with `Prefer: return=representation`.' })
  @ApiErrors(
    'NOT_FOUND',
    'UPLOAD_EXPIRED',
    'UPLOAD_OFFSET_MISMATCH',
    'UPLOAD_LOCKED',
    'TUS_VERSION_UNSUPPORTED',
    'UNSUPPORTED_MEDIA',
    'PAYLOAD_TOO_LARGE',
    'IMAGE_TOO_LARGE',
    'QUOTA_EXCEEDED',
    'INFECTED',
    'OVERLOADED',
    'UNAVAILABLE',
  )
  async append(
    @CurrentPrincipal() principal: Principal,
    @Ip() ipAddress: string | undefined,
    @Param('id', IdPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AttachmentView | undefined> {
    const offset = (): number => {
      requireTusVersion(request.headers);
      if (!bringsBytes(request.headers)) throw new DomainError('UNSUPPORTED_MEDIA');
      return uploadOffset(request.headers);
    };
    const progress = await this.uploads.append(principal, ipAddress, id, { request, offset });
    showProgress(response, progress);
    if (progress.attachment === null || !wantsRepresentation(request.headers)) return undefined;
    response.setHeader('Preference-Applied', 'return=representation');
    response.status(200);
    return progress.attachment;
  }

  /** Ends an upload, and removes what came of it. A complete one may be ended until something uses it. */
  @Delete(':id')
  @HttpCode(204)
  @ApiHeader(VERSION)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND', 'UPLOAD_EXPIRED', 'UPLOAD_LOCKED', 'FORBIDDEN', 'TUS_VERSION_UNSUPPORTED')
  async terminate(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Req() request: Request,
  ): Promise<void> {
    await this.uploads.terminate(principal, id, () => requireTusVersion(request.headers));
  }

  /** What came with the first request may be sent again, unless it is the file that is wrong. */
  private begunAllTheSame(principal: Principal, { id }: UploadProgress, error: unknown): Promise<UploadProgress> {
    if (error instanceof DomainError && ['LIMITED', 'UNAVAILABLE', 'LOCKED'].includes(error.category))
      return this.uploads.progress(principal, id, { goesOn: false });
    throw error;
  }
}

function showProgress(response: Response, { offset, expiresAt, attachment }: UploadProgress): void {
  response.setHeader('Upload-Offset', offset);
  if (attachment === null) response.setHeader('Upload-Expires', expiresAt.toUTCString());
}
