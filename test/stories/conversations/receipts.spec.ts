import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import { type Anything, type Device, type Person, startStory, type Story, until } from '../../support/story.js';

describe('receipts', () => {
  let story: Story;
  // With the limits that everybody lives under, but for messages: more are sent here than people send.
  beforeAll(async () => {
    story = await startStory({ rateLimits: true }, { LIMITS: '{ "messages": { "burst": 1000 } }' });
  });
  afterAll(() => story.close());

  it('answer ten thousand in a burst without flooding anybody, and without holding others up', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.befriend(bob);
    const elsewhere = await cy.directConversation(ada);
    const [adas, bobs, cys] = [await ada.device(), await bob.device(), await cy.device()];
    for (let index = 0; index < 50; index += 1)
      await adas.must('send_message', { conversationId, content: `${index}` });
    const database = story.app.get(Database);
    const query = database.query.bind(database);
    let statements = 0;
    database.query = (text, values = [], name) => {
      if (name === 'move_read_cursor') statements += 1;
      return query(text, values, name);
    };

    let answered = 0;
    const burst = Array.from({ length: 10_000 }, (_, index) =>
      bobs.ask('mark_read', { conversationId, seq: 1 + (index % 49) }).finally(() => (answered += 1)),
    );
    const answeredBefore: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      await cys.must('send_message', { conversationId: elsewhere, content: `${index}` });
      await adas.next('message:new', ({ message }) => message.content === `${index}` && message.senderId === cy.id);
      answeredBefore.push(answered);
    }
    const answers = await Promise.all(burst);

    const codes = new Set(answers.filter(({ ok }) => !ok).map(({ error }) => error.code));
    for (const code of codes) expect(['RATE_LIMITED', 'OVERLOADED']).toContain(code);
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(500);
    for (const { ok, error } of answers) if (!ok) expect(error.retryAfterMs).toBeGreaterThan(0);
    // In the midst of them, how far depends on the machine.
    expect(answeredBefore[0]).toBeLessThan(9_000);
    expect(bobs.socket.connected).toBe(true);

    await until('a last receipt is taken', async () => (await bobs.ask('mark_read', { conversationId, seq: 49 })).ok);
    await adas.next('receipt:read', ({ seq }) => seq === 49);
    const shown = adas.all('receipt:read').map(({ seq }) => seq);
    expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
    // At most one broadcast a cursor position, and far fewer statements than receipts.
    expect(shown.length).toBeLessThanOrEqual(49);
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThan(1_000);
  });

  it('never move back, whichever device and door they come by', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.befriend(bob);
    const [adas, one, two] = [await ada.device(), await bob.device(), await bob.device()];
    for (let index = 0; index < 40; index += 1)
      await adas.must('send_message', { conversationId, content: `${index}` });
    const answers: number[] = [];
    await Promise.all(
      [...Array.from({ length: 40 }, (_, index) => index + 1)]
        .reverse()
        .flatMap((seq) => [
          one.must('mark_read', { conversationId, seq }).then(({ lastReadSeq }) => answers.push(lastReadSeq - seq)),
          two.must('mark_delivered', { conversationId, seq }),
          bob.must('POST', `/conversations/${conversationId}/read`, { seq }),
        ]),
    );
    // Each answer is at least what was asked for.
    for (const ahead of answers) expect(ahead).toBeGreaterThanOrEqual(0);
    for (const device of [adas, one, two]) {
      await device.next('receipt:read', ({ seq }) => seq === 40);
      const shown = device.all('receipt:read').map(({ seq }) => seq);
      expect(shown).toEqual([...shown].sort((a, b) => a - b));
    }
    expect((await bob.must('GET', `/conversations/${conversationId}`)).me).toMatchObject({
      ...{ lastReadSeq: 40, unreadCount: 0 },
    });
  });

  it('are answered as they stand where something else moves them meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.befriend(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    for (let index = 0; index < 5; index += 1) await adas.must('send_message', { conversationId, content: `${index}` });
    const outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
    try {
      await outside.query('BEGIN');
      await outside.query(
        'UPDATE conversation_members SET last_read_seq = 5, last_delivered_seq = 5 WHERE conversation_id = $1 AND user_id = $2',
        [conversationId, bob.id],
      );
      const answer = bobs.must('mark_read', { conversationId, seq: 3 });
      await until('it waits for the other', async () => {
        const { rows } = await story.app.get(Database).pool.query(
          `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
             WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()`,
        );
        return rows.length > 0;
      });
      await outside.query('COMMIT');
      expect(await answer).toEqual({ lastReadSeq: 5 });
    } finally {
      await outside.end();
    }
  });

  it('count the same unread in REST, in sync, on every device and after sending', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.group('Unread', bob);
    const cursor = (await bob.must('GET', '/sync')).cursor;
    const [adas, phone, desk] = [await ada.device(), await bob.device(), await bob.device()];
    let lastSeq = 1;
    const everywhere = async (expected: number): Promise<void> => {
      const views: Anything[] = [
        await bob.must('GET', `/conversations/${conversationId}`),
        (await bob.must('GET', '/conversations')).items[0],
        (await bob.must('GET', '/sync')).conversations[0],
        (await bob.sync(cursor)).pages.flatMap(({ conversations }) => conversations).at(-1),
        (await phone.must('join_conversation', conversationId)).conversation,
        (await desk.must('join_conversation', conversationId)).conversation,
      ];
      expect(views.map(({ me }) => me.unreadCount)).toEqual(views.map(() => expected));
      for (const device of [phone, desk]) expect(unreadOn(device, bob)).toBe(expected);
    };
    for (let index = 0; index < 10; index += 1) {
      await adas.must('send_message', { conversationId, content: `${index}` });
      lastSeq += 1;
    }
    for (const device of [phone, desk]) await device.next('message:new', ({ message }) => message.seq === lastSeq);
    await everywhere(10);
    await phone.must('mark_read', { conversationId, seq: 4 });
    await desk.next('receipt:read', ({ seq }) => seq === 4);
    await phone.next('receipt:read', ({ seq }) => seq === 4);
    await everywhere(7);
    await desk.must('send_message', { conversationId, content: 'an answer reads what came before' });
    lastSeq += 1;
    for (const device of [phone, desk]) await device.next('message:new', ({ message }) => message.seq === lastSeq);
    await everywhere(0);
    await adas.must('send_message', { conversationId, content: 'one more' });
    lastSeq += 1;
    for (const device of [phone, desk]) await device.next('message:new', ({ message }) => message.seq === lastSeq);
    await everywhere(1);
    await phone.must('mark_read', { conversationId, seq: 2_000_000_000 });
    await desk.next('receipt:read', ({ seq }) => seq === lastSeq);
    await everywhere(0);
  });
});

/** What a device makes of what it received: others' messages after its own farthest cursor. */
function unreadOn(device: Device, person: Person): number {
  const read = device.all('receipt:read').filter(({ userId }) => userId === person.id);
  const messages = device.all('message:new').map(({ message }) => message);
  const own = messages.filter(({ senderId }) => senderId === person.id);
  const cursor = Math.max(0, ...read.map(({ seq }) => seq), ...own.map(({ seq }) => seq));
  return messages.filter(({ seq, kind }) => seq > cursor && kind !== 'SYSTEM').length;
}
