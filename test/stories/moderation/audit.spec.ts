import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Audit } from '../../../src/audit/audit.js';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import { Database } from '../../../src/database/database.js';
import { type Anything, type Person, startStory, type Story } from '../../support/story.js';

describe('the audit log', () => {
  let story: Story;
  let admin: Person;
  let database: Database;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    admin = await story.person('admin');
    await story.grant(admin, 'ADMIN');
    database = story.app.get(Database);
  });
  afterAll(() => story.close());

  const record = (entry: Partial<AuditEntry>): Promise<void> =>
    database.transaction((transaction) =>
      story.app.get(Audit).record(transaction, {
        actorId: admin.id,
        action: 'user.suspend',
        targetType: 'user',
        targetId: randomUUID(),
        ...entry,
      }),
    );

  it('lists what was done, the newest first, by pages and by every filter', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    for (let index = 0; index < 3; index += 1)
      await record({ targetId: one, reason: `reason ${index}`, ip: '::ffff:192.0.2.1', details: { until: null } });
    await record({ actorId: null, action: 'role.grant', targetId: other, details: { role: 'ADMIN' } });
    const list = (query: string): Promise<Anything> => admin.must('GET', `/admin/audit?${query}`);

    const first = await list(`targetId=${one}&limit=2`);
    expect(first.items.map(({ reason }: Anything) => reason)).toEqual(['reason 2', 'reason 1']);
    expect(first.items[0]).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actorId: admin.id,
      action: 'user.suspend',
      targetType: 'user',
      targetId: one,
      reason: 'reason 2',
      ip: '192.0.2.1',
      details: { until: null },
    });
    const second = await list(`targetId=${one}&limit=2&cursor=${first.nextCursor}`);
    expect(second.items.map(({ reason }: Anything) => reason)).toEqual(['reason 0']);
    expect(second.nextCursor).toBeNull();

    expect((await list('action=role.grant')).items).toMatchObject([{ actorId: null, details: { role: 'ADMIN' } }]);
    expect((await list(`actorId=${admin.id}&targetId=${other}`)).items).toEqual([]);
    expect((await list('targetType=message')).items).toEqual([]);
    const { at } = first.items[0];
    expect((await list(`targetId=${one}&until=${at}`)).items.length).toBeLessThan(3);
    expect((await list(`targetId=${one}&since=${at}`)).items[0].reason).toBe('reason 2');
    expect((await admin.call('GET', '/admin/audit?action=anything')).status).toBe(400);
    expect((await admin.call('GET', '/admin/audit?cursor=anything')).status).toBe(400);
  });

  it('is exported as a whole, as lines that a spreadsheet opens and runs nothing of, or as JSON', async () => {
    const targetId = randomUUID();
    const reason = '=HYPERLINK("https://evil.example","click"),\nsecond line';
    for (let index = 0; index < 3; index += 1) await record({ targetId, reason, details: { index } });
    const get = (format: string): Promise<Anything> =>
      admin.call('GET', `/admin/audit/export?format=${format}&targetId=${targetId}`);
    const csv = await get('csv');
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="audit.csv"');
    const [header, first] = (csv.body as string).split('\r\n');
    expect(header).toBe('at,actorId,action,targetType,targetId,reason,ip,details,id');
    expect(first).toContain(`"'=HYPERLINK(""https://evil.example"",""click""),\nsecond line"`);
    expect(first).toContain('"{""index"":2}"');
    expect((csv.body as string).split('\r\n')).toHaveLength(5);
    const lines = ((await get('jsonl')).body as string).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).details)).toEqual([{ index: 2 }, { index: 1 }, { index: 0 }]);
    const own = await admin.must('GET', '/admin/audit?action=audit.export');
    expect(own.items).toMatchObject([
      { actorId: admin.id, details: { format: 'jsonl', targetId } },
      { actorId: admin.id, details: { format: 'csv', targetId } },
    ]);
  });

  it('keeps nothing of an act that was undone', async () => {
    const targetId = randomUUID();
    const undone = database.transaction(async (transaction) => {
      await story.app.get(Audit).record(transaction, {
        actorId: admin.id,
        action: 'user.ban',
        targetType: 'user',
        targetId,
      });
      throw new Error('the act failed');
    });
    await expect(undone).rejects.toThrow('the act failed');
    expect((await admin.must('GET', `/admin/audit?targetId=${targetId}`)).items).toEqual([]);
  });

  it.each(["UPDATE audit_log SET reason = 'another'", 'DELETE FROM audit_log WHERE false', 'TRUNCATE audit_log'])(
    'lets nobody change it, not even a superuser: %s',
    async (statement) => {
      await record({});
      await expect(database.query(statement)).rejects.toThrow('the audit log is append-only');
      await expect(
        database.transaction(async (transaction) => {
          await transaction.query('SET LOCAL session_replication_role = replica');
          await transaction.query(statement);
        }),
      ).rejects.toThrow('the audit log is append-only');
    },
  );

  it('takes from its owner, too, the right to change it', async () => {
    const [rights] = await database.query<Record<string, boolean>>(
      `SELECT bool_or(privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')) AS changes,
         bool_or(privilege_type = 'INSERT') AS adds, bool_or(privilege_type = 'SELECT') AS reads
       FROM pg_class, aclexplode(relacl) WHERE oid = 'audit_log'::regclass`,
    );
    expect(rights).toEqual({ changes: false, adds: true, reads: true });
  });

  it('does not exist for who has no right to read it, from the moment the role is taken away', async () => {
    const person = await story.person();
    const answered = async (): Promise<number> => (await person.call('GET', '/admin/audit?limit=nonsense')).status;
    expect(await answered()).toBe(404);
    await story.grant(person, 'MODERATOR');
    expect(await answered()).toBe(404);
    await story.grant(person, 'ADMIN');
    expect(await answered()).toBe(400);
    await story.grant(person, 'USER');
    expect(await answered()).toBe(404);
  });
});
