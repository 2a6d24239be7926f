import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../http/decorators/key-scope.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import { type Page, PageQuery } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../http/decorators/api-page.decorator.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationView, MemberView, ReadCursorView, ReceiptView } from '../views/conversations.view.js';
import {
  AddMembersDto,
  CreateConversationDto,
  MarkReadDto,
  ReceiptsQuery,
  UpdateConversationDto,
  UpdateMemberDto,
  UpdateOwnMembershipDto,
} from './dto/conversations.dto.js';
import { Groups } from './groups/groups.js';
import { Receipts } from './receipts.js';
import { Gated, Ungated } from '../limits/gate.interceptor.js';

@ApiTags('conversations')
@ApiBearerAuth()
@ApiExtraModels(ConversationView)
@Gated()
@Controller('conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly groups: Groups,
    private readonly cursors: Receipts,
  ) {}

  /** Opens the direct conversation with a user (201, or 200 with the one that exists), or creates a group (201). */
  @Post()
  @ApiCreatedResponse({ type: ConversationView })
  @ApiOkResponse({ type: ConversationView, description: 'The direct conversation exists already.' })
  @ApiErrors('CANNOT_MESSAGE', 'CANNOT_MESSAGE_SELF', 'NOT_FOUND', 'LIMIT_REACHED')
  @KeyScope('conversations:write')
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateConversationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationView> {
    const { conversation, created } = await this.conversations.create(principal, body);
    response.status(created ? 201 : 200);
    return conversation;
  }

  /** The caller's conversations, newest activity first. */
  @Get()
  @ApiPage(ConversationView)
  @KeyScope('conversations:read')
  list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<Page<ConversationView>> {
    return this.conversations.list(principal, query);
  }

  /** One conversation. */
  @Get(':id')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  view(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<ConversationView> {
    return this.conversations.view(principal, id);
  }

  /** Changes a group's title, picture or history setting (owner and admins). */
  @Patch(':id')
  @ApiErrors('NOT_FOUND', 'NOT_A_GROUP', 'FORBIDDEN')
  @KeyScope('conversations:write')
  async update(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: UpdateConversationDto,
  ): Promise<ConversationView> {
    await this.groups.update(principal, id, body);
    return this.conversations.view(principal, id);
  }

  /** The members, those of longest standing first. */
  @Get(':id/members')
  @ApiPage(MemberView)
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  members(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Query() query: PageQuery,
  ): Promise<Page<MemberView>> {
    return this.conversations.members(principal, id, query);
  }

  /** Adds members to a group (owner and admins); those who are members already are passed over. */
  @Post(':id/members')
  @ApiErrors('NOT_FOUND', 'NOT_A_GROUP', 'FORBIDDEN', 'ALREADY_MEMBER', 'GROUP_FULL', 'LIMIT_REACHED', 'CANNOT_MESSAGE')
  @KeyScope('conversations:write')
  async addMembers(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: AddMembersDto,
  ): Promise<ConversationView> {
    await this.groups.addMembers(principal, id, body.memberIds);
    return this.conversations.view(principal, id);
  }

  /** Changes a member's role (owner only). */
  @Patch(':id/members/:userId')
  @ApiErrors('NOT_FOUND', 'NOT_A_GROUP', 'FORBIDDEN')
  @KeyScope('conversations:write')
  async updateMember(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('userId', IdPipe) userId: string,
    @Body() body: UpdateMemberDto,
  ): Promise<ConversationView> {
    await this.groups.changeRole(principal, id, userId, body.role);
    return this.conversations.view(principal, id);
  }

  /** Removes a member from a group. */
  @Delete(':id/members/:userId')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND', 'NOT_A_GROUP', 'FORBIDDEN')
  @KeyScope('conversations:write')
  removeMember(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('userId', IdPipe) userId: string,
  ): Promise<void> {
    return this.groups.removeMember(principal, id, userId);
  }

  /** Leaves a group. An owner who leaves hands it to the admin, else the member, of longest standing. */
  @Post(':id/leave')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND', 'NOT_A_GROUP')
  @KeyScope('conversations:write')
  leave(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<void> {
    return this.groups.removeMember(principal, id, principal.userId);
  }

  /** The caller's own settings: mute, archive, pin. */
  @Patch(':id/me')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:write')
  updateOwnMembership(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: UpdateOwnMembershipDto,
  ): Promise<ConversationView> {
    return this.conversations.updateOwnMembership(principal, id, body);
  }

  /** Moves the caller's read cursor forward. */
  @Post(':id/read')
  @HttpCode(200)
  @ApiErrors('NOT_FOUND')
  @KeyScope('messages:write')
  @Ungated()
  async markRead(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: MarkReadDto,
  ): Promise<ReadCursorView> {
    const { lastReadSeq } = await this.cursors.move(principal, id, 'read', body.seq);
    return { lastReadSeq };
  }

  /** Members' read and delivered cursors, in the order of the members. Of a group of up to 100, one page is all of them. */
  @Get(':id/receipts')
  @ApiPage(ReceiptView)
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  receipts(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Query() query: ReceiptsQuery,
  ): Promise<Page<ReceiptView>> {
    return this.conversations.receipts(principal, id, query);
  }
}
