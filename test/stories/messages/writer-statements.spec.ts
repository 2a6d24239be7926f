import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import { type MessageDraft, MessageWriter, type WriteOutcome } from '../../../src/messages/sending/message-writer.js';
import { type Anything, type Device, startStory, type Story } from '../../support/story.js';

describe('the statements of the writer', () => {
  let story: Story;
  let outside: pg.Client;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
  });
  afterAll(async () => {
    await outside.end();
    await story.close();
  });

  const send = (device: Device, conversationId: string, content: string): Promise<Anything> =>
    device.ask('send_message', { conversationId, content });

  /** As the writer is asked to: what is stored in one turn of the event loop goes into one batch for each lane. */
  const store = (senderId: string, conversationId: string, clientId: string = randomUUID()): Promise<WriteOutcome> =>
    story.app
      .get(MessageWriter)
      .store({ id: randomUUID(), conversationId, senderId, clientId, content: 'x', replyToId: null });

  it('lets a message that the database refuses fail alone', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await outside.query(`ALTER TABLE messages ADD CONSTRAINT poison CHECK (content <> 'poison') NOT VALID`);
    const device = await ada.device();
    const contents = Array.from({ length: 60 }, (_, index) => (index % 20 === 7 ? 'poison' : `${index}`));
    const answers = await Promise.all(contents.map((content) => send(device, conversationId, content)));
    for (const [index, content] of contents.entries()) {
      if (content === 'poison')
        expect(answers[index].error).toEqual({ code: 'INTERNAL_ERROR', message: expect.any(String) });
      else expect(answers[index].data.message.content).toBe(content);
    }
    expect((await ada.history(conversationId)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 57 }, (_, index) => index + 1),
    );
    await outside.query('ALTER TABLE messages DROP CONSTRAINT poison');
  });

  it('holds nobody up behind a conversation that somebody else keeps locked', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const locked = await ada.directConversation(bob);
    const free = await Promise.all(Array.from({ length: 6 }, (_, index) => ada.group(`Free ${index}`)));
    const device = await ada.device();
    await outside.query('BEGIN');
    await outside.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [locked]);
    const [stuck, ...others] = await Promise.all([
      send(device, locked, 'x'),
      ...free.map((id) => send(device, id, 'y')),
    ]);
    expect(stuck.error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    for (const answer of others) expect(answer.ok).toBe(true);
    await outside.query('ROLLBACK');
    expect((await send(device, locked, 'z')).data.message.seq).toBe(1);
  });

  it('holds nobody up behind a membership that somebody else keeps locked, and knows what is not there', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const shared = await ada.group('Shared', bob);
    const free = await Promise.all(Array.from({ length: 6 }, (_, index) => ada.group(`Free ${index}`)));
    // Of the same lane.
    const unknown = randomUUID().slice(0, -1) + shared.slice(-1);
    await outside.query('BEGIN');
    await outside.query('UPDATE conversation_members SET muted_until = now() WHERE user_id = $1', [bob.id]);
    const [stuck, nowhere, ...others] = await Promise.allSettled([
      store(bob.id, shared),
      store(ada.id, unknown),
      ...[shared, ...free].map((id) => store(ada.id, id)),
    ]);
    expect(stuck).toMatchObject({ reason: { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) } });
    expect(nowhere).toMatchObject({ value: { outcome: 'not_found' } });
    for (const other of others) expect(other).toMatchObject({ value: { outcome: 'stored' } });
    await expect(store(bob.id, shared)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await outside.query('ROLLBACK');
    expect(await store(bob.id, shared)).toMatchObject({ outcome: 'stored', seq: 3 });
  });

  it('refuses nothing for a lock of a moment, as another process has it, beside one that stays', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const kept = await bob.group('Kept', ada);
    const lane = (id: string): number => Number.parseInt(id.slice(-1), 16) % 2;
    let busy = await ada.group('Busy');
    while (lane(busy) !== lane(kept)) busy = await ada.group('Busy');
    const database = story.app.get(Database);
    const query = database.query.bind(database);
    await outside.query('BEGIN');
    await outside.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [kept]);
    let looks = 0;
    database.query = async (text: string, ...rest: never[]) => {
      if (!text.includes('SKIP LOCKED')) return query(text, ...rest);
      looks += 1;
      if (looks > 1) return query(text, ...rest);
      return database.transaction(async (transaction) => {
        await transaction.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [busy]);
        return query(text, ...rest);
      });
    };
    try {
      const answers = await Promise.allSettled([store(ada.id, kept), store(ada.id, busy)]);
      expect(answers).toMatchObject([{ reason: { code: 'UNAVAILABLE' } }, { value: { outcome: 'stored' } }]);
    } finally {
      database.query = query;
      await outside.query('ROLLBACK');
    }
  });

  it('holds nobody up behind a file that somebody else keeps locked', async () => {
    const ada = await story.person();
    const conversationId = await ada.group('Files');
    const device = await ada.device();
    const file = await ada.mustUpload(Buffer.from('a note'), 'note.txt', 'text/plain');
    await outside.query('BEGIN');
    await outside.query('SELECT 1 FROM attachments WHERE id = $1 FOR UPDATE', [file.id]);
    const stuck = await device.ask('send_message', { conversationId, content: 'x', attachmentIds: [file.id] });
    expect(stuck.error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect((await send(device, conversationId, 'y')).ok).toBe(true);
    await outside.query('ROLLBACK');
  });

  it('finds the message that waits for something else by halves', async () => {
    const ada = await story.person();
    const conversationId = await ada.group('Twice');
    const clientId = randomUUID();
    await outside.query('BEGIN');
    // Another process stores the same client id in another conversation, and does not end.
    await outside.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       VALUES ($1, $2, 1000, $3, $4, 'TEXT', 'elsewhere', now())`,
      [randomUUID(), await ada.group('Elsewhere'), ada.id, clientId],
    );
    const answers = await Promise.allSettled([
      store(ada.id, conversationId),
      store(ada.id, conversationId, clientId),
      store(ada.id, conversationId),
    ]);
    expect(answers).toMatchObject([
      { value: { outcome: 'stored', seq: 2 } },
      { reason: { code: 'UNAVAILABLE' } },
      { value: { outcome: 'stored', seq: 3 } },
    ]);
    await outside.query('ROLLBACK');
  });

  it('keeps sequences dense when several processes write one conversation', async () => {
    const twin = await startStory({ databaseUrl: story.databaseUrl, rateLimits: false });
    const [ada, bob] = [await story.person(), await twin.person()];
    const conversationId = await ada.directConversation(bob);
    const clientId = randomUUID();
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const answers = await Promise.all([
      ...Array.from({ length: 100 }, (_, index) => send(adas, conversationId, `a${index}`)),
      ...Array.from({ length: 100 }, (_, index) => send(bobs, conversationId, `b${index}`)),
    ]);
    expect(answers.map(({ data }) => data.message.seq).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    // One client id, sent to both at once.
    const there = await startStory({ databaseUrl: story.databaseUrl, rateLimits: false });
    const [one, other] = await Promise.all([
      adas.ask('send_message', { conversationId, content: 'one', clientId }),
      fetch(`${twin.url}/conversations/${conversationId}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ada.accessToken}` },
        body: JSON.stringify({ content: 'other', clientId }),
      }).then((response) => response.json() as Promise<Anything>),
    ]);
    expect(other).toEqual(one.data.message);
    await there.close();
    await twin.close();
  });

  it('takes no more than its queue holds, and says so', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const writer = story.app.get(MessageWriter);
    const results = await Promise.allSettled(
      Array.from({ length: 12_000 }, (_, index) => {
        const id = randomUUID();
        const draft: MessageDraft = {
          id,
          conversationId,
          senderId: ada.id,
          clientId: id,
          content: `${index}`,
          replyToId: null,
        };
        return writer.store(draft);
      }),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(2_000);
    for (const refusal of refused)
      expect((refusal as PromiseRejectedResult).reason).toMatchObject({ code: 'OVERLOADED' });
    expect((await ada.must('GET', `/conversations/${conversationId}`)).lastSeq).toBe(10_000);
  });
});
