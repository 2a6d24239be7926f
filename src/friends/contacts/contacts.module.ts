import { Module } from '@nestjs/common';
import { Contacts } from './contacts.js';
import { Strangers } from './strangers.js';

/** Apart from FriendsModule, which needs conversations (by its port) that in turn need this. */
@Module({ providers: [Contacts, Strangers], exports: [Contacts, Strangers] })
export class ContactsModule {}
