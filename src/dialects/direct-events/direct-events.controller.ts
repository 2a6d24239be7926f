import { Controller, Delete, Get, Param, Query, UseFilters } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import type { Principal } from '../../common/access/principal.js';
import { ChatCommands } from '../../realtime/commands/chat-commands.js';
import { acknowledged } from '../transport/acknowledged.js';
import { ApiOwnErrors } from '../../http/decorators/api-errors.decorator.js';
import { DirectChats } from './direct-chats.js';
import { ChatsFilter } from './direct-events.filter.js';
import { ChatsQuery, RecentChatsQuery } from './direct-events.dto.js';
import {
  ChatConversationsView,
  ChatDeletedView,
  ChatErrorView,
  ChatHistoryView,
  ChatsView,
} from './direct-events.view.js';

/** The REST side of `direct-events` (docs/protocol/direct-events.md). */
@ApiTags('dialects')
@ApiBearerAuth()
@ApiOwnErrors(ChatErrorView)
@UseFilters(ChatsFilter)
@Controller('api/chats')
export class DirectEventsController {
  constructor(
    private readonly chats: DirectChats,
    private readonly commands: ChatCommands,
  ) {}

  /** The caller's messages with everybody, newest first. */
  @Get('my-chats')
  async mine(@CurrentPrincipal() principal: Principal, @Query() { limit, skip }: RecentChatsQuery): Promise<ChatsView> {
    return { success: true, chats: await this.chats.recent(principal, limit, skip) };
  }

  /** The caller's messages with one other user: the newest page but `skip` messages, oldest first. */
  @Get('history/:userId')
  async history(
    @CurrentPrincipal() principal: Principal,
    @Param('userId', IdPipe) userId: string,
    @Query() { limit, skip }: ChatsQuery,
  ): Promise<ChatHistoryView> {
    return { success: true, ...(await this.chats.history(principal, userId, limit, skip)) };
  }

  /** Everybody the caller writes with, the last active first. */
  @Get('conversations')
  async conversations(@CurrentPrincipal() principal: Principal): Promise<ChatConversationsView> {
    return { success: true, conversations: await this.chats.conversations(principal) };
  }

  /** Deletes a message of the caller's own for both. */
  @Delete(':messageId')
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param('messageId', IdPipe) messageId: string,
  ): Promise<ChatDeletedView> {
    await this.chats.find(principal, messageId);
    const connection = {
      id: '',
      principal,
      setOpen: () => undefined,
      setActive: () => undefined,
      renewed: () => undefined,
    };
    acknowledged(await this.commands.run('delete_message', connection, { messageId, for: 'everyone' }));
    return { success: true };
  }
}
