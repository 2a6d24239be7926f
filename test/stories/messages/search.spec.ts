import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { TIMINGS } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import { SearchIndexer } from '../../../src/messages/search/search-indexer.js';
import { foldText } from '../../../src/common/text/fold-text.js';
import { hasTerms, searchTerms } from '../../../src/messages/search/search-text.js';
import { migrate } from '../../../src/database/migrations/migrator.js';
import { createEmptyDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { SearchIndexRepository } from '../../../src/messages/search/search-index.repository.js';
import { type Anything, Person, type Story, startStory, until } from '../../support/story.js';

/** What is waited for here is the index. */
const TIMINGS_OF_SEARCH = { ...TIMINGS, searchIndexPauseMs: 200 };

let story: Story;
let database: pg.Client;
beforeAll(begin);
afterAll(end);

async function begin(): Promise<void> {
  story = await startStory({ rateLimits: false, timings: TIMINGS_OF_SEARCH });
  database = new pg.Client({ connectionString: story.databaseUrl });
  await database.connect();
}

async function end(): Promise<void> {
  await database.end();
  await story.close();
}

/** No message is indexed until what it answers is called. */
function holdIndexing(): () => void {
  const { background } = story.app.get(Database);
  const begin = background.transaction.bind(background);
  let release = (): void => undefined;
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  background.transaction = async (work) => {
    await isReleased;
    return begin(work);
  };
  return () => {
    background.transaction = begin;
    release();
  };
}
/** No message is indexed from here on. */
const stopIndexing = (): Promise<void> => story.app.get(SearchIndexer).onApplicationShutdown();

const untilIndexed = (...conversationIds: string[]): Promise<void> =>
  until('every message is indexed', async () => {
    const { rows } = await database.query(
      `SELECT 1 FROM conversations c LEFT JOIN message_search_progress p ON p.conversation_id = c.id
       WHERE c.last_seq > COALESCE(p.indexed_seq, 0) AND c.id = ANY ($1)`,
      [conversationIds],
    );
    return rows.length === 0;
  });

/** Everything a search finds, page by page. */
async function findAll(person: Person, q: string, limit = 100, more = ''): Promise<Anything[]> {
  const found: Anything[] = [];
  let cursor = '';
  do {
    const page = await person.must('GET', `/messages/search?limit=${limit}&q=${encodeURIComponent(q)}${more}${cursor}`);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    expect(page.indexedUpTo).toBeNull();
    found.push(...page.items);
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  return found;
}

/** Stores messages as a long life would have, without the path of a message; each its own millisecond unless `together`. */
async function write(conversationId: string, senderId: string, contents: readonly string[]): Promise<void> {
  await database.query(
    `WITH stored AS (
       INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT gen_random_uuid(), $1, c.last_seq + n, $2, gen_random_uuid(), 'TEXT', content,
         date_trunc('milliseconds', now()) + (n / 3) * interval '1 ms'
       FROM conversations c, unnest($3::text[]) WITH ORDINALITY AS said(content, n) WHERE c.id = $1
       RETURNING id, seq, created_at, content
     )
     UPDATE conversations SET last_seq = newest.seq, last_message_at = newest.created_at, last_message_id = newest.id
     FROM (SELECT * FROM stored ORDER BY seq DESC LIMIT 1) AS newest WHERE conversations.id = $1`,
    [conversationId, senderId, contents],
  );
}

const WORDS = [
  'lisbon',
  'Lisboa',
  'ticket',
  'Ärger',
  'a\u0308rger',
  'ок',
  'привет',
  '漢字',
  '-5',
  '100%',
  'a_b',
  'x',
  'to',
];

describe('search beside an index that stands still', () => {
  let shared: [Story, pg.Client];
  beforeEach(async () => {
    shared = [story, database];
    await begin();
  });
  afterEach(async () => {
    await end();
    [story, database] = shared;
  });

  it('finds exactly what a reader finds by reading everything, however much of it is indexed', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationIds = [
      await ada.directConversation(bob),
      await ada.group('One', bob),
      await ada.group('Two', bob),
      await ada.group('Three', bob),
    ];
    let random = 7;
    const next = (bound: number): number => (random = (random * 16_807) % 2_147_483_647) % bound;
    const sentence = (): string =>
      Array.from({ length: 1 + next(4) }, () => WORDS[next(WORDS.length)]).join(next(5) === 0 ? '\n' : ' ');
    const expectAllFound = async (): Promise<void> => {
      const histories = await Promise.all(
        conversationIds.map(async (id) => {
          const { rows } = await database.query(
            `SELECT id, content FROM messages WHERE conversation_id = $1 AND kind <> 'SYSTEM'`,
            [id],
          );
          return rows as { id: string; content: string }[];
        }),
      );
      for (const q of [
        'lisbon',
        'lisb',
        'arger ticket',
        'ÄRGER',
        'привет',
        '漢字',
        '漢',
        '-5',
        '100%',
        'a_b',
        'x to',
        '%',
        'zzz',
      ]) {
        const expected = histories.flat().filter(({ content }) => hasTerms(foldText(content), searchTerms(q)));
        for (const limit of [7, 100]) {
          const found = await findAll(bob, q, limit);
          expect([q, limit, found.map(({ id }) => id).sort()]).toEqual([q, limit, expected.map(({ id }) => id).sort()]);
          const times = found.map(({ createdAt }) => createdAt);
          expect(times).toEqual([...times].sort().reverse());
        }
      }
    };
    await write(conversationIds[0] ?? '', ada.id, Array.from({ length: 60 }, sentence));
    for (const id of conversationIds) await ada.send(id, sentence());
    await untilIndexed(...conversationIds);
    await expectAllFound();
    await stopIndexing();
    for (const id of conversationIds) await write(id, bob.id, Array.from({ length: 40 }, sentence));
    await expectAllFound();
    await database.query('TRUNCATE message_search, message_search_progress');
    await expectAllFound();
  });

  it('says how far it looked where the index is far behind', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'the first needle');
    await untilIndexed(conversationId);
    await stopIndexing();
    await write(conversationId, ada.id, [
      'the second needle',
      ...Array.from({ length: 200 }, () => 'hay '.repeat(1_500)),
      'the third needle',
    ]);
    const page = await bob.must('GET', '/messages/search?q=needle');
    expect(page.items.map(({ content }: Anything) => content)).toEqual(['the third needle', 'the first needle']);
    const second = (await bob.history(conversationId, 'after=1&limit=1'))[0];
    expect(page).toMatchObject({ nextCursor: null, indexedUpTo: second.createdAt });
  });
});

