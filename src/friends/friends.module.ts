import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { BlocksController } from './blocks/blocks.controller.js';
import { BlocksService } from './blocks/blocks.service.js';
import { ContactsModule } from './contacts/contacts.module.js';
import { FriendRequestsService } from './requests/friend-requests.service.js';
import { FriendsController } from './friends.controller.js';
import { FriendsRepository } from './friends.repository.js';
import { FriendsPersonalData } from './friends-personal-data.js';
import { FriendshipsService } from './friendships.service.js';
import { PairTransactions } from './pair-transactions.js';

/** Requests, friendships and blocks. Needs DirectConversations, bound globally in app.module. */
@Module({
  imports: [UsersModule, ContactsModule],
  controllers: [FriendsController, BlocksController],
  providers: [
    FriendsRepository,
    PairTransactions,
    FriendRequestsService,
    FriendshipsService,
    BlocksService,
    FriendsPersonalData,
  ],
  exports: [FriendRequestsService, FriendshipsService, BlocksService],
})
export class FriendsModule {}
