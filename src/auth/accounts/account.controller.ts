import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Ip, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../../http/decorators/current-principal.decorator.js';
import type { Principal } from '../../common/access/principal.js';
import { ApiErrors } from '../../http/decorators/api-errors.decorator.js';
import { RateLimit } from '../../limits/rates/rate-limit.guard.js';
import { AccountDeletion } from './account-deletion.js';
import { AccountExport } from './account-export.js';
import { DeleteAccount } from '../dto/auth.dto.js';
import { SessionCookies } from '../sessions/session-cookies.js';

@ApiTags('users')
@ApiBearerAuth()
@Controller('users/me')
export class AccountController {
  constructor(
    private readonly exports: AccountExport,
    private readonly deletion: AccountDeletion,
    private readonly cookies: SessionCookies,
  ) {}

  /** Everything that is stored of the caller, as one JSON file. */
  @Get('export')
  @RateLimit('exports')
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } })
  async export(@CurrentPrincipal() principal: Principal): Promise<StreamableFile> {
    const file = new StreamableFile(Readable.from(await this.exports.export(principal)), {
      type: 'application/json; charset=utf-8',
      disposition: 'attachment; filename="export.json"',
    });
    // What broke off must not look whole.
    return file.setErrorHandler((_, response) => (response as unknown as Response).destroy());
  }

  /** Deletes the caller's account, for good. Its messages stay, under the name of nobody. */
  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiErrors('INVALID_CREDENTIALS', 'OVERLOADED')
  async delete(
    @CurrentPrincipal() principal: Principal,
    @Body() { password }: DeleteAccount,
    @Res({ passthrough: true }) response: Response,
    @Ip() ip?: string,
  ): Promise<void> {
    await this.deletion.delete(principal, password, ip);
    this.cookies.clear(response);
  }
}
