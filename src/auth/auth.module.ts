import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { AccessTokens } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AccountController } from './account.controller.js';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Authenticator } from './authenticator.js';
import { CodeSender } from './code-sender.js';
import { DeviceCookies } from './device-cookies.js';
import { ForeignIdentitiesPersonalData } from './foreign-identities-personal-data.js';
import { ForeignUsers } from './foreign-users.js';
import { GuessLimits } from './guess-limits.js';
import { OneTimeCodes } from './one-time-codes.js';
import { Passwords } from './passwords.js';
import { PendingRegistrations } from './pending-registrations.js';
import { SessionCookies } from './session-cookies.js';
import { Sessions } from './sessions.js';
import { TrustedIssuers } from './trusted-issuers.js';

@Module({
  imports: [UsersModule, MailModule],
  controllers: [AccountController, AuthController],
  providers: [
    AccountService,
    AuthService,
    Passwords,
    AccessTokens,
    Authenticator,
    CodeSender,
    ForeignIdentitiesPersonalData,
    ForeignUsers,
    DeviceCookies,
    GuessLimits,
    OneTimeCodes,
    PendingRegistrations,
    SessionCookies,
    Sessions,
    {
      provide: TrustedIssuers,
      inject: [Configuration, Clock],
      useFactory: ({ trustedIssuers }: Configuration, clock: Clock) => new TrustedIssuers(trustedIssuers, clock),
    },
    AccessTokenStrategy,
    { provide: APP_GUARD, useClass: AccessTokenGuard },
  ],
  exports: [AccessTokenStrategy, Authenticator, AuthService, SessionCookies, Sessions],
})
export class AuthModule {}
