import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Database } from '../database/database.js';
import { DELETED_DISPLAY_NAME, EXPORT_PAGE, pagesById, PersonalData } from '../users/personal-data/personal-data.js';
import { Groups } from './groups/groups.js';

/** Memberships of a user who wants a copy, or to be forgotten. Direct conversations stay for the other side. */
@Injectable()
export class ConversationsPersonalData implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly groups: Groups,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'conversations',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string }>(
            `SELECT c.id, c.type, c.title, CASE WHEN c.low_id = $1 THEN c.high_id ELSE c.low_id END AS "peerId",
               m.role, m.joined_at AS "joinedAt", m.left_at AS "leftAt", m.last_read_seq AS "lastReadSeq",
               m.last_delivered_seq AS "lastDeliveredSeq", m.muted_until AS "mutedUntil",
               m.archived_at AS "archivedAt", m.pinned_at AS "pinnedAt"
             FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.user_id = $1 AND c.id > $2 ORDER BY c.id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      prepare: (principal) => this.leaveGroups(principal),
      erase: async (transaction, userId) => {
        await transaction.query(
          `UPDATE conversation_members SET muted_until = NULL, archived_at = NULL, pinned_at = NULL
           WHERE user_id = $1 AND (muted_until IS NOT NULL OR archived_at IS NOT NULL OR pinned_at IS NOT NULL)`,
          [userId],
        );
        // Added to after `prepare`; from here on nobody can.
        return this.groups.leaveAll(transaction, userId, DELETED_DISPLAY_NAME);
      },
    });
  }

  /** As if by hand, but nameless: ownership passes on, and events go to the others. */
  private async leaveGroups(principal: Principal): Promise<void> {
    const groups = await this.database.background.query<{ id: string }>(
      `SELECT c.id FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.user_id = $1 AND m.left_at IS NULL AND c.type = 'GROUP'`,
      [principal.userId],
    );
    for (const { id } of groups) {
      await this.groups.removeMember(principal, id, principal.userId, DELETED_DISPLAY_NAME).catch((error: unknown) => {
        // Somebody else removed it meanwhile.
        if (!(error instanceof DomainError && error.code === 'NOT_FOUND')) throw error;
      });
    }
  }
}
