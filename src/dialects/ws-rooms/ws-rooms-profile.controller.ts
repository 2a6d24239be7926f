import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import type { Principal } from '../../common/access/principal.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import { RoomsProfile } from './ws-rooms.view.js';

/** Where pages of `ws-rooms` look, when they are loaded, whether somebody is logged in. All else of /auth is the server's own. */
@ApiTags('dialects')
@ApiBearerAuth()
@Controller('auth')
export class WsRoomsProfileController {
  constructor(private readonly reads: ChatQueries) {}

  /** The user who is logged in. */
  @Get('profile')
  async profile(@CurrentPrincipal() principal: Principal): Promise<RoomsProfile> {
    const { id, email, createdAt } = await this.reads.requireOwn(principal);
    return { user: { id, email, createdAt } };
  }
}
