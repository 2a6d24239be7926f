import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Anything, type Person, request, startStory, type Story } from '../support/story.js';

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
  const heard = (person: Anything, event: string, matches?: (payload: Anything) => boolean): Promise<Anything> =>
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
      await gone.say(direct, 'what I said stays');
      const said = await friend.say(direct, 'nice');
      await gone.must('PUT', `/messages/${said.id}/reactions/+1`);
      await gone.must('DELETE', `/messages/${said.id}?for=me`);
      await gone.must('PATCH', `/conversations/${direct}/me`, { archived: true });
      ({ cursor } = await friend.must('GET', '/sync'));
    });

    it('leaves nothing of its person, tells its friends, and closes its sockets', async () => {
      const [own, friends, askeds] = [await gone.device(), await friend.device(), await asked.device()];
      expect((await gone.call('DELETE', '/users/me', { password: 'wrong horse' })).body.code).toBe(
        'INVALID_CREDENTIALS',
      );
      expect((await gone.call('DELETE', '/users/me', { password: 'correct horse' })).status).toBe(204);

      expect(await own.next('session:ended')).toMatchObject({ code: 'ACCOUNT_DELETED', retry: false });
      await own.next('disconnect');
      expect(await heard(friends, 'friend:removed')).toEqual({ userId: gone.id });
      expect((await heard(askeds, 'friend:request_cancelled')).request.senderId).toBe(gone.id);
      await heard(friends, 'conversation:updated', ({ conversation }) => conversation.id === group);

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
      const told = (await friend.history(group)).map(({ content }) => content);
      expect(told).toContain('Deleted user created "Navy"');
      expect(told.at(-1)).toBe('Deleted user left');
    });

    it('passes its groups on, and is told by sync', async () => {
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

  it('is exported whole, piece by piece, and holds nothing of others', async () => {
    const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const conversationId = await ada.befriend(bob);
    const said = await bob.say(conversationId, 'a secret of Bob');
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
    expect(copy.reactions).toEqual([{ id: said.id, emojis: ['+1'] }]);
    for (const secret of [bob.email, bob.username, 'a secret of Bob', '$argon2', ada.refreshToken])
      expect(text).not.toContain(secret);
  });
});
