import type pg from 'pg';
import { PENDING_DELETION } from '../../../src/attachments/attachment-state.js';

/** How many of everything but messages: enough that PostgreSQL takes an index wherever there is one. */
const CROWD = 5_000;
/** As many as a group may have, with those who are looked at. */
export const GROUP_MEMBERS = 998;
/** Messages of the user who is looked at: several pages, however many there are. */
const OWN_MESSAGES = 3_000;
/** What a table is pretended to hold where only a plan is asked for. */
const PRETENDED_ROWS = 1_000_000;
/** Rows as there are connections, not as there are users. */
const PRETENDED_CONNECTIONS = 50_000;

/** Conversations of the user who is looked at, half of them direct ones. */
export const OWN_CONVERSATIONS = 2_000;

/** Tables that stay small however many users there are, and why. All others are filled, and planned as if they were large. */
export const SMALL_TABLES: Record<string, string> = {
  _prisma_migrations: 'a row for each migration',
  api_keys: 'at most 200',
  bots: 'at most 1,000',
  database_identity: 'one row',
  presence_nodes: 'a row for each process',
  session_endings: 'one row',
  webhook_former_secrets: 'a few for each webhook, for a day',
  webhooks: 'at most 50',
};

/** Who is looked at. All others have one of everything. */
export interface Cast {
  /** In the large group, with many friends, requests, blocks and sessions. */
  userId: string;
  groupId: string;
}

/**
 * Fills a database with a crowd, everything that a user can have, and so many messages: half of them in one group, where
 * some are of the user who is looked at; the others in 10,000 conversations. Some are deleted, some say what happened.
 */
