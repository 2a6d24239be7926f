import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import { type Page, PageQuery } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../http/decorators/api-page.decorator.js';
import { UserView } from '../views/users.view.js';
import { AcceptedFriendRequestView } from './requests/accepted-friend-request.view.js';
import { ListFriendRequestsQuery } from './dto/list-friend-requests.dto.js';
import { SendFriendRequestDto } from './dto/send-friend-request.dto.js';
import { FriendRequestsService } from './requests/friend-requests.service.js';
import { FriendRequestItemView, FriendRequestView } from '../views/friends.view.js';
import { FriendshipsService } from './friendships.service.js';
import { Gated } from '../limits/gate.interceptor.js';

@ApiTags('Friends')
@ApiBearerAuth()
@Gated()
@Controller('friends')
export class FriendsController {
  constructor(
    private readonly requests: FriendRequestsService,
    private readonly friendships: FriendshipsService,
  ) {}

  /** Asks a user to be friends; accepts, where that user has asked already. */
  @Post('requests')
  @ApiCreatedResponse({ type: FriendRequestView, description: 'The request, pending.' })
  @ApiOkResponse({ type: FriendRequestView, description: "The other side's request, accepted: it had asked already." })
  @ApiErrors('CANNOT_BEFRIEND_SELF', 'NOT_FOUND', 'REQUEST_EXISTS', 'ALREADY_FRIENDS')
  async send(
    @CurrentPrincipal() principal: Principal,
    @Body() body: SendFriendRequestDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FriendRequestView> {
    const request = await this.requests.send(principal, body.userId);
    response.status(request.status === 'ACCEPTED' ? HttpStatus.OK : HttpStatus.CREATED);
    return request;
  }

  /** Lists the caller's requests, newest first. */
  @Get('requests')
  @ApiPage(FriendRequestItemView)
  listRequests(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ListFriendRequestsQuery,
  ): Promise<Page<FriendRequestItemView>> {
    return this.requests.list(principal, query);
  }

  /** Accepts a request that the caller received, and opens the direct conversation. */
  @Post('requests/:id/accept')
  @HttpCode(HttpStatus.OK)
  @ApiOkResponse({ type: AcceptedFriendRequestView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'REQUEST_NOT_PENDING')
  accept(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
  ): Promise<AcceptedFriendRequestView> {
    return this.requests.accept(principal, id);
  }

  /** Rejects a request that the caller received. */
  @Post('requests/:id/reject')
  @HttpCode(HttpStatus.OK)
  @ApiOkResponse({ type: FriendRequestView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'REQUEST_NOT_PENDING')
  reject(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<FriendRequestView> {
    return this.requests.reject(principal, id);
  }

  /** Withdraws a request that the caller sent. */
  @Delete('requests/:id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'REQUEST_NOT_PENDING')
  cancel(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<void> {
    return this.requests.cancel(principal, id);
  }

  /** Lists the caller's friends, the newest friendship first. */
  @Get()
  @ApiPage(UserView)
  list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<Page<UserView>> {
    return this.friendships.list(principal, query);
  }

  /** Ends a friendship. */
  @Delete(':userId')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  remove(@CurrentPrincipal() principal: Principal, @Param('userId', IdPipe) userId: string): Promise<void> {
    return this.friendships.remove(principal, userId);
  }
}
