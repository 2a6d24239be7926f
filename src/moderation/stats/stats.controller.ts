import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { Stats } from './stats.service.js';
import { StatsView } from './stats.view.js';

@ApiTags('admin')
@ApiBearerAuth()
@RequireRole('MODERATOR')
@Controller('admin/stats')
export class StatsController {
  constructor(private readonly stats: Stats) {}

  /** Counts what there is. */
  @Get()
  @ApiErrors('NOT_FOUND')
  get(): Promise<StatsView> {
    return this.stats.get();
  }
}
