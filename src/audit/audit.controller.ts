import { Readable } from 'node:stream';
import { Controller, Get, Ip, Query, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Page } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { RequireRole } from '../http/decorators/require-role.decorator.js';
import { RateLimit } from '../limits/rates/rate-limit.guard.js';
import { Gated } from '../limits/gate.interceptor.js';
import { Audit } from './audit.js';
import { AuditEntryView } from './audit.view.js';
import { AuditExportQuery, AuditQuery } from './dto/audit.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('ADMIN')
@Controller('admin/audit')
export class AuditController {
  constructor(private readonly audit: Audit) {}

  /** Lists what moderators, administrators and operators did, the newest first. */
  @Get()
  @ApiPage(AuditEntryView)
  @ApiErrors('NOT_FOUND')
  list(@Query() query: AuditQuery): Promise<Page<AuditEntryView>> {
    return this.audit.list(query);
  }

  /** All of a selection as a file: CSV with a line of names, or one JSON object a line. The newest first. */
  @Get('export')
  @RateLimit('exports')
  @ApiOkResponse({
    content: { 'text/csv': { schema: { type: 'string' } }, 'application/jsonl': { schema: { type: 'string' } } },
  })
  @ApiErrors('NOT_FOUND')
  async export(
    @CurrentPrincipal() principal: Principal,
    @Query() query: AuditExportQuery,
    @Ip() ip?: string,
  ): Promise<StreamableFile> {
    const file = new StreamableFile(Readable.from(await this.audit.export(principal, query, ip)), {
      type: query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8',
      disposition: `attachment; filename="audit.${query.format}"`,
    });
    // What broke off must not look whole.
    return file.setErrorHandler((_, response) => (response as unknown as Response).destroy());
  }
}
