import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Page } from '../common/pagination.js';
import { ApiErrors } from '../docs/api-errors.decorator.js';
import { ApiPage } from '../docs/api-page.decorator.js';
import { RequireRole } from '../http/require-role.decorator.js';
import { GatedReads } from '../limits/reads/read-gate.interceptor.js';
import { Audit } from './audit.js';
import { AuditEntryView } from './audit.view.js';
import { AuditQuery } from './dto/audit.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@GatedReads()
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
}
