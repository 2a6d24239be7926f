import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../common/principal.js';
import { ApiErrors } from '../docs/api-errors.decorator.js';
import { RateLimit } from '../limits/rate-limit.guard.js';
import { AuthService } from './auth.service.js';
import { CurrentPrincipal } from '../common/current-principal.decorator.js';
import { Login, Refresh, Registration } from './dto/auth.dto.js';
import { Public } from './public.decorator.js';
import { RegistrationView, TokensView } from './tokens.view.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  /** Makes an account and logs it in. */
  @Public()
  @RateLimit('register')
  @Post('register')
  @ApiCreatedResponse({ type: RegistrationView })
  @ApiErrors('EMAIL_TAKEN', 'USERNAME_TAKEN', 'OVERLOADED')
  register(@Body() registration: Registration, @Ip() ip?: string): Promise<RegistrationView> {
    return this.auth.register(registration, ip);
  }

  /** Opens a session by e-mail address or username, and password. */
  @Public()
  @RateLimit('loginByAddress')
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: TokensView })
  @ApiErrors('INVALID_CREDENTIALS', 'OVERLOADED')
  login(@Body() login: Login, @Ip() ip?: string): Promise<TokensView> {
    return this.auth.login(login, ip);
  }

  /** Spends a refresh token for a new pair; a repeat within 10 s is given the same refresh token. */
  @Public()
  @RateLimit('refresh')
  @Post('refresh')
  @HttpCode(200)
  @ApiOkResponse({ type: TokensView })
  @ApiErrors('REFRESH_TOKEN_INVALID', 'REFRESH_TOKEN_REUSED')
  refresh(@Body() { refreshToken }: Refresh): Promise<TokensView> {
    return this.auth.refresh(refreshToken);
  }

  /** Ends the caller's session: its tokens are worthless and its sockets disconnected at once. */
  @Post('logout')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiNoContentResponse()
  logout(@CurrentPrincipal() principal: Principal): Promise<void> {
    return this.auth.logout(principal);
  }
}
