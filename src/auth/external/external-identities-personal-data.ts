import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { PersonalData } from '../../users/personal-data/personal-data.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import { externalSessionId } from './external-users.js';

/** Who a user is to trusted issuers, for one who wants a copy, or to be forgotten. */
@Injectable()
export class ExternalIdentitiesPersonalData implements OnModuleInit {
  constructor(
    private readonly repository: ExternalIdentitiesRepository,
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'foreignIdentities',
      export: (userId) => this.identities(userId),
      erase: async (transaction, userId) => {
        const identities = await this.repository.takeAllOf(transaction, userId);
        // A clock that is ahead makes tokens that are younger than now.
        const lastUse = await this.repository.lastUseOf(transaction, userId);
        const endedAt = Math.max(this.clock.now(), lastUse?.getTime() ?? 0);
        await this.repository.noteEnds(identities.map(externalSessionId), new Date(endedAt), transaction);
        return undefined;
      },
    });
  }

  /** One page: a user is one subject of one issuer. */
  private async *identities(userId: string): AsyncGenerator<object[]> {
    const rows = await this.repository.export(userId);
    if (rows.length > 0) yield rows;
  }
}
