import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TIMINGS } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import { ReadGate } from '../../../src/limits/reads/read-gate.js';
import { WriteGate } from '../../../src/limits/writes/write-gate.js';
import { MessageChangesRepository } from '../../../src/messages/changes/message-changes.repository.js';
import { Retention } from '../../../src/retention/retention.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

describe('retention', () => {
  let story: Story;
  let [root, ada, bob]: [Person, Person, Person] = [] as never;

  beforeAll(async () => {
    const timings = { ...TIMINGS, searchIndexPauseMs: 200 };
    story = await startStory({ rateLimits: false, timings }, { RETENTION_DAYS: '30', LINK_PREVIEWS: 'off' });
    [root, ada, bob] = await Promise.all([story.person('root'), story.person('ada'), story.person('bob')]);
    await story.grant(root, 'ADMIN');
  });
  afterAll(() => story.close());

  const query = (sql: string, ...parameters: (string | number)[]): Promise<Anything[]> =>
    story.app.get(Database).query(sql, parameters);
  /** As if all that was written there so far had been written so many days ago, and indexed since. */
  const age = async (conversationId: string, days: number): Promise<void> => {
    const indexed = async (): Promise<boolean> => {
      const [row] = await query(
        `SELECT p.indexed_seq = c.last_seq AS done FROM conversations c
         JOIN message_search_progress p ON p.conversation_id = c.id WHERE c.id = $1`,
        conversationId,
      );
      return row?.done === true;
    };
    await until('it is indexed', indexed);
    const past = `- make_interval(days => $2::integer)`;
    await query(`UPDATE messages SET created_at = created_at ${past} WHERE conversation_id = $1`, conversationId, days);
    await query(
      `UPDATE conversations SET last_message_at = last_message_at ${past} WHERE id = $1`,
      conversationId,
      days,
    );
  };
  const pass = (): Promise<void> => story.app.get(Retention).pass();

  it('lets go of contents, files, search rows, reactions and hidden messages, and keeps the numbers', async () => {
    const group = await ada.group('Trip', bob);
    const file = await ada.mustUpload(Buffer.from('an old plan'), 'plan.txt');
    const old = await ada.send(group, 'an old needle', { attachmentIds: [file.id] });
    const quoted = await bob.send(group, 'answered', { replyToId: old.id });
    await bob.must('PUT', `/messages/${old.id}/reactions/+1`);
    await bob.must('DELETE', `/messages/${old.id}?for=me`);
    await age(group, 31);
    const fresh = await ada.send(group, 'a fresh needle');
    const { cursor } = await ada.must('GET', '/sync');
    const device = await ada.device();
    await pass();

    const history = await ada.history(group);
    expect(history.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(history.map(({ kind, content, deletedAt }) => [kind, content === null, deletedAt === null])).toEqual([
      // What happened in the group is nobody's content.
      ['SYSTEM', false, true],
      [old.kind, true, false],
      ['TEXT', true, false],
      ['TEXT', false, true],
    ]);
    expect(history[1]).toMatchObject({ id: old.id, attachments: [], reactions: [] });
    expect(history[2]).toMatchObject({ id: quoted.id, replyTo: null });
    expect((await ada.must('GET', '/messages/search?q=needle')).items.map(({ id }: Anything) => id)).toEqual([
      fresh.id,
    ]);
    for (const table of ['message_search', 'message_reactions', 'hidden_messages'])
      expect([table, await query(`SELECT 1 FROM ${table} WHERE message_id = $1`, old.id)]).toEqual([table, []]);
    await until(
      'the file is gone',
      async () => (await query('SELECT 1 FROM attachments WHERE id = $1', file.id)).length === 0,
    );

    // A connected user is asked to sync, once; sync answers what is left of each.
    await device.next('sync:needed');
    expect(device.all('message:deleted')).toEqual([]);
    const { pages } = await ada.sync(cursor);
    const changed = pages.flatMap(({ messages }) => messages);
    expect(
      changed
        .filter(({ deletedAt }: Anything) => deletedAt !== null)
        .map(({ id }: Anything) => id)
        .sort(),
    ).toEqual([old.id, quoted.id].sort());
    device.socket.close();
  });

  it('has sync answer how many are unread by now, where the newest message stays', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const direct = await ada.directConversation(bob);
    await ada.send(direct, 'old');
    await age(direct, 31);
    await ada.send(direct, 'fresh');
    const { cursor } = await bob.must('GET', '/sync');
    expect((await bob.must('GET', `/conversations/${direct}`)).me.unreadCount).toBe(2);
    await pass();
    const { pages } = await bob.sync(cursor);
    const changed = pages.flatMap(({ conversations }) => conversations);
    expect(changed.map(({ id, me, lastMessage }: Anything) => [id, me.unreadCount, lastMessage])).toEqual([
      [direct, 1, 'fresh'],
    ]);
  });

  it('leaves what happened in a group as somebody hid it', async () => {
    const group = await ada.group('Trip', bob);
    await ada.send(group, 'old');
    const [event] = await bob.history(group);
    await bob.must('DELETE', `/messages/${event?.id}?for=me`);
    await age(group, 31);
    await pass();
    expect((await bob.history(group))[0]).toMatchObject({ id: event?.id, deletedAt: expect.any(String) });
  });

  it('leaves what a report keeps with its copy', async () => {
    const group = await ada.group('Trip', bob);
    const file = await ada.mustUpload(Buffer.from('evidence'), 'evidence.txt');
    const bad = await ada.send(group, 'bad', { attachmentIds: [file.id] });
    const plain = await ada.mustUpload(Buffer.from('plain'), 'plain.txt');
    const other = await ada.group('Elsewhere', bob);
    await ada.send(other, 'plain', { attachmentIds: [plain.id] });
    const report = await bob.must('POST', '/reports', { targetType: 'message', targetId: bad.id, reason: 'SPAM' });
    await age(group, 31);
    await age(other, 31);
    await pass();
    expect((await ada.must('GET', `/messages/${bad.id}`)).attachments).toEqual([]);
    await until(
      'the other file is gone',
      async () => (await query('SELECT 1 FROM attachments WHERE id = $1', plain.id)).length === 0,
    );
    const { copy } = await root.must('GET', `/admin/reports/${report.id}`);
    const [shown] = copy.messages.find(({ id }: Anything) => id === bad.id).attachments;
    const answer = await fetch(story.url + shown.url, { headers: { authorization: `Bearer ${root.accessToken}` } });
    expect([answer.status, await answer.text()]).toEqual([200, 'evidence']);
  });

  it('lets go of a reaction that is committed while it waits for its message', async () => {
    const group = await ada.group('Trip', bob);
    const { id } = await ada.send(group, 'old');
    await age(group, 31);
    const changes = story.app.get(MessageChangesRepository, { strict: false });
    const addReaction = changes.addReaction.bind(changes);
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    const adding = jest.spyOn(changes, 'addReaction').mockImplementationOnce(async (...given) => {
      const added = await addReaction(...given);
      await mayCommit;
      return added;
    });
    const reaction = bob.call('PUT', `/messages/${id}/reactions/+1`);
    await until('the reaction is about to be committed', () => adding.mock.calls.length === 1);
    const passing = pass();
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await until('retention waits for the message', async () => (await query(waiting)).length > 0);
    commit();
    expect((await reaction).status).toBe(200);
    await passing;
    expect((await ada.must('GET', `/messages/${id}`)).content).toBeNull();
    expect(await query('SELECT 1 FROM message_reactions WHERE message_id = $1', id)).toEqual([]);
    adding.mockRestore();
  });

  it('goes through more than a batch, beside those who write, and begins where it ended', async () => {
    const direct = await ada.directConversation(bob);
    const device = await ada.device();
    await Promise.all(
      Array.from({ length: 450 }, (_, index) =>
        device.must('send_message', { conversationId: direct, content: `${index}` }),
      ),
    );
    await age(direct, 31);
    const writing = Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        device.must('send_message', { conversationId: direct, content: `fresh ${index}` }),
      ),
    );
    await Promise.all([pass(), writing]);
    const [counts] = await query(
      `SELECT count(*) FILTER (WHERE deleted_at IS NOT NULL)::integer AS gone, count(content)::integer AS kept,
         max(seq) AS last FROM messages WHERE conversation_id = $1`,
      direct,
    );
    expect(counts).toEqual({ gone: 450, kept: 50, last: 500 });
    const before = await query('SELECT max(version) AS version FROM messages WHERE conversation_id = $1', direct);
    await pass();
    expect(await query('SELECT max(version) AS version FROM messages WHERE conversation_id = $1', direct)).toEqual(
      before,
    );
    device.socket.close();
  });

  it('is asked for and set behind the gates of the administrator', async () => {
    const path = `/admin/conversations/${await ada.directConversation(bob)}/retention`;
    const gates = [ReadGate, WriteGate].map((gate) => jest.spyOn(story.app.get(gate), 'run'));
    await root.must('GET', path);
    await root.must('PUT', path, { days: null });
    expect(gates.map(({ mock }) => mock.calls.map(([user]) => user.userId))).toEqual([[root.id], [root.id]]);
    for (const gate of gates) gate.mockRestore();
  });

  it('is another for a conversation where an administrator says so, and that is written down', async () => {
    const [forever, short] = [await ada.group('Archive', bob), await ada.group('Gossip', bob)];
    const path = (id: string): string => `/admin/conversations/${id}/retention`;
    expect(await root.must('GET', path(forever))).toEqual({ days: null, effectiveDays: 30 });
    expect(await root.must('PUT', path(forever), { days: 0 })).toEqual({ days: 0, effectiveDays: null });
    expect(await root.must('PUT', path(short), { days: 2 })).toEqual({ days: 2, effectiveDays: 2 });
    const [kept, gone] = [await ada.send(forever, 'kept'), await ada.send(short, 'gone')];
    await age(forever, 400);
    await age(short, 3);
    await pass();
    const content = async (id: string): Promise<unknown> => (await ada.must('GET', `/messages/${id}`)).content;
    expect([await content(kept.id), await content(gone.id)]).toEqual(['kept', null]);
    expect((await ada.must('GET', `/conversations/${short}`)).lastMessage).toBeNull();
    await root.must('PUT', path(forever), { days: null });
    await pass();
    expect(await content(kept.id)).toBeNull();
    const { items } = await root.must('GET', `/admin/audit?targetId=${forever}`);
    expect(items.map(({ action, details }: Anything) => [action, details.days])).toEqual([
      ['conversation.retention', null],
      ['conversation.retention', 0],
    ]);
    expect((await ada.call('PUT', path(short), { days: 0 })).status).toBe(404);
    expect((await root.call('PUT', path(randomUUID()), { days: 1 })).status).toBe(404);
    for (const days of [-1, 1.5, '1', 36_501, undefined])
      expect((await root.call('PUT', path(short), { days })).body.code).toBe('VALIDATION_FAILED');
  });

  it('leaves a report its copy of what was said', async () => {
    const direct = await ada.directConversation(bob);
    const said = await ada.send(direct, 'something that was reported');
    const { id } = await bob.must('POST', '/reports', {
      targetType: 'message',
      targetId: said.id,
      reason: 'HARASSMENT',
    });
    await age(direct, 31);
    await pass();
    expect((await ada.must('GET', `/messages/${said.id}`)).content).toBeNull();
    expect(JSON.stringify(await root.must('GET', `/admin/reports/${id}`))).toContain('something that was reported');
  });
});
