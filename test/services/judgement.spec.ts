import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';

const id = (number: number): string => `01900000-0000-7000-8000-${number.toString().padStart(12, '0')}`;
const [ADA, BOB, CY, DEE] = [id(1), id(2), id(3), id(4)];
/** Of friends; of those who are none; where she blocks him, and he her; a group that Cy joined late, and Dee left. */
const [FRIENDS, STRANGERS, BLOCKING, BLOCKED, GROUP] = [id(10), id(11), id(12), id(13), id(14)];
const [EARLY, LATE, DELETED, SYSTEM, ELSEWHERE] = [id(20), id(21), id(22), id(23), id(24)];
const [EVE, FAY] = [id(5), id(6)];
const KEY = id(30);

interface Send {
  conversation: string;
  sender: string;
  key?: string;
  reply?: string;
  friendsOnly?: boolean;
}

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `INSERT INTO users (id, username, display_name) SELECT id, 'user_' || id, 'User' FROM unnest($1::uuid[]) AS id`,
    [[ADA, BOB, CY, DEE, EVE, FAY]],
  );
  await client.query(
    `INSERT INTO conversations (id, type, low_id, high_id, last_seq, last_message_at) VALUES
       ($1, 'DIRECT', $5, $6, 0, NULL), ($2, 'DIRECT', $5, $7, 1, '2100-01-01'), ($3, 'DIRECT', $5, $8, 0, NULL), ($4, 'DIRECT', $5, $9, 0, NULL)`,
    [FRIENDS, STRANGERS, BLOCKING, BLOCKED, ADA, BOB, CY, EVE, FAY],
  );
  await client.query(`INSERT INTO conversations (id, type, title, last_seq) VALUES ($1, 'GROUP', 'Us', 4)`, [GROUP]);
  await client.query(
    `INSERT INTO conversation_members (conversation_id, user_id, visible_from_seq, left_at, is_shown) VALUES
       ($1, $6, 1, NULL, false), ($1, $7, 1, NULL, true), ($2, $6, 1, NULL, true), ($2, $8, 1, NULL, false),
       ($3, $6, 1, NULL, true), ($3, $10, 1, NULL, true), ($4, $6, 1, NULL, true), ($4, $11, 1, NULL, true),
       ($5, $6, 1, NULL, true), ($5, $7, 1, NULL, true), ($5, $8, 3, NULL, true), ($5, $9, 1, now(), true)`,
    [FRIENDS, STRANGERS, BLOCKING, BLOCKED, GROUP, ADA, BOB, CY, DEE, EVE, FAY],
  );
  await client.query('INSERT INTO friendships (low_id, high_id, removed_at) VALUES ($1, $2, NULL), ($1, $3, now())', [
    ADA,
    BOB,
    CY,
  ]);
  await client.query('INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2), ($3, $1)', [ADA, EVE, FAY]);
  await client.query(
    `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, system, deleted_at, created_at) VALUES
       ($1, $6, 1, $8, $1, 'TEXT', 'early', NULL, NULL, now()), ($2, $6, 3, $8, $10, 'TEXT', repeat('x', 300), NULL, NULL, now()),
       ($3, $6, 2, $8, $3, 'TEXT', NULL, NULL, now(), now()),
       ($4, $6, 4, $8, NULL, 'SYSTEM', NULL, jsonb_build_object('type', 'MEMBERS_ADDED', 'actorId', $8::text, 'userIds', jsonb_build_array($9::text)), NULL, now()),
       ($5, $7, 1, $8, $5, 'TEXT', 'elsewhere', NULL, NULL, now())`,
    [EARLY, LATE, DELETED, SYSTEM, ELSEWHERE, GROUP, STRANGERS, ADA, CY, KEY],
  );
  await client.query(
    `INSERT INTO hidden_messages (message_id, conversation_id, seq, user_id, hidden_at) VALUES
       ($1, $2, 3, $3, '2026-01-01'), ($1, $2, 3, $4, '2026-01-02'), ($5, $2, 1, $6, '2026-01-03')`,
    [LATE, GROUP, BOB, DEE, EARLY, CY],
  );
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What becomes of a message by itself, and in a batch; nothing of it stays. */
async function outcomes({ conversation, sender, key = id(40), reply, friendsOnly = false }: Send): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const [text, values] of [
    [
      'SELECT * FROM store_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      [id(41), conversation, sender, key, 'hello', reply ?? null, 'TEXT', null, null, friendsOnly],
    ],
    [
      'SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, $7)',
      [[id(41)], [conversation], [sender], [key], ['hello'], [reply ?? null], friendsOnly],
    ],
  ] as const) {
    await client.query('BEGIN');
    const { rows } = await client.query(text, values as unknown as unknown[]);
    const stored = await client.query(
      `SELECT m.seq, m.sender_id, m.client_id, m.content, m.reply_to_id, c.last_seq, c.last_message, c.last_message_id, c.last_message_kind,
         m.created_at = c.last_message_at AS is_newest,
         (SELECT json_agg(json_build_array(user_id, last_read_seq, last_delivered_seq, last_own_seq, is_shown) ORDER BY user_id)
          FROM conversation_members WHERE conversation_id = c.id) AS members
       FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1`,
      [id(41)],
    );
    await client.query('ROLLBACK');
    const { begins, created_at: createdAt, ...row } = rows[0];
    // Whether it begins to be shown is asked of what was stored alone.
    found.push({
      ...row,
      isDated: createdAt !== null,
      begins: row.outcome === 'stored' && begins,
      stored: stored.rows,
    });
  }
  return found;
}

