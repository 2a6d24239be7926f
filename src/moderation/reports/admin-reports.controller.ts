import { Body, Controller, Get, HttpCode, Ip, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Page } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { ReportsQuery, ResolveReportDto } from './dto/reports.dto.js';
import { ReportResolutions } from './report-resolutions.js';
import { ReportsService } from './reports.service.js';
import { ReportView, WholeReportView } from './reports.view.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('MODERATOR')
@Controller('admin/reports')
export class AdminReportsController {
  constructor(
    private readonly reports: ReportsService,
    private readonly resolutions: ReportResolutions,
  ) {}

  /** Lists reports: those that are open with the oldest first, all others with the newest first. None that is about the caller. */
  @Get()
  @ApiPage(ReportView)
  @ApiErrors('NOT_FOUND')
  list(@CurrentPrincipal() principal: Principal, @Query() query: ReportsQuery): Promise<Page<ReportView>> {
    return this.reports.list(principal, query);
  }

  /** One report, with the copy of what it is about. The audit log has who read it, once an hour. */
  @Get(':id')
  @ApiErrors('NOT_FOUND')
  whole(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Ip() ipAddress?: string,
  ): Promise<WholeReportView> {
    return this.reports.read(principal, ipAddress, id);
  }

  /** Decides a report. What acts settles all open reports of the same, a dismissal this one alone. */
  @Post(':id/resolve')
  @HttpCode(200)
  @RateLimit('moderation')
  @ApiOkResponse({ type: WholeReportView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'REPORT_RESOLVED')
  async resolve(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: ResolveReportDto,
    @Ip() ipAddress?: string,
  ): Promise<WholeReportView> {
    await this.resolutions.resolve(principal, ipAddress, id, body);
    return this.reports.whole(principal, id);
  }
}
