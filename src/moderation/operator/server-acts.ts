import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import type { AuditAction } from '../../audit/audit-entry.js';
import { PasswordChanges } from '../../auth/accounts/password-changes.js';
import { RegistrationService } from '../../auth/accounts/registration.service.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Configuration } from '../../config/configuration.js';
import { renewIdentity } from '../../database/database-identity.js';
import { Database, type Transaction } from '../../database/database.js';
import type { TableDue } from '../../database/dead-rows.js';
import { type Actor, OPERATOR } from '../acts/actor.js';
import { ReportsService } from '../reports/reports.service.js';
import { RestoreActs } from './restore-acts.js';
import { Vacuum } from './vacuum.js';

/** What `npm run admin` does to the server as a whole, and administrators by the API. Each act has its entry in the audit log. */
@Injectable()
export class ServerActs {
  constructor(
    private readonly database: Database,
    private readonly sessions: Sessions,
    private readonly passwords: PasswordChanges,
    private readonly registrations: RegistrationService,
    private readonly reports: ReportsService,
    private readonly audit: Audit,
    private readonly cleaning: Vacuum,
    private readonly restoreActs: RestoreActs,
    private readonly configuration: Configuration,
  ) {}

  /** Everybody has to log in again. @returns how many */
  async endSessions(actor = OPERATOR, reason?: string): Promise<number> {
    return this.database.transaction(async (transaction) => {
      const count = await this.sessions.endAllOfEverybody(transaction);
      await this.record(transaction, actor, 'server.end_sessions', reason, { sessions: count });
      return count;
    });
  }

  /** Forgets what is due, which servers do by themselves every hour, and writes down that it was asked for. */
  async forgetWhatIsDue(actor = OPERATOR, reason?: string): Promise<void> {
    await this.sessions.deleteExpired();
    await this.passwords.deleteExpiredCodes();
    await this.registrations.deleteExpired();
    await this.reports.forgetOld();
    await this.database.transaction((transaction) => this.record(transaction, actor, 'server.vacuum', reason));
  }

  /** Forgets what is due, and begins to clean the tables that it answers. */
  async vacuum(actor: Actor, reason: string | undefined): Promise<TableDue[]> {
    await this.forgetWhatIsDue(actor, reason);
    return this.cleaning.begin();
  }

  /** Makes this database another one to every client (`renewIdentity`). The command does it without a server's services, which would send what must not be sent. */
  async afterRestore({ userId: actorId, ipAddress: ip }: Actor, reason: string | undefined): Promise<void> {
    await renewIdentity(this.configuration.databaseUrl ?? '', async (client) => {
      await this.restoreActs.run(client);
      await this.audit.recordRestore(client, { actorId, reason, ip });
    });
  }

  private record(
    transaction: Transaction,
    { userId: actorId, ipAddress }: Actor,
    action: AuditAction,
    reason: string | undefined,
    details?: Record<string, number>,
  ): Promise<void> {
    return this.audit.record(transaction, {
      actorId,
      action,
      targetType: 'server',
      targetId: null,
      reason,
      ip: ipAddress,
      details,
    });
  }
}
