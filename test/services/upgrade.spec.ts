import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate } from '../../src/database/migrations/migrator.js';
import { applyHistory, migrationNames, release, today } from '../support/databases/histories.js';
import { createEmptyDatabase, type TestDatabase } from '../support/databases/postgres.js';
import { type Anything, Person, startStory, type Story } from '../support/story.js';

const PASSWORD = 'correct horse';
const id = (number: number): string => `01900000-0000-7000-8000-${number.toString().padStart(12, '0')}`;
const [ADA, BOB, CY, GONE] = [id(1), id(2), id(3), id(4)];
const [GROUP, DIRECT] = [id(10), id(11)];

/** What release 0.2.0 left behind: rows of every kind, also such as no release of today would write. */
async function leaveBehind(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO users (id, email, username, display_name, deleted_at) VALUES
       ($1, 'ada@example.com', 'ada', 'Ada', NULL), ($2, 'bob@example.com', 'bob', 'Bob created "x', NULL),
       ($3, 'cy@example.com', 'cy', 'Cy', NULL), ($4, NULL, 'deleted-4', 'Deleted user', now())`,
    [ADA, BOB, CY, GONE],
  );
  await client.query(`INSERT INTO conversations (id, type, title, last_seq) VALUES ($1, 'GROUP', 'Chess', 0)`, [GROUP]);
  await client.query(
    `INSERT INTO conversation_members (conversation_id, user_id, role)
     VALUES ($1, $2, 'OWNER'), ($1, $3, 'MEMBER'), ($1, $4, 'MEMBER')`,
    [GROUP, ADA, BOB, CY],
  );
  await client.query(`INSERT INTO conversations (id, type, low_id, high_id) VALUES ($1, 'DIRECT', $2, $3)`, [
    DIRECT,
    ADA,
    BOB,
  ]);
  await client.query(`INSERT INTO conversation_members (conversation_id, user_id) VALUES ($1, $2), ($1, $3)`, [
    DIRECT,
    ADA,
    BOB,
  ]);
}

/** Rows that the constraints of today refuse, and what none of them could be found by. */
async function leaveUgly(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO users (id, email, username, display_name, email_verified_at, deleted_at, created_at) VALUES
       ($1, 'Eve@Example.com', 'Eve', 'Eve', NULL, NULL, '2026-01-01'), ($2, 'EVE@example.com', 'EVE', 'Eve', now(), NULL, '2026-01-02'),
       ($3, 'still@example.com', 'deleted-x', 'Deleted user', now(), now(), '2026-01-03'),
       ($4, NULL, 'fay', 'Fay', now(), NULL, '2026-01-04'), ($5, 'Ada@example.com', 'adas_double', 'Ada', NULL, NULL, '2026-01-05')`,
    [id(20), id(21), id(22), id(23), id(24)],
  );
  const nobody = id(99);
  await client.query(
    `INSERT INTO friend_requests (id, sender_id, receiver_id, status, responded_at) VALUES
       ($1, $2, $2, 'PENDING', NULL), ($3, $2, $4, 'ACCEPTED', NULL), ($5, $2, $6, 'PENDING', NULL), ($7, $4, $8, 'PENDING', now())`,
    [id(30), ADA, id(31), BOB, id(32), nobody, id(33), CY],
  );
  await client.query(
    `INSERT INTO friendships (low_id, high_id) VALUES ($1, $1), ($2, $1), ($3, $1), ($1, $3), ($1, $4)`,
    [ADA, BOB, CY, nobody],
  );
  await client.query('INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $1), ($1, $2), ($3, $1)', [
    ADA,
    nobody,
    id(20),
  ]);
  // A pair twice, in both orders; a pair of one; a pair in a group; a group and a direct conversation without what they need.
  await client.query(
    `INSERT INTO conversations (id, type, title, low_id, high_id) VALUES
       ($1, 'DIRECT', NULL, $2, $3), ($4, 'DIRECT', NULL, $3, $3), ($5, 'GROUP', 'Odd', $3, $6), ($7, 'GROUP', NULL, NULL, NULL),
       ($8, 'DIRECT', 'Named', $6, $2)`,
    [id(40), BOB, ADA, id(41), id(42), CY, id(43), id(44)],
  );
  await client.query(
    `INSERT INTO conversation_members (conversation_id, user_id, last_read_seq, last_delivered_seq, visible_from_seq) VALUES
       ($1, $2, 5, 3, 1), ($3, $2, -1, 0, 0), ($1, $4, 0, 0, 1), ($5, $2, 0, 0, 1)`,
    [id(40), ADA, id(41), nobody, id(98)],
  );
  // Three who own one group, one of whom left it.
  await client.query(
    `INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, left_at) VALUES
       ($1, $2, 'OWNER', '2026-01-02', NULL), ($1, $3, 'OWNER', '2026-01-03', NULL), ($1, $4, 'OWNER', '2026-01-01', now())`,
    [id(43), ADA, BOB, CY],
  );
  await client.query(
    `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, system, created_at, deleted_at, attachments) VALUES
       ($1, $2, 1, $3, NULL, 'TEXT', 'without a key', '{"type":"MEMBER_LEFT"}', now(), NULL, NULL),
       ($4, $2, 2, $3, $4, 'TEXT', 'deleted, and still here', NULL, now(), now(), '[]'),
       ($5, $2, 3, $3, $5, 'SYSTEM', 'Ada left', '{"type":"MEMBER_LEFT","userIds":[]}', now(), NULL, NULL)`,
    [id(50), id(40), ADA, id(51), id(52)],
  );
  await client.query('UPDATE conversations SET last_seq = 3 WHERE id = $1', [id(40)]);
  await client.query(
    `INSERT INTO message_reactions (message_id, user_id, emoji) VALUES ($1, $2, '👍'), ($3, $2, '👍'), ($1, $3, '👍')`,
    [id(50), ADA, nobody],
  );
  await client.query(
    `INSERT INTO hidden_messages (message_id, user_id, conversation_id, seq) VALUES ($1, $2, $3, 77), ($4, $2, $3, 1), ($1, $4, $3, 1)`,
    [id(50), ADA, GROUP, nobody],
  );
  await client.query(
    `INSERT INTO attachments (id, owner_id, state, name, message_id, conversation_id, width) VALUES
       ($1, $2, 'STORING', 'half', $3, NULL, 0), ($4, $2, 'STORING', 'nowhere', $3, $5, NULL), ($6, $5, 'STORING', 'of nobody', NULL, NULL, 1)`,
    [id(60), ADA, id(50), id(61), nobody, id(62)],
  );
  await client.query(
    `INSERT INTO one_time_codes (user_id, purpose, hash, guesses, guessers, expires_at)
     VALUES ($1, 'RESET_PASSWORD', 'x', -1, '[]', now())`,
    [ADA],
  );
  await client.query(
    `INSERT INTO pending_registrations (id, email, username, display_name, password_hash, requested_from, code_hash, expires_at) VALUES
       ($1, 'UP@example.com', 'up', 'Up', 'x', 'x', NULL, now() + interval '1 day'), ($2, 'half@example.com', 'half', 'Half', 'x', 'x', 'x', now() + interval '1 day')`,
    [id(70), id(71)],
  );
  await client.query(
    `WITH session AS (
       INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day') RETURNING id
     ) INSERT INTO refresh_tokens (hash, session_id) SELECT 'short', id FROM session`,
    [id(80), ADA],
  );
}

