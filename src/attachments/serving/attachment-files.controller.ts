import { pipeline } from 'node:stream/promises';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import fresh from 'fresh';
import { DomainError } from '../../common/errors.js';
import { IdPipe } from '../../http/id.pipe.js';
import { Public } from '../../http/public.decorator.js';
import { ApiErrors } from '../../docs/api-errors.decorator.js';
import { AttachmentLinks } from './attachment-urls.js';
import { type Variant, VARIANTS } from '../attachment.js';
import type { AttachmentRow } from '../attachments.repository.js';
import { AttachmentsService } from '../attachments.service.js';
import { byteRange } from './byte-range.js';
import { SignedQuery } from '../dto/attachments.dto.js';
import { contentDisposition, previewName } from '../uploads/file-name.js';
import { servedType } from '../media/media-type.js';

const BINARY = { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
/** Whatever a file holds, a browser that shows it runs nothing of it and asks nobody for anything. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; frame-ancestors 'none'; sandbox";
const AVATAR_SECONDS = 365 * 24 * 3_600;

/** The bytes. No token is asked for, so that images and players can read them: the address itself is the right to. */
@ApiTags('attachments')
@Public()
@Controller()
export class AttachmentFilesController {
  constructor(
    private readonly attachments: AttachmentsService,
    private readonly links: AttachmentLinks,
  ) {}

  /** A file, by the signed address that its message gives. Ranges, conditions and HEAD are supported. */
  @Get('attachments/:id/:variant')
  @ApiParam({ name: 'variant', enum: VARIANTS })
  @ApiOkResponse(BINARY)
  @ApiErrors('NOT_FOUND', 'URL_EXPIRED')
  async file(
    @Param('id', IdPipe) id: string,
    @Param('variant') name: string,
    @Query() { expires, signature }: SignedQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const variant = VARIANTS.find((known) => known === name);
    if (variant === undefined) throw new DomainError('NOT_FOUND');
    this.links.check(id, variant, expires, signature);
    const row = await this.attachments.find(id);
    response.setHeader('Cache-Control', `private, max-age=${this.links.secondsLeft(expires)}, immutable`);
    await this.serve(row, variant, request, response);
  }

  /** Somebody's picture, at most 320 pixels wide and high. */
  @Get('avatars/:id')
  @ApiOkResponse(BINARY)
  @ApiErrors('NOT_FOUND')
  async avatar(@Param('id', IdPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const row = await this.attachments.find(id);
    if (!row.isAvatar) throw new DomainError('NOT_FOUND');
    response.setHeader('Cache-Control', `public, max-age=${AVATAR_SECONDS}, immutable`);
    await this.serve(row, '320', request, response);
  }

  private async serve(row: AttachmentRow, variant: Variant, request: Request, response: Response): Promise<void> {
    const size = await this.attachments.sizeOf(row, variant);
    const etag = `"${row.id}-${variant}"`;
    const isWhole = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
    const range = isWhole ? undefined : byteRange(request.headers.range, size);
    response.setHeader('ETag', etag);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Content-Security-Policy', FILE_POLICY);
    response.setHeader('Content-Type', variant === 'original' ? servedType(row.mimeType) : 'image/webp');
    response.setHeader(
      'Content-Disposition',
      contentDisposition(
        row.kind === 'FILE' ? 'attachment' : 'inline',
        variant === 'original' ? row.name : previewName(row.name),
      ),
    );
    // Nothing of a file ever changes: whoever has it has it as it is, even one that asks for the newest.
    const condition = { 'if-none-match': request.headers['if-none-match'] };
    if (fresh(condition, { etag })) return void response.status(304).end();
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${size}`);
      return void response.status(416).end();
    }
    if (range !== undefined)
      response.status(206).setHeader('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
    response.setHeader('Content-Length', range === undefined ? size : range.end - range.start + 1);
    if (request.method === 'HEAD') return void response.end();
    const bytes = await this.attachments.read(row.id, variant, range).catch((error: unknown) => {
      // What was said about the file must not be said about the refusal.
      for (const header of response.getHeaderNames())
        if (/^(content-|etag|accept-ranges|cache-control)/.test(header)) response.removeHeader(header);
      throw error;
    });
    // A reader that goes away in the middle is nobody's error.
    await pipeline(bytes, response).catch(() => response.destroy());
  }
}
