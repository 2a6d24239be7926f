import { Body, Controller, Delete, Ip, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { MessageView } from '../../views/messages.view.js';
import { ReasonDto } from '../accounts/dto/accounts.dto.js';
import { MessageActs } from './message-acts.js';

@ApiTags('admin')
@ApiBearerAuth()
@RequireRole('MODERATOR')
@Controller('admin/messages')
export class AdminMessagesController {
  constructor(private readonly acts: MessageActs) {}

  /** Empties a message for everybody, whoever wrote it and wherever. Its members see it like any deletion; the reason is for the audit log. */
  @Delete(':id')
  @RateLimit('moderation')
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  remove(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: ReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<MessageView> {
    return this.acts.delete({ userId, ipAddress }, id, reason);
  }
}
