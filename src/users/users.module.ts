import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { Accounts } from './accounts/accounts.js';
import { AccountsRepository } from './accounts/accounts.repository.js';
import { UsersRepository } from './users.repository.js';
import { FoldedNames } from './folded-names.js';
import { PersonalData } from './personal-data/personal-data.js';
import { UsersController } from './users.controller.js';
import { UsersPersonalData } from './personal-data/users-personal-data.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [AttachmentsModule],
  controllers: [UsersController],
  providers: [
    UsersService,
    UsersRepository,
    Accounts,
    AccountsRepository,
    PersonalData,
    UsersPersonalData,
    FoldedNames,
  ],
  exports: [UsersService, Accounts, PersonalData],
})
export class UsersModule {}