/** Pictures as 0.2.0 named them, by a piece of a URL: what each row has, and what is shown from then on. */
const pictures: [number, string, string | null][] = [
  [120, `/avatars/${id(140)}`, `/avatars/${id(140)}`],
  // Made after the other one that names the same picture.
  [121, `/avatars/${id(140)}`, null],
  [122, `/avatars/${id(99)}`, null],
  [123, '/avatars/no-id', null],
  // Of a message, not an image, not there yet, replaced before.
  [124, `/avatars/${id(141)}`, null],
  [125, `/avatars/${id(142)}`, null],
  [126, `/avatars/${id(143)}`, null],
  [127, `/avatars/${id(144)}`, null],
  [128, 'https://example.com/me.png', 'https://example.com/me.png'],
];

async function leavePictures(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO attachments (id, owner_id, state, name, kind, mime_type, size, message_id, conversation_id, is_avatar)
     SELECT t.id, $1, t.state::attachment_state, 'me.png', t.kind::message_kind, 'image/png', 1, t.message_id, t.conversation_id, t.is_avatar
     FROM (VALUES ($2::uuid, 'READY', 'IMAGE', NULL::uuid, NULL::uuid, true), ($3, 'READY', 'IMAGE', $9, $10, false),
       ($4, 'READY', 'FILE', NULL, NULL, true), ($5, 'STORING', NULL, NULL, NULL, false), ($6, 'DOOMED', 'IMAGE', NULL, NULL, true),
       ($7, 'READY', 'IMAGE', NULL, NULL, true), ($8, 'READY', 'IMAGE', NULL, NULL, true)
     ) AS t (id, state, kind, message_id, conversation_id, is_avatar)`,
    [ADA, ...[140, 141, 142, 143, 144, 145, 146].map(id), id(100), GROUP],
  );
  for (const [number, url] of pictures)
    await client.query(
      `INSERT INTO users (id, username, display_name, avatar_url, created_at)
       VALUES ($1::uuid, 'pictured_' || $2, 'Pictured', $3, timestamptz '2026-01-01' + make_interval(secs => $2::integer))`,
      [id(number), number, url],
    );
  // A group's is its own; a direct conversation has none; the last is nobody's any more, and nothing said so.
  await client.query('UPDATE conversations SET avatar_url = $2 WHERE id = $1', [GROUP, `/avatars/${id(145)}`]);
  await client.query('UPDATE conversations SET avatar_url = $2 WHERE id = $1', [DIRECT, 'https://example.com/us.png']);
}

/** Sentences as 0.2.0 stored them: who said it, what, the data beside it; and what is to become of both. */
const sentences: [string, string, Anything, Anything, string][] = [
  [ADA, 'Ada created "Chess"', { type: 'GROUP_CREATED', userIds: [BOB] }, { title: 'Chess' }, 'Ada created "Chess"'],
  // The name of then held the words between name and title: it is still the same, and shows where the title begins.
  [
    BOB,
    'Bob created "x created "Go"',
    { type: 'GROUP_CREATED', userIds: [] },
    { title: 'Go' },
    'Bob created "x created "Go"',
  ],
  // Nobody can say any more which part of this was the name: shown as it was.
  [ADA, 'A created "B" created "C"', { type: 'GROUP_CREATED', userIds: [] }, {}, 'A created "B" created "C"'],
  [
    ADA,
    'Old name named the group "A "B""',
    { type: 'GROUP_CHANGED', userIds: [] },
    { title: 'A "B"' },
    'Ada named the group "A "B""',
  ],
  [ADA, 'Old name changed the group', { type: 'GROUP_CHANGED', userIds: [] }, {}, 'Ada changed the group'],
  [ADA, 'Ada made Cy admin', { type: 'ROLE_CHANGED', userIds: [CY] }, { role: 'ADMIN' }, 'Ada made Cy admin'],
  [ADA, 'Ada made Cy king', { type: 'ROLE_CHANGED', userIds: [CY] }, {}, 'Ada made Cy king'],
  [ADA, 'Ada added Cy', { type: 'MEMBERS_ADDED', userIds: [CY] }, {}, 'Ada added Cy'],
  [
    ADA,
    'Ada added Cy, Bob, Cy and 198 more',
    { type: 'MEMBERS_ADDED', userIds: [CY, BOB, CY, ...Array.from({ length: 97 }, () => BOB)] },
    { userCount: 201 },
    'Ada added Cy, Bob created "x, Cy and 198 more',
  ],
  [ADA, 'Ada removed Deleted user', { type: 'MEMBER_REMOVED', userIds: [GONE] }, {}, 'Ada removed Deleted user'],
  [CY, 'Cy left', { type: 'MEMBER_LEFT', userIds: [CY] }, {}, 'Cy left'],
  // Data that says nothing: its sentence is all there is.
  [
    ADA,
    'Ada did something',
    { type: 'DANCED', userIds: 'nobody' },
    { type: 'GROUP_CHANGED', userIds: [] },
    'Ada did something',
  ],
  [
    ADA,
    'Ada removed somebody',
    { type: 'MEMBER_REMOVED', userIds: ['no id'] },
    { userIds: [] },
    'Ada removed somebody',
  ],
];

async function writeSentences(client: pg.Client): Promise<void> {
  for (const [index, [sender, content, system]] of sentences.entries())
    await client.query('SELECT append_system_message($1, $2, $3, $4, $5)', [
      id(100 + index),
      GROUP,
      sender,
      content,
      JSON.stringify(system),
    ]);
  await client.query(`SELECT store_message($1, $2, $3, $1, 'an answer', $4, 'TEXT', NULL, NULL, false)`, [
    id(200),
    GROUP,
    BOB,
    id(100),
  ]);
}

describe('a database of release 0.2.0', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let story: Story;
  let ada: Person;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    const steps = release('0.2.0');
    await applyHistory(database.url, steps, async (applying, index) => {
      if (index !== steps.length - 1) return;
      await leaveBehind(applying);
      await writeSentences(applying);
      await leaveUgly(applying);
      await leavePictures(applying);
    });
    await migrate(database.url);
    story = await startStory({ databaseUrl: database.url });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    // The password of another account that was made today.
    const other = await story.person('other');
    await client.query(
      'UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = $1) WHERE id = ANY ($2)',
      [other.id, [ADA, BOB, CY]],
    );
    ada = await Person.login(story.url, 'ada');
  });
  afterAll(async () => {
    await client.end();
    await story.close();
    await database.drop();
  });

  it('shows what happened in its groups as data, and in sentences', async () => {
    const history = await ada.history(GROUP);
    const answered = history.slice(0, sentences.length).map(({ system, content }: Anything) => ({ system, content }));
    expect(answered).toEqual(
      sentences.map(([actorId, , before, becomes, content]) => ({
        system: { type: before.type, actorId, userIds: before.userIds, ...becomes },
        content,
      })),
    );
  });

  it('keeps no sentence that its data can make', async () => {
    const { rows } = await client.query(
      `SELECT content FROM messages WHERE kind = 'SYSTEM' AND content IS NOT NULL ORDER BY seq`,
    );
    expect(rows.map(({ content }) => content)).toEqual([
      'A created "B" created "C"',
      'Ada made Cy king',
      'Ada did something',
      'Ada removed somebody',
    ]);
  });

  it('sends nothing anew because of it', async () => {
    const { rows } = await client.query('SELECT max(version) AS version FROM messages');
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('quotes what happened, and shows it as the last message', async () => {
    expect((await ada.history(GROUP)).at(-1).replyTo).toMatchObject({ kind: 'SYSTEM', content: 'Ada created "Chess"' });
    const cy = await Person.login(story.url, 'cy');
    await ada.must('PATCH', `/conversations/${GROUP}/members/${CY}`, { role: 'ADMIN' });
    await cy.must('PATCH', `/conversations/${GROUP}`, { title: 'Draughts' });
    await cy.must('PATCH', '/users/me', { displayName: 'Cyrus' });
    expect((await ada.must('GET', `/conversations/${GROUP}`)).lastMessage).toBe('Cyrus named the group "Draughts"');
  });

  it('is brought to what must hold, the same way everywhere', async () => {
    const rows = async (text: string): Promise<unknown[]> =>
      (await client.query({ text, rowMode: 'array' })).rows.map((row: unknown) => row);
    expect(
      await rows(
        `SELECT username, email, email_verified_at IS NOT NULL FROM users
         WHERE id::text ~ '00000000002[0-4]$' ORDER BY created_at`,
      ),
    ).toEqual([
      ['eve', 'eve@example.com', false],
      ['eve_000000000021', null, false],
      ['deleted-x', null, false],
      ['fay', null, false],
      ['adas_double', null, false],
    ]);
    expect(
      await rows('SELECT right(id::text, 2), status, responded_at IS NULL FROM friend_requests ORDER BY id'),
    ).toEqual([
      ['31', 'ACCEPTED', false],
      ['33', 'PENDING', true],
    ]);
    expect(await rows('SELECT right(low_id::text, 2), right(high_id::text, 2) FROM friendships ORDER BY 1, 2')).toEqual(
      [
        ['01', '02'],
        ['01', '03'],
      ],
    );
    expect(await rows('SELECT right(blocker_id::text, 2), right(blocked_id::text, 2) FROM blocks')).toEqual([
      ['20', '01'],
    ]);
    expect(
      await rows(
        `SELECT right(id::text, 2), type, title, right(low_id::text, 2), right(high_id::text, 2) FROM conversations ORDER BY id`,
      ),
    ).toEqual([
      ['10', 'GROUP', expect.any(String), null, null],
      ['11', 'DIRECT', null, '01', '02'],
      ['40', 'GROUP', 'Group', null, null],
      ['41', 'GROUP', 'Group', null, null],
      ['42', 'GROUP', 'Odd', null, null],
      ['43', 'GROUP', 'Group', null, null],
      ['44', 'DIRECT', null, '02', '03'],
    ]);
    expect(
      await rows(
        `SELECT right(conversation_id::text, 2), last_read_seq, last_delivered_seq, visible_from_seq FROM conversation_members
         WHERE conversation_id::text ~ '0000000000(4|9).$' ORDER BY 1`,
      ),
    ).toEqual([
      ['40', 5, 5, 1],
      ['41', 0, 0, 1],
      ['43', 0, 0, 1],
      ['43', 0, 0, 1],
      ['43', 0, 0, 1],
    ]);
    expect(
      await rows(
        `SELECT right(user_id::text, 2), role, left_at IS NULL FROM conversation_members
         WHERE conversation_id = '${id(43)}' ORDER BY user_id`,
      ),
    ).toEqual([
      ['01', 'OWNER', true],
      ['02', 'ADMIN', true],
      ['03', 'OWNER', false],
    ]);
    expect(
      await rows(
        `SELECT seq, client_id = id, content, system->>'actorId' = sender_id::text, attachments FROM messages
         WHERE right(conversation_id::text, 2) = '40' ORDER BY seq`,
      ),
    ).toEqual([
      [1, true, 'without a key', null, null],
      [2, true, null, null, null],
      [3, null, null, true, null],
    ]);
    expect(
      await rows('SELECT right(message_id::text, 2), right(conversation_id::text, 2) FROM message_reactions'),
    ).toEqual([['50', '40']]);
    expect(await rows('SELECT right(conversation_id::text, 2), seq FROM hidden_messages')).toEqual([['40', 1]]);
    // Swept by the server that has started since, or soon.
    expect(
      await rows(
        `SELECT right(id::text, 3), is_avatar FROM attachments WHERE state <> 'DOOMED' OR message_id IS NOT NULL ORDER BY id`,
      ),
    ).toEqual([
      ['140', true],
      ['141', false],
      ['143', false],
      ['145', true],
    ]);
    expect(await rows('SELECT count(*)::integer FROM one_time_codes')).toEqual([[0]]);
    expect(await rows(`SELECT username, code_hash FROM pending_registrations`)).toEqual([['half', null]]);
    expect(await rows(`SELECT count(*)::integer FROM refresh_tokens WHERE session_id = '${id(80)}'`)).toEqual([[0]]);
  });

  it('shows the pictures that are there, and no others', async () => {
    const shown: unknown[] = [];
    for (const [number] of pictures) shown.push((await ada.must('GET', `/users/${id(number)}`)).avatarUrl);
    expect(shown).toEqual(pictures.map(([, , becomes]) => becomes));
    expect((await ada.must('GET', `/conversations/${GROUP}`)).avatarUrl).toBe(`/avatars/${id(145)}`);
    expect((await ada.must('GET', `/conversations/${DIRECT}`)).avatarUrl).toBeNull();
    // Only what looks different is listed anew.
    const { rows } = await client.query(
      `SELECT right(id::text, 3) AS id FROM users WHERE username LIKE 'pictured_%' AND changed_xid > '3'::xid8
         AND changed_xid IN (SELECT changed_xid FROM users WHERE id = $1) ORDER BY id`,
      [id(122)],
    );
    expect(rows.map((row) => row.id)).toEqual(['121', '122', '123', '124', '125', '126', '127']);
  });

  it('has no constraint that was not checked', async () => {
    const { rows } = await client.query(`SELECT conname FROM pg_constraint WHERE NOT convalidated`);
    expect(rows).toEqual([]);
  });

  it('knows who made a group', async () => {
    const { rows } = await client.query('SELECT created_by FROM conversations WHERE id = $1', [GROUP]);
    expect(rows).toEqual([{ created_by: ADA }]);
  });

  it('names nobody any more who is forgotten, also where a sentence could not be read', async () => {
    await ada.must('DELETE', '/users/me', { password: PASSWORD });
    const cy = await Person.login(story.url, 'cy');
    const answered = (await cy.history(GROUP)).map(({ content }: Anything) => content);
    expect(answered.filter((content: string) => /\bAda\b|created "B"/.test(content))).toEqual([]);
    expect(answered).toContain('Deleted user created the group');
    expect(answered).toContain('Deleted user changed the role of Cyrus');
  });
});

describe('a database of the days before the guards of later tables', () => {
  const [DAN, NOBODY, OLD_GROUP] = [id(301), id(399), id(310)];
  let database: TestDatabase;
  let client: pg.Client;

  /** Rows that today's constraints refuse, each beside one that they take. */
  async function leaveUnguarded(applying: pg.Client): Promise<void> {
    await applying.query(
      `INSERT INTO users (id, username, display_name, suspended_at, suspended_until, suspension_reason) VALUES
         ($1, 'dan', 'Dan', '2026-02-02', '2026-02-01', 'over before'), ($2, 'eli', 'Eli', '2026-02-01', '2026-02-02', 'over after')`,
      [DAN, id(302)],
    );
    await applying.query(
      `INSERT INTO conversations (id, type, title, low_id, high_id, created_by, last_seq) VALUES
         ($1, 'GROUP', 'Go', NULL, NULL, $2, 1), ($3, 'DIRECT', NULL, $2, $4, $2, 0)`,
      [OLD_GROUP, DAN, id(311), id(302)],
    );
    await applying.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       VALUES ($1, $3, 0, $4, $1, 'TEXT', 'before the first', now()), ($2, $3, 1, $4, $2, 'TEXT', 'the first', now())`,
      [id(320), id(321), OLD_GROUP, DAN],
    );
    for (const [table, column] of [
      ['push_progress', 'planned_seq'],
      ['webhook_progress', 'planned_seq'],
      ['conversation_retention', 'expired_seq'],
      ['message_search_progress', 'indexed_seq'],
    ])
      await applying.query(`INSERT INTO ${table} (conversation_id, ${column}) VALUES ($1, -1)`, [OLD_GROUP]);
    await applying.query('INSERT INTO push_progress (conversation_id, planned_seq) VALUES ($1, 1)', [NOBODY]);
    await applying.query('INSERT INTO webhook_progress (conversation_id, planned_seq) VALUES ($1, 1)', [NOBODY]);
    await applying.query(
      `WITH session AS (
         INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day') RETURNING id
       ), device AS (
         INSERT INTO push_devices (id, user_id, device_id, session_id, platform, address, preview)
         SELECT $1, $2, 'phone', id, 'expo', 'token', 'full' FROM session RETURNING id
       ) INSERT INTO push_notices (device_id, kind, subject_id, actor_id)
         SELECT id, 'friend_request', gen_random_uuid(), unnest($3::uuid[]) FROM device`,
      [id(330), DAN, [id(302), NOBODY]],
    );
    await applying.query(
      `INSERT INTO reports (id, reporter_id, target_type, target_id, target_user_id, reason, copy, status, resolved_at, resolved_by, action, note)
       VALUES ($1, $4, 'user', $5, $4, 'SPAM', '{}', 'OPEN', NULL, $4, NULL, 'for later'),
         ($2, $4, 'user', $5, $5, 'SPAM', '{}', 'DISMISSED', now(), $4, 'ban_user', NULL),
         ($3, $4, 'user', $6, NULL, 'SPAM', '{}', 'RESOLVED', now(), $4, 'dismiss', NULL)`,
      [id(340), id(341), id(342), DAN, id(302), NOBODY],
    );
    await applying.query(
      `INSERT INTO api_keys (id, name, secret_hash, scopes, created_by)
       VALUES ($1, 'none', sha256('1'), NULL, $3), ($2, 'one', sha256('2'), '{users:read}', $3)`,
      [id(350), id(351), DAN],
    );
    await applying.query(
      `INSERT INTO webhooks (id, url, events, secret, created_by) VALUES ($1, 'https://one.example', NULL, 's', $4),
         ($2, 'https://two.example', '{message.sent}', 's', $4), ($3, 'https://three.example', '{user.created,message.sent}', 's', $4)`,
      [id(360), id(361), id(362), DAN],
    );
    await applying.query(
      `INSERT INTO webhook_events (type, subject_id, user_id) VALUES ('message.sent', $1, NULL), ('member.left', $1, NULL),
         ('member.left', $1, $2), ('member.left', $1, $3)`,
      [OLD_GROUP, NOBODY, DAN],
    );
    await applying.query(
      `INSERT INTO webhook_deliveries (id, webhook_id, type, payload, user_id, attempts, lease_id) VALUES
         ($1, $5, 'message.sent', '{}', NULL, 0, NULL), ($2, $5, 'user.created', '{}', $6, 0, NULL),
         ($3, $5, 'user.created', '{}', $7, -1, $3), ($4, $5, 'webhook.test', '{}', NULL, 1, NULL)`,
      [id(370), id(371), id(372), id(373), id(362), NOBODY, DAN],
    );
  }

  beforeAll(async () => {
    database = await createEmptyDatabase();
    const steps = migrationNames.filter((name) => name < '20261127203000').map(today);
    await applyHistory(database.url, steps, async (applying, index) => {
      if (index === steps.length - 1) await leaveUnguarded(applying);
    });
    await migrate(database.url);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each<[string, string, unknown[][]]>([
    [
      'a suspension that was over before it began is none',
      'SELECT username, suspension_reason FROM users ORDER BY id',
      [
        ['dan', null],
        ['eli', 'over after'],
      ],
    ],
    [
      'nobody made a direct conversation',
      'SELECT type, created_by IS NULL FROM conversations ORDER BY id',
      [
        ['GROUP', false],
        ['DIRECT', true],
      ],
    ],
    ['messages begin with number 1', 'SELECT content FROM messages', [['the first']]],
    [
      'push is planned from the beginning, where there is a conversation',
      'SELECT planned_seq FROM push_progress',
      [[0]],
    ],
    ['so are webhooks', 'SELECT planned_seq FROM webhook_progress', [[0]]],
    ['retention begins at the beginning', 'SELECT expired_seq FROM conversation_retention', [[0]]],
    ['so does the index', 'SELECT indexed_seq FROM message_search_progress', [[0]]],
    ['a notice is of somebody', 'SELECT right(actor_id::text, 3) FROM push_notices', [['302']]],
    [
      'a report says what became of it, and whom it is about',
      'SELECT right(id::text, 3), status, resolved_by IS NULL, note, right(target_user_id::text, 3) FROM reports ORDER BY id',
      [
        ['340', 'OPEN', true, null, '302'],
        ['341', 'RESOLVED', false, null, '302'],
      ],
    ],
    ['an API key has a scope', 'SELECT name FROM api_keys', [['one']]],
    [
      'a webhook follows events that there are',
      'SELECT url, events FROM webhooks',
      [['https://three.example', ['user.created']]],
    ],
    [
      'what waits to be planned is of events that there are',
      'SELECT type, right(user_id::text, 3) FROM webhook_events',
      [['member.left', '301']],
    ],
    [
      'and so is what is to be sent',
      'SELECT type, attempts, lease_id FROM webhook_deliveries ORDER BY id',
      [
        ['user.created', 0, null],
        ['webhook.test', 1, null],
      ],
    ],
    ['every constraint is checked', 'SELECT conname FROM pg_constraint WHERE NOT convalidated', []],
  ])('%s', async (_, text, expected) => {
    expect((await client.query({ text, rowMode: 'array' })).rows).toEqual(expected);
  });
});
