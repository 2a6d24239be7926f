import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '../../src/common/access/principal.js';
import { decodeSyncCursor, encodeSyncCursor } from '../../src/sync/sync-cursor.js';
import type { SyncView } from '../../src/views/sync.view.js';
import { seeded } from '../support/seeded.js';
import { createServices, refused, type Services } from '../support/services.js';

describe('the service of sync', () => {
  let services: Services;
  let [ada, bob]: [Principal, Principal] = [] as never;
  let id: string;
  beforeAll(async () => {
    services = await createServices();
  });
  afterAll(() => services?.close());
  beforeEach(async () => {
    [ada, bob] = (await services.people(2)) as [Principal, Principal];
    id = await services.group(ada, bob);
  });

  /** All pages from a cursor on. */
  const all = async (
    principal: Principal,
    from?: string,
    limit = 100,
  ): Promise<{ cursor: string; pages: SyncView[] }> => {
    const pages: SyncView[] = [];
    for (let cursor = from; ; ) {
      const page = await services.sync.sync(principal, { cursor, limit });
      if ('reset' in page) throw new Error('a reset was not asked for');
      pages.push(page);
      cursor = page.cursor;
      if (!page.hasMore) return { cursor, pages };
    }
  };

  it('begins with the conversations and nothing of the past', async () => {
    await services.send(ada, id, 'before');
    const { pages } = await all(bob);
    expect(pages.flatMap(({ conversations }) => conversations.map((conversation) => conversation.id))).toEqual([id]);
    expect(pages.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('brings what changed, each once and as it stands, in pages of any size', async () => {
    const { cursor } = await all(bob);
    const messages = [];
    for (let index = 0; index < 10; index += 1) messages.push(await services.send(ada, id, `${index}`));
    await services.changes.edit(ada, messages[3]?.id ?? '', 'edited');
    await services.changes.deleteForEveryone(ada, messages[5]?.id ?? '');
    for (const limit of [1, 3, 100]) {
      const { pages } = await all(bob, cursor, limit);
      const found = pages.flatMap((page) => page.messages);
      expect([limit, found.map(({ content }) => content)]).toEqual([
        limit,
        ['0', '1', '2', 'edited', '4', null, '6', '7', '8', '9'],
      ]);
      for (const page of pages) expect(page.messages.length).toBeLessThanOrEqual(limit);
    }
  });

  it('skips nothing where the snapshot of the first page is too long for its cursor', async () => {
    const { cursor } = await all(bob);
    const contents = ['0', '1', '2', '3', 'of a later transaction', 'of an earlier one', '6', '7'];
    for (const content of contents.slice(0, 4)) await services.send(ada, id, content);
    await services.database.transaction(async (transaction) => {
      await transaction.query('SELECT pg_current_xact_id()');
      await services.send(ada, id, 'of a later transaction');
      await transaction.query(
        `WITH placed AS (
           UPDATE conversations SET last_seq = last_seq + 1, changed_xid = pg_current_xact_id() WHERE id = $1
           RETURNING last_seq
         ) INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
         SELECT gen_random_uuid(), $1, last_seq, $2, gen_random_uuid(), 'TEXT', 'of an earlier one', now() FROM placed`,
        [id, ada.userId],
      );
    });
    for (const content of contents.slice(6)) await services.send(ada, id, content);
    const first = await services.sync.sync(bob, { cursor, limit: 2 });
    if ('reset' in first) throw new Error('a reset was not asked for');
    const [{ late } = { late: '' }] = await services.database.query<{ late: string }>(
      `SELECT changed_xid::text AS late FROM messages WHERE conversation_id = $1 AND content = $2`,
      [id, 'of a later transaction'],
    );
    const from = BigInt(late);
    const listed = Array.from({ length: 1_000 }, (_, index) => from + BigInt(index)).join(',');
    const upper = `${from}:${from + 1_000n}:${listed}`;
    const { pages } = await all(bob, encodeSyncCursor({ ...decodeSyncCursor(first.cursor), upper }), 3);
    const found = [first, ...pages].flatMap(({ messages }) => messages.map(({ content }) => content));
    expect([...new Set(found)]).toEqual(contents);
  });

  it('brings nothing where nothing changed, and nothing of others', async () => {
    const eve = await services.person();
    const { cursor } = await all(eve);
    await services.send(ada, id, 'not for her');
    const { pages } = await all(eve, cursor);
    expect(pages).toHaveLength(1);
    expect(pages[0]).toMatchObject({ conversations: [], messages: [], receipts: [], leftConversationIds: [] });
  });

  it('says what was left, and brings nothing of it', async () => {
    const { cursor } = await all(bob);
    await services.send(ada, id, 'last');
    await services.groups.removeMember(ada, id, bob.userId);
    await services.send(ada, id, 'without him');
    const { pages } = await all(bob, cursor);
    expect(pages.flatMap(({ leftConversationIds }) => leftConversationIds)).toEqual([id]);
    expect(pages.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('answers a cursor of somebody else with a reset, and refuses what is none', async () => {
    const { cursor } = await all(ada);
    expect(await services.sync.sync(bob, { cursor })).toEqual({ reset: true });
    await refused(services.sync.sync(bob, { cursor: 'x' }), 'VALIDATION_FAILED');
  });

  it('brings what commits late to who has moved on meanwhile', async () => {
    const { cursor } = await all(bob);
    let commit = (): void => undefined;
    let begun = (): void => undefined;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const late = services.database.transaction(async (transaction) => {
      await transaction.query(
        `UPDATE conversations SET title = 'Late', changed_xid = pg_current_xact_id() WHERE id = $1`,
        [id],
      );
      begun();
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await isBegun;
    const other = await services.group(ada, bob);
    const meanwhile = await all(bob, cursor);
    expect(meanwhile.pages.flatMap(({ conversations }) => conversations.map((one) => one.id))).toEqual([other]);
    commit();
    await late;
    const { pages } = await all(bob, meanwhile.cursor);
    expect(pages.flatMap(({ conversations }) => conversations.map(({ title }) => title))).toEqual(['Late']);
  });

  it.each([
    // Nothing says of so many in a row whether the client saw them: more may be answered.
    [150, 'more than that'],
    [20, 'nothing else'],
  ])(
    'brings what was written and changed since, up to %i in a row, and %s, however long ago that began',
    async (longest, more) => {
      const random = seeded(7);
      const write = (from: number, to: number): Promise<unknown> =>
        services.database.transaction(async (transaction) => {
          await transaction.query(
            `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
           SELECT gen_random_uuid(), $1, n, $2, gen_random_uuid(), 'TEXT', 'x', now() FROM generate_series($3::int, $4::int) n`,
            [id, ada.userId, from, to],
          );
          await transaction.query(
            'UPDATE conversations SET last_seq = $2, changed_xid = pg_current_xact_id() WHERE id = $1',
            [id, to],
          );
        });
      const edit = (from: number, to: number): Promise<unknown> =>
        services.database.query(
          `UPDATE messages SET content = 'y', edited_at = now(), version = version + 1
         WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3`,
          [id, from, to],
        );
      const before = await services.sync.present(bob.userId);
      const [{ lastSeq } = { lastSeq: 0 }] = await services.database.query<{ lastSeq: number }>(
        'SELECT last_seq AS "lastSeq" FROM conversations WHERE id = $1',
        [id],
      );
      const points = [{ cursor: before.cursor, lastSeq, edited: new Set<number>() }];
      let last = lastSeq;
      for (let step = 0; step < 40; step += 1) {
        await write(last + 1, (last += 1 + random(100)));
        const from = 1 + random(last);
        const to = Math.min(last, from + random(longest));
        await edit(from, to);
        for (const { edited } of points) for (let seq = from; seq <= to; seq += 1) edited.add(seq);
        if (step % 8 === 0)
          points.push({ cursor: (await services.sync.present(bob.userId)).cursor, lastSeq: last, edited: new Set() });
      }
      expect(last).toBeGreaterThan(1_500);
      const found = await Promise.all(
        points.map(async ({ cursor }) => {
          const { pages } = await all(bob, cursor);
          return pages.flatMap(({ messages }) => messages.map(({ seq }) => seq));
        }),
      );
      const expected = points.map((point) =>
        Array.from({ length: last }, (_, index) => index + 1).filter(
          (seq) => seq > point.lastSeq || point.edited.has(seq),
        ),
      );
      for (const [index, seqs] of found.entries()) {
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        expect(seqs).toEqual(more === 'nothing else' ? expected[index] : expect.arrayContaining(expected[index] ?? []));
      }
    },
  );

  it('brings the profiles of those whom the user meets, however many others changed', async () => {
    const { cursor } = await all(bob);
    await services.database.query(
      `INSERT INTO users (id, email, username, display_name)
       SELECT gen_random_uuid(), 'many' || n || '@example.com', 'many' || n, 'Many' FROM generate_series(1, 1200) n`,
    );
    const members = await services.database.query<{ id: string }>(
      `SELECT id FROM users WHERE username IN ('many7', 'many1150') ORDER BY id`,
    );
    await services.database.query(
      'INSERT INTO conversation_members (conversation_id, user_id) SELECT $1, unnest($2::uuid[])',
      [id, members.map((member) => member.id)],
    );
    await services.database.query(
      `UPDATE users SET display_name = 'Renamed', changed_xid = pg_current_xact_id() WHERE username LIKE 'many%' OR id = $1`,
      [ada.userId],
    );
    for (const [limit, memberCount] of [
      [1, 4],
      [100, 4],
      [1, 10_000],
    ] as const) {
      await services.database.query('UPDATE conversations SET member_count = $2 WHERE id = $1', [id, memberCount]);
      const { pages } = await all(bob, cursor, limit);
      expect(pages.flatMap(({ users }) => users.map((user) => user.id)).sort()).toEqual(
        [ada.userId, ...members.map((member) => member.id)].sort(),
      );
    }
  });
});