export async function fillDatabase(client: pg.Client, { userId, groupId }: Cast, messages: number): Promise<void> {
  const run = async (text: string, values?: unknown[]): Promise<void> => {
    await client.query(text, values);
  };
  await run(
    `CREATE TEMPORARY TABLE crowd AS
       SELECT gen_random_uuid() AS id, n, 'crowd_' || n AS name FROM generate_series(1, ${CROWD}) AS n`,
  );
  await run('CREATE UNIQUE INDEX ON crowd (n)');
  await run('ANALYZE crowd');
  await run(
    `INSERT INTO users (id, username, display_name, folded_name, email, changed_xid, created_at)
     SELECT id, name, 'One of the ' || name, 'one of the ' || name, name || '@example.com',
       CASE WHEN n % 2 = 0 THEN '3'::xid8 ELSE '4'::xid8 END, now() - random() * interval '1 year' FROM crowd`,
  );

  // Somebody and whoever comes so many places later.
  const pairs = (distance: number): string => `crowd a JOIN crowd b ON b.n = a.n + ${distance}`;
  await run(
    `INSERT INTO conversations (id, type, low_id, high_id)
     SELECT gen_random_uuid(), 'DIRECT', LEAST(a.id, b.id), GREATEST(a.id, b.id) FROM ${pairs(1)}`,
  );
  await run(
    `INSERT INTO conversations (id, type, title, created_by) SELECT gen_random_uuid(), 'GROUP', 'Room', id FROM crowd`,
  );
  await run(
    `INSERT INTO conversation_members (conversation_id, user_id, joined_at)
     SELECT id, low_id, now() FROM conversations WHERE type = 'DIRECT' UNION ALL
     SELECT id, high_id, now() FROM conversations WHERE type = 'DIRECT' UNION ALL
     SELECT id, created_by, now() FROM conversations WHERE title = 'Room' UNION ALL
     SELECT $1, id, now() + n * interval '1 second' FROM crowd WHERE n <= ${GROUP_MEMBERS}`,
    [groupId],
  );
  await run(
    `INSERT INTO friendships (low_id, high_id, since, changed_xid)
     SELECT LEAST(a.id, b.id), GREATEST(a.id, b.id), now() - random() * interval '1 year', '4' FROM ${pairs(2)}`,
  );
  await run(
    `INSERT INTO friend_requests (id, sender_id, receiver_id, status, responded_at, changed_xid)
     SELECT gen_random_uuid(), a.id, b.id, CASE WHEN a.n % 2 = 0 THEN 'PENDING' ELSE 'REJECTED' END::friend_request_status,
       CASE WHEN a.n % 2 = 1 THEN now() END, '4' FROM ${pairs(3)}`,
  );
  await run(`INSERT INTO blocks (blocker_id, blocked_id) SELECT a.id, b.id FROM ${pairs(4)}`);
  await run(
    `INSERT INTO sessions (id, user_id, expires_at)
     SELECT gen_random_uuid(), id, now() + (n % 100) * interval '1 day' FROM crowd`,
  );
  await run(
    `INSERT INTO refresh_tokens (hash, session_id) SELECT sha256(id::text::bytea), id FROM sessions ON CONFLICT DO NOTHING`,
  );
  await run(
    `INSERT INTO one_time_codes (user_id, purpose, hash, expires_at)
     SELECT id, 'RESET_PASSWORD', 'x', now() + (n % 100) * interval '1 minute' FROM crowd`,
  );
  await run(
    `INSERT INTO pending_registrations (id, email, username, display_name, password_hash, requested_from, expires_at)
     SELECT gen_random_uuid(), 'new_' || name || '@example.com', 'new_' || name, 'New', 'x', name,
       now() + (n % 100) * interval '1 minute' FROM crowd`,
  );
  await run(`INSERT INTO foreign_identities (issuer, subject, user_id) SELECT 'issuer', name, id FROM crowd`);
  await run('INSERT INTO ended_identities (session_id) SELECT gen_random_uuid() FROM crowd');
  await run('INSERT INTO last_seen (user_id, at) SELECT id, now() FROM crowd');
  await run(
    `WITH node AS (
       INSERT INTO presence_nodes (node_id, expires_at) VALUES (gen_random_uuid(), now() + interval '1 hour') RETURNING node_id
     ) INSERT INTO presences (user_id, node_id) SELECT id, node_id FROM crowd, node WHERE n % 2 = 0`,
  );
  await run(
    `INSERT INTO attachments (id, owner_id, state, name, kind, mime_type, size, created_at)
     SELECT gen_random_uuid(), id, CASE WHEN n % 100 = 0 THEN '${PENDING_DELETION}' ELSE 'READY' END::attachment_state, 'f', 'IMAGE', 'image/png', 1,
       now() - (n % 10) * interval '1 hour' FROM crowd`,
  );

  // None that anything rings, or would be sent to, beside the tests.
  await run(
    `INSERT INTO push_devices (id, user_id, device_id, session_id, platform, address, preview, follows_from, due_at, leased_until, lease_id)
     SELECT s.id, s.user_id, 'phone', s.id, 'expo', s.id::text, 'full', now() + interval '1 day',
       CASE WHEN n % 10 = 0 THEN now() + interval '1 day' END,
       CASE WHEN n % 100 = 0 THEN now() + interval '1 day' END, CASE WHEN n % 100 = 0 THEN s.id END
     FROM crowd JOIN sessions s ON s.user_id = crowd.id`,
  );
  await run(
    `INSERT INTO push_log (device_id, id, at, outcome, reason)
     SELECT d.id, gen_random_uuid(), now() - n * interval '1 hour', 'skipped', 'muted' FROM push_devices d, generate_series(1, 3) AS n`,
  );
  await run(
    `INSERT INTO push_notices (device_id, kind, subject_id, actor_id, first_seq, changed_at)
     SELECT d.id, 'message', m.conversation_id, NULL, 1, now() - random() * interval '1 day'
     FROM push_devices d JOIN conversation_members m ON m.user_id = d.user_id WHERE m.conversation_id <> $1`,
    [groupId],
  );
  await run('INSERT INTO push_progress (conversation_id, planned_seq) SELECT id, last_seq FROM conversations');
  await run(
    `INSERT INTO push_tickets (id, device_id, address, ask_at)
     SELECT d.id::text, d.id, d.address, now() + interval '1 day' FROM push_devices d`,
  );
  await run(
    `INSERT INTO attentions (user_id, node_id, conversation_ids)
     SELECT user_id, node_id, ARRAY[$1::uuid] FROM presences ON CONFLICT DO NOTHING`,
    [groupId],
  );
  await run(
    `INSERT INTO reports (id, reporter_id, target_type, target_id, target_user_id, reason, copy, status, resolved_at, resolved_by, action)
     SELECT gen_random_uuid(), a.id, 'user', b.id, b.id, 'SPAM', '{}', CASE WHEN a.n % 100 = 0 THEN 'OPEN' ELSE 'RESOLVED' END,
       CASE WHEN a.n % 100 <> 0 THEN now() END, CASE WHEN a.n % 100 <> 0 THEN $1::uuid END, CASE WHEN a.n % 100 <> 0 THEN 'ban_user' END
     FROM ${pairs(5)}`,
    [userId],
  );
  await run('INSERT INTO kept_attachments (keeper_id, attachment_id) SELECT gen_random_uuid(), id FROM attachments');
  await run(
    `INSERT INTO audit_log (id, at, actor_id, action, target_type, target_id)
     SELECT gen_random_uuid(), now() - n * interval '1 minute', id, 'user.ban', 'user', id FROM crowd`,
  );
  await run(
    `INSERT INTO conversation_retention (conversation_id, days)
     SELECT id, CASE WHEN created_by IN (SELECT id FROM crowd WHERE n % 100 = 0) THEN 36500 END FROM conversations`,
  );
  await run(
    `INSERT INTO api_keys (id, name, secret_hash, scopes, created_by)
     SELECT gen_random_uuid(), 'key', sha256(name::bytea), '{users:read}', id FROM crowd WHERE n <= 100`,
  );
  await run(
    `INSERT INTO api_key_sessions (session_id, key_id)
     SELECT s.id, k.ids[1 + s.n % 100] FROM (SELECT id, row_number() OVER () AS n FROM sessions) AS s,
       (SELECT array_agg(id) AS ids FROM api_keys) AS k`,
  );
  // Nor any that is enabled.
  await run(
    `INSERT INTO webhooks (id, url, events, secret, created_by, disabled_at, disabled_reason)
     SELECT gen_random_uuid(), 'https://example.com', '{message.created,user.created}', 's', $1, now(), 'ADMINISTRATOR'
     FROM generate_series(1, 5)`,
    [userId],
  );
  await run('INSERT INTO webhook_progress (conversation_id, planned_seq) SELECT id, last_seq FROM conversations');
  await run(`INSERT INTO webhook_events (type, subject_id) SELECT 'user.created', id FROM crowd`);
  await run(
    `INSERT INTO webhook_deliveries (id, webhook_id, type, payload, user_id, created_at, attempts, next_at, lease_id, delivered_at)
     SELECT gen_random_uuid(), w.id, 'user.created', '{}', crowd.id, now() - n * interval '1 minute', 1,
       CASE WHEN n % 10 = 0 THEN now() + interval '1 day' END, CASE WHEN n % 100 = 0 THEN crowd.id END, CASE WHEN n % 10 <> 0 THEN now() END
     FROM crowd, webhooks w`,
  );

  // Of the user who is looked at, several pages of all of it.
  await run(
    `INSERT INTO conversations (id, type, low_id, high_id, created_at)
     SELECT gen_random_uuid(), 'DIRECT', LEAST($1, id), GREATEST($1, id), now() - n * interval '1 minute' FROM crowd WHERE n <= $2`,
    [userId, OWN_CONVERSATIONS / 2],
  );
  await run(
    `INSERT INTO conversation_members (conversation_id, user_id)
     SELECT c.id, member.id FROM conversations c, LATERAL (VALUES (c.low_id), (c.high_id)) AS member(id)
       WHERE c.type = 'DIRECT' AND $1 IN (c.low_id, c.high_id) UNION ALL
     (SELECT id, $1 FROM conversations WHERE title = 'Room' ORDER BY created_by LIMIT $2)`,
    [userId, OWN_CONVERSATIONS / 2 - 1],
  );
  await run(
    `INSERT INTO friendships (low_id, high_id, since, changed_xid)
     SELECT LEAST($1, id), GREATEST($1, id), now() - random() * interval '1 year', '4' FROM crowd WHERE n <= 1000`,
    [userId],
  );
  await run(
    `INSERT INTO friend_requests (id, sender_id, receiver_id, status, responded_at, changed_xid)
     SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN $1 ELSE id END, CASE WHEN n % 2 = 0 THEN id ELSE $1 END, 'REJECTED', now(), '4'
     FROM crowd WHERE n <= 2000`,
    [userId],
  );
  await run(`INSERT INTO blocks (blocker_id, blocked_id) SELECT $1, id FROM crowd WHERE n > ${CROWD - 500}`, [userId]);
  await run(
    `INSERT INTO sessions (id, user_id, expires_at, last_used_at)
     SELECT gen_random_uuid(), $1, now() + interval '1 day', now() - n * interval '1 second' FROM crowd WHERE n <= 300`,
    [userId],
  );

  const { rows } = await client.query('SELECT last_seq FROM conversations WHERE id = $1', [groupId]);
  await run(
    `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, system, deleted_at, version, created_at, changed_xid)
     SELECT gen_random_uuid(), place.id, place.seq, place.sender_id,
       CASE WHEN n % 50 <> 1 THEN gen_random_uuid() END, CASE WHEN n % 50 = 1 THEN 'SYSTEM' ELSE 'TEXT' END::message_kind,
       CASE WHEN n % 50 < 2 THEN NULL WHEN n % 1000 = 2 THEN 'a needle in it' ELSE 'm' END,
       CASE WHEN n % 50 = 1 THEN jsonb_build_object('type', 'GROUP_CHANGED', 'actorId', place.sender_id, 'userIds', '[]'::jsonb) END,
       CASE WHEN n % 50 = 0 THEN now() END, CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END, now() - ($4::integer - n) * interval '1 second', '4'
     FROM generate_series(1, $4::integer) AS n, (
       SELECT array_agg(id ORDER BY id) AS ids, array_agg(COALESCE(low_id, created_by) ORDER BY id) AS owners
       FROM conversations WHERE id <> $1
     ) AS room, LATERAL (
       SELECT $1::uuid AS id, $2::integer + n / 2 AS seq, CASE WHEN n % $5::integer = 0 THEN $3::uuid ELSE room.owners[1 + n % 2000] END AS sender_id
         WHERE n % 2 = 0
       UNION ALL
       SELECT room.ids[1 + n / 2 % cardinality(room.ids)], $2::integer + 1 + n / 2 / cardinality(room.ids),
         room.owners[1 + n / 2 % cardinality(room.ids)] WHERE n % 2 = 1
     ) AS place`,
    [groupId, rows[0].last_seq, userId, messages, Math.max(20, 2 * Math.round(messages / (2 * OWN_MESSAGES)))],
  );
  await run(
    `UPDATE conversations c SET last_seq = newest.seq, last_message_at = newest.at
     FROM (SELECT conversation_id, max(seq) AS seq, max(created_at) AS at FROM messages GROUP BY 1) AS newest
     WHERE newest.conversation_id = c.id`,
  );
  // Indexed already, as far as it matters: the indexer has nothing to do beside the tests.
  await run(
    `INSERT INTO message_search (message_id, conversation_id, seq, folded)
     SELECT id, conversation_id, seq, content FROM messages WHERE content = 'a needle in it' OR seq % 10 = 0 AND content IS NOT NULL
     ON CONFLICT DO NOTHING`,
  );
  await run(
    `INSERT INTO message_search_progress (conversation_id, indexed_seq) SELECT id, last_seq FROM conversations
     ON CONFLICT (conversation_id) DO UPDATE SET indexed_seq = excluded.indexed_seq`,
  );
  const newest = `SELECT id, conversation_id, seq, sender_id FROM messages WHERE kind = 'TEXT' AND deleted_at IS NULL`;
  await run(
    `INSERT INTO message_reactions (message_id, conversation_id, user_id, emoji)
     SELECT id, conversation_id, $2, '👍' FROM (${newest} AND conversation_id = $1 ORDER BY seq LIMIT 5000) AS group_messages
     UNION ALL SELECT id, conversation_id, sender_id, '👎' FROM (${newest} LIMIT ${CROWD}) AS others`,
    [groupId, userId],
  );
  await run(
    `INSERT INTO hidden_messages (message_id, conversation_id, seq, user_id)
     SELECT id, conversation_id, seq, $2 FROM (${newest} AND conversation_id = $1 ORDER BY seq LIMIT 5000) AS group_messages
     UNION ALL SELECT id, conversation_id, seq, sender_id FROM (${newest} AND sender_id <> $2 LIMIT ${CROWD}) AS others`,
    [groupId, userId],
  );
  await run('DROP TABLE crowd');
  // Nothing changes what is known of the tables from here on.
  await run(
    `DO $$ DECLARE name regclass; BEGIN
       FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace LOOP
         EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', name);
       END LOOP;
     END $$`,
  );
  await run('VACUUM ANALYZE');
}

