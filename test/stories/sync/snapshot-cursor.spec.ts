import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import { rowsOf, scansOf } from '../../support/databases/plans.js';
import { createEmptyDatabase } from '../../support/databases/postgres.js';
import { type Anything, type Person, startStory, type Story } from '../../support/story.js';
import { seeded } from '../../support/seeded.js';

describe('sync by the snapshots of transactions', () => {
  let story: Story;
  let outside: pg.Client;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    outside = await connection(story.databaseUrl);
  });
  afterAll(async () => {
    await outside.end();
    await story.close();
  });

  const start = async (person: Person): Promise<string> => (await person.must('GET', '/sync')).cursor;
  const all = (pages: Anything[], kind: string): Anything[] => pages.flatMap((page) => page[kind]);
  const isEmpty = (pages: Anything[]): boolean =>
    pages.every(({ cursor: _, hasMore: __, ...page }) =>
      Object.values(page).every((things) => (things as Anything[]).length === 0),
    );

  it('brings changes of every kind that commit long after what began later, each once', async () => {
    const [ada, bob, cy, dee] = await people(story, 4);
    const [direct, group, left] = [
      await ada.directConversation(bob),
      await ada.group('Late', bob),
      await ada.group('Left', bob),
    ];
    const [edited, hidden] = [await ada.send(direct, 'edited'), await ada.send(direct, 'hidden')];
    await ada.befriend(bob);
    const request = await cy.must('POST', '/friends/requests', { userId: bob.id });

    const late = await connection(story.databaseUrl);
    await late.query('BEGIN');
    const lateId = randomUUID();
    await late.query('SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, false)', [
      ...[[lateId], [group], [ada.id], [randomUUID()], ['late'], [null]],
    ]);
    await late.query(`UPDATE messages SET content = 'late edit', version = version + 1 WHERE id = $1`, [edited.id]);
    await late.query('INSERT INTO hidden_messages (user_id, message_id, conversation_id) VALUES ($1, $2, $3)', [
      ...[bob.id, hidden.id, direct],
    ]);
    await late.query('UPDATE conversation_members SET left_at = now() WHERE conversation_id = $1 AND user_id = $2', [
      ...[left, bob.id],
    ]);
    await late.query(
      'UPDATE conversation_members SET last_delivered_seq = 2 WHERE conversation_id = $1 AND user_id = $2',
      [direct, bob.id],
    );
    await late.query(`UPDATE friendships SET removed_at = now() WHERE $1 IN (low_id, high_id)`, [bob.id]);
    await late.query(`UPDATE friend_requests SET status = 'REJECTED', responded_at = now() WHERE id = $1`, [
      request.id,
    ]);

    let cursor = await start(bob);
    const other = await dee.directConversation(bob);
    const received: Anything[] = [];
    for (let round = 0; round < 20; round += 1) {
      await dee.send(other, `meanwhile ${round}`);
      const answer = await bob.sync(cursor, 1 + (round % 3));
      received.push(...answer.pages);
      cursor = answer.cursor;
    }
    expect(all(received, 'messages').map(({ content }) => content)).toEqual(
      Array.from({ length: 20 }, (_, round) => `meanwhile ${round}`),
    );
    expect([all(received, 'leftConversationIds'), all(received, 'friends'), all(received, 'friendRequests')]).toEqual([
      [],
      [],
      [],
    ]);

    await late.query('COMMIT');
    await late.end();
    const { pages, cursor: after } = await bob.sync(cursor, 2);
    expect(
      all(pages, 'messages')
        .map(({ id, content }) => [id, content])
        .sort(),
    ).toEqual(
      [
        [lateId, 'late'],
        [edited.id, 'late edit'],
        [hidden.id, null],
      ].sort(),
    );
    expect(all(pages, 'leftConversationIds')).toEqual([left]);
    expect(all(pages, 'receipts')).toContainEqual({
      ...{ conversationId: direct, userId: bob.id, lastReadSeq: 0, lastDeliveredSeq: 2 },
    });
    expect(all(pages, 'friends').map(({ user, removedAt }) => [user.id, removedAt === null])).toEqual([
      [ada.id, false],
    ]);
    expect(all(pages, 'friendRequests').map(({ id, status }) => [id, status])).toEqual([[request.id, 'REJECTED']]);
    expect(isEmpty((await bob.sync(after)).pages)).toBe(true);
  });

  it('repeats nothing while transactions are open elsewhere, in this database and in another', async () => {
    const [ada, bob] = await people(story, 2);
    const conversationId = await ada.directConversation(bob);
    const elsewhere = await createEmptyDatabase();
    const open = await Promise.all([connection(story.databaseUrl), connection(elsewhere.url)]);
    for (const client of open) await client.query('BEGIN; SELECT pg_current_xact_id()');
    await ada.send(conversationId, 'before');
    let cursor = await start(bob);
    for (let round = 0; round < 10; round += 1) {
      const answer = await bob.sync(cursor);
      expect(isEmpty(answer.pages)).toBe(true);
      cursor = answer.cursor;
    }
    for (const client of open) await client.end();
    await elsewhere.drop();
  });

  it('answers nothing twice within a round and misses nothing that changes while it is paged through', async () => {
    const [ada, bob] = await people(story, 2);
    const conversationIds = [];
    for (let index = 0; index < 4; index += 1) conversationIds.push(await ada.group(`Paged ${index}`, bob));
    const messages: Anything[] = [];
    for (const id of conversationIds)
      for (let index = 0; index < 12; index += 1) messages.push(await ada.send(id, `${index}`));
    let cursor = await start(bob);
    for (const { id } of messages.slice(0, 20)) await ada.must('PATCH', `/messages/${id}`, { content: 'edited' });
    for (const id of conversationIds)
      for (let index = 0; index < 12; index += 1) messages.push(await ada.send(id, `new ${index}`));

    const random = seeded(7);
    const shown = new Map<string, Anything>();
    for (let page = 0; ; page += 1) {
      const answer = await bob.must('GET', `/sync?limit=5&cursor=${cursor}`);
      for (const kind of ['messages', 'conversations', 'receipts'])
        expect(new Set(answer[kind].map(keyOf)).size).toBe(answer[kind].length);
      for (const message of answer.messages) {
        if (shown.has(message.id)) expect(message.version).toBeGreaterThanOrEqual(shown.get(message.id).version);
        shown.set(message.id, message);
      }
      cursor = answer.cursor;
      if (!answer.hasMore) break;
      // Both what this round has answered already and what it has yet to answer go on changing.
      if (page < 15) {
        const { id } = messages[random(messages.length)];
        await ada.must('PATCH', `/messages/${id}`, { content: `changed at page ${page}` });
        messages.push(await ada.send(conversationIds[random(4)] as string, `during page ${page}`));
      }
    }
    for (const message of messages) {
      const current = await bob.must('GET', `/messages/${message.id}`);
      if (current.version > 1 || current.content.startsWith('new') || current.content.startsWith('during'))
        expect(shown.get(message.id)).toEqual(current);
    }
  });

  it('answers one cursor, asked twice, with the same set or a later one', async () => {
    const [ada, bob] = await people(story, 2);
    const conversationId = await ada.directConversation(bob);
    const cursor = await start(bob);
    for (let index = 0; index < 30; index += 1) await ada.send(conversationId, `${index}`);
    const first = await bob.must('GET', `/sync?limit=20&cursor=${cursor}`);
    const [again, again2] = await Promise.all([
      bob.must('GET', `/sync?limit=20&cursor=${first.cursor}`),
      bob.must('GET', `/sync?limit=20&cursor=${first.cursor}`),
    ]);
    expect(again).toEqual(again2);
    await ada.send(conversationId, 'later');
    const later = (await bob.sync(cursor, 20)).pages;
    expect(new Set(all(later, 'messages').map(keyOf))).toEqual(
      new Set((await bob.history(conversationId)).map(({ id }) => id)),
    );
  });

  it('answers the same over the socket', async () => {
    const [ada, bob] = await people(story, 2);
    const conversationId = await ada.directConversation(bob);
    const device = await bob.device();
    const cursor = await start(bob);
    await ada.send(conversationId, 'hello');
    const path = `/sync?limit=1&cursor=${cursor}`;
    const { cursor: _, ...overSocket } = await device.must('sync', { cursor, limit: 1 });
    const { cursor: __, ...overHttp } = await bob.must('GET', path);
    expect(overSocket).toEqual(overHttp);
    for (const limit of [0, 101, -1, 1.5, 'x']) {
      expect([limit, (await device.ask('sync', { cursor, limit })).error?.code]).toEqual([limit, 'VALIDATION_FAILED']);
    }
    for (const limit of ['0', '101', '-1', '1.5', 'x'])
      expect((await bob.call('GET', `/sync?limit=${limit}`)).body.code).toBe('VALIDATION_FAILED');
  });

  it('gives nothing of others for 500 damaged cursors', async () => {
    const [ada, bob, eve] = await people(story, 3);
    const secret = await ada.directConversation(bob);
    const own = await eve.directConversation(bob);
    const cursor = await start(eve);
    const adas = await start(ada);
    await ada.send(secret, 'secret');
    for (let index = 0; index < 5; index += 1) await bob.send(own, 'for eve');
    const paged = (await eve.must('GET', `/sync?limit=3&cursor=${cursor}`)).cursor;
    const seed = Number(process.env.SEED ?? 314_159);
    const random = seeded(seed);
    const damage = (text: string): string => {
      const at = random(text.length);
      switch (random(5)) {
        case 0:
          return text.slice(0, at);
        case 1:
          return text.slice(0, at) + String.fromCharCode(33 + random(94)) + text.slice(at + 1);
        case 2:
          return text.slice(0, at) + text.slice(at + 1 + random(5));
        case 3:
          return text + text.slice(at);
        default: {
          // One digit or letter of what is inside.
          const inside = Buffer.from(text, 'base64url');
          const place = random(inside.length);
          inside[place] = '0123456789abcdef":,[]'.charCodeAt(random(21));
          return inside.toString('base64url');
        }
      }
    };
    const device = await eve.device();
    for (let index = 0; index < 500; index += 1) {
      const text = damage([cursor, paged, adas][index % 3] as string);
      const answer =
        index % 2 === 0
          ? (await eve.call('GET', `/sync?cursor=${encodeURIComponent(text)}`)).body
          : await device.ask('sync', { cursor: text });
      const code = answer.code ?? answer.error?.code;
      if (code !== undefined) expect([seed, text, code]).toEqual([seed, text, 'VALIDATION_FAILED']);
      expect([seed, text, JSON.stringify(answer).includes(secret)]).toEqual([seed, text, false]);
    }
  });

  it('says reset to a cursor of another database, and to one from the future of this one', async () => {
    const [ada] = await people(story, 1);
    const there = await startStory({ rateLimits: false });
    const [stranger] = await people(there, 1);
    const parts = JSON.parse(Buffer.from(await start(stranger), 'base64url').toString());
    parts[2] = ada.id;
    const otherDatabase = Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect(await ada.must('GET', `/sync?cursor=${otherDatabase}`)).toEqual({ reset: true });
    await there.close();

    // What a restore of an older copy under the same name would be given.
    const own = JSON.parse(Buffer.from(await start(ada), 'base64url').toString());
    const [xmin] = own[3].split(':').map(Number);
    // Further than other tests at the same cluster come meanwhile.
    own[3] = `${xmin + 1_000_000_000}:${xmin + 1_000_000_000}:`;
    const future = Buffer.from(JSON.stringify(own)).toString('base64url');
    expect(await ada.must('GET', `/sync?cursor=${future}`)).toEqual({ reset: true });
  });

  describe('of a day with 10,000 changes in 20 conversations', () => {
    const CHANGES = 10_000;
    let ada: Person;
    let bob: Person;
    let before: string;
    let conversationIds: string[];
    const statements: { name: string | undefined; text: string; values: readonly unknown[] }[] = [];

    beforeAll(async () => {
      [ada, bob] = await people(story, 2);
      conversationIds = [];
      for (let index = 0; index < 20; index += 1) conversationIds.push(await ada.group(`Day ${index}`, bob));
      before = await start(bob);
      for (const conversationId of conversationIds) {
        const ids = Array.from({ length: CHANGES / 20 }, () => randomUUID());
        await outside.query('SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, false)', [
          ids,
          ids.map(() => conversationId),
          ids.map(() => ada.id),
          ids,
          ids.map((_, index) => `message ${index}`),
          ids.map(() => null),
        ]);
      }
      await outside.query('ANALYZE');
      const database = story.app.get(Database);
      for (const pool of [database, database.reads]) {
        const query = pool.query.bind(pool);
        pool.query = (text, values = [], name) => {
          statements.push({ name, text, values });
          return query(text, values, name);
        };
      }
    });

    it('takes at most four statements a page, and looks at few rows beside those it answers', async () => {
      statements.length = 0;
      const { pages } = await bob.sync(before, 100);
      const count = statements.filter(({ name }) => name !== 'sessions_live').length;
      expect(all(pages, 'messages')).toHaveLength(CHANGES);
      expect(pages.length).toBeLessThan(CHANGES / 100 + 5);
      expect(count / pages.length).toBeLessThanOrEqual(4);
      // What is guarded against looks at the whole backlog for each page: 100 rows and more for each change.
      const looked: number[] = [];
      for (const statement of statements.filter(({ name }) => name === 'sync_changes'))
        looked.push(rowsOf(await scansOf(outside, statement), 'messages'));
      expect(looked.length).toBeGreaterThanOrEqual(CHANGES / 100);
      expect(looked.reduce((sum, rows) => sum + rows, 0)).toBeLessThan(40 * CHANGES);
      // Where a page goes on within a conversation, which is most of them, no other is looked at.
      looked.sort((one, other) => one - other);
      expect(looked[Math.floor(looked.length * 0.7)]).toBeLessThan(1_000);
    });

    it('reads a handful of rows by index when nothing happened since', async () => {
      const cursor = await start(bob);
      statements.length = 0;
      expect(isEmpty((await bob.sync(cursor)).pages)).toBe(true);
      const sync = statements.filter(({ name }) => name?.startsWith('sync_'));
      expect(sync.map(({ name }) => name)).toEqual(['sync_changes']);

      const { text, values } = sync[0] as (typeof statements)[0];
      await outside.query(`SET plan_cache_mode = force_generic_plan`);
      await outside.query(`PREPARE idle AS ${text}`);
      const literal = (value: unknown): string => (value === null ? 'NULL' : pg.escapeLiteral(String(value)));
      const { rows } = await outside.query(
        `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE idle(${values.map(literal).join(', ')})`,
      );
      const scans: Anything[] = [];
      const visit = (node: Anything): void => {
        if (node['Relation Name'] !== undefined) scans.push(node);
        for (const child of node.Plans ?? []) visit(child);
      };
      visit(rows[0]['QUERY PLAN'][0].Plan);
      expect(scans.length).toBeGreaterThan(5);
      const rowsRead = (node: Anything): number =>
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
      const ofMessages = scans.filter((node) => node['Relation Name'] === 'messages');
      expect(ofMessages.map((node) => node['Node Type'])).not.toContain('Seq Scan');
      // Twenty conversations and their members; no message.
      expect(ofMessages.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThanOrEqual(20);
    });
  });
});

function keyOf({ id, conversationId, userId }: Anything): string {
  return id ?? `${conversationId} ${userId}`;
}

/** Another client of the database, of which the server knows nothing. */
async function connection(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function people<Count extends number>(story: Story, count: Count): Promise<Several<Count>> {
  return (await Promise.all(Array.from({ length: count }, () => story.person()))) as Several<Count>;
}

type Several<Count extends number> = Count extends 1
  ? [Person]
  : Count extends 2
    ? [Person, Person]
    : Count extends 3
      ? [Person, Person, Person]
      : [Person, Person, Person, Person];
