import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DomainError } from '../../common/errors.js';
import { IdPipe } from '../../http/id.pipe.js';
import { Public } from '../../http/decorators/public.decorator.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiFile } from './api-file.decorator.js';
import { AttachmentLinks } from './attachment-urls.js';
import { VARIANTS } from '../attachment.js';
import { AttachmentsService } from '../attachments.service.js';
import { AttachmentServing } from './attachment-serving.js';
import { SignedQuery } from '../dto/attachments.dto.js';

const AVATAR_SECONDS = 365 * 24 * 3_600;

/** The bytes. No token is asked for, so that images and players can read them: the URL itself is the right to. */
@ApiTags('attachments')
@Public()
@Controller()
export class AttachmentFilesController {
  constructor(
    private readonly attachments: AttachmentsService,
    private readonly links: AttachmentLinks,
    private readonly serving: AttachmentServing,
  ) {}

  /** A file, by the signed URL that its message gives. Ranges, conditions and HEAD are supported. */
  @Get('attachments/:id/:variant')
  @ApiParam({ name: 'variant', enum: VARIANTS })
  @ApiFile()
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
    const cacheControl = `private, max-age=${this.links.secondsLeft(expires)}, immutable`;
    await this.serving.serve(row, variant, cacheControl, request, response);
  }

  /** Somebody's picture, at most 320 pixels wide and high. */
  @Get('avatars/:id')
  @ApiFile()
  @ApiErrors('NOT_FOUND')
  async avatar(@Param('id', IdPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const row = await this.attachments.find(id);
    if (!row.isAvatar) throw new DomainError('NOT_FOUND');
    const cacheControl = `public, max-age=${AVATAR_SECONDS}, immutable`;
    await this.serving.serve(row, '320', cacheControl, request, response);
  }
}
