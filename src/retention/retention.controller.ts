import { Body, Controller, Get, Ip, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import { RequireRole } from '../http/decorators/require-role.decorator.js';
import { Gated } from '../limits/gate.interceptor.js';
import { SetRetentionDto } from './dto/retention.dto.js';
import { Retention } from './retention.js';
import { RetentionView } from './retention.view.js';

@ApiTags('admin')
@ApiBearerAuth()
@RequireRole('ADMIN')
@Gated()
@Controller('admin/conversations/:id/retention')
export class RetentionController {
  constructor(private readonly retention: Retention) {}

  /** How long a conversation keeps its messages. */
  @Get()
  @ApiOkResponse({ type: RetentionView })
  @ApiErrors('NOT_FOUND')
  view(@Param('id', IdPipe) id: string): Promise<RetentionView> {
    return this.retention.view(id);
  }

  /** Sets it. What is older goes soon, and does not come back. */
  @Put()
  @ApiOkResponse({ type: RetentionView })
  @ApiErrors('NOT_FOUND')
  set(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { days }: SetRetentionDto,
    @Ip() ip?: string,
  ): Promise<RetentionView> {
    return this.retention.set(principal, id, days, ip);
  }
}
