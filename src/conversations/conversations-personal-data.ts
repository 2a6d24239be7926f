import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import { DELETED_DISPLAY_NAME, pagesById, PersonalData } from '../users/personal-data/personal-data.js';
import { ConversationsRepository } from './conversations.repository.js';
import { Groups } from './groups/groups.js';

/** Memberships of a user who wants a copy, or to be forgotten. Direct conversations stay for the other side. */
@Injectable()
export class ConversationsPersonalData implements OnModuleInit {
  constructor(
    private readonly repository: ConversationsRepository,
    private readonly groups: Groups,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'conversations',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      prepare: (principal) => this.leaveGroups(principal),
      erase: async (transaction, userId) => {
        await this.repository.forgetOwnSettings(transaction, userId);
        // Added to after `prepare`; from here on nobody can.
        return this.groups.leaveAll(transaction, userId, DELETED_DISPLAY_NAME);
      },
    });
  }

  /** As if by hand, but nameless: ownership passes on, and events go to the others. */
  private async leaveGroups(principal: Principal): Promise<void> {
    for (const id of await this.repository.groupIdsOf(principal.userId)) {
      await this.groups.removeMember(principal, id, principal.userId, DELETED_DISPLAY_NAME).catch((error: unknown) => {
        // Somebody else removed it meanwhile.
        if (!(error instanceof DomainError && error.code === 'NOT_FOUND')) throw error;
      });
    }
  }
}
