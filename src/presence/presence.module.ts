import { Module } from '@nestjs/common';
import { Attention } from './attention.js';
import { PresenceStore } from './presence-store.js';

@Module({ providers: [Attention, PresenceStore], exports: [Attention, PresenceStore] })
export class PresenceModule {}
