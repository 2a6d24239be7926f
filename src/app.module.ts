import { type DynamicModule, Module } from '@nestjs/common';
import { afterRestore } from './after-restore.js';
import { AuditModule } from './audit/audit.module.js';
import { AttachmentsModule } from './attachments/attachments.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ClusterModule } from './cluster/cluster.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Configuration } from './config/configuration.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { DialectsModule, enabledDialects } from './dialects/dialects.module.js';
import { DirectConversationsModule } from './conversations/direct/direct-conversations.module.js';
import { DatabaseModule } from './database/database.module.js';
import { EventsModule } from './events/events.module.js';
import { FriendsModule } from './friends/friends.module.js';
import { IntegrationsModule } from './integrations/integrations.module.js';
import { KeysModule } from './integrations/keys/keys.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { ModerationModule } from './moderation/moderation.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { PushModule } from './push/push.module.js';
import { RealtimeModule } from './realtime/realtime.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { SyncModule } from './sync/sync.module.js';
import { UsersModule } from './users/users.module.js';

/** The only file that knows every module, and what implements which port. */
@Module({})
export class AppModule {
  /** What of the configuration only modules know. @throws ConfigurationError */
  static check(configuration: Configuration): void {
    enabledDialects(configuration);
  }

  static with(configuration: Configuration): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(configuration),
        DatabaseModule,
        EventsModule,
        LimitsModule.with(ClusterModule.rateLimiter(configuration)),
        ObservabilityModule,
        AuditModule,
        AttachmentsModule,
        UsersModule,
        AuthModule,
        KeysModule,
        DirectConversationsModule,
        FriendsModule,
        ConversationsModule,
        MessagesModule,
        SyncModule,
        ModerationModule.with(afterRestore),
        ...(configuration.push.enabled ? [PushModule] : []),
        IntegrationsModule,
        RetentionModule,
        RealtimeModule,
        DialectsModule.with(configuration),
        ClusterModule.with(configuration),
      ],
    };
  }
}
