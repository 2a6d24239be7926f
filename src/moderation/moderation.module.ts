import { type DynamicModule, Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { DirectConversationsModule } from '../conversations/direct/direct-conversations.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsList } from './accounts/accounts-list.js';
import { AccountsListRepository } from './accounts/accounts.repository.js';
import { AccountActs } from './acts/account-acts.js';
import { AdminMessagesController } from './acts/admin-messages.controller.js';
import { MessageActs } from './acts/message-acts.js';
import type { AfterRestore } from '../database/database-identity.js';
import { Operator } from './operator/operator.js';
import { RestoreActs } from './operator/restore-acts.js';
import { ServerActsController } from './operator/server-acts.controller.js';
import { ServerActs } from './operator/server-acts.js';
import { Vacuum } from './operator/vacuum.js';
import { AdminReportsController } from './reports/admin-reports.controller.js';
import { ReportCopies } from './reports/report-copies.js';
import { ReportFilesController } from './reports/report-files.controller.js';
import { ReportResolutions } from './reports/report-resolutions.js';
import { ReportsController } from './reports/reports.controller.js';
import { ReportsRepository } from './reports/reports.repository.js';
import { ReportsService } from './reports/reports.service.js';
import { StatsController } from './stats/stats.controller.js';
import { StatsRepository } from './stats/stats.repository.js';
import { Stats } from './stats/stats.service.js';

/** What users report, and what those who run the server do about it (docs/moderation.md). */
@Module({
  imports: [
    AttachmentsModule,
    AuditModule,
    AuthModule,
    ConversationsModule,
    DirectConversationsModule,
    MessagesModule,
    UsersModule,
  ],
  controllers: [
    AccountsController,
    AdminMessagesController,
    AdminReportsController,
    ReportFilesController,
    ReportsController,
    ServerActsController,
    StatsController,
  ],
  providers: [
    AccountActs,
    AccountsList,
    AccountsListRepository,
    MessageActs,
    Operator,
    ReportCopies,
    ReportResolutions,
    ReportsRepository,
    ReportsService,
    ServerActs,
    Stats,
    StatsRepository,
    Vacuum,
  ],
})
export class ModerationModule {
  /** @param afterRestore what features above do after a restore */
  static with(afterRestore: AfterRestore): DynamicModule {
    return {
      module: ModerationModule,
      providers: [{ provide: RestoreActs, useValue: new RestoreActs(afterRestore) }],
    };
  }
}
