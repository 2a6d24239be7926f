import { Body, Controller, Delete, Get, HttpCode, Ip, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../http/decorators/current-principal.decorator.js';
import { DomainError, domainErrorOf } from '../common/errors.js';
import { IdPipe } from '../http/id.pipe.js';
import { IgnoresBody } from '../http/no-body.interceptor.js';
import { type Page, PageQuery } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ApiErrors } from '../http/decorators/api-errors.decorator.js';
import { ApiPage } from '../http/decorators/api-page.decorator.js';
import { RateLimit } from '../limits/rates/rate-limit.guard.js';
import { AccessTokenStrategy } from './tokens/access-token.strategy.js';
import { AuthService } from './auth.service.js';
import { PasswordChanges } from './accounts/password-changes.js';
import { RegistrationService } from './accounts/registration.service.js';
import { DeviceCookies } from './sessions/device-cookies.js';
import { EmailBody, ChangePassword, Login, Refresh, Registration, ResetPassword, VerifyCode } from './dto/auth.dto.js';
import { Public } from '../http/decorators/public.decorator.js';
import { SessionView } from './sessions/session.view.js';
import { SessionCookies } from './sessions/session-cookies.js';
import { Sessions } from './sessions/sessions.js';
import { PendingRegistrationView, RegistrationView, TokensView } from './tokens/tokens.view.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly registration: RegistrationService,
    private readonly passwords: PasswordChanges,
    private readonly sessions: Sessions,
    private readonly cookies: SessionCookies,
    private readonly devices: DeviceCookies,
    private readonly strategy: AccessTokenStrategy,
  ) {}

  /**
   * Makes an account and logs it in. Where e-mail addresses have to be verified it mails a code instead, and there is an account
   * once that comes back; until then the registration is nobody's to see and keeps neither e-mail address nor username from others.
   */
  @Public()
  @RateLimit('register')
  @Post('register')
  @ApiExtraModels(RegistrationView, PendingRegistrationView)
  @ApiCreatedResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(RegistrationView) }, { $ref: getSchemaPath(PendingRegistrationView) }] },
  })
  @ApiErrors('EMAIL_TAKEN', 'USERNAME_TAKEN', 'OVERLOADED')
  async register(
    @Body() registration: Registration,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Ip() ip?: string,
  ): Promise<RegistrationView | PendingRegistrationView> {
    const registered = await this.registration.register(registration, ip);
    return 'accessToken' in registered ? this.loggedIn(request, response, registered) : registered;
  }

  /**
   * Makes the account that a code was mailed for, and logs it in. A code works once; five wrong guesses burn it. Other
   * registrations for the same e-mail address are gone then.
   */
  @Public()
  @RateLimit('codesByAddress')
  @Post('verify-otp')
  @HttpCode(200)
  @ApiOkResponse({ type: TokensView })
  @ApiErrors('OTP_INVALID', 'OTP_EXPIRED')
  async verifyOtp(
    @Body() code: VerifyCode,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Ip() ip?: string,
  ): Promise<TokensView> {
    return this.loggedIn(request, response, await this.registration.verify(code, ip));
  }

  /** Mails a new code, if somebody registered with this e-mail address from there and is not verified yet. Answers the same in any case. */
  @Public()
  @RateLimit('codesByAddress')
  @Post('resend-otp')
  @HttpCode(202)
  @ApiAcceptedResponse()
  resendOtp(@Body() { email }: EmailBody, @Ip() ip?: string): void {
    this.registration.resend(email, ip);
  }

  /** Opens a session by e-mail address or username, and password. */
  @Public()
  @RateLimit('loginByAddress')
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: TokensView })
  @ApiErrors('INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED', 'ACCOUNT_SUSPENDED', 'OVERLOADED')
  async login(
    @Body() login: Login,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Ip() ip?: string,
  ): Promise<TokensView> {
    return this.loggedIn(request, response, await this.auth.login(login, ip, this.devices.read(request)));
  }

  /**
   * Spends a refresh token, from the body or the cookie, for a new pair; a repeat within 10 s is given the same one, and
   * with its `attemptId` also later, until that is spent.
   */
  @Public()
  @RateLimit('refresh')
  @Post('refresh')
  @HttpCode(200)
  @ApiSecurity('refreshCookie')
  @ApiOkResponse({ type: TokensView })
  @ApiErrors('REFRESH_TOKEN_INVALID', 'REFRESH_TOKEN_REUSED', 'ACCOUNT_SUSPENDED', 'FOREIGN_ORIGIN')
  async refresh(
    @Body() body: Refresh,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Ip() ip?: string,
  ): Promise<TokensView> {
    const refreshToken = body.refreshToken ?? this.cookies.refreshToken(request);
    if (refreshToken === undefined) throw new DomainError('REFRESH_TOKEN_INVALID');
    return this.cookies.give(response, await this.auth.refresh(refreshToken, { ip, attemptId: body.attemptId }));
  }

  /**
   * Ends the caller's session: its tokens are worthless and its sockets disconnected at once. A browser whose access
   * token has expired is known by its refresh cookie.
   */
  @Public()
  @RateLimit('refresh')
  @Post('logout')
  @IgnoresBody()
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiSecurity('refreshCookie')
  @ApiNoContentResponse()
  async logout(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.auth.logout(await this.sessionOf(request, response));
    this.cookies.clear(response);
  }

  /** The same for all sessions of the caller. */
  @Post('logout-all')
  @IgnoresBody()
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiNoContentResponse()
  async logoutAll(
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.auth.logoutAll(principal);
    this.cookies.clear(response);
  }

  /** Mails a code for a new password, if there is such an account. Answers the same in any case. */
  @Public()
  @RateLimit('codesByAddress')
  @Post('forgot-password')
  @HttpCode(202)
  @ApiAcceptedResponse()
  forgotPassword(@Body() { email }: EmailBody, @Ip() ip?: string): void {
    this.passwords.requestCode(email, ip);
  }

  /** Sets a new password by the code that was mailed, and ends all sessions. */
  @Public()
  @RateLimit('codesByAddress')
  @Post('reset-password')
  @HttpCode(200)
  @ApiOkResponse({ schema: { type: 'object' } })
  @ApiErrors('OTP_INVALID', 'OTP_EXPIRED', 'OVERLOADED')
  async resetPassword(@Body() reset: ResetPassword, @Ip() ip?: string): Promise<object> {
    await this.passwords.reset(reset, ip);
    return {};
  }

  /** Sets a new password by the present one, and ends the caller's other sessions. */
  @Post('change-password')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOkResponse({ schema: { type: 'object' } })
  @ApiErrors('INVALID_CREDENTIALS', 'OVERLOADED')
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body() change: ChangePassword,
    @Ip() ip?: string,
  ): Promise<object> {
    await this.passwords.change(principal, change, ip);
    return {};
  }

  /** The caller's devices, the last used first. */
  @Get('sessions')
  @ApiBearerAuth()
  @ApiPage(SessionView)
  listSessions(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<Page<SessionView>> {
    return this.sessions.list(principal, query);
  }

  /** Ends one of them: its tokens are worthless and its sockets disconnected at once. */
  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiNoContentResponse()
  @ApiErrors('NOT_FOUND')
  revokeSession(@CurrentPrincipal() principal: Principal, @Param('id', IdPipe) sessionId: string): Promise<void> {
    return this.sessions.revokeOwn(principal, sessionId);
  }

  private loggedIn<Tokens extends TokensView>(request: Request, response: Response, tokens: Tokens): Tokens {
    this.devices.remember(request, response, tokens.accessToken);
    return this.cookies.give(response, tokens);
  }

  /** A request with a token in a header does not mean the cookies. Cookies of a session that has ended go. */
  private async sessionOf(request: Request, response: Response): Promise<Principal> {
    try {
      return await this.strategy.validate(request);
    } catch (error) {
      if (request.headers.authorization !== undefined) throw error;
      const refreshToken = this.cookies.refreshToken(request);
      if (refreshToken === undefined) throw error;
      const principal = await this.auth.sessionOf(refreshToken);
      if (principal !== undefined) return principal;
      if (domainErrorOf(error).status < 500) this.cookies.clear(response);
      throw error;
    }
  }
}
