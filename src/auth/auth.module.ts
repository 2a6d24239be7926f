import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokenGuard } from './tokens/access-token.guard.js';
import { AccessTokens } from './tokens/access-token.js';
import { AccessTokenStrategy } from './tokens/access-token.strategy.js';
import { AccountController } from './accounts/account.controller.js';
import { AccountDeletion } from './accounts/account-deletion.js';
import { AccountExport } from './accounts/account-export.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Authenticator } from './tokens/authenticator.js';
import { CodeSender } from './codes/code-sender.js';
import { DeviceCookies } from './sessions/device-cookies.js';
import { ExternalIdentitiesPersonalData } from './external/external-identities-personal-data.js';
import { ExternalIdentitiesRepository } from './external/external-identities.repository.js';
import { OneTimeCodesRepository } from './codes/one-time-codes.repository.js';
import { PendingRegistrationsRepository } from './accounts/pending-registrations.repository.js';
import { ExternalUsers } from './external/external-users.js';
import { KeyGuard } from './keys/key-guard.js';
import { GuessLimits } from './codes/guess-limits.js';
import { OneTimeCodes } from './codes/one-time-codes.js';
import { PasswordChanges } from './accounts/password-changes.js';
import { Passwords } from './accounts/passwords.js';
import { RegistrationService } from './accounts/registration.service.js';
import { RoleGuard } from './roles/role.guard.js';
import { PendingRegistrations } from './accounts/pending-registrations.js';
import { SessionCookies } from './sessions/session-cookies.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { Sessions } from './sessions/sessions.js';
import { TrustedIssuers } from './external/trusted-issuers.js';

@Module({
  imports: [UsersModule, MailModule],
  controllers: [AccountController, AuthController],
  providers: [
    AccountDeletion,
    AccountExport,
    AuthService,
    Passwords,
    PasswordChanges,
    RegistrationService,
    AccessTokens,
    Authenticator,
    CodeSender,
    ExternalIdentitiesPersonalData,
    ExternalIdentitiesRepository,
    ExternalUsers,
    DeviceCookies,
    GuessLimits,
    KeyGuard,
    OneTimeCodes,
    OneTimeCodesRepository,
    PendingRegistrations,
    PendingRegistrationsRepository,
    SessionCookies,
    Sessions,
    SessionsRepository,
    {
      provide: TrustedIssuers,
      inject: [Configuration, Clock],
      useFactory: ({ trustedIssuers }: Configuration, clock: Clock) => new TrustedIssuers(trustedIssuers, clock),
    },
    AccessTokenStrategy,
    { provide: APP_GUARD, useClass: AccessTokenGuard },
    // Behind the one that finds the caller: guards are asked in this order.
    { provide: APP_GUARD, useClass: RoleGuard },
  ],
  exports: [
    AccountDeletion,
    AccountExport,
    AccessTokenStrategy,
    Authenticator,
    PasswordChanges,
    RegistrationService,
    SessionCookies,
    Sessions,
  ],
})
export class AuthModule {}