describe('search', () => {
  it('finds nothing that was deleted, hidden or said before one came', async () => {
    const [ada, bob, cyd] = await Promise.all([story.person(), story.person(), story.person()]);
    const goOn = holdIndexing();
    const conversationId = await ada.group('Trip', bob);
    const [kept, deleted, hidden] = [
      await ada.send(conversationId, 'lisbon kept'),
      await ada.send(conversationId, 'lisbon deleted'),
      await ada.send(conversationId, 'lisbon hidden'),
    ];
    await ada.must('DELETE', `/messages/${deleted.id}`);
    await bob.must('DELETE', `/messages/${hidden.id}?for=me`);
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [cyd.id] });
    const later = await bob.send(conversationId, 'lisbon later');
    const expectFound = async (): Promise<void> => {
      // Short words are read for, long ones are looked up.
      for (const q of ['lisbon', 'li']) {
        expect((await findAll(bob, q)).map(({ id }) => id)).toEqual([later.id, kept.id]);
        expect((await findAll(cyd, q)).map(({ id }) => id)).toEqual([later.id]);
      }
    };
    await expectFound();
    goOn();
    await untilIndexed(conversationId);
    await expectFound();
  });

  it('takes signs literally and never answers everything else', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    for (const content of ['it is -5 degrees', 'five', '2 - 5 = ?', 'really?!', 'the end'])
      await ada.send(conversationId, content);
    const found = async (q: string): Promise<string[]> => (await findAll(ada, q)).map(({ content }) => content);
    expect(await found('-5')).toEqual(['it is -5 degrees']);
    expect(await found('-five')).toEqual([]);
    expect(await found('?!')).toEqual(['really?!']);
    expect(await found('&|!()')).toEqual([]);
    expect(await found('the')).toEqual(['the end']);
    expect(await found('"- 5"')).toEqual(['2 - 5 = ?']);
    expect(await found('five or end')).toEqual([]);
    expect((await ada.call('GET', '/messages/search?q=%20')).status).toBe(400);
  });

  it('reads a bounded amount for a page of what many messages have, and goes on with the next', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await write(conversationId, ada.id, [
      'at the very beginning: xy',
      ...Array.from({ length: 900 }, () => 'hay '.repeat(2_000)),
    ]);
    const first = await bob.must('GET', '/messages/search?q=xy');
    expect(first.items).toEqual([]);
    expect(first.nextCursor).toEqual(expect.any(String));
    expect((await findAll(bob, 'xy')).map(({ content }) => content)).toEqual(['at the very beginning: xy']);
  });
});

