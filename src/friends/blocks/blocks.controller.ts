import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { type Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { BlocksService } from './blocks.service.js';
import { BlockUserDto } from '../dto/block-user.dto.js';
import { BlockView } from '../../views/friends.view.js';
import { Gated } from '../../limits/gate.interceptor.js';

@ApiTags('Blocks')
@ApiBearerAuth()
@Gated()
@Controller('blocks')
export class BlocksController {
  constructor(private readonly blocks: BlocksService) {}

  /** Blocks a user; ends the friendship and withdraws pending requests. Again: changes nothing. */
  @Post()
  @ApiCreatedResponse({ type: BlockView })
  @ApiErrors('CANNOT_BLOCK_SELF', 'NOT_FOUND')
  block(@CurrentPrincipal() principal: Principal, @Body() body: BlockUserDto): Promise<BlockView> {
    return this.blocks.block(principal, body.userId);
  }

  /** Lists whom the caller blocks, the newest block first. */
  @Get()
  @ApiPage(BlockView)
  list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<Page<BlockView>> {
    return this.blocks.list(principal, query);
  }

  /** Takes a block back; a friendship that it ended does not return. */
  @Delete(':userId')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  unblock(@CurrentPrincipal() principal: Principal, @Param('userId', IdPipe) userId: string): Promise<void> {
    return this.blocks.unblock(principal, userId);
  }
}
