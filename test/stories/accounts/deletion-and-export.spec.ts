import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { get, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import { Accounts } from '../../../src/users/accounts/accounts.js';
import { EXPORT_PAGE } from '../../../src/users/personal-data/personal-data.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../../support/story.js';

describe('an account', () => {
  let story: Story;
  let database: pg.Client;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await story.close();
  });

  /** Every place in the database that holds this text, but for what is in `except`. */
  async function placesOf(text: string, except: string[] = []): Promise<string[]> {
    const { rows: columns } = await database.query(
      `SELECT table_name, column_name FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb')`,
    );
    const places: string[] = [];
    for (const { table_name: table, column_name: column } of columns) {
      const { rows } = await database.query(
        `SELECT count(*)::integer AS count FROM "${table}" WHERE strpos("${column}"::text, $1) > 0`,
        [text],
      );
      if (rows[0].count > 0 && !except.includes(`${table}.${column}`)) places.push(`${table}.${column}`);
    }
    return places;
  }
  /** Statements that wait for a lock. */
  async function waiting(): Promise<number> {
    const { rowCount } = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rowCount ?? 0;
  }
  /** Groups that somebody is in and nobody owns. */
  async function groupsWithoutOwner(): Promise<string[]> {
    const { rows } = await database.query(
      `SELECT m.conversation_id FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE c.type = 'GROUP' AND m.left_at IS NULL
       GROUP BY m.conversation_id HAVING count(*) FILTER (WHERE m.role = 'OWNER') <> 1`,
    );
    return rows.map(({ conversation_id: id }) => id);
  }
  const received = (person: Anything, event: string, matches?: (payload: Anything) => boolean): Promise<Anything> =>
    person.next(event, matches);

  describe('that ends', () => {
    let [gone, friend, member, asked]: [Person, Person, Person, Person] = [] as never;
    let [group, direct]: [string, string] = [] as never;
    let cursor: string;
    beforeAll(async () => {
      [gone, friend, member, asked] = await Promise.all([
        story.person('gone'),
        story.person('friend'),
        story.person('member'),
        story.person('asked'),
      ]);
      await gone.must('PATCH', '/users/me', {
        displayName: 'Grace (Hopper)',
        avatarUrl: 'https://example.com/grace.png',
      });
      direct = await gone.befriend(friend);
      group = await gone.group('Navy', friend, member);
      await gone.must('POST', '/friends/requests', { userId: asked.id });
      await gone.must('PATCH', `/conversations/${group}/members/${friend.id}`, { role: 'ADMIN' });
      await friend.must('DELETE', `/conversations/${group}/members/${member.id}`).catch(() => undefined);
      await gone.send(direct, 'what I said stays');
      const said = await friend.send(direct, 'nice');
      await gone.must('PUT', `/messages/${said.id}/reactions/+1`);
      await gone.must('DELETE', `/messages/${said.id}?for=me`);
      await gone.must('PATCH', `/conversations/${direct}/me`, { archived: true });
      ({ cursor } = await friend.must('GET', '/sync'));
    });

    it('leaves nothing of its person, emits that to its friends, and closes its sockets', async () => {
      const [own, friends, askeds] = [await gone.device(), await friend.device(), await asked.device()];
      expect((await gone.call('DELETE', '/users/me', { password: 'wrong horse' })).body.code).toBe(
        'INVALID_CREDENTIALS',
      );
      expect((await gone.call('DELETE', '/users/me', { password: 'correct horse' })).status).toBe(204);

      expect(await own.next('session:ended')).toMatchObject({ code: 'ACCOUNT_DELETED', retry: false });
      await own.next('disconnect');
      expect(await received(friends, 'friend:removed')).toEqual({ userId: gone.id });
      expect((await received(askeds, 'friend:request_cancelled')).request.senderId).toBe(gone.id);
      await received(friends, 'conversation:updated', ({ conversation }) => conversation.id === group);

      for (const text of [gone.email, gone.username, 'Grace', 'grace.png', '127.0.0.1'])
        expect([text, await placesOf(text, text === '127.0.0.1' ? ['sessions.ip'] : [])]).toEqual([text, []]);
      for (const [table, column] of [
        ['sessions', 'user_id'],
        ['message_reactions', 'user_id'],
        ['hidden_messages', 'user_id'],
        ['blocks', 'blocker_id'],
      ]) {
        const { rows } = await database.query(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [gone.id]);
        expect([table, rows]).toEqual([table, []]);
      }
      expect((await gone.call('GET', '/users/me')).body.code).toBe('UNAUTHORIZED');
      expect((await gone.call('DELETE', '/users/me')).body.code).toBe('UNAUTHORIZED');
      for (const [path, body] of [
        ['/auth/login', { email: gone.email, password: 'correct horse' }],
        ['/auth/refresh', { refreshToken: gone.refreshToken }],
      ] as const)
        expect((await request(story.url, 'POST', path, body)).status).toBe(401);
      expect((await friend.call('GET', `/users/${gone.id}`)).status).toBe(404);
    });

    it('leaves its messages to those it wrote to, under the name of nobody', async () => {
      const history = await friend.history(direct);
      expect(history.map(({ content }) => content)).toEqual(['what I said stays', 'nice']);
      expect(history[1]?.reactions).toEqual([]);
      const view = await friend.must('GET', `/conversations/${direct}`);
      expect(view.members.map(({ user }: Anything) => user.username).sort()).toEqual(
        ['deleted', friend.username].sort(),
      );
      const answered = (await friend.history(group)).map(({ content }) => content);
      expect(answered).toContain('Deleted user created "Navy"');
      expect(answered.at(-1)).toBe('Deleted user left');
    });

    it('passes its groups on, and is synced', async () => {
      const { members } = await friend.must('GET', `/conversations/${group}`);
      expect(members.map(({ user, role }: Anything) => [user.id, role])).toContainEqual([friend.id, 'OWNER']);
      expect(members.some(({ user }: Anything) => user.id === gone.id)).toBe(false);
      const { pages } = await friend.sync(cursor);
      const friends = pages.flatMap((page) => page.friends);
      expect(friends).toEqual([
        expect.objectContaining({ user: expect.objectContaining({ id: gone.id }), removedAt: expect.any(String) }),
      ]);
      expect(JSON.stringify(pages)).not.toContain('Grace');
    });

    it('gives its address and name back', async () => {
      const { status } = await request(story.url, 'POST', '/auth/register', {
        email: gone.email,
        username: gone.username,
        password: 'correct horse',
      });
      expect(status).toBe(201);
    });
  });

  it('ends once, also where it is ended twice at once and while it speaks', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [one, two, ...sent] = await Promise.all([
      ada.call('DELETE', '/users/me'),
      ada.call('DELETE', '/users/me'),
      ...Array.from({ length: 10 }, () =>
        ada.call('POST', `/conversations/${conversationId}/messages`, { content: 'hello' }),
      ),
    ]);
    expect([one?.status, two?.status].sort()).toEqual([204, 401]);
    for (const { status } of sent) expect([201, 401]).toContain(status);
    const history = await bob.history(conversationId);
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
  });

  it('waits with one connection for what holds it, however often it is ended meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await database.query('BEGIN');
    await database.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [ada.id]);
    const endings = Array.from({ length: 12 }, () => ada.call('DELETE', '/users/me'));
    await until('it waits', async () => (await waiting()) > 0);
    await bob.must('PATCH', '/users/me', { displayName: 'Not held up' });
    expect(await waiting()).toBe(1);
    await database.query('ROLLBACK');
    const statuses = (await Promise.all(endings)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401)).toHaveLength(11);
  });

  it('is exported with messages of any client id', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'first of all', { clientId: '00000000-0000-0000-0000-000000000000' });
    await ada.send(conversationId, 'and another');
    const { messages } = await ada.must('GET', '/users/me/export');
    expect(messages.map(({ content }: Anything) => content)).toEqual(['first of all', 'and another']);
  });

  it('is exported whole, piece by piece, and holds nothing of others', async () => {
    const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const conversationId = await ada.befriend(bob);
    const said = await bob.send(conversationId, 'a secret of Bob');
    await ada.must('PUT', `/messages/${said.id}/reactions/+1`);
    await ada.must('POST', '/blocks', { userId: (await story.person('eve')).id });
    await database.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT gen_random_uuid(), $1, g, $2, gen_random_uuid(), 'TEXT', 'message ' || g, now() FROM generate_series(100, 5099) g`,
      [conversationId, ada.id],
    );
    const response = await fetch(`${story.url}/users/me/export`, {
      headers: { authorization: `Bearer ${ada.accessToken}` },
    });
    expect([response.status, response.headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="export.json"',
    ]);
    const text = await response.text();
    const copy = JSON.parse(text);
    expect(copy.profile).toMatchObject({ id: ada.id, email: ada.email });
    expect(copy.messages).toHaveLength(5_000);
    expect(new Set(copy.messages.map(({ id }: Anything) => id)).size).toBe(5_000);
    expect(
      [copy.friends, copy.friendRequests, copy.blocks, copy.sessions, copy.conversations].map(({ length }) => length),
    ).toEqual([1, 1, 1, 1, 1]);
    expect(copy.reactions).toEqual([{ id: said.id, emojis: ['+1'], reactedAt: [expect.any(String)] }]);
    for (const secret of [bob.email, bob.username, 'a secret of Bob', '$argon2', ada.refreshToken])
      expect(text).not.toContain(secret);
  });

  it('takes back what it was called at any time, and is not called anything live', async () => {
    const [gone, friend, other] = await Promise.all([story.person('first'), story.person(), story.person()]);
    const group = await friend.group('Trees', other);
    await friend.must('POST', `/conversations/${group}/members`, { memberIds: [gone.id] });
    await gone.must('PATCH', '/users/me', { displayName: 'Second Name' });
    await friend.must('PATCH', `/conversations/${group}/members/${gone.id}`, { role: 'ADMIN' });
    // A name that a search for it would find everywhere.
    await gone.must('PATCH', '/users/me', { displayName: 'added' });
    await gone.must('PATCH', `/conversations/${group}`, { title: 'More trees' });
    await gone.must('DELETE', `/conversations/${group}/members/${other.id}`);
    await gone.must('POST', `/conversations/${group}/members`, { memberIds: [other.id] });
    const { cursor } = await friend.must('GET', '/sync');
    const device = await friend.device();
    await gone.must('DELETE', '/users/me', { password: 'correct horse' });

    const { message, conversation } = await device.next(
      'message:new',
      ({ message: { system } }) => system?.type === 'MEMBER_LEFT',
    );
    expect([message.content, conversation.lastMessage]).toEqual(['Deleted user left', 'Deleted user left']);
    const answered = [
      `${friend.username} created "Trees"`,
      `${friend.username} added Deleted user`,
      `${friend.username} made Deleted user admin`,
      'Deleted user named the group "More trees"',
      `Deleted user removed ${other.username}`,
      `Deleted user added ${other.username}`,
      'Deleted user left',
    ];
    expect((await friend.history(group)).map(({ content }) => content)).toEqual(answered);
    const { pages } = await friend.sync(cursor);
    const synced = pages.flatMap((page) => page.messages).map(({ content }: Anything) => content);
    expect(synced.sort()).toEqual(answered.slice(1).sort());
    expect(JSON.stringify(device.received)).not.toContain('Second Name');
    for (const text of [gone.username, 'Second Name']) expect([text, await placesOf(text)]).toEqual([text, []]);
  });

  it('lets go of what there may be very much of before the transaction that forgets it', async () => {
    const [gone, friend] = await Promise.all([story.person(), story.person()]);
    const direct = await gone.befriend(friend);
    const { id } = await friend.send(direct, 'first');
    // More than a statement erases.
    await database.query(
      `WITH said AS (
         INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
         SELECT n.id, $1, 1 + number, $2, n.id, 'TEXT', 'x', now()
         FROM (SELECT gen_random_uuid() AS id, number FROM generate_series(1, 1100) AS number) AS n RETURNING id
       ), hidden AS (
         INSERT INTO hidden_messages (message_id, user_id, conversation_id) SELECT id, $3, $1 FROM said
       )
       INSERT INTO message_reactions (message_id, user_id, emoji) SELECT id, $3, '👍' FROM said`,
      [direct, friend.id, gone.id],
    );
    const kept = async (): Promise<number[]> =>
      (
        await database.query(
          `SELECT (SELECT count(*) FROM message_reactions WHERE user_id = $1)::integer AS reactions,
             (SELECT count(*) FROM hidden_messages WHERE user_id = $1)::integer AS hidden`,
          [gone.id],
        )
      ).rows.flatMap(({ reactions, hidden }) => [reactions, hidden]);
    expect(await kept()).toEqual([1_100, 1_100]);
    const locking = holdCalls(story.app, Accounts, 'lock');
    const ending = gone.call('DELETE', '/users/me', { password: 'correct horse' });
    await until('the transaction begins', () => locking.count > 0);
    expect(await kept()).toEqual([0, 0]);
    // What came in the moment before.
    await database.query(`INSERT INTO message_reactions (message_id, user_id, emoji) VALUES ($1, $2, '👍')`, [
      id,
      gone.id,
    ]);
    locking.release();
    expect((await ending).status).toBe(204);
    expect(await kept()).toEqual([0, 0]);
  });

  it('takes back what it was called in as many events as others made, batch by batch', async () => {
    const [gone, friend] = await Promise.all([story.person('called'), story.person()]);
    const groups = [await friend.group('Trees', gone), await friend.group('Birds', gone)];
    for (const group of groups)
      await friend.must('PATCH', `/conversations/${group}/members/${gone.id}`, { role: 'ADMIN' });
    // More than a statement takes, in each of them.
    await database.query(
      `WITH counted AS (UPDATE conversations SET last_seq = last_seq + 1200 WHERE id = ANY ($1::uuid[]))
       INSERT INTO messages (id, conversation_id, seq, sender_id, kind, system, created_at)
       SELECT gen_random_uuid(), m.conversation_id, m.seq + number, m.sender_id, m.kind, m.system, now()
       FROM messages m CROSS JOIN generate_series(1, 1200) AS number
       WHERE m.conversation_id = ANY ($1::uuid[]) AND m.system->>'type' = 'ROLE_CHANGED'`,
      [groups],
    );
    await gone.must('DELETE', '/users/me', { password: 'correct horse' });
    const { rows } = await database.query(
      `SELECT version, count(*)::integer AS count FROM messages
       WHERE conversation_id = ANY ($1::uuid[]) AND system->>'type' = 'ROLE_CHANGED' GROUP BY version`,
      [groups],
    );
    expect(rows).toEqual([{ version: 2, count: 2 * 1_201 }]);
  });

  it('is not held by what others do to it at the same moment', async () => {
    const others = await Promise.all(Array.from({ length: 8 }, () => story.person('other')));
    const [first, second] = others as [Person, Person];
    const groups = await Promise.all(others.map((other) => other.group('G', other === first ? second : first)));
    for (let round = 0; round < 5; round += 1) {
      const gone = await story.person('gone');
      const requests = await Promise.all(
        others.slice(0, 3).map((other) => other.must('POST', '/friends/requests', { userId: gone.id })),
      );
      const later = async (ms: number, call: () => Promise<{ status: number }>): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return (await call()).status;
      };
      const statuses = await Promise.all([
        later(round * 3, () => gone.call('DELETE', '/users/me')),
        ...requests.map(({ id }, index) => later(index * 4, () => gone.call('POST', `/friends/requests/${id}/accept`))),
        ...others
          .slice(3)
          .map((other, index) => later(index * 3, () => other.call('POST', '/friends/requests', { userId: gone.id }))),
        ...others.map((other, index) =>
          later(index * 3, () =>
            other.call('POST', `/conversations/${groups[index]}/members`, { memberIds: [gone.id] }),
          ),
        ),
        later(round * 3, () => gone.call('PATCH', '/users/me', { displayName: `${gone.username} again` })),
        later(round * 2, () => gone.call('POST', '/blocks', { userId: first.id })),
        later(round * 2, () =>
          gone.call('POST', '/conversations', { type: 'GROUP', title: 'Mine', memberIds: [second.id] }),
        ),
      ]);
      expect(statuses[0]).toBe(204);
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
      for (const rest of [
        `friend_requests WHERE status = 'PENDING' AND (sender_id = $1 OR receiver_id = $1)`,
        'friendships WHERE removed_at IS NULL AND (low_id = $1 OR high_id = $1)',
        'blocks WHERE blocker_id = $1 OR blocked_id = $1',
        `conversation_members m JOIN conversations c ON c.id = m.conversation_id
           WHERE c.type = 'GROUP' AND m.left_at IS NULL AND m.user_id = $1`,
      ])
        expect([rest, (await database.query(`SELECT 1 FROM ${rest}`, [gone.id])).rowCount]).toEqual([rest, 0]);
      expect(await placesOf(gone.username)).toEqual([]);
    }
    expect(await groupsWithoutOwner()).toEqual([]);
  });

  it('ends once where two devices end it with the password', async () => {
    const ada = await story.person();
    const answers = await Promise.all([1, 2].map(() => ada.call('DELETE', '/users/me', { password: 'correct horse' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 401]);
  });

  it('can be ended again where ending it broke off in the middle', async () => {
    const [ada, bob] = await Promise.all([story.person('halfway'), story.person()]);
    const group = await ada.group('Half', bob);
    await ada.befriend(bob);
    await database.query(`CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.deleted_at IS NOT NULL THEN RAISE 'broken off'; END IF; RETURN NEW; END $$`);
    await database.query('CREATE TRIGGER break_off BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION break_off()');
    try {
      expect((await ada.call('DELETE', '/users/me')).status).toBe(500);
    } finally {
      await database.query('DROP TRIGGER break_off ON users; DROP FUNCTION break_off()');
    }
    expect((await ada.must('GET', '/users/me')).username).toBe(ada.username);
    expect((await bob.must('GET', '/friends')).items).toHaveLength(1);
    expect((await ada.call('DELETE', '/users/me')).status).toBe(204);
    expect(await placesOf(ada.username)).toEqual([]);
    expect((await bob.must('GET', `/conversations/${group}`)).me.role).toBe('OWNER');
  });

  it('leaves no lease, and every row that names a user names one that is there', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    await ada.device();
    const leases = async (): Promise<number | null> =>
      (await database.query('SELECT 1 FROM presences WHERE user_id = $1', [ada.id])).rowCount;
    await until('it has a lease', async () => (await leases()) === 1);
    await ada.must('DELETE', '/users/me');
    await until('its lease is gone', async () => (await leases()) === 0);

    const { rows: columns } = await database.query(
      `SELECT table_name, column_name FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type = 'uuid' AND (table_name, column_name) <> ('users', 'id')
         AND column_name IN ('user_id', 'sender_id', 'receiver_id', 'low_id', 'high_id', 'blocker_id', 'blocked_id',
           'last_message_by')`,
    );
    expect(columns.length).toBeGreaterThan(10);
    for (const { table_name: table, column_name: column } of columns) {
      const { rowCount } = await database.query(
        `SELECT 1 FROM "${table}" t LEFT JOIN users u ON u.id = t."${column}"
         WHERE t."${column}" IS NOT NULL AND u.id IS NULL`,
      );
      expect([table, column, rowCount]).toEqual([table, column, 0]);
    }
  });

  it('is exported with every part of it', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const direct = await ada.befriend(bob);
    const group = await ada.group('Own', bob);
    const said = await ada.send(direct, 'spoken');
    const hidden = await ada.send(direct, 'hidden');
    await ada.must('DELETE', `/messages/${hidden.id}?for=me`);
    await ada.must('PUT', `/messages/${said.id}/reactions/+1`);
    await database.query(`INSERT INTO foreign_identities (issuer, subject, user_id) VALUES ('issuer', 'ada', $1)`, [
      ada.id,
    ]);
    await database.query(
      'INSERT INTO last_seen (user_id, at) VALUES ($1, now()) ON CONFLICT (user_id) DO UPDATE SET at = now()',
      [ada.id],
    );

    await database.query(
      `UPDATE users SET suspended_at = now() - interval '2 days', suspended_until = now() - interval '1 day',
         suspension_reason = 'spam' WHERE id = $1`,
      [ada.id],
    );

    const copy = await ada.must('GET', '/users/me/export');
    expect(copy.exportedAt).toEqual(expect.any(String));
    expect(copy.friends).toEqual([{ id: bob.id, since: expect.any(String), removedAt: null }]);
    expect(copy.friendRequests).toEqual([expect.objectContaining({ status: 'ACCEPTED' })]);
    expect(copy.conversations.map(({ id, role }: Anything) => [id, role]).sort()).toEqual(
      [
        [direct, 'MEMBER'],
        [group, 'OWNER'],
      ].sort(),
    );
    expect(copy.messages.map(({ kind, content }: Anything) => [kind, content])).toEqual(
      expect.arrayContaining([
        ['TEXT', 'spoken'],
        ['TEXT', 'hidden'],
        ['SYSTEM', `${ada.username} created "Own"`],
      ]),
    );
    expect(copy.hiddenMessages).toEqual([{ id: hidden.id, hiddenAt: expect.any(String) }]);
    expect(copy.reactions).toEqual([{ id: said.id, emojis: ['+1'], reactedAt: [expect.any(String)] }]);
    expect(copy.foreignIdentities).toEqual([{ issuer: 'issuer', subject: 'ada', createdAt: expect.any(String) }]);
    expect(copy.presence).toEqual([
      { lastSeenAt: expect.any(String), emailVerifiedAt: expect.any(String), role: 'USER' },
    ]);
    // One that has ended by itself is stored all the same.
    expect(copy.suspensions).toEqual([{ suspendedAt: expect.any(String), until: expect.any(String), reason: 'spam' }]);
    expect((await bob.must('GET', '/users/me/export')).suspensions).toEqual([]);
    expect(copy.sessions).toEqual([expect.not.objectContaining({ hash: expect.anything() })]);
  });

  it('is exported with what its groups are called now, and not what those are that it left', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const [left, kept] = await Promise.all([ada.group('Left', bob), ada.group('Kept', bob)]);
    await ada.must('DELETE', `/conversations/${left}/members/${bob.id}`);
    for (const id of [left, kept]) await ada.must('PATCH', `/conversations/${id}`, { title: 'Renamed' });
    const copy = await bob.must('GET', '/users/me/export');
    const titles = Object.fromEntries(copy.conversations.map(({ id, title }: Anything) => [id, title]));
    expect(titles).toEqual({ [left]: null, [kept]: 'Renamed' });
    expect(JSON.stringify((await ada.must('GET', '/users/me/export')).conversations)).toContain('Renamed');
  });

  it('is read no faster than its copy is taken, and no longer than somebody takes it', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await database.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT gen_random_uuid(), $1, g, $2, gen_random_uuid(), 'TEXT', repeat('x', 8000), now() FROM generate_series(100, 10099) g`,
      [conversationId, ada.id],
    );
    const { background } = story.app.get(Database);
    const query = background.query.bind(background);
    let pages = 0;
    background.query = (text, ...rest) => {
      if (text.includes('FROM messages WHERE sender_id')) pages += 1;
      return query(text, ...rest);
    };
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(`${story.url}/users/me/export`, { headers: { authorization: `Bearer ${ada.accessToken}` } }, resolve).on(
          'error',
          reject,
        );
      });
      response.pause();
      await until('the first messages were read', () => pages > 0);
      /** As much is read as all pages of the copy have: so long it would have taken to read ahead. */
      const asLongAsAll = async (): Promise<void> => {
        for (let page = 0; page < 10_000 / EXPORT_PAGE; page += 1)
          await database.query(
            'SELECT content FROM messages WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3',
            [conversationId, page * EXPORT_PAGE, EXPORT_PAGE],
          );
      };
      await asLongAsAll();
      const readAhead = pages;
      expect(readAhead).toBeLessThan(12);
      response.on('error', () => undefined).destroy();
      await asLongAsAll();
      expect(pages - readAhead).toBeLessThanOrEqual(1);
    } finally {
      background.query = query;
    }
  });
});

describe('copies of an account', () => {
  it('are made five times an hour', async () => {
    const story = await startStory({ rateLimits: true });
    try {
      const ada = await story.person();
      for (let copy = 0; copy < 5; copy += 1) await ada.must('GET', '/users/me/export');
      const { status, body, headers } = await ada.call('GET', '/users/me/export');
      expect([status, body.code]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(60);
    } finally {
      await story.close();
    }
  });
});
