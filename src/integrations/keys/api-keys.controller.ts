import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Ip, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { type Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeyView, NewApiKeyView } from './api-keys.view.js';
import { CreateApiKeyDto } from './dto/api-keys.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('ADMIN')
@Controller('admin/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  /** Makes a key by which a program calls. The secret is in this answer and nowhere else. */
  @Post()
  @ApiCreatedResponse({ type: NewApiKeyView })
  @ApiErrors('NOT_FOUND', 'LIMIT_REACHED')
  create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateApiKeyDto,
    @Ip() ip?: string,
  ): Promise<NewApiKeyView> {
    return this.keys.create(principal, body, ip);
  }

  /** The keys that there are, the newest first. */
  @Get()
  @ApiPage(ApiKeyView)
  @ApiErrors('NOT_FOUND')
  list(@Query() query: PageQuery): Promise<Page<ApiKeyView>> {
    return this.keys.list(query);
  }

  /** Revokes a key: at once it is worth nothing, and the connections that it opened end. */
  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  revoke(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string, @Ip() ip?: string): Promise<void> {
    return this.keys.revoke(principal, id, ip);
  }
}
