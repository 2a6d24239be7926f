import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { Database } from '../../database/database.js';
import { EXPORT_PAGE, pagesById, PersonalData } from './personal-data.js';

/** When a user was there and what it uploaded, for one who wants a copy, or to be forgotten. The account itself goes last (`Accounts`). */
@Injectable()
export class UsersPersonalData implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly attachments: AttachmentsService,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'presence',
      export: (userId) => this.lastSeen(userId),
      erase: async (transaction, userId) => {
        await transaction.query('DELETE FROM presences WHERE user_id = $1', [userId]);
        await transaction.query(
          `INSERT INTO last_seen (user_id, is_forgotten) VALUES ($1, true)
           ON CONFLICT (user_id) DO UPDATE SET at = NULL, is_forgotten = true`,
          [userId],
        );
        return undefined;
      },
    });
    this.personalData.register({
      name: 'attachments',
      export: (userId) => pagesById((after) => this.attachments.export(userId, after, EXPORT_PAGE)),
      erase: async (transaction, userId) => {
        await this.attachments.markUnusedPendingDeletion(transaction, userId);
        return () => this.attachments.sweep();
      },
    });
  }

  private async *lastSeen(userId: string): AsyncGenerator<object[]> {
    yield await this.database.background.query<object>(
      `SELECT l.at AS "lastSeenAt", u.email_verified_at AS "emailVerifiedAt", u.role
       FROM users u LEFT JOIN last_seen l ON l.user_id = u.id WHERE u.id = $1`,
      [userId],
    );
  }
}
