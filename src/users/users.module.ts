import { Module } from '@nestjs/common';
import { Accounts } from './accounts.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({ controllers: [UsersController], providers: [UsersService, Accounts], exports: [UsersService, Accounts] })
export class UsersModule {}
