import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Ip, Param, Post, Put, Query, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Page } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../../http/decorators/api-page.decorator.js';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import { IdPipe } from '../../http/id.pipe.js';
import { RequireRole } from '../../http/decorators/require-role.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { Gated } from '../../limits/gate.interceptor.js';
import { AccountActs } from '../acts/account-acts.js';
import { Operator } from '../operator/operator.js';
import { AccountsList } from './accounts-list.js';
import { AccountDetailsView, AccountView, ResetCodeView, resetCodeView } from './accounts.view.js';
import { AccountsQuery, GrantRoleDto, OptionalReasonDto, ReasonDto, SuspendDto } from './dto/accounts.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Gated()
@RequireRole('MODERATOR')
@Controller('admin/users')
export class AccountsController {
  constructor(
    private readonly accounts: AccountsList,
    private readonly acts: AccountActs,
    private readonly operator: Operator,
  ) {}

  /** Lists accounts by username, or searches them; deleted ones are left out. */
  @Get()
  @ApiPage(AccountView)
  @ApiErrors('NOT_FOUND')
  list(@Query() query: AccountsQuery): Promise<Page<AccountView>> {
    return this.accounts.list(query);
  }

  /** One account, with its sessions and how much else belongs to it. */
  @Get(':id')
  @ApiErrors('NOT_FOUND')
  get(@CurrentPrincipal() { userId }: Principal, @Param('id', IdPipe) id: string): Promise<AccountDetailsView> {
    return this.accounts.get(id, userId);
  }

  /**
   * Suspends an account: its sessions and connections end at once, on every process, and every door answers `ACCOUNT_SUSPENDED`
   * until then. The reason is shown to whom it is about.
   */
  @Post(':id/suspend')
  @HttpCode(200)
  @RateLimit('moderation')
  @ApiOkResponse({ type: AccountDetailsView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async suspend(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { until, reason }: SuspendDto,
    @Ip() ipAddress?: string,
  ): Promise<AccountDetailsView> {
    await this.acts.suspend({ userId, ipAddress }, id, new Date(until), reason);
    return this.accounts.get(id, userId);
  }

  /** The same without an end. */
  @Post(':id/ban')
  @HttpCode(200)
  @RateLimit('moderation')
  @ApiOkResponse({ type: AccountDetailsView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async ban(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: ReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<AccountDetailsView> {
    await this.acts.suspend({ userId, ipAddress }, id, null, reason);
    return this.accounts.get(id, userId);
  }

  /** Lifts a suspension or a ban. Where there is none, nothing changes. */
  @Post(':id/restore')
  @HttpCode(200)
  @RateLimit('moderation')
  @ApiOkResponse({ type: AccountDetailsView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async restore(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<AccountDetailsView> {
    await this.acts.restore({ userId, ipAddress }, id, reason);
    return this.accounts.get(id, userId);
  }

  /** Ends all sessions of an account, its connections with them. It may log in again. */
  @Post(':id/end-sessions')
  @HttpCode(200)
  @RateLimit('moderation')
  @ApiOkResponse({ type: AccountDetailsView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async endSessions(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<AccountDetailsView> {
    await this.acts.endSessions({ userId, ipAddress }, id, reason);
    return this.accounts.get(id, userId);
  }

  /**
   * Makes a code by which its owner sets a new password (`POST /auth/reset-password`), to be handed over by other means: it is in
   * this answer and nowhere else. Nothing changes until it is used. No wrong guess burns it, and none is mailed while it is good.
   */
  @Post(':id/reset-password')
  @HttpCode(200)
  @RequireRole('ADMIN')
  @RateLimit('moderation')
  @ApiOkResponse({ type: ResetCodeView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async resetPassword(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<ResetCodeView> {
    return resetCodeView(await this.operator.resetPassword(id, { userId, ipAddress }, reason));
  }

  /** Everything that is stored of an account, as one JSON file, as its owner may have it by `GET /users/me/export`. */
  @Get(':id/export')
  @RequireRole('ADMIN')
  @RateLimit('exports')
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async export(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Ip() ipAddress?: string,
  ): Promise<StreamableFile> {
    const file = new StreamableFile(Readable.from(await this.operator.exportUser(id, { userId, ipAddress })), {
      type: 'application/json; charset=utf-8',
      disposition: 'attachment; filename="export.json"',
    });
    // What broke off must not look whole.
    return file.setErrorHandler((_, response) => (response as unknown as Response).destroy());
  }

  /** Deletes an account, for good. Its messages stay, under the name of nobody; keys that it made are revoked. */
  @Delete(':id')
  @HttpCode(204)
  @RequireRole('ADMIN')
  @RateLimit('moderation')
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND', 'FORBIDDEN', 'OVERLOADED')
  async remove(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Ip() ipAddress?: string,
  ): Promise<void> {
    await this.operator.deleteUser(id, { userId, ipAddress }, reason);
  }

  /** Gives an account a role of the server, or takes it away (`USER`). Nobody changes its own. */
  @Put(':id/role')
  @RequireRole('ADMIN')
  @RateLimit('moderation')
  @ApiOkResponse({ type: AccountDetailsView })
  @ApiErrors('NOT_FOUND', 'FORBIDDEN')
  async grantRole(
    @CurrentPrincipal() { userId }: Principal,
    @Param('id', IdPipe) id: string,
    @Body() { role, reason }: GrantRoleDto,
    @Ip() ipAddress?: string,
  ): Promise<AccountDetailsView> {
    await this.acts.grantRole({ userId, ipAddress }, id, role, reason);
    return this.accounts.get(id, userId);
  }
}
