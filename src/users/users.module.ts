import { Module } from '@nestjs/common';
import { Accounts } from './accounts.js';
import { PersonalData } from './personal-data.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersController],
  providers: [UsersService, Accounts, PersonalData],
  exports: [UsersService, Accounts, PersonalData],
})
export class UsersModule {}
