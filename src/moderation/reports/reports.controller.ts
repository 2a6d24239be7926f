import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { CreateReportDto } from './dto/reports.dto.js';
import { ReportsService } from './reports.service.js';
import { ReportReceiptView } from './reports.view.js';

@ApiTags('reports')
@ApiBearerAuth()
@Controller('reports')
export class ReportsController {
  constructor(private readonly reports: ReportsService) {}

  /**
   * Reports a message, a user or a conversation to the server's moderators, who see it with a copy of what the reporter sees now.
   * The one reported learns nothing of it. Again, while the first is open: 200 with that one.
   */
  @Post()
  @HttpCode(201)
  @RateLimit('reports')
  @ApiCreatedResponse({ type: ReportReceiptView })
  @ApiOkResponse({ type: ReportReceiptView, description: 'It was reported before, and nobody has decided yet.' })
  @ApiErrors('NOT_FOUND', 'CANNOT_REPORT_SELF', 'MESSAGE_DELETED', 'FORBIDDEN')
  async report(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateReportDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportReceiptView> {
    const { receipt, isNew } = await this.reports.report(principal, body);
    if (!isNew) response.status(200);
    return receipt;
  }
}
