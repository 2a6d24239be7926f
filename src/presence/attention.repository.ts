import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Shown } from './attention.js';
import { PresenceStore } from './presence-store.js';

/** What users look at, for other processes: worth nothing once the lease of the process that wrote it has ended. */
@Injectable()
export class AttentionRepository {
  constructor(
    private readonly database: Database,
    private readonly presence: PresenceStore,
  ) {}

  /** @param shown of this process; of users who are only named nobody looks any more */
  async write(userIds: readonly string[], shown: readonly Shown[]): Promise<void> {
    await this.database.background.queryAtomically(
      `WITH gone AS (
         DELETE FROM attentions WHERE node_id = $1 AND user_id = ANY ($2) AND NOT user_id = ANY ($3)
       )
       INSERT INTO attentions (user_id, node_id, conversation_ids)
       SELECT w.user_id, $1, ARRAY(SELECT jsonb_array_elements_text(w.conversation_ids::jsonb)::uuid)
       FROM unnest($3::uuid[], $4::text[]) AS w(user_id, conversation_ids) ORDER BY w.user_id
       ON CONFLICT (user_id, node_id) DO UPDATE SET conversation_ids = excluded.conversation_ids`,
      [
        this.presence.nodeId,
        userIds,
        shown.map(({ userId }) => userId),
        shown.map(({ conversationIds }) => JSON.stringify(conversationIds)),
      ],
      'attention_write',
    );
  }

  /** What these users look at, at other processes. */
  ofOthers(userIds: readonly string[]): Promise<Shown[]> {
    return this.database.background.query<Shown>(
      `SELECT a.user_id AS "userId", a.conversation_ids::text[] AS "conversationIds"
       FROM attentions a JOIN presence_nodes n USING (node_id)
       WHERE a.user_id = ANY ($1) AND a.node_id <> $2 AND n.expires_at > now()`,
      [userIds, this.presence.nodeId],
      'attention_of_others',
    );
  }

  /** Takes away what belongs to processes that died. @returns whose it was; one caller alone is given each */
  async sweep(): Promise<string[]> {
    const gone = await this.database.background.query<{ userId: string }>(
      // There are few processes: each is found by the next entry of the index, and only the rows of those that died are read.
      `WITH RECURSIVE held AS (
         SELECT '00000000-0000-0000-0000-000000000000'::uuid AS node_id
         UNION ALL
         SELECT next.node_id FROM held CROSS JOIN LATERAL (
           SELECT a.node_id FROM attentions a WHERE a.node_id > held.node_id ORDER BY a.node_id LIMIT 1
         ) AS next
       )
       DELETE FROM attentions WHERE node_id = ANY (ARRAY(
         SELECT h.node_id FROM held h WHERE NOT EXISTS (SELECT FROM presence_nodes n WHERE n.node_id = h.node_id)))
       RETURNING user_id AS "userId"`,
      [],
      'attention_sweep',
    );
    return gone.map(({ userId }) => userId);
  }
}
