import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import type { Principal } from '../../common/access/principal.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';

/** Where pages of `ws-rooms` look, when they are loaded, whether somebody is logged in. All else of /auth is the server's own. */
@ApiExcludeController()
@Controller('auth')
export class WsRoomsProfileController {
  constructor(private readonly reads: ChatQueries) {}

  @Get('profile')
  async profile(
    @CurrentPrincipal() principal: Principal,
  ): Promise<{ user: { id: string; email: string | null; createdAt: string } }> {
    const { id, email, createdAt } = await this.reads.requireOwn(principal);
    return { user: { id, email, createdAt } };
  }
}