/**
 * Makes PostgreSQL plan as if all tables that grow with users were much larger, until they are analyzed again. Answers them.
 * One that is neither filled nor listed as small would be planned as it is, and judged by nothing.
 */
export async function pretendSize(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; rows: number }>(
    `SELECT relname AS name, reltuples AS rows FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace ORDER BY 1`,
  );
  const isSmall = (name: string): boolean => Object.hasOwn(SMALL_TABLES, name);
  const gone = Object.keys(SMALL_TABLES).filter((name) => rows.every((table) => table.name !== name));
  if (gone.length > 0) throw new Error(`there is no table ${gone.join(', ')} any more`);
  const large = rows.filter(({ name }) => !isSmall(name));
  const empty = large.filter((table) => table.rows < 1_000).map(({ name }) => name);
  if (empty.length > 0)
    throw new Error(`fillDatabase() puts next to nothing into ${empty.join(', ')}: fill it, or say why it stays small`);
  const names = large.map(({ name }) => name);
  await client.query(
    `SELECT pg_restore_relation_stats('schemaname', nspname::text, 'relname', relname::text, 'relpages', relpages,
       'reltuples', (CASE WHEN relname IN ('presences', 'attentions') THEN $2::integer ELSE GREATEST(reltuples, $1::integer) END)::real)
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname = current_schema() AND relname = ANY ($3)`,
    [PRETENDED_ROWS, PRETENDED_CONNECTIONS, names],
  );
  return names;
}
