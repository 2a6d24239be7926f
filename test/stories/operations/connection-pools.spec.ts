import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { domainErrorOf } from '../../../src/common/errors.js';
import { ConnectionPool, Database, poolSizes } from '../../../src/database/database.js';
import { type Device, type Person, type Story, startStory, until } from '../../support/story.js';

let story: Story;
let database: Database;
beforeAll(async () => {
  story = await startStory();
  database = story.app.get(Database);
});
afterAll(() => story.close());

/** Every connection of a pool, busy until the end of `work`. */
async function whileBusy<Result>(pool: ConnectionPool, work: () => Promise<Result>): Promise<Result> {
  const clients = await Promise.all(Array.from({ length: pool.pool.options.max }, () => pool.pool.connect()));
  try {
    return await work();
  } finally {
    for (const client of clients) client.release();
  }
}

describe('the connections to the database', () => {
  it('let messages through while all those for reads and for background work are taken', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await whileBusy(database.reads, () =>
      whileBusy(database.background, async () => {
        expect((await ada.send(conversationId, 'still here')).content).toBe('still here');
      }),
    );
    expect(await bob.history(conversationId)).toHaveLength(1);
  });

  it('let a page of history be read while all those for background work are taken', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'hello');
    await whileBusy(database.background, async () => {
      expect(await bob.history(conversationId)).toHaveLength(1);
    });
  });

  it.each([4, 5, 10, 16, 30, 200])('are %i in all, with some for everybody', (total) => {
    const { commands, reads, background } = poolSizes(total);
    expect(commands + reads + background).toBe(total);
    expect(Math.min(commands - 1, reads, background)).toBeGreaterThanOrEqual(1);
  });

  it('refuse a flood instead of queueing it without end', async () => {
    // One of its own: in the server's, its own work waits as well.
    const pool = new ConnectionPool(story.databaseUrl, 2, new Logger('Test'));
    // How many may wait is asserted; how long they do is up to the machine.
    pool.pool.options.connectionTimeoutMillis = 0;
    try {
      const { waiting, refusals } = await whileBusy(pool, async () => {
        const queued = Array.from({ length: 1_000 }, () => pool.query('SELECT 1'));
        const refused = await Promise.allSettled([pool.query('SELECT 1'), pool.transaction(async () => undefined)]);
        return { waiting: queued, refusals: refused };
      });
      expect(refusals).toMatchObject([
        { status: 'rejected', reason: { code: 'OVERLOADED', retryAfterMs: 1_000 } },
        { status: 'rejected', reason: { code: 'OVERLOADED', retryAfterMs: 1_000 } },
      ]);
      expect(await Promise.all(waiting)).toHaveLength(1_000);
    } finally {
      await pool.end();
    }
  });
});

describe('a row that somebody keeps locked', () => {
  it('fails the commands that wait for it as unavailable, before their time is over, and none of the background work', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const groupId = await ada.group('Locked', bob);
    const lock = 'SELECT id FROM conversations WHERE id = $1 FOR UPDATE';
    await database.background.transaction(async (transaction) => {
      await transaction.query(lock, [groupId]);
      const [rename, command] = await Promise.all([
        ada.call('PATCH', `/conversations/${groupId}`, { title: 'x' }),
        database.query(lock, [groupId]).catch((error: unknown) => error),
      ]);
      expect([rename.status, rename.body.code, rename.body.retryAfterMs]).toEqual([503, 'UNAVAILABLE', 2_000]);
      // Not that of a statement that took too long.
      expect(command).toMatchObject({ code: '55P03' });
    });
    expect((await ada.call('PATCH', `/conversations/${groupId}`, { title: 'x' })).status).toBe(200);
    expect(await database.background.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '0' }]);
  });
});

describe('changes of one user that wait for each other', () => {
  const CHANGES = 30;
  const USER = 'SELECT 1 FROM users WHERE id = $1 FOR UPDATE';
  /** What they wait for, and what they are; what it needs is made before. */
  type Prepare = (ada: Person, cara: Person, conversationId: string) => Promise<(index: number) => Promise<unknown>>;
  /** And how many of them wait with a connection. */
  const SAME_CHANGES: [string, string, Prepare, number][] = [
    ['blocks of one user', USER, async (ada, cara) => () => ada.call('POST', '/blocks', { userId: cara.id }), 1],
    ['ends of one friendship', USER, async (ada, cara) => () => ada.call('DELETE', `/friends/${cara.id}`), 4],
    [
      'settings of one conversation',
      'SELECT 1 FROM conversation_members WHERE user_id = $1 FOR UPDATE',
      async (ada, _, conversationId) => () =>
        ada.call('PATCH', `/conversations/${conversationId}/me`, { pinned: true }),
      4,
    ],
    [
      'deletions of one message, over many connections',
      'SELECT 1 FROM messages WHERE sender_id = $1 FOR UPDATE',
      async (ada, _, conversationId) => {
        const { id } = await ada.send(conversationId, 'once');
        const devices = await Promise.all(Array.from({ length: CHANGES }, () => ada.device()));
        return (index) => (devices[index] as Device).must('delete_message', { messageId: id });
      },
      4,
    ],
  ];

  it.each(SAME_CHANGES)('leave connections for the sends of others: %s', async (_, lock, prepare, count) => {
    const [ada, bob, cara] = await Promise.all([story.person(), story.person(), story.person()]);
    const [adas, bobs] = await Promise.all([ada.directConversation(cara), bob.directConversation(cara)]);
    const change = await prepare(ada, cara, adas);
    const waiting = async (): Promise<number> => {
      const locks = await database.reads.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return locks.length;
    };
    const pool = new ConnectionPool(story.databaseUrl, 1, new Logger('Test'));
    try {
      const changes = await pool.transaction(async (holder) => {
        await holder.query(lock, [ada.id]);
        const started = Promise.allSettled(Array.from({ length: CHANGES }, (__, index) => change(index)));
        await until('they wait', async () => (await waiting()) >= count);
        // Came behind them all.
        await Promise.all(Array.from({ length: CHANGES }, () => ada.must('GET', '/users/me')));
        expect((await bob.send(bobs, 'still here')).content).toBe('still here');
        await until('as many wait as before, and no more', async () => (await waiting()) === count);
        return { started };
      });
      expect(JSON.stringify(await changes.started)).not.toContain('RATE_LIMITED');
    } finally {
      await pool.end();
    }
  });
});

