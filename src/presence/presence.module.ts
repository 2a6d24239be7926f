import { Module } from '@nestjs/common';
import { PresenceStore } from './presence-store.js';

@Module({ providers: [PresenceStore], exports: [PresenceStore] })
export class PresenceModule {}
