import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { IdPipe } from '../../http/id.pipe.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import { DirectMessages } from '../transport/direct-messages.js';
import { OpenRoomDto, RoomHistoryQuery } from './ws-rooms.dto.js';
import { OpenedRoom, RoomMessage, RoomsView } from './ws-rooms.view.js';
import { roomMessageOf, roomOf, roomsOf } from './ws-rooms.views.js';

const MAX_PAGE_SIZE = 100;

/** The REST side of `ws-rooms` (docs/protocol/ws-rooms.md). Errors are the server's own. */
@ApiTags('dialects')
@ApiBearerAuth()
@Controller('msg')
export class WsRoomsController {
  constructor(
    private readonly reads: ChatQueries,
    private readonly direct: DirectMessages,
  ) {}

  /** The caller's rooms, the last active first, and a token to open WebSockets with. */
  @Get(['room', 'rooms'])
  @ApiQuery({ name: 'cursor', required: false, schema: { type: 'string', maxLength: 512 } })
  async rooms(
    @CurrentPrincipal() principal: Principal,
    @Query('cursor') cursor: unknown,
    @Req() request: Request,
  ): Promise<RoomsView> {
    if (cursor !== undefined && typeof cursor !== 'string') throw invalidField('cursor', 'cursor must be a text');
    const page = { limit: MAX_PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    return {
      ...(await roomsOf(this.direct, principal, page)),
      token: this.reads.accessToken(request),
    };
  }

  /** Finds or creates the room with another user: 201 where it is new. */
  @Post('room')
  @HttpCode(200)
  @ApiOkResponse({ type: OpenedRoom })
  @ApiCreatedResponse({ type: OpenedRoom })
  @ApiErrors('NOT_FOUND', 'CANNOT_MESSAGE', 'CANNOT_MESSAGE_SELF')
  async open(
    @CurrentPrincipal() principal: Principal,
    @Body() { otherUserId }: OpenRoomDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OpenedRoom> {
    const { conversationId, created } = await this.reads.openDirect(principal, otherUserId);
    if (created) response.status(201);
    const room = roomOf(await this.reads.conversation(principal, conversationId));
    return { ...room, token: this.reads.accessToken(request) };
  }

  /** What was written in a room, oldest first: the newest 100 without `before`. */
  @Get('room/:roomId/messages')
  @ApiErrors('NOT_FOUND')
  async messages(
    @CurrentPrincipal() principal: Principal,
    @Param('roomId', IdPipe) roomId: string,
    @Query() { limit, before }: RoomHistoryQuery,
  ): Promise<RoomMessage[]> {
    // Rooms of this dialect are between two.
    if ((await this.reads.pairOf(roomId)) === undefined) throw new DomainError('NOT_FOUND');
    const seq = before === undefined ? undefined : await this.direct.position(principal, roomId, before);
    const { messages } = await this.direct.page(principal, roomId, { limit, before: seq });
    return messages.map(({ message }) => roomMessageOf(message));
  }
}
