import { Global, Module } from '@nestjs/common';
import { AuditModule } from '../../audit/audit.module.js';
import { AuthModule } from '../../auth/auth.module.js';
import { KeyAccess } from '../../auth/keys/key-access.port.js';
import { UsersModule } from '../../users/users.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeysRepository } from './api-keys.repository.js';

/** Binds the port of auth that lies below: global, so that AuthModule need not import what is above it. */
@Global()
@Module({
  imports: [AuditModule, AuthModule, UsersModule],
  controllers: [ApiKeysController],
  providers: [ApiKeysRepository, ApiKeys, { provide: KeyAccess, useExisting: ApiKeys }],
  exports: [KeyAccess],
})
export class KeysModule {}