describe('one user with many heavy searches', () => {
  it('keeps nobody else waiting, and is answered or asked to come back', async () => {
    // A process of its own, so that what the attacker does with its answers is no part of what others wait for.
    const server = await ServerProcess.start({
      DATABASE_URL: story.databaseUrl,
      // Fewer searches than sixty who try again, however slow the machine, are let in.
      LIMITS: JSON.stringify({
        messages: { burst: 1_000, points: 1_000 },
        events: { burst: 1_000, points: 1_000 },
        search: { burst: 60, points: 4 },
      }),
    });
    try {
      const [mallory, ada, bob] = await Promise.all([
        Person.register(server.url, 'mallory'),
        Person.register(server.url, 'ada'),
        Person.register(server.url, 'bob'),
      ]);
      const own = await mallory.group('Everything');
      const words = Array.from({ length: 1_300 }, (_, index) => `w${(index * 7_919) % 200}`).join(' ');
      for (let batch = 0; batch < 4; batch += 1) {
        const contents = Array.from({ length: 100 }, (_, index) => `${batch} ${index} ${words}`.slice(0, 8_000));
        await write(own, mallory.id, contents);
      }
      const conversationId = await ada.directConversation(bob);
      const device = await ada.device();

      let isOver = false;
      const answers: { status: number; retryAfter: string | null }[] = [];
      const attack = Array.from({ length: 60 }, async (_, index) => {
        while (!isOver) {
          const q = ['w17 w23 w999', '"w1 w2 w3"', 'zz', 'w7', 'wxyz'][index % 5] ?? '';
          const { status, headers } = await mallory.call(
            'GET',
            `/messages/search?limit=100&q=${encodeURIComponent(q)}`,
          );
          answers.push({ status, retryAfter: headers.get('retry-after') });
          if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 500));
        }
      });
      const searched = (): number => answers.filter(({ status }) => status === 200).length;
      await until('searches are answered', () => searched() > 0);
      /** How many searches were answered while a pair waited for a message and a page of history, one time after the other. */
      const before: number[] = [];
      try {
        for (let index = 0; index < 60; index += 1) {
          const begun = searched();
          await device.must('send_message', { conversationId, content: `number ${index}` });
          await bob.must('GET', `/conversations/${conversationId}/messages?limit=20`);
          before.push(searched() - begun);
        }
        await until('some are refused', () => answers.some(({ status }) => status === 429));
      } finally {
        isOver = true;
        await Promise.allSettled(attack);
      }
      await Promise.all(attack);

      expect(answers.length).toBeGreaterThanOrEqual(60);
      const statuses = answers.map(({ status }) => status);
      expect(statuses).toContain(200);
      expect(statuses).toContain(429);
      for (const { status, retryAfter } of answers) {
        expect([200, 429, 503]).toContain(status);
        expect([status, retryAfter !== null]).toEqual([status, status !== 200]);
      }
      // Two searches run at a time. A search that had to wait for a connection would wait for all sixty.
      expect(before.sort((one, other) => one - other)[Math.floor(before.length * 0.95)]).toBeLessThan(20);
      ada.disconnect();
    } finally {
      await server.stop();
    }
  });
});

describe('on a database whose locale knows ASCII alone', () => {
  it('messages and people are found whatever their case, accents and Unicode form', async () => {
    const plain = await createEmptyDatabase('C');
    try {
      await migrate(plain.url);
      const elsewhere = await startStory({ rateLimits: false, databaseUrl: plain.url, timings: TIMINGS_OF_SEARCH });
      try {
        const [ada, bob] = await Promise.all([elsewhere.person(), elsewhere.person()]);
        const conversationId = await ada.directConversation(bob);
        const written = ['Ärger im Büro', 'a\u0308rger', 'ARGER', 'ПРИВЕТ, Ёлка', 'Ὀδυσσεύς', '漢字'];
        for (const content of written) await ada.send(conversationId, content);
        const expectFound = async (): Promise<void> => {
          for (const q of ['ärger', 'Ärger', 'A\u0308RGER', 'arger']) {
            expect([q, (await findAll(bob, q)).map(({ content }) => content)]).toEqual([
              q,
              ['ARGER', 'a\u0308rger', 'Ärger im Büro'],
            ]);
          }
          expect(await findAll(bob, 'привет елка')).toHaveLength(1);
          expect(await findAll(bob, 'ΟΔΥΣΣΕΥΣ')).toHaveLength(1);
          expect(await findAll(bob, '漢字')).toHaveLength(1);
        };
        await expectFound();
        const client = new pg.Client({ connectionString: plain.url });
        await client.connect();
        await until(
          'all is indexed',
          async () => (await client.query('SELECT 1 FROM message_search')).rowCount === written.length,
        );
        await client.end();
        await expectFound();

        await ada.must('PATCH', '/users/me', { displayName: 'Ärgernis Ёжик' });
        for (const search of ['ärg', 'A\u0308RG', 'arg', 'ÄRGERNIS ё']) {
          const { items } = await bob.must('GET', `/users?search=${encodeURIComponent(search)}`);
          expect([search, items.map(({ id }: Anything) => id)]).toEqual([search, [ada.id]]);
        }
        expect((await bob.must('GET', `/users?search=${encodeURIComponent('\u0308')}`)).items).toEqual([]);
      } finally {
        await elsewhere.close();
      }
    } finally {
      await plain.drop();
    }
  });
});

