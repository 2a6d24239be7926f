import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { Configuration } from '../config/configuration.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { accessTokenKey, AccessTokens } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Passwords } from './passwords.js';
import { Sessions } from './sessions.js';

@Module({
  imports: [
    UsersModule,
    JwtModule.registerAsync({
      inject: [Configuration],
      useFactory: (configuration: Configuration) => ({ secret: accessTokenKey(configuration) }),
    }),
  ],
  controllers: [AuthController],
  providers: [
    AuthService,
    Passwords,
    AccessTokens,
    Sessions,
    AccessTokenStrategy,
    { provide: APP_GUARD, useClass: AccessTokenGuard },
  ],
  exports: [AccessTokens, Sessions],
})
export class AuthModule {}
