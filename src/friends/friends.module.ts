import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { BlocksController } from './blocks.controller.js';
import { BlocksService } from './blocks.service.js';
import { ContactsModule } from './contacts.module.js';
import { FriendRequestsService } from './friend-requests.service.js';
import { FriendsController } from './friends.controller.js';
import { FriendsPersonalData } from './friends-personal-data.js';
import { FriendshipsService } from './friendships.service.js';
import { PairTransactions } from './pair-transactions.js';

/** Requests, friendships and blocks. Needs DirectConversations, bound globally in app.module. */
@Module({
  imports: [UsersModule, ContactsModule],
  controllers: [FriendsController, BlocksController],
  providers: [PairTransactions, FriendRequestsService, FriendshipsService, BlocksService, FriendsPersonalData],
  exports: [FriendRequestsService, FriendshipsService, BlocksService],
})
export class FriendsModule {}
