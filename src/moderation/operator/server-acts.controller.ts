import { Body, Controller, HttpCode, HttpStatus, Ip, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { OptionalReasonDto } from '../accounts/dto/accounts.dto.js';
import { EndAllSessionsDto } from './dto/server-acts.dto.js';
import { ServerActs } from './server-acts.js';
import { EndedSessionsView, VacuumView } from './server-acts.view.js';

/** What `npm run admin` does to the server as a whole. */
@ApiTags('admin')
@ApiBearerAuth()
@RequireRole('ADMIN')
@Controller('admin')
export class ServerActsController {
  constructor(private readonly acts: ServerActs) {}

  /** Logs everybody out, the caller too; connections that are open end within some seconds. */
  @Post('end-sessions')
  @HttpCode(HttpStatus.OK)
  @RateLimit('moderation')
  @ApiOkResponse({ type: EndedSessionsView })
  @ApiErrors('NOT_FOUND')
  async endSessions(
    @CurrentPrincipal() { userId }: Principal,
    @Body() { reason }: EndAllSessionsDto,
    @Ip() ipAddress?: string,
  ): Promise<EndedSessionsView> {
    return { count: await this.acts.endSessions({ userId, ipAddress }, reason) };
  }

  /** Forgets what is due, and has PostgreSQL clean up behind it: the tables in the answer, one after the other, behind the answer. */
  @Post('vacuum')
  @HttpCode(HttpStatus.ACCEPTED)
  @RateLimit('exports')
  @ApiAcceptedResponse({ type: VacuumView })
  @ApiErrors('NOT_FOUND')
  async vacuum(
    @CurrentPrincipal() { userId }: Principal,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<VacuumView> {
    return { tables: await this.acts.vacuum({ userId, ipAddress }, reason) };
  }

  /**
   * After a backup was restored in a way that the server cannot notice, a copy of the database's files: every client starts over,
   * and what was written before rings on no device and is sent to no webhook.
   */
  @Post('after-restore')
  @HttpCode(HttpStatus.NO_CONTENT)
  @RateLimit('exports')
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  afterRestore(
    @CurrentPrincipal() { userId }: Principal,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<void> {
    return this.acts.afterRestore({ userId, ipAddress }, reason);
  }
}
