import { Module } from '@nestjs/common';
import { Contacts } from './contacts.js';

/** Apart from FriendsModule, which needs conversations (by its port) that in turn need this. */
@Module({ providers: [Contacts], exports: [Contacts] })
export class ContactsModule {}
