import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { DomainError } from '../../common/errors.js';
import { decodeCursor, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Database } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import { type UserView, userView } from '../../views/users.view.js';
import { BotsRepository } from './bots.repository.js';
import type { CreateBotDto } from './dto/bots.dto.js';

export const MAX_BOTS = 1_000;

/** Users without an e-mail address and a password: API keys act as them, and nobody logs in as one (contract, section 9). */
@Injectable()
export class Bots implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly repository: BotsRepository,
    private readonly accounts: Accounts,
    private readonly audit: Audit,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'bots',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      // Those that it made are the server's, and stay.
      erase: async (transaction, userId) => {
        await this.repository.remove(transaction, userId);
        return undefined;
      },
    });
  }

  /** @throws DomainError USERNAME_TAKEN, LIMIT_REACHED */
  create(principal: Principal, { username, displayName }: CreateBotDto, ip: string | undefined): Promise<UserView> {
    return this.database.transaction(async (transaction) => {
      const userId = await this.accounts.createWithoutLogin(transaction, username, displayName);
      if (!(await this.repository.add(transaction, userId, principal.userId, MAX_BOTS)))
        throw new DomainError('LIMIT_REACHED');
      await this.audit.record(transaction, {
        actorId: principal.userId,
        action: 'bot.create',
        targetType: 'user',
        targetId: userId,
        ip,
        details: { username, ...(principal.keyId === undefined ? {} : { apiKeyId: principal.keyId }) },
      });
      const row = await this.repository.find(transaction, userId);
      if (row === undefined) throw new Error('a user who was just made is not there');
      return userView(row);
    });
  }

  /** The newest first. */
  async list({ cursor, limit }: PageQuery): Promise<Page<UserView>> {
    const [before] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    const rows = await this.repository.list(before, limit + 1);
    return pageOf(rows, limit, ({ id }) => [id], userView);
  }
}
