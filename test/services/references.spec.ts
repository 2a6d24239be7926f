import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';

const WITH_EVERY_MESSAGE = 'written with every message, under the lock of its conversation (ADR 0022)';
const NO_KEY_TO_MESSAGES =
  'a message: its table could not be divided by conversation if its id alone were referred to (ADR 0022)';
const BY_LEASE = 'worth nothing without the lease of its process, and taken away with that';
const ANY_KIND = 'one of several tables, by a type that stands beside it';
const OUTLIVES = 'outlives what it names';
const NO_ROW = 'a number that is compared; no row has it for its id';

/** Columns of ids that refer to nothing as far as the database knows, and why. */
const WITHOUT_KEY: Record<string, string> = {
  'attachments.message_id': NO_KEY_TO_MESSAGES,
  'attentions.conversation_ids': BY_LEASE,
  'attentions.node_id': BY_LEASE,
  'attentions.user_id': BY_LEASE,
  'audit_log.actor_id':
    'append-only: the check of a key locks rows, which takes the right to update them (migration `audit_log`)',
  'audit_log.target_id': ANY_KIND,
  'conversations.last_message_by': WITH_EVERY_MESSAGE,
  'conversations.last_message_id': WITH_EVERY_MESSAGE,
  'database_identity.restored': NO_ROW,
  'ended_identities.session_id': OUTLIVES,
  'hidden_messages.message_id': NO_KEY_TO_MESSAGES,
  'kept_attachments.keeper_id': 'of a room above files, which gives up what it kept (migration `kept_attachments`)',
  'message_reactions.message_id': NO_KEY_TO_MESSAGES,
  'message_search.conversation_id': 'a row for every message, made anew from messages at any time',
  'message_search.message_id': NO_KEY_TO_MESSAGES,
  'message_search_progress.conversation_id': 'made anew from messages at any time',
  'messages.client_id': NO_ROW,
  'messages.conversation_id': WITH_EVERY_MESSAGE,
  'messages.reply_to_id': NO_KEY_TO_MESSAGES,
  'messages.sender_id': WITH_EVERY_MESSAGE,
  'presence_nodes.node_id': 'its own id',
  'presences.node_id': BY_LEASE,
  'presences.user_id': BY_LEASE,
  'push_devices.lease_id': NO_ROW,
  'push_log.conversation_id':
    'a row for each decision: its check would lock the row that every message writes (migration `guards_of_later_tables`)',
  'push_notices.subject_id': ANY_KIND,
  'refresh_tokens.attempt_id': NO_ROW,
  'reports.conversation_id': OUTLIVES,
  'reports.target_id': ANY_KIND,
  'webhook_deliveries.lease_id': NO_ROW,
  'webhook_events.subject_id': ANY_KIND,
};

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

it('every column of ids refers to what it names, or stands in the list of those that do not, with its reason', async () => {
  const { rows } = await client.query<{ column: string }>(
    `SELECT c.relname || '.' || a.attname AS "column" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
       AND a.atttypid IN ('uuid'::regtype, 'uuid[]'::regtype) AND a.attname <> 'id'
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey))
     ORDER BY 1`,
  );
  expect(rows.map(({ column }) => column)).toEqual(Object.keys(WITHOUT_KEY).sort());
});

it('no array of which a check requires something may be NULL, which would pass it', async () => {
  const { rows } = await client.query<{ column: string }>(
    `SELECT c.relname || '.' || a.attname AS "column" FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
       AND t.typcategory = 'A' AND NOT a.attnotnull ORDER BY 1`,
  );
  // Of recordings alone; null of everything else.
  expect(rows.map(({ column }) => column)).toEqual(['attachments.waveform']);
});
