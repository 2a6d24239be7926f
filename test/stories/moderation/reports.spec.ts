import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Clock } from '../../../src/common/clock.js';
import type { Principal } from '../../../src/common/access/principal.js';
import { Database } from '../../../src/database/database.js';
import { ReportsService } from '../../../src/moderation/reports/reports.service.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOWHERE = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

describe('a report', () => {
  let story: Story;
  let moderator: Person;
  let admin: Person;
  let reporter: Person;
  let nuisance: Person;
  let groupId: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [moderator, admin] = [await story.person('moderator'), await story.person('admin')];
    await story.grant(moderator, 'MODERATOR');
    await story.grant(admin, 'ADMIN');
  });
  beforeEach(async () => {
    [reporter, nuisance] = [await story.person('reporter'), await story.person('nuisance')];
    groupId = await reporter.group('Trip', nuisance);
  });
  afterAll(() => story.close());

  const report = (by: Person, targetType: string, targetId: string, more: object = {}): Promise<Anything> =>
    by.call('POST', '/reports', { targetType, targetId, reason: 'HARASSMENT', ...more });
  const reported = async (by: Person, targetType: string, targetId: string, more?: object): Promise<string> => {
    const { status, body } = await report(by, targetType, targetId, more);
    expect([status, body.status]).toEqual([201, 'OPEN']);
    return body.id;
  };
  const whole = (id: string, by = moderator): Promise<Anything> => by.must('GET', `/admin/reports/${id}`);
  const resolve = (id: string, body: object, by = moderator): Promise<Anything> =>
    by.call('POST', `/admin/reports/${id}/resolve`, body);
  const auditOf = async (id: string): Promise<Anything[]> =>
    (await admin.must('GET', `/admin/audit?targetId=${id}`)).items;

  it('keeps the message and five on either side, whatever happens to them later', async () => {
    for (let index = 0; index < 8; index += 1) await reporter.send(groupId, `before ${index}`);
    const bad = await nuisance.send(groupId, 'something bad');
    for (let index = 0; index < 8; index += 1) await reporter.send(groupId, `after ${index}`);
    const id = await reported(reporter, 'message', bad.id, { comment: 'Please look.' });
    await nuisance.must('PATCH', `/messages/${bad.id}`, { content: 'something nice' });
    await nuisance.must('DELETE', `/messages/${bad.id}`);
    await nuisance.must('PATCH', '/users/me', { displayName: 'Somebody Else' });
    const { copy, ...shown } = await whole(id);
    expect(shown).toMatchObject({
      id,
      status: 'OPEN',
      targetType: 'message',
      targetId: bad.id,
      reason: 'HARASSMENT',
      comment: 'Please look.',
      reporter: { id: reporter.id },
      targetUser: { id: nuisance.id },
      conversationId: groupId,
      openReportCount: 1,
      resolution: null,
    });
    expect(copy.messages.map(({ content }: Anything) => content)).toEqual([
      'before 3',
      'before 4',
      'before 5',
      'before 6',
      'before 7',
      'something bad',
      'after 0',
      'after 1',
      'after 2',
      'after 3',
      'after 4',
    ]);
    expect(copy.users).toContainEqual({ id: nuisance.id, username: nuisance.username, displayName: nuisance.username });
    expect(copy.conversation).toEqual({ id: groupId, type: 'GROUP', title: 'Trip', memberCount: 2 });
  });

  it('says in the audit log who has read it, once an hour', async () => {
    const id = await reported(reporter, 'message', (await nuisance.send(groupId, 'something bad')).id);
    await admin.must('GET', '/admin/reports');
    expect((await reporter.call('GET', `/admin/reports/${id}`)).status).toBe(404);
    expect(await auditOf(id)).toEqual([]);
    const reads = async (): Promise<Anything[]> =>
      (await admin.must('GET', `/admin/audit?action=report.read&targetId=${id}`)).items;
    await whole(id);
    await whole(id);
    expect(await reads()).toMatchObject([{ actorId: moderator.id, targetType: 'report', ip: '127.0.0.1' }]);
    await whole(id, admin);
    expect((await reads()).map(({ actorId }) => actorId)).toEqual([admin.id, moderator.id]);
    const clock = story.app.get(Clock);
    const now = clock.now.bind(clock);
    try {
      clock.now = () => now() + HOUR_MS + 1_000;
      // By REST the token would have expired.
      await story.app.get(ReportsService).read({ userId: moderator.id } as Principal, undefined, id);
    } finally {
      clock.now = now;
    }
    expect(await reads()).toHaveLength(3);
  });

  it('holds what its reporter may see, and nothing else', async () => {
    await nuisance.send(groupId, 'before the newcomer came');
    const newcomer = await story.person('newcomer');
    await reporter.must('POST', `/conversations/${groupId}/members`, { memberIds: [newcomer.id] });
    const hidden = await reporter.send(groupId, 'hidden by the newcomer');
    await newcomer.must('DELETE', `/messages/${hidden.id}?for=me`);
    const bad = await nuisance.send(groupId, 'something bad');
    const id = await reported(newcomer, 'message', bad.id);
    const text = JSON.stringify((await whole(id)).copy);
    expect(text).toContain('something bad');
    expect(text).not.toContain('before the newcomer came');
    expect(text).not.toContain('hidden by the newcomer');
  });

  it('cannot be made of what its reporter may not see, of itself, or of what is gone', async () => {
    const stranger = await story.person('stranger');
    const bad = await nuisance.send(groupId, 'something bad');
    const own = await reporter.send(groupId, 'my own');
    const code = async (by: Person, type: string, target: string): Promise<string> =>
      (await report(by, type, target)).body.code;
    expect(await code(stranger, 'message', bad.id)).toBe('NOT_FOUND');
    expect(await code(stranger, 'conversation', groupId)).toBe('NOT_FOUND');
    for (const type of ['message', 'user', 'conversation'])
      expect(await code(stranger, type, NOWHERE)).toBe('NOT_FOUND');
    await nuisance.must('POST', '/blocks', { userId: stranger.id });
    expect(await code(stranger, 'user', nuisance.id)).toBe('NOT_FOUND');
    // Nobody escapes the report of whom it wrote to by blocking them.
    await nuisance.send(await nuisance.directConversation(reporter), 'something bad');
    await nuisance.must('POST', '/blocks', { userId: reporter.id });
    const made = await report(reporter, 'user', nuisance.id);
    expect(made.status).toBe(201);
    await resolve(made.body.id, { action: 'dismiss' });
    await nuisance.must('DELETE', `/blocks/${reporter.id}`);
    expect(await code(reporter, 'message', own.id)).toBe('CANNOT_REPORT_SELF');
    expect(await code(reporter, 'user', reporter.id)).toBe('CANNOT_REPORT_SELF');
    await nuisance.must('DELETE', `/messages/${bad.id}`);
    expect(await code(reporter, 'message', bad.id)).toBe('MESSAGE_DELETED');
    // What is reported already is reported, whatever became of it.
    const worse = await nuisance.send(groupId, 'something worse');
    const open = await report(reporter, 'message', worse.id);
    await nuisance.must('DELETE', `/messages/${worse.id}`);
    const again = await report(reporter, 'message', worse.id);
    expect([again.status, again.body.id]).toEqual([200, open.body.id]);
    const [system] = await reporter.history(groupId);
    expect(system.kind).toBe('SYSTEM');
    expect(await code(nuisance, 'message', system.id)).toBe('FORBIDDEN');
  });

  it('is made once, however often and however fast it is asked for; anew when it was decided', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => report(reporter, 'user', nuisance.id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await resolve(answers[0].body.id, { action: 'dismiss' });
    expect((await report(reporter, 'user', nuisance.id)).status).toBe(201);
  });

  it('is refused beyond the limit on reports', async () => {
    const strict = await startStory({}, { LIMITS: JSON.stringify({ reports: { burst: 2 } }) });
    try {
      const [one, other] = [await strict.person('one'), await strict.person('other')];
      const statuses = [];
      for (let index = 0; index < 3; index += 1) statuses.push((await report(one, 'user', other.id)).status);
      expect(statuses).toEqual([201, 200, 429]);
    } finally {
      await strict.close();
    }
  });

  it('waits in a queue, the oldest first', async () => {
    const second = await story.person('second');
    const ids = [await reported(reporter, 'user', nuisance.id), await reported(second, 'user', nuisance.id)];
    const query = `status=OPEN&targetUserId=${nuisance.id}&limit=1`;
    const first = await moderator.must('GET', `/admin/reports?${query}`);
    const next = await moderator.must('GET', `/admin/reports?${query}&cursor=${first.nextCursor}`);
    expect([...first.items, ...next.items].map(({ id }: Anything) => id)).toEqual(ids);
    expect(first.items[0]).toMatchObject({ openReportCount: 2, reporter: { id: reporter.id } });
    expect(first.items[0].copy).toBeUndefined();
    await resolve(ids[0] ?? '', { action: 'dismiss', note: 'nothing in it' });
    const dismissed = await moderator.must('GET', `/admin/reports?status=DISMISSED&targetUserId=${nuisance.id}`);
    expect(dismissed.items).toMatchObject([
      { id: ids[0], resolution: { action: 'dismiss', note: 'nothing in it', by: { id: moderator.id } } },
    ]);
    expect(await auditOf(ids[0] ?? '')).toMatchObject([
      { action: 'report.dismiss', actorId: moderator.id, reason: 'nothing in it', details: { settled: 1 } },
    ]);
  });

  it('that is resolved by deleting the message empties it for everybody, live and for who syncs', async () => {
    const device = await reporter.device();
    const { syncCursor } = device.all('session:ready')[0];
    const bad = await nuisance.send(groupId, 'something bad');
    const id = await reported(reporter, 'message', bad.id);
    const resolved = await resolve(id, { action: 'delete_message' });
    expect(resolved.body).toMatchObject({ status: 'RESOLVED', resolution: { action: 'delete_message' } });
    const { message } = await device.next('message:deleted', (event) => event.message.id === bad.id);
    expect(message).toMatchObject({ content: null, deletedAt: expect.any(String) });
    const { pages } = await reporter.sync(syncCursor);
    const synced = pages.flatMap(({ messages }) => messages).find((found: Anything) => found.id === bad.id);
    expect(synced).toMatchObject({ content: null, deletedAt: expect.any(String) });
    expect((await auditOf(bad.id)).map(({ action }) => action)).toEqual(['message.delete']);
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(['report.resolve']);
    expect((await resolve(id, { action: 'dismiss' })).body.code).toBe('REPORT_RESOLVED');
    expect((await whole(id)).copy.messages.map(({ content }: Anything) => content)).toContain('something bad');
  });

  it('that is resolved by an act settles all that are open about the same, once', async () => {
    const second = await story.person('second');
    const ids = [await reported(reporter, 'user', nuisance.id), await reported(second, 'user', nuisance.id)];
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const answers = await Promise.all(
      ids.map((id) => resolve(id, { action: 'suspend_user', until, note: 'a secret' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    for (const id of ids) expect((await whole(id)).status).toBe('RESOLVED');
    const refused = await nuisance.call('GET', '/users/me');
    expect(refused).toMatchObject({ status: 403, body: { code: 'ACCOUNT_SUSPENDED', until, reason: 'HARASSMENT' } });
    // Neither who reported nor what the moderator noted is shown to whom it is about.
    const shown = JSON.stringify(refused.body);
    for (const secret of [reporter.id, reporter.username, 'a secret']) expect(shown).not.toContain(secret);
    expect(await auditOf(nuisance.id)).toMatchObject([{ action: 'user.suspend', reason: 'HARASSMENT' }]);
  });

  it('asks for what fits it', async () => {
    const user = await reported(reporter, 'user', nuisance.id);
    const group = await reported(nuisance, 'conversation', groupId);
    const until = new Date(Date.now() + DAY_MS).toISOString();
    for (const [id, body] of [
      [user, { action: 'delete_message' }],
      [user, { action: 'suspend_user' }],
      [user, { action: 'ban_user', until }],
      [user, { action: 'suspend_user', until: new Date(0).toISOString() }],
      [group, { action: 'ban_user' }],
      [group, { action: 'warn' }],
    ] as const)
      expect((await resolve(id, body)).body.code).toBe('VALIDATION_FAILED');
    expect((await whole(user)).status).toBe('OPEN');
    expect((await whole(group)).targetUser).toBeNull();
    const direct = await reporter.befriend(nuisance);
    const other = await reported(reporter, 'conversation', direct);
    expect((await whole(other)).targetUser.id).toBe(nuisance.id);
    expect((await resolve(other, { action: 'ban_user' })).status).toBe(200);
  });

  it('is shown to no moderator whom it is about, and decided by none about another', async () => {
    const colleague = await story.person('colleague');
    await story.grant(colleague, 'MODERATOR');
    const about = await reported(reporter, 'user', colleague.id);
    expect((await colleague.call('GET', `/admin/reports/${about}`)).status).toBe(404);
    expect((await resolve(about, { action: 'dismiss' }, colleague)).status).toBe(404);
    const { items } = await colleague.must('GET', `/admin/reports?targetUserId=${colleague.id}`);
    expect(items).toEqual([]);
    const openReports = async (by: Person): Promise<number> =>
      (await by.must('GET', `/admin/users/${colleague.id}`)).openReportCount;
    expect([await openReports(colleague), await openReports(moderator)]).toEqual([0, 1]);
    expect((await resolve(about, { action: 'dismiss' })).status).toBe(403);
    expect((await resolve(about, { action: 'dismiss' }, admin)).status).toBe(200);
    const theirs = await colleague.group('Mine', reporter);
    const group = await reported(reporter, 'conversation', theirs);
    expect((await colleague.call('GET', `/admin/reports/${group}`)).status).toBe(404);
    expect((await whole(group)).id).toBe(group);
  });

  it('leaves nothing behind where the act is refused', async () => {
    const staff = await story.person('staff');
    const theirs = await staff.group('Staff', reporter);
    const bad = await staff.send(theirs, 'something bad');
    const id = await reported(reporter, 'message', bad.id);
    await story.grant(staff, 'MODERATOR');
    expect((await resolve(id, { action: 'delete_message' })).status).toBe(403);
    expect(await auditOf(id)).toEqual([]);
    expect((await whole(id)).status).toBe('OPEN');
    expect((await reporter.must('GET', `/messages/${bad.id}`)).content).toBe('something bad');
  });

  it('is part of its reporter’s export and of nobody else’s; its words go with the account, its copy does not', async () => {
    const bad = await nuisance.send(groupId, 'something bad');
    const id = await reported(reporter, 'message', bad.id, { comment: 'in my own words' });
    const own = await reporter.must('GET', '/users/me/export');
    expect(own.reports).toMatchObject([{ id, targetId: bad.id, comment: 'in my own words', status: 'OPEN' }]);
    const theirs = JSON.stringify(await nuisance.must('GET', '/users/me/export'));
    for (const secret of [id, 'in my own words']) expect(theirs).not.toContain(secret);
    await reporter.must('DELETE', '/users/me', { password: 'correct horse' });
    await nuisance.must('DELETE', '/users/me', { password: 'correct horse' });
    const left = await whole(id);
    expect(left).toMatchObject({ comment: null, reporter: { displayName: 'Deleted user' }, status: 'OPEN' });
    expect(JSON.stringify(left.copy)).toContain('something bad');
    expect((await resolve(id, { action: 'ban_user' })).status).toBe(404);
    expect((await resolve(id, { action: 'delete_message' })).status).toBe(200);
  });

  it('keeps the files of its copy, for moderators alone, also when the message is deleted, and lets them go with it', async () => {
    const bytes = Buffer.from('a bad file of which every byte counts');
    const file = await nuisance.mustUpload(bytes, 'bad.txt');
    const bad = await nuisance.send(groupId, 'something bad', { attachmentIds: [file.id] });
    const unreported = await nuisance.send(groupId, 'else', {
      attachmentIds: [(await nuisance.mustUpload(Buffer.from('another'), 'other.txt')).id],
    });
    const theirUrl = (await reporter.must('GET', `/messages/${bad.id}`)).attachments[0].url;
    const id = await reported(reporter, 'message', bad.id);
    await nuisance.must('DELETE', `/messages/${unreported.id}`);
    await nuisance.must('DELETE', `/messages/${bad.id}`);
    const database = story.app.get(Database);
    // Both were in the copy, which is of the moment of the report: neither goes.
    const swept = await nuisance.mustUpload(Buffer.from('in no report'), 'plain.txt');
    const plain = await nuisance.send(await nuisance.group('Elsewhere', reporter), 'x', { attachmentIds: [swept.id] });
    await nuisance.must('DELETE', `/messages/${plain.id}`);
    const isKnown = async (attachmentId: string): Promise<boolean> =>
      (await database.query('SELECT 1 FROM attachments WHERE id = $1', [attachmentId])).length > 0;
    await until('the sweep was here', async () => !(await isKnown(swept.id)));

    expect((await fetch(story.url + theirUrl)).status).toBe(404);
    const shown = (await whole(id)).copy.messages.find((message: Anything) => message.id === bad.id).attachments[0];
    expect(shown).toMatchObject({ id: file.id, name: 'bad.txt', size: bytes.length, thumbnailUrl: null });
    const read = (by: Person, headers: object = {}, method = 'GET'): Promise<Response> =>
      fetch(story.url + shown.url, { method, headers: { authorization: `Bearer ${by.accessToken}`, ...headers } });
    const answer = await read(moderator);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
    expect(answer.headers.get('content-disposition')).toContain('attachment');
    const part = await read(moderator, { range: 'bytes=2-4' });
    expect([part.status, await part.text()]).toEqual([206, 'bad']);
    expect((await read(moderator, { range: 'bytes=999-' })).status).toBe(416);
    const head = await read(moderator, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    expect((await read(moderator, { 'if-none-match': answer.headers.get('etag') ?? '' })).status).toBe(304);
    for (const by of [reporter, nuisance]) expect((await read(by)).status).toBe(404);
    expect((await fetch(story.url + shown.url)).status).toBe(401);
    expect((await moderator.call('GET', shown.url.replace('original', '320'))).status).toBe(404);
    expect((await moderator.call('GET', shown.url.replace('original', 'announced'))).status).toBe(404);
    expect((await moderator.call('GET', shown.url.replace(file.id, swept.id))).status).toBe(404);
    // Not by another report, and not a report about the reader.
    const other = await reported(reporter, 'user', nuisance.id);
    expect((await moderator.call('GET', shown.url.replace(id, other))).status).toBe(404);
    await story.grant(nuisance, 'ADMIN');
    expect((await read(nuisance)).status).toBe(404);
    await story.grant(nuisance, 'USER');

    await resolve(id, { action: 'dismiss' });
    expect((await read(moderator)).status).toBe(200);
    const clock = story.app.get(Clock);
    const now = clock.now.bind(clock);
    try {
      clock.now = () => now() + 31 * DAY_MS;
      await story.app.get(ReportsService, { strict: false }).forgetOld();
    } finally {
      clock.now = now;
    }
    expect((await read(moderator)).status).toBe(404);
    await until('the file is gone', async () => !(await isKnown(file.id)));
  });

  it('shows the pictures of its copy, small and whole, by each report that holds them', async () => {
    const picture = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const file = await nuisance.mustUpload(picture, 'picture.png');
    const bad = await nuisance.send(groupId, 'look', { attachmentIds: [file.id] });
    const ids = [await reported(reporter, 'message', bad.id), await reported(reporter, 'conversation', groupId)];
    await resolve(ids[0] ?? '', { action: 'delete_message' });
    for (const id of ids) {
      const { messages } = (await whole(id)).copy;
      const [shown] = messages.find((message: Anything) => message.id === bad.id).attachments;
      for (const url of [shown.url, shown.thumbnailUrl]) {
        const answer = await fetch(story.url + url, { headers: { authorization: `Bearer ${moderator.accessToken}` } });
        expect([answer.status, answer.headers.get('content-type')?.split('/')[0]]).toEqual([200, 'image']);
        await answer.arrayBuffer();
      }
    }
  });

  it('keeps its copy for 30 days after it was decided', async () => {
    const bad = await nuisance.send(groupId, 'something bad');
    const [decided, open] = [
      await reported(reporter, 'message', bad.id, { comment: 'words' }),
      await reported(reporter, 'user', nuisance.id, { comment: 'words' }),
    ];
    await resolve(decided, { action: 'dismiss' });
    const clock = story.app.get(Clock);
    const now = clock.now.bind(clock);
    const reports = story.app.get(ReportsService, { strict: false });
    try {
      clock.now = () => now() + 29 * DAY_MS;
      expect(await reports.forgetOld()).toBe(0);
      clock.now = () => now() + 31 * DAY_MS;
      expect(await reports.forgetOld()).toBeGreaterThan(0);
    } finally {
      clock.now = now;
    }
    expect(await whole(decided)).toMatchObject({ copy: null, comment: null, reason: 'HARASSMENT' });
    expect(await whole(open)).toMatchObject({ copy: { messages: [] }, comment: 'words' });
  });

  it('need not be there for a moderator to delete a message, of whatever conversation', async () => {
    const device = await reporter.device();
    const file = await nuisance.mustUpload(Buffer.from('a bad file'), 'bad.txt');
    const bad = await nuisance.send(groupId, 'something bad', { attachmentIds: [file.id] });
    const remove = (by: Person, id: string): Promise<Anything> =>
      by.call('DELETE', `/admin/messages/${id}`, { reason: 'against the rules' });
    expect((await remove(reporter, bad.id)).status).toBe(404);
    expect((await moderator.call('DELETE', `/admin/messages/${bad.id}`)).body.code).toBe('VALIDATION_FAILED');
    const gone = await remove(moderator, bad.id);
    expect(gone).toMatchObject({ status: 200, body: { id: bad.id, content: null, attachments: [] } });
    await device.next('message:deleted', ({ message }) => message.id === bad.id);
    expect((await remove(moderator, bad.id)).status).toBe(200);
    expect(await auditOf(bad.id)).toMatchObject([{ action: 'message.delete', reason: 'against the rules' }]);
    expect((await remove(moderator, NOWHERE)).status).toBe(404);
    const [system] = await reporter.history(groupId);
    expect((await remove(moderator, system.id)).status).toBe(403);
    const staffs = await admin.group('Staff', reporter);
    const message = await admin.send(staffs, 'hello');
    expect((await remove(moderator, message.id)).status).toBe(403);
    expect((await remove(admin, message.id)).status).toBe(403);
  });
});
