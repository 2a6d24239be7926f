import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import { connectForMaintenance } from '../../../src/database/maintenance-connection.js';
import { StatsRepository } from '../../../src/moderation/stats/stats.repository.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../../support/story.js';

describe('administration by the API', () => {
  let story: Story;
  let [root, admin, moderator, user]: [Person, Person, Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [root, admin, moderator, user] = (await Promise.all(
      ['root', 'admin', 'moderator', 'user'].map((name) => story.person(name)),
    )) as [Person, Person, Person, Person];
    await story.grant(root, 'ADMIN');
    await story.grant(admin, 'ADMIN');
    await story.grant(moderator, 'MODERATOR');
  });
  afterAll(() => story.close());

  const auditOf = async (query: string): Promise<Anything[]> => (await root.must('GET', `/admin/audit?${query}`)).items;
  const login = (person: Person, password = 'correct horse'): Promise<Anything> =>
    request(story.url, 'POST', '/auth/login', { username: person.username, password });

  it('makes a code that sets a new password once, and writes down who asked for it, without the code', async () => {
    const {
      otp: code,
      expiresAt,
      email,
    } = await root.must('POST', `/admin/users/${user.id}/reset-password`, {
      reason: 'asked by telephone',
    });
    expect([code, email]).toEqual([expect.stringMatching(/^\d{12}$/), user.email]);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect((await login(user)).status).toBe(200);
    const entries = await auditOf(`targetId=${user.id}`);
    expect(entries).toMatchObject([
      { action: 'user.reset_password', actorId: root.id, reason: 'asked by telephone', ip: expect.any(String) },
    ]);
    expect(JSON.stringify(entries)).not.toContain(code);
    const [stored] = await story.app.get(Database).query<Anything>('SELECT count(*) AS count FROM one_time_codes');
    expect(Number(stored.count)).toBe(1);
    const reset = { email, otp: code, newPassword: 'another horse' };
    expect((await request(story.url, 'POST', '/auth/reset-password', reset)).status).toBe(200);
    expect((await request(story.url, 'POST', '/auth/reset-password', reset)).body.code).toBe('OTP_INVALID');
    expect((await login(user)).status).toBe(401);
    const again = await login(user, 'another horse');
    expect(again.status).toBe(200);
    user.accessToken = again.body.accessToken;
    const bot = await root.must('POST', '/admin/bots', { username: 'bot_without_password', displayName: 'Bot' });
    expect((await root.call('POST', `/admin/users/${bot.id}/reset-password`, {})).body.code).toBe('FORBIDDEN');
  });

  it('counts who was connected as active, also where sessions say nothing of it, as those of trusted issuers', async () => {
    const quiet = await story.person('quiet');
    // By REST it is counted twice a minute at the most.
    const active = async (): Promise<number> => (await story.app.get(StatsRepository).count(new Date())).activeUsers;
    const lastUsedAt = async (): Promise<number> =>
      Date.parse((await root.must('GET', `/admin/users/${quiet.id}`)).lastUsedAt);
    await story.app
      .get(Database)
      .query(`UPDATE sessions SET last_used_at = now() - interval '3 days' WHERE user_id = $1`, [quiet.id]);
    const before = await active();
    expect(await lastUsedAt()).toBeLessThan(Date.now() - 2 * 24 * 3_600_000);
    const device = await quiet.device();
    await until('it counts', async () => (await active()) === before + 1);
    device.socket.close();
    await until('it was seen', async () => (await lastUsedAt()) > Date.now() - 3_600_000);
    expect(await active()).toBe(before + 1);
  });

  it('exports and deletes an account, whose connections end', async () => {
    const [leaver, friend] = [await story.person('leaver'), await story.person('friend')];
    const conversationId = await leaver.befriend(friend);
    await leaver.send(conversationId, 'what I wrote');
    const device = await leaver.device();
    const response = await fetch(`${story.url}/admin/users/${leaver.id}/export`, {
      headers: { authorization: `Bearer ${root.accessToken}` },
    });
    expect(response.headers.get('content-disposition')).toContain('attachment');
    const exported = (await response.json()) as Anything;
    expect(exported.profile.email).toBe(leaver.email);
    expect(JSON.stringify(exported.messages)).toContain('what I wrote');
    expect((await root.call('DELETE', `/admin/users/${leaver.id}`, { reason: 'asked for it' })).status).toBe(204);
    expect(await device.next('session:ended')).toMatchObject({ code: 'ACCOUNT_DELETED' });
    await device.next('disconnect');
    expect((await login(leaver)).status).toBe(401);
    expect(await auditOf(`targetId=${leaver.id}`)).toMatchObject([
      { action: 'user.delete', actorId: root.id, reason: 'asked for it' },
      { action: 'user.export', actorId: root.id },
    ]);
    const again = ['DELETE', 'GET', 'POST'].map(async (method) => {
      const path = { DELETE: '', GET: '/export', POST: '/reset-password' }[method] ?? '';
      return (await root.call(method, `/admin/users/${leaver.id}${path}`, method === 'GET' ? undefined : {})).status;
    });
    expect(await Promise.all(again)).toEqual([404, 404, 404]);
    expect((await friend.history(conversationId)).map(({ content }) => content)).toContain('what I wrote');
  });

  it('is for administrators alone, and upon nobody itself', async () => {
    const acts: [string, string][] = [
      ['POST', '/reset-password'],
      ['GET', '/export'],
      ['DELETE', ''],
    ];
    for (const [method, path] of acts) {
      const body = method === 'GET' ? undefined : {};
      for (const by of [moderator, user])
        expect([path, (await by.call(method, `/admin/users/${admin.id}${path}`, body)).status]).toEqual([path, 404]);
      expect([path, (await root.call(method, `/admin/users/${root.id}${path}`, body)).status]).toEqual([path, 403]);
    }
    for (const path of ['end-sessions', 'vacuum', 'after-restore'])
      expect((await moderator.call('POST', `/admin/${path}`, {})).status).toBe(404);
    expect(await auditOf(`targetId=${root.id}`)).toEqual([]);
    expect((await login(root)).status).toBe(200);
  });

  it('lets two administrators who delete each other at once not both succeed', async () => {
    const [one, other] = [await story.person('one'), await story.person('other')];
    for (const person of [one, other]) await story.grant(person, 'ADMIN');
    const answers = await Promise.all([
      one.call('DELETE', `/admin/users/${other.id}`, {}),
      other.call('DELETE', `/admin/users/${one.id}`, {}),
    ]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(204);
    expect([401, 404]).toContain(statuses[1]);
  });

  it('cleans tables with many rows that are gone, behind its answer', async () => {
    const outside = await connectForMaintenance(story.databaseUrl, 'test');
    try {
      await outside.query('CREATE TABLE "Odd; name" (id integer)');
      await outside.query('INSERT INTO "Odd; name" SELECT generate_series(1, 3000)');
      await outside.query('DELETE FROM "Odd; name"');
      const dead = async (): Promise<number> => {
        const { rows } = await outside.query<{ dead: string }>(
          `SELECT n_dead_tup AS dead FROM pg_stat_user_tables WHERE relname = 'Odd; name'`,
        );
        return Number(rows[0]?.dead);
      };
      // PostgreSQL counts a moment after the commit.
      await until('the rows that are gone are counted', async () => (await dead()) >= 3_000);
      const { status, body } = await root.call('POST', '/admin/vacuum', { reason: 'before the weekend' });
      expect([status, body]).toEqual([202, { tables: [{ name: '"Odd; name"', deadRows: 3_000 }] }]);
      await until('they are cleaned', async () => (await dead()) === 0);
      await until('there is nothing left to do', async () => {
        return (await root.must('POST', '/admin/vacuum', {})).tables.length === 0;
      });
      expect((await auditOf('action=server.vacuum')).at(-1)).toMatchObject({
        actorId: root.id,
        reason: 'before the weekend',
        targetType: 'server',
      });
    } finally {
      await outside.end();
    }
  });

  it('makes every client start over after a restore', async () => {
    const { cursor } = await root.must('GET', '/sync');
    expect((await root.must('GET', `/sync?cursor=${encodeURIComponent(cursor)}`)).reset ?? false).toBe(false);
    expect((await root.call('POST', '/admin/after-restore', { reason: 'the disk of Tuesday' })).status).toBe(204);
    await until('the cursor is of another database', async () => {
      return (await root.must('GET', `/sync?cursor=${encodeURIComponent(cursor)}`)).reset === true;
    });
    expect(await auditOf('action=server.after_restore')).toMatchObject([
      { actorId: root.id, reason: 'the disk of Tuesday', ip: expect.any(String), targetId: null },
    ]);
  });

  it('ends everybody’s sessions, the caller’s too', async () => {
    const device = await admin.device();
    for (const body of [{}, { everybody: false }, { everybody: 'true' }])
      expect((await root.call('POST', '/admin/end-sessions', body)).body.errors).toHaveProperty('everybody');
    const { count } = await root.must('POST', '/admin/end-sessions', { everybody: true, reason: 'a leak' });
    expect(count).toBeGreaterThan(3);
    expect(await device.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED' });
    for (const person of [root, admin, moderator]) expect((await person.call('GET', '/users/me')).status).toBe(401);
    root.accessToken = (await login(root)).body.accessToken;
    expect(await auditOf('action=server.end_sessions')).toMatchObject([
      { actorId: root.id, reason: 'a leak', details: { sessions: count } },
    ]);
  });
});
