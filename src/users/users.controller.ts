import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { UsageView } from '../views/attachments.view.js';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../http/decorators/key-scope.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import type { Page } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../http/decorators/api-page.decorator.js';
import { RateLimit } from '../limits/rates/rate-limit.guard.js';
import { UpdateProfile, UserSearch } from './dto/users.dto.js';
import { UsersService } from './users.service.js';
import { OwnUserView, UserView } from '../views/users.view.js';
import { Gated } from '../limits/gate.interceptor.js';

@ApiTags('users')
@ApiBearerAuth()
@Gated()
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** The caller's own profile. */
  @Get('me')
  @ApiOkResponse({ type: OwnUserView })
  @KeyScope('users:read')
  own(@CurrentPrincipal() principal: Principal): Promise<OwnUserView> {
    return this.users.requireOwn(principal);
  }

  /** What the caller's files take, and may take. */
  @Get('me/usage')
  @ApiOkResponse({ type: UsageView })
  @KeyScope('users:read')
  usage(@CurrentPrincipal() principal: Principal): Promise<UsageView> {
    return this.users.usage(principal);
  }

  /** Changes the caller's own profile. */
  @Patch('me')
  @ApiOkResponse({ type: OwnUserView })
  @ApiErrors('USERNAME_TAKEN')
  @KeyScope('users:write')
  update(@CurrentPrincipal() principal: Principal, @Body() changes: UpdateProfile): Promise<OwnUserView> {
    return this.users.update(principal, changes);
  }

  /**
   * Finds other users by how their username or display name begins, in the order of usernames; before all of them the one whose
   * username is exactly that.
   */
  @Get()
  @RateLimit('search')
  @ApiPage(UserView)
  @KeyScope('users:read')
  search(@CurrentPrincipal() principal: Principal, @Query() query: UserSearch): Promise<Page<UserView>> {
    return this.users.search(principal, query);
  }

  /** One user's profile; 404 also of somebody who blocked the caller. */
  @Get(':id')
  @ApiOkResponse({ type: UserView })
  @ApiErrors('NOT_FOUND')
  @KeyScope('users:read')
  get(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) userId: string): Promise<UserView> {
    return this.users.get(principal, userId);
  }
}
