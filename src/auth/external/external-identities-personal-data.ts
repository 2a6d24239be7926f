import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database } from '../../database/database.js';
import { PersonalData } from '../../users/personal-data/personal-data.js';
import { externalSessionId } from './external-users.js';

/** Who a user is to trusted issuers, for one who wants a copy, or to be forgotten. */
@Injectable()
export class ExternalIdentitiesPersonalData implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'foreignIdentities',
      export: (userId) => this.identities(userId),
      erase: async (transaction, userId) => {
        const identities = await transaction.query<{ issuer: string; subject: string }>(
          'DELETE FROM foreign_identities WHERE user_id = $1 RETURNING issuer, subject',
          [userId],
        );
        // A clock that is ahead makes tokens that are younger than now.
        const [latest] = await transaction.query<{ at: Date | null }>(
          'SELECT max(last_used_at) AS at FROM sessions WHERE user_id = $1',
          [userId],
        );
        const endedAt = Math.max(this.clock.now(), latest?.at?.getTime() ?? 0);
        await transaction.query(
          `INSERT INTO ended_identities (session_id, ended_at) SELECT unnest($1::uuid[]), $2
           ON CONFLICT (session_id) DO UPDATE SET ended_at = excluded.ended_at`,
          [identities.map(externalSessionId), new Date(endedAt)],
        );
        return undefined;
      },
    });
  }

  /** One page: a user is one subject of one issuer. */
  private async *identities(userId: string): AsyncGenerator<object[]> {
    const rows = await this.database.background.query<object>(
      'SELECT issuer, subject, created_at AS "createdAt" FROM foreign_identities WHERE user_id = $1',
      [userId],
    );
    if (rows.length > 0) yield rows;
  }
}
