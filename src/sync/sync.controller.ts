import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../http/decorators/key-scope.decorator.js';
import type { Principal } from '../common/access/principal.js';
import { SyncQuery } from './dto/sync.dto.js';
import { SyncService } from './sync.service.js';
import { SyncResetView, SyncView } from '../views/sync.view.js';
import { Gated } from '../limits/gate.interceptor.js';

@ApiTags('sync')
@ApiBearerAuth()
@ApiExtraModels(SyncView, SyncResetView)
@Gated()
@KeyScope('conversations:read')
@Controller('sync')
export class SyncController {
  constructor(private readonly synchronisation: SyncService) {}

  /** All that changed for the caller since the cursor; without one, its conversations and a cursor for what follows. */
  @Get()
  @ApiOkResponse({ schema: { oneOf: [{ $ref: getSchemaPath(SyncView) }, { $ref: getSchemaPath(SyncResetView) }] } })
  sync(@CurrentPrincipal() principal: Principal, @Query() query: SyncQuery): Promise<SyncView | SyncResetView> {
    return this.synchronisation.sync(principal, query);
  }
}