describe('a statement that fails', () => {
  it('has let go of all that it locked, and leaves its connection', async () => {
    const pool = new ConnectionPool(story.databaseUrl, 1, new Logger('Test'));
    try {
      const processId = () => pool.query('SELECT pg_backend_pid() AS id');
      const before = await processId();
      for (let attempt = 700_001; attempt <= 700_020; attempt += 1) {
        // Many locks, so that they take a while to release.
        const failing = pool.query(
          `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1, n) FROM generate_series(1, 2000) n)
           SELECT 1 / (count(*) - 2000) FROM locked`,
          [attempt],
        );
        await expect(failing).rejects.toMatchObject({ code: '22012' });
        const locks = await database.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1`, [
          attempt,
        ]);
        expect(locks).toEqual([]);
      }
      expect(await processId()).toEqual(before);
    } finally {
      await pool.end();
    }
  });
});

describe('a connection that cannot run what another one could', () => {
  it('is replaced where a migration has changed what a prepared statement answers', async () => {
    const pool = new ConnectionPool(story.databaseUrl, 1, new Logger('Test'));
    const ask = () => pool.query('SELECT * FROM answers_of_another_type', [], 'answers');
    await database.query('CREATE TABLE answers_of_another_type (answer integer)');
    try {
      expect(await ask()).toEqual([]);
      await database.query('ALTER TABLE answers_of_another_type ALTER COLUMN answer TYPE text');
      await expect(ask()).rejects.toMatchObject({ code: '0A000' });
      expect(await ask()).toEqual([]);
      const within = () =>
        pool.transaction((transaction) => transaction.query('SELECT * FROM answers_of_another_type', [], 'answers'));
      await database.query('ALTER TABLE answers_of_another_type ALTER COLUMN answer TYPE varchar');
      await expect(within()).rejects.toMatchObject({ code: '0A000' });
      expect(await within()).toEqual([]);
    } finally {
      await database.query('DROP TABLE answers_of_another_type');
      await pool.end();
    }
  });
});

describe('a pool that is ended', () => {
  it('ends although a connection of it is never given back', async () => {
    const pool = new ConnectionPool(story.databaseUrl, 2, new Logger('Test'));
    const held = await pool.pool.connect();
    const closed = new Promise((resolve) => held.once('end', resolve));
    await pool.end(100);
    await closed;
    await expect(pool.query('SELECT 1')).rejects.toThrow('Cannot use a pool after calling end');
  });
});

describe('a statement that the database cancels', () => {
  const UNAVAILABLE = { code: 'UNAVAILABLE', status: 503, retryAfterMs: 2_000 };

  it('is unavailable, and its connection goes on with the usual time limit', async () => {
    const error = await database.reads
      .readWithin(20, (transaction) => transaction.query('SELECT pg_sleep(5)'))
      .catch((failure: unknown) => failure);
    expect(domainErrorOf(error)).toMatchObject(UNAVAILABLE);
    const rows = await Promise.all(
      Array.from({ length: database.reads.pool.options.max }, () =>
        database.reads.query<{ limit: string }>(`SELECT current_setting('statement_timeout') AS limit`),
      ),
    );
    expect(new Set(rows.flat().map(({ limit }) => limit))).toEqual(new Set(['10s']));
  });

  it('is unavailable also within a transaction', async () => {
    const error = await database
      .transaction(async (transaction) => {
        await transaction.query('SET LOCAL statement_timeout = 20');
        await transaction.query('SELECT 1 FROM pg_sleep(5)');
      })
      .catch((failure: unknown) => failure);
    expect(domainErrorOf(error)).toMatchObject(UNAVAILABLE);
  });

  it('cannot write where it may only read', async () => {
    const writing = database.reads.readWithin(1_000, (transaction) => transaction.query('DELETE FROM blocks'));
    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });

  it('is unavailable where it waited too long for a lock', async () => {
    const error = await database
      .transaction(async (holder) => {
        await holder.query('LOCK TABLE blocks');
        return database.transaction(async (waiter) => {
          await waiter.query('SET LOCAL lock_timeout = 20');
          await waiter.query('LOCK TABLE blocks');
        });
      })
      .catch((failure: unknown) => failure);
    expect(domainErrorOf(error)).toMatchObject(UNAVAILABLE);
  });
});
