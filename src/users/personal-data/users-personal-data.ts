import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { UsersRepository } from '../users.repository.js';
import { EXPORT_PAGE, pagesById, PersonalData } from './personal-data.js';

/** When a user was there, its last suspension, and what it uploaded, for one who wants a copy, or to be forgotten. The account itself goes last (`Accounts`). */
@Injectable()
export class UsersPersonalData implements OnModuleInit {
  constructor(
    private readonly repository: UsersRepository,
    private readonly attachments: AttachmentsService,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'presence',
      export: (userId) => this.lastSeen(userId),
      erase: async (transaction, userId) => {
        await this.repository.forgetPresence(transaction, userId);
        return undefined;
      },
    });
    this.personalData.register({
      name: 'suspensions',
      export: (userId) => this.suspension(userId),
      // What was said of it goes with the account's row.
      erase: async () => undefined,
    });
    this.personalData.register({
      name: 'attachments',
      export: (userId) => pagesById((after) => this.attachments.export(userId, after, EXPORT_PAGE)),
      erase: async (transaction, userId) => {
        await this.attachments.eraseOwner(transaction, userId);
        return () => this.attachments.sweep();
      },
    });
  }

  private async *lastSeen(userId: string): AsyncGenerator<object[]> {
    yield await this.repository.exportPresence(userId);
  }

  private async *suspension(userId: string): AsyncGenerator<object[]> {
    const suspensions = await this.repository.exportSuspension(userId);
    if (suspensions.length > 0) yield suspensions;
  }
}