describe('a search for people', () => {
  it('finds first the one who is called exactly so, and nobody twice', async () => {
    const called = async (username: string): Promise<Person> => {
      const person = await story.person();
      await person.must('PATCH', '/users/me', { username, displayName: 'Wanted' });
      return person;
    };
    const viewer = await story.person();
    const [wanted] = await Promise.all(['wanted', 'a_displayed', 'm_displayed', 'wanted_too'].map(called));
    const pagesOf = async (limit: number): Promise<string[][]> => {
      const pages: string[][] = [];
      let cursor = '';
      do {
        const page = await viewer.must('GET', `/users?search=WANTED&limit=${limit}${cursor}`);
        pages.push(page.items.map(({ username }: Anything) => username));
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      return pages;
    };
    expect(await pagesOf(1)).toEqual([['wanted'], ['a_displayed'], ['m_displayed'], ['wanted_too']]);
    expect(await pagesOf(2)).toEqual([
      ['wanted', 'a_displayed'],
      ['m_displayed', 'wanted_too'],
    ]);
    await wanted?.must('POST', '/blocks', { userId: viewer.id });
    expect(await pagesOf(50)).toEqual([['a_displayed', 'm_displayed', 'wanted_too']]);
  });
});

describe('names of before', () => {
  it('are folded behind the start, and found until then as well', async () => {
    const ada = await story.person();
    await database.query(`UPDATE users SET display_name = 'Zoë Übel', folded_name = NULL WHERE id = $1`, [ada.id]);
    const bob = await story.person();
    const found = async (search: string): Promise<string[]> =>
      (await bob.must('GET', `/users?search=${encodeURIComponent(search)}`)).items.map(({ id }: Anything) => id);
    expect(await found('Zoë')).toEqual([ada.id]);
    const again = await startStory({ databaseUrl: story.databaseUrl });
    await until('the name is folded', async () => {
      const { rows } = await database.query('SELECT folded_name FROM users WHERE id = $1', [ada.id]);
      return rows[0].folded_name === 'zoe ubel';
    });
    await again.close();
    expect(await found('zoe u')).toEqual([ada.id]);
  });
});

describe('the search index', () => {
  it('gets what a failed pass left', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await database.query('ALTER TABLE message_search RENAME TO elsewhere');
    const { background } = story.app.get(Database);
    const began = background.transaction.bind(background);
    let failures = 0;
    background.transaction = (work) =>
      began(work).catch((error: unknown) => {
        failures += 1;
        throw error;
      });
    await ada.send(conversationId, 'written in bad times');
    await until('a pass has failed', () => failures > 0);
    await database.query('ALTER TABLE elsewhere RENAME TO message_search');
    await untilIndexed(conversationId);
    background.transaction = began;
    const { rows } = await database.query('SELECT folded FROM message_search WHERE conversation_id = $1', [
      conversationId,
    ]);
    expect(rows).toEqual([{ folded: 'written in bad times' }]);
  });

  it('never counts a conversation as less indexed than it is', async () => {
    const ada = await story.person();
    const conversationId = await ada.group('Ahead');
    await ada.send(conversationId, 'the second');
    await untilIndexed(conversationId);
    const index = story.app.get(SearchIndexRepository);
    // What a process found that read the newest number before another one went beyond it.
    await index.step((transaction) => index.noteProgress(transaction, new Map([[conversationId, 1]])));
    const { rows } = await database.query(
      'SELECT indexed_seq FROM message_search_progress WHERE conversation_id = $1',
      [conversationId],
    );
    expect(rows).toEqual([{ indexed_seq: 2 }]);
  });

  it('gets the messages of every conversation while one is flooded', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const [flooded, quiet] = [await ada.group('Flooded', bob), await ada.group('Quiet', bob)];
    await write(
      flooded,
      ada.id,
      Array.from({ length: 20_000 }, (_, index) => `message number ${index}`),
    );
    await ada.send(flooded, 'it begins');
    await bob.send(quiet, 'a word in between');
    const progress = async (id: string): Promise<number> => {
      const { rows } = await database.query(
        'SELECT indexed_seq FROM message_search_progress WHERE conversation_id = $1',
        [id],
      );
      return rows[0]?.indexed_seq ?? 0;
    };
    await until('the quiet conversation is indexed', async () => (await progress(quiet)) >= 2);
    expect(await progress(flooded)).toBeLessThan(20_000);
  });
});
