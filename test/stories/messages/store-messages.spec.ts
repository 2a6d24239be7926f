import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { v7 } from 'uuid';
import { Configuration } from '../../../src/config/configuration.js';
import { sessionSetup } from '../../../src/config/database-url.js';
import { type Person, startStory, type Story } from '../../support/story.js';

const EARLIER_MESSAGES = 2_000;

describe('the statements that store messages, planned while the tables were empty', () => {
  let story: Story;
  let client: pg.Client;
  let ada: Person;
  let conversationId: string;
  let repliedToId: string;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    client = new pg.Client({ connectionString: story.app.get(Configuration).databaseUrl });
    await client.connect();
    await client.query(sessionSetup('public'));
    const bob = await story.person('bob');
    ada = await story.person('ada');
    conversationId = await ada.directConversation(bob);
    // What stays empty in a new installation until the first ANALYZE, for the plans that are made now and kept.
    for (const count of [1, 2]) await store(count, null);
    repliedToId = v7();
    await client.query(
      `WITH last AS (
         UPDATE conversations SET last_seq = last_seq + $3 WHERE id = $1 RETURNING last_seq - $3 AS seq
       )
       INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT CASE WHEN n = 1 THEN $4::uuid ELSE gen_random_uuid() END, $1, last.seq + n, $2, gen_random_uuid(), 'TEXT', 'm', now()
       FROM last, generate_series(1, $3::integer) AS n`,
      [conversationId, ada.id, EARLIER_MESSAGES, repliedToId],
    );
  });
  afterAll(async () => {
    await client.end();
    await story.close();
  });

  /** By this connection, as far as it has not reported it yet: it does so between transactions alone. */
  async function messagesRead(): Promise<number> {
    const { rows } = await client.query(
      `SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables WHERE relname = 'messages'`,
    );
    return rows[0].read as number;
  }

  /** Stores so many at once, by the statement that the writer takes for as many, and says how many messages it looked at. */
  async function store(count: number, replyToId: string | null): Promise<number> {
    const ids = Array.from({ length: count }, () => v7());
    const all = <Value>(value: Value): Value[] => ids.map(() => value);
    await client.query('BEGIN');
    const before = await messagesRead();
    const { rows } =
      count === 1
        ? await client.query({
            name: 'store_message',
            text: 'SELECT * FROM store_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
            values: [ids[0], conversationId, ada.id, ids[0], 'hello', replyToId, 'TEXT', null, null, false],
          })
        : await client.query({
            name: 'store_messages',
            text: 'SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, $7)',
            values: [ids, all(conversationId), all(ada.id), ids, all('hello'), all(replyToId), false],
          });
    expect(rows.map(({ outcome }) => outcome)).toEqual(all('stored'));
    const looked = (await messagesRead()) - before;
    await client.query('COMMIT');
    return looked;
  }

  it.each([1, 2, 64])('look at none of the earlier messages for %i new ones', async (count) => {
    expect(await store(count, null)).toBe(0);
  });

  it.each([1, 2, 64])('look at the quoted message and no other for %i replies', async (count) => {
    expect(await store(count, repliedToId)).toBe(count);
  });
});
