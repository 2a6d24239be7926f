import { Module } from '@nestjs/common';
import { Attention } from './attention.js';
import { AttentionRepository } from './attention.repository.js';
import { PresenceStore } from './presence-store.js';
import { SharedAttention } from './shared-attention.js';

@Module({
  providers: [Attention, AttentionRepository, PresenceStore, SharedAttention],
  exports: [Attention, PresenceStore, SharedAttention],
})
export class PresenceModule {}