const sends: [string, Send, object][] = [
  [
    'of a friend',
    { conversation: FRIENDS, sender: ADA, friendsOnly: true },
    { outcome: 'stored', seq: 1, begins: true },
  ],
  ['of a stranger', { conversation: STRANGERS, sender: ADA }, { outcome: 'stored', seq: 2, begins: false }],
  [
    'of a stranger where only friends may write',
    { conversation: STRANGERS, sender: CY, friendsOnly: true },
    { outcome: 'refused' },
  ],
  ['of one who blocks', { conversation: BLOCKING, sender: ADA }, { outcome: 'refused' }],
  ['of one who is blocked', { conversation: BLOCKING, sender: EVE }, { outcome: 'refused' }],
  ['against a block of the other side', { conversation: BLOCKED, sender: ADA }, { outcome: 'refused' }],
  [
    'in a group, whoever is a friend',
    { conversation: GROUP, sender: CY, friendsOnly: true },
    { outcome: 'stored', seq: 5 },
  ],
  ['of one who left', { conversation: GROUP, sender: DEE }, { outcome: 'not_found' }],
  ['of one who was never there', { conversation: GROUP, sender: EVE }, { outcome: 'not_found' }],
  ['in a conversation that there is not', { conversation: id(99), sender: ADA }, { outcome: 'not_found' }],
  ['that was sent before', { conversation: GROUP, sender: ADA, key: KEY }, { outcome: 'repeated', id: LATE }],
  [
    'that was sent before in another conversation',
    { conversation: FRIENDS, sender: ADA, key: KEY },
    { outcome: 'repeated', id: LATE },
  ],
  [
    'that was sent before by one who left since',
    { conversation: BLOCKING, sender: ADA, key: KEY },
    { outcome: 'repeated', id: LATE },
  ],
  ['with the key of somebody else', { conversation: GROUP, sender: BOB, key: KEY }, { outcome: 'stored' }],
  [
    'that answers',
    { conversation: GROUP, sender: CY, reply: LATE },
    {
      outcome: 'stored',
      reply_seq: 3,
      reply_sender_id: ADA,
      reply_kind: 'TEXT',
      reply_content: 'x'.repeat(200),
      reply_blind_ids: null,
      // Not of Dee, who left.
      reply_hidden: { [BOB]: expect.any(String) },
    },
  ],
  [
    'that answers what not everybody may see',
    { conversation: GROUP, sender: BOB, reply: EARLY },
    { outcome: 'stored', reply_blind_ids: [CY], reply_hidden: null },
  ],
  [
    'that answers a deleted message',
    { conversation: GROUP, sender: BOB, reply: DELETED },
    { outcome: 'stored', reply_content: null, reply_deleted_at: expect.any(Date) },
  ],
  [
    'that answers what happened',
    { conversation: GROUP, sender: BOB, reply: SYSTEM },
    { outcome: 'stored', reply_kind: 'SYSTEM', reply_system: expect.objectContaining({ type: 'MEMBERS_ADDED' }) },
  ],
  [
    'that answers what its sender may not see',
    { conversation: GROUP, sender: CY, reply: EARLY },
    { outcome: 'reply_unknown' },
  ],
  [
    'that answers a message of another conversation',
    { conversation: GROUP, sender: ADA, reply: ELSEWHERE },
    { outcome: 'reply_unknown' },
  ],
  [
    'that answers nothing that there is',
    { conversation: GROUP, sender: ADA, reply: id(99) },
    { outcome: 'reply_unknown' },
  ],
];
describe('a message alone and one in a batch', () => {
  it.each(sends)('are judged alike: %s', async (_, send, expected) => {
    const [alone, inBatch] = await outcomes(send);
    expect(alone).toMatchObject(expected);
    expect(inBatch).toEqual(alone);
  });

  it('are judged by statements into which PostgreSQL puts the judgement', async () => {
    const { rows } = await client.query(
      `EXPLAIN (GENERIC_PLAN) SELECT 1 FROM (SELECT 1) AS one
       LEFT JOIN LATERAL judged_sender($1::uuid, $2::conversation_type, $3::uuid, $4::uuid, $5::uuid, $6::boolean) s ON true
       CROSS JOIN LATERAL judged_message($1::uuid, $5::uuid, $7::uuid, $8::uuid, s.visible_from, s.is_refused) j`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('Function Scan');
  });
});
