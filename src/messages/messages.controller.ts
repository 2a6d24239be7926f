import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { AttachmentView } from '../views/attachments.view.js';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { KeyScope } from '../http/decorators/key-scope.decorator.js';
import { IdPipe } from '../http/id.pipe.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import {
  CreateMessageDto,
  DeleteMessageQuery,
  EditMessageDto,
  HistoryQuery,
  SearchMessagesQuery,
} from './dto/messages.dto.js';
import { LinkPreviews } from './links/link-previews.js';
import { MessageSearch } from './search/message-search.js';
import { MessageChanges } from './changes/message-changes.js';
import { MessageReader } from './reading/message-reader.js';
import { MessageSender } from './sending/message-sender.js';
import { RepeatedSendInterceptor } from './sending/repeated-send.interceptor.js';
import { MessagePage, MessageSearchPage, MessageView } from '../views/messages.view.js';
import { Gated, Ungated } from '../limits/gate.interceptor.js';

@ApiTags('messages')
@ApiBearerAuth()
@Gated()
@Controller()
export class MessagesController {
  constructor(
    private readonly sender: MessageSender,
    private readonly reader: MessageReader,
    private readonly changes: MessageChanges,
    private readonly messageSearch: MessageSearch,
    private readonly linkPreviews: LinkPreviews,
  ) {}

  /** Sends a message. A repeat with the same `clientId` answers the message that is stored already. */
  @Post('conversations/:id/messages')
  @ApiCreatedResponse({ type: MessageView })
  @ApiErrors('NOT_FOUND', 'CANNOT_MESSAGE', 'OVERLOADED', 'UNAVAILABLE')
  @KeyScope('messages:write')
  @UseInterceptors(RepeatedSendInterceptor)
  @Ungated()
  async send(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) conversationId: string,
    @Body() body: CreateMessageDto,
  ): Promise<MessageView> {
    return (await this.sender.send(principal, { ...body, conversationId })).message;
  }

  /** A page of a conversation's history, ascending; without a position the newest one. */
  @Get('conversations/:id/messages')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  history(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) conversationId: string,
    @Query() query: HistoryQuery,
  ): Promise<MessagePage> {
    return this.reader.history(principal, conversationId, query);
  }

  /** Searches the caller's conversations, newest message first. */
  @Get('messages/search')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  search(@CurrentPrincipal() principal: Principal, @Query() query: SearchMessagesQuery): Promise<MessageSearchPage> {
    return this.messageSearch.search(principal, query);
  }

  /** One message. */
  @Get('messages/:id')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  view(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<MessageView> {
    return this.reader.view(principal, id);
  }

  /** One attachment, with fresh URLs: of a message that the caller may read, or its own that nothing uses yet. */
  @Get('attachments/:id')
  @ApiErrors('NOT_FOUND')
  @KeyScope('conversations:read')
  attachment(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<AttachmentView> {
    return this.reader.attachment(principal, id);
  }

  /** Edits one's own message, within 15 minutes. */
  @Patch('messages/:id')
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'EDIT_WINDOW_CLOSED', 'MESSAGE_DELETED', 'CANNOT_MESSAGE')
  @KeyScope('messages:write')
  edit(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Body() body: EditMessageDto,
  ): Promise<MessageView> {
    return this.changes.edit(principal, id, body.content);
  }

  /** Deletes a message for everyone (one's own, or as a group's owner or admin), or for the caller alone. */
  @Delete('messages/:id')
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  @KeyScope('messages:write')
  remove(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Query() query: DeleteMessageQuery,
  ): Promise<MessageView> {
    return query.for === 'me' ? this.changes.deleteForMe(principal, id) : this.changes.deleteForEveryone(principal, id);
  }

  /** Takes the preview of the link in one's own message away, for good. */
  @Delete('messages/:id/link-preview')
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'MESSAGE_DELETED')
  @KeyScope('messages:write')
  removeLinkPreview(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) id: string): Promise<MessageView> {
    return this.linkPreviews.remove(principal, id);
  }

  /** Reacts to a message. */
  @Put('messages/:id/reactions/:emoji')
  @ApiParam({ name: 'emoji', schema: { type: 'string', maxLength: 64 }, example: '👍' })
  @ApiErrors('VALIDATION_FAILED', 'NOT_FOUND', 'MESSAGE_DELETED', 'TOO_MANY_REACTIONS', 'CANNOT_MESSAGE')
  @KeyScope('messages:write')
  react(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.changes.react(principal, id, emoji, false);
  }

  /** Takes a reaction back. */
  @Delete('messages/:id/reactions/:emoji')
  @ApiParam({ name: 'emoji', schema: { type: 'string', maxLength: 64 }, example: '👍' })
  @ApiErrors('VALIDATION_FAILED', 'NOT_FOUND', 'MESSAGE_DELETED', 'CANNOT_MESSAGE')
  @KeyScope('messages:write')
  withdrawReaction(
    @CurrentPrincipal() principal: Principal,
    @Param('id', IdPipe) id: string,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.changes.react(principal, id, emoji, true);
  }
}
