import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '../../src/database/database.js';
import { type Asked, askedUnder, rowsOf, type Scan, scansOf } from '../support/plans.js';
import { type Person, startStory, type Story } from '../support/story.js';

/**
 * What each list looks at where there is much, counted in rows and never in time. `PLAN_ROWS=1000000` makes as many
 * messages (a minute); fewer show the same plans, since PostgreSQL takes an index from some thousand rows on.
 */
const MESSAGES = Number(process.env.PLAN_ROWS ?? 60_000);
const OWN = MESSAGES / 4;
const EXPORT_PAGE = 500;
const LARGE = [
  'messages',
  'message_reactions',
  'hidden_messages',
  'friend_requests',
  'conversations',
  'conversation_members',
];

describe('lists', () => {
  let story: Story;
  let client: pg.Client;
  let ada: Person;
  let bob: Person;
  let group: string;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    group = await ada.group('Large', bob);
    const { rows } = await client.query('SELECT last_seq FROM conversations WHERE id = $1', [group]);
    // Half of them in one group, every fourth by one sender; the others in conversations of their own.
    await client.query(
      `WITH others AS (
         INSERT INTO users (id, username, display_name)
         SELECT gen_random_uuid(), 'crowd_' || n, 'One of the crowd' FROM generate_series(1, 2000) AS n RETURNING id
       ), rooms AS (
         INSERT INTO conversations (id, type, title, created_by, last_seq, last_message_at)
         SELECT gen_random_uuid(), 'GROUP', 'Room', id, 0, now() - random() * interval '1 year' FROM others RETURNING id, created_by
       )
       INSERT INTO conversation_members (conversation_id, user_id, role) SELECT id, created_by, 'OWNER' FROM rooms`,
    );
    await client.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN $1::uuid ELSE room.ids[1 + n % 2000] END,
         $2::integer + n, CASE WHEN n % 4 = 0 THEN $3::uuid ELSE room.owners[1 + n % 2000] END, gen_random_uuid(), 'TEXT', 'm', now()
       FROM generate_series(1, $4::integer) AS n, (
         SELECT array_agg(id ORDER BY id) AS ids, array_agg(created_by ORDER BY id) AS owners FROM conversations WHERE title = 'Room'
       ) AS room`,
      [group, rows[0].last_seq, ada.id, MESSAGES],
    );
    await client.query('UPDATE conversations SET last_seq = $2, last_message_at = now() WHERE id = $1', [
      group,
      rows[0].last_seq + MESSAGES,
    ]);
    // What others reacted to and hid as well; of one user, several pages.
    for (const userId of [ada.id, bob.id]) {
      await client.query(
        `INSERT INTO message_reactions (message_id, conversation_id, user_id, emoji)
         SELECT id, conversation_id, $1, '👍' FROM messages WHERE conversation_id = $2 AND kind = 'TEXT' LIMIT 5000`,
        [userId, group],
      );
      await client.query(
        `INSERT INTO hidden_messages (message_id, conversation_id, seq, user_id)
         SELECT id, conversation_id, seq, $1 FROM messages WHERE conversation_id = $2 AND kind = 'TEXT' ORDER BY seq LIMIT 5000`,
        [userId, group],
      );
    }
    await client.query(
      `INSERT INTO friend_requests (id, sender_id, receiver_id, status, responded_at)
       SELECT gen_random_uuid(), CASE WHEN u.n % 2 = 0 THEN $1 ELSE u.id END, CASE WHEN u.n % 2 = 0 THEN u.id ELSE $1 END, 'REJECTED', now()
       FROM (SELECT id, row_number() OVER () AS n FROM users WHERE id <> $1) AS u`,
      [ada.id],
    );
    await client.query('VACUUM ANALYZE');
  }, 300_000);
  afterAll(async () => {
    await client.end();
    await story.close();
  });

  /** What the last statement of this name looked at while `work` ran. */
  const looked = async (pool: object, name: string | RegExp, work: () => Promise<unknown>) => {
    const asked = askedUnder(pool, name);
    await work();
    expect(asked.length).toBeGreaterThan(0);
    return {
      pages: asked.length,
      scans: await scansOf(
        client,
        asked[Math.floor(asked.length / 2)] as Asked,
        typeof name === 'string' ? 'generic' : 'custom',
      ),
    };
  };
  /** The tables that are large here, and were read whole all the same. Of small ones that is right. */
  const readWhole = (scans: readonly Scan[]): string[] =>
    scans
      .filter(({ isSequential, relation }) => isSequential && LARGE.includes(relation))
      .map(({ relation }) => relation);

  const exports: [string, RegExp, number][] = [
    ['messages', /FROM messages WHERE sender_id = \$1 AND client_id > /, OWN / EXPORT_PAGE],
    ['message_reactions', /FROM message_reactions\s+WHERE user_id = \$1 AND message_id > /, 5000 / EXPORT_PAGE],
    ['hidden_messages', /FROM hidden_messages\s+WHERE user_id = \$1 AND message_id > /, 5000 / EXPORT_PAGE],
  ];
  it.each(exports)('read a page of an export of %s and nothing beside it', async (relation, name, atLeast) => {
    const { pages, scans } = await looked(story.app.get(Database).background, name, () =>
      ada.must('GET', '/users/me/export'),
    );
    expect(pages).toBeGreaterThanOrEqual(atLeast);
    // The end of a group is seen at the next row, and rows of one page of the index come together.
    expect(rowsOf(scans, relation)).toBeLessThan(2 * EXPORT_PAGE);
    expect(readWhole(scans)).toEqual([]);
  });

  it('read both sides of friend requests for an export by their indexes', async () => {
    const { scans } = await looked(
      story.app.get(Database).background,
      /FROM friend_requests WHERE receiver_id = \$1 AND id > /,
      () => ada.must('GET', '/users/me/export'),
    );
    expect(rowsOf(scans, 'friend_requests')).toBeLessThanOrEqual(2 * EXPORT_PAGE);
    expect(readWhole(scans)).toEqual([]);
  });

  it('read a page of history from the middle of a large group', async () => {
    const { scans } = await looked(story.app.get(Database).reads, 'messages_range', () =>
      ada.must('GET', `/conversations/${group}/messages?before=${MESSAGES / 2}&limit=50`),
    );
    // Once to measure it, once to read it.
    expect(rowsOf(scans, 'messages')).toBeLessThanOrEqual(2 * 102);
    expect(readWhole(scans)).toEqual([]);
  });

  it('read of all conversations only those of their reader', async () => {
    const { scans } = await looked(story.app.get(Database).reads, 'conversation_list', () =>
      bob.must('GET', '/conversations'),
    );
    expect(rowsOf(scans, 'conversations')).toBeLessThan(20);
    expect(rowsOf(scans, 'conversation_members')).toBeLessThan(50);
    expect(rowsOf(scans, 'messages')).toBeLessThan(10);
  });

  it('read what changed for sync, and not what is there', async () => {
    const { cursor } = await ada.must('GET', '/sync');
    await bob.say(group, 'one more');
    const asked = askedUnder(story.app.get(Database).reads, /bounds AS MATERIALIZED/);
    await ada.must('GET', `/sync?cursor=${encodeURIComponent(cursor)}`);
    expect(asked.length).toBeGreaterThan(0);
    const scans = await scansOf(client, asked[0] as Asked);
    expect(rowsOf(scans, 'messages')).toBeLessThan(20);
  });

  const sweeps: [string, string, string][] = [
    ['sessions that are over', 'sessions', 'SELECT id FROM sessions WHERE expires_at <= now() LIMIT 500'],
    [
      'registrations that were not proved',
      'pending_registrations',
      'SELECT id FROM pending_registrations WHERE expires_at <= now() LIMIT 500',
    ],
    ['codes that are over', 'one_time_codes', 'SELECT 1 FROM one_time_codes WHERE expires_at <= now()'],
    [
      'files that are of no use',
      'attachments',
      `SELECT id FROM attachments WHERE state = 'DOOMED' ORDER BY id LIMIT 100`,
    ],
  ];
  it.each(sweeps)('find %s by an index, where a table is large', async (_, relation, text) => {
    // Tables that small PostgreSQL reads whole, and is right: what is asked here is whether there is an index at all.
    await client.query('SET enable_seqscan = off');
    const scans = await scansOf(client, { text, values: [] });
    await client.query('RESET enable_seqscan');
    expect(scans.map((scan) => [scan.relation, scan.isSequential])).toEqual([[relation, false]]);
  });
});
