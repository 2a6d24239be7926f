import { Controller, Get, Ip, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { VARIANTS } from '../../attachments/attachment.js';
import { ApiFile } from '../../attachments/serving/api-file.decorator.js';
import { AttachmentServing } from '../../attachments/serving/attachment-serving.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { ReportsService } from './reports.service.js';

/** Files of reports. Not gated as other reads are: who takes one slowly would hold a turn of them. */
@ApiTags('admin')
@ApiBearerAuth()
@RequireRole('MODERATOR')
@Controller('admin/reports/:id/attachments')
export class ReportFilesController {
  constructor(
    private readonly reports: ReportsService,
    private readonly serving: AttachmentServing,
  ) {}

  /**
   * A file of a message that the report's copy holds, for as long as the copy is kept and whatever became of the message. Ranges,
   * conditions and HEAD are supported.
   */
  @Get(':attachmentId/:variant')
  @ApiParam({ name: 'variant', enum: VARIANTS })
  @ApiFile()
  @ApiErrors('NOT_FOUND')
  async file(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('attachmentId', IdPipe) attachmentId: string,
    @Param('variant') name: string,
    @Req() request: Request,
    @Res() response: Response,
    @Ip() ipAddress?: string,
  ): Promise<void> {
    const variant = VARIANTS.find((known) => known === name);
    if (variant === undefined) throw new DomainError('NOT_FOUND');
    const file = await this.reports.file(principal, ipAddress, id, attachmentId);
    // Evidence is in no cache, whoever uses the machine next.
    await this.serving.serve(file, variant, 'private, no-store', request, response);
  }
}
