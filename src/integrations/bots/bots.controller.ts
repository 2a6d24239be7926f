import { Body, Controller, Get, Ip, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { type Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../../http/decorators/key-scope.decorator.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { UserView } from '../../views/users.view.js';
import { Bots } from './bots.js';
import { CreateBotDto } from './dto/bots.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('ADMIN')
@Controller('admin/bots')
export class BotsController {
  constructor(private readonly bots: Bots) {}

  /** Makes a user that cannot log in. API keys act as it: its id goes into `X-Act-As`. */
  @Post()
  @KeyScope('users:write', 'maker')
  @ApiCreatedResponse({ type: UserView })
  @ApiErrors('NOT_FOUND', 'USERNAME_TAKEN', 'LIMIT_REACHED')
  create(@CurrentPrincipal() principal: Principal, @Body() body: CreateBotDto, @Ip() ip?: string): Promise<UserView> {
    return this.bots.create(principal, body, ip);
  }

  /** The bots that there are, the newest first. */
  @Get()
  @KeyScope('users:read', 'maker')
  @ApiPage(UserView)
  @ApiErrors('NOT_FOUND')
  list(@Query() query: PageQuery): Promise<Page<UserView>> {
    return this.bots.list(query);
  }
}
