import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AttachmentsRepository } from '../../src/attachments/attachments.repository.js';
import type { Database } from '../../src/database/database.js';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';
import { PENDING_DELETION } from '../../src/attachments/attachment-state.js';

const ADA = '01900000-0000-7000-8000-000000000001';
const BOB = '01900000-0000-7000-8000-000000000002';
const GROUP = '01900000-0000-7000-8000-000000000010';
const PICTURE = '01900000-0000-7000-8000-000000000020';
const ANOTHER = '01900000-0000-7000-8000-000000000021';
const FILE = '01900000-0000-7000-8000-000000000022';

let database: TestDatabase;
let one: pg.Client;
let other: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  [one, other] = [
    new pg.Client({ connectionString: database.url }),
    new pg.Client({ connectionString: database.url, application_name: 'other' }),
  ];
  await Promise.all([one.connect(), other.connect()]);
});
afterAll(async () => {
  await Promise.all([one.end(), other.end()]);
  await database.drop();
});
beforeEach(async () => {
  await one.query('TRUNCATE users CASCADE');
  await one.query(`INSERT INTO users (id, username, display_name) VALUES ($1, 'ada', 'Ada'), ($2, 'bob', 'Bob')`, [
    ADA,
    BOB,
  ]);
  await one.query(`INSERT INTO conversations (id, type, title) VALUES ($1, 'GROUP', 'Us')`, [GROUP]);
  await one.query(
    `INSERT INTO attachments (id, owner_id, state, name, kind, mime_type, size, created_at)
     SELECT id, $1, 'READY', 'me', kind::message_kind, 'image/png', 1, now() - interval '2 days'
     FROM (VALUES ($2::uuid, 'IMAGE'), ($3, 'IMAGE'), ($4, 'FILE')) AS t (id, kind)`,
    [ADA, PICTURE, ANOTHER, FILE],
  );
});

const uses = (id: string | null, client = one) =>
  client.query('UPDATE users SET avatar_id = $2 WHERE id = $1', [ADA, id]);
const groupUses = (id: string | null, client = one) =>
  client.query('UPDATE conversations SET avatar_id = $2 WHERE id = $1', [GROUP, id]);
const state = async (id: string): Promise<unknown> =>
  (await one.query('SELECT state, is_avatar FROM attachments WHERE id = $1', [id])).rows[0];
/** Runs on a connection of its own until it waits for the lock of another. */
const untilWaiting = async (): Promise<void> => {
  for (;;) {
    const { rows } = await one.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'other' AND datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
  }
};

describe('the key of an avatar', () => {
  it.each([
    ['a file that there is not', '01900000-0000-7000-8000-000000000099', /avatar_is_unused_image|users_avatar_id_fkey/],
    ['a file that is no image', FILE, 'avatar_is_unused_image'],
  ])('refuses %s', async (_, id, constraint) => {
    await expect(uses(id)).rejects.toMatchObject({ constraint: expect.stringMatching(constraint) });
  });

  it('refuses a picture that a message carries', async () => {
    await one.query('UPDATE attachments SET message_id = gen_random_uuid(), conversation_id = $2 WHERE id = $1', [
      PICTURE,
      GROUP,
    ]);
    await expect(uses(PICTURE)).rejects.toMatchObject({ constraint: 'avatar_is_unused_image' });
  });

  it('refuses the picture of somebody else, whoever asks first', async () => {
    await uses(PICTURE);
    await expect(groupUses(PICTURE)).rejects.toMatchObject({ constraint: 'avatar_is_unused_image' });
    await one.query('BEGIN');
    await groupUses(ANOTHER);
    await other.query('BEGIN');
    const second = uses(ANOTHER, other).catch((error: unknown) => error);
    await untilWaiting();
    await one.query('COMMIT');
    expect(await second).toMatchObject({ constraint: 'avatar_is_unused_image' });
    await other.query('ROLLBACK');
  });

  it('keeps its picture from a message, from the sweep and from deletion', async () => {
    await uses(PICTURE);
    await expect(
      one.query('UPDATE attachments SET message_id = gen_random_uuid(), conversation_id = $2 WHERE id = $1', [
        PICTURE,
        GROUP,
      ]),
    ).rejects.toMatchObject({ constraint: 'attachments_used_once' });
    await expect(
      one.query(`UPDATE attachments SET state = '${PENDING_DELETION}' WHERE id = $1`, [PICTURE]),
    ).rejects.toMatchObject({
      constraint: 'attachments_avatar_is_image',
    });
    await expect(one.query('DELETE FROM attachments WHERE id = $1', [PICTURE])).rejects.toMatchObject({
      constraint: 'users_avatar_id_fkey',
    });
  });

  it('gives its picture to the sweep when it is replaced, taken away, or its group is deleted', async () => {
    const unused = { state: PENDING_DELETION, is_avatar: false };
    await uses(PICTURE);
    expect(await state(PICTURE)).toEqual({ state: 'READY', is_avatar: true });
    await uses(ANOTHER);
    expect([await state(PICTURE), await state(ANOTHER)]).toEqual([unused, { state: 'READY', is_avatar: true }]);
    await uses(null);
    expect(await state(ANOTHER)).toEqual(unused);
    await one.query(`UPDATE attachments SET state = 'READY' WHERE id = $1`, [PICTURE]);
    await groupUses(PICTURE);
    await one.query('DELETE FROM conversations WHERE id = $1', [GROUP]);
    expect(await state(PICTURE)).toEqual(unused);
  });

  it('is the only picture that a row has, and never a URL of this server', async () => {
    const set = (url: string) => one.query('UPDATE users SET avatar_url = $2 WHERE id = $1', [ADA, url]);
    await expect(set(`/avatars/${PICTURE}`)).rejects.toMatchObject({ constraint: 'users_avatar' });
    await uses(PICTURE);
    await expect(set('https://example.com/ada.png')).rejects.toMatchObject({ constraint: 'users_avatar' });
  });
});

it('the sweep leaves an old picture that somebody is taking at this moment', async () => {
  const pool = { query: async (text: string, values: unknown[]) => (await other.query(text, values)).rows };
  const repository = new AttachmentsRepository({ background: pool } as unknown as Database);
  await one.query('BEGIN');
  await uses(PICTURE);
  const sweeping = repository.markExpiredPendingDeletion(100);
  await untilWaiting();
  await one.query('COMMIT');
  await sweeping;
  expect([await state(PICTURE), await state(ANOTHER)]).toEqual([
    { state: 'READY', is_avatar: true },
    { state: PENDING_DELETION, is_avatar: false },
  ]);
});
