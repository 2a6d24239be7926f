-- What migration `guards` does for the tables of its time, for those that came after it, and what it had left to the code.
-- Rows of earlier days are brought to it first: what nobody could have seen goes. NOT VALID here and VALIDATE in the next
-- migration. What processes of the version before write meanwhile passes all of it.
--
-- Without foreign keys, on purpose:
-- `push_log.conversation_id`: a row for each decision, of which a busy group has hundreds at once; each check would lock the
-- conversation's row, which every message writes. The log is kept for a day.
-- `attentions`: written whenever somebody opens a conversation, and worth nothing without the lease of its process, which may
-- be made anew after it: like `presences`, it ends by itself. Unlogged.
-- `webhook_events.subject_id`, `push_notices.subject_id`: of what, the row's type says.
--
-- Two times are compared only where one statement writes both: processes have clocks of their own, so a friendship may seem
-- to have ended before it began. That a bot has no password is about two tables, and is the code's.

DELETE FROM "api_keys" WHERE "scopes" IS NULL;
UPDATE "webhooks" SET "events" = ARRAY(
    SELECT e FROM unnest("events") WITH ORDINALITY AS t(e, n) WHERE e IN (
      'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
      'conversation.created', 'member.joined', 'member.left', 'report.created') ORDER BY n)
  WHERE NOT "events" <@ ARRAY[
    'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created']
  AND "events" && ARRAY[
    'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created'];
-- One that follows no event is sent nothing.
DELETE FROM "webhooks" WHERE "events" IS NULL OR NOT "events" && ARRAY[
  'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
  'conversation.created', 'member.joined', 'member.left', 'report.created'];
DELETE FROM "webhook_events" e WHERE e."type" NOT IN (
    'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created')
  OR (e."type" IN ('friend.accepted', 'member.joined', 'member.left') AND e."user_id" IS NULL)
  OR (e."user_id" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = e."user_id"));
DELETE FROM "webhook_deliveries" d WHERE d."type" NOT IN (
    'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created', 'webhook.test')
  OR (d."user_id" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = d."user_id"));
UPDATE "webhook_deliveries" SET "attempts" = GREATEST("attempts", 0),
    "lease_id" = CASE WHEN "next_at" IS NOT NULL THEN "lease_id" END
  WHERE "attempts" < 0 OR ("lease_id" IS NOT NULL AND "next_at" IS NULL);

DELETE FROM "webhook_progress" p WHERE NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."id" = p."conversation_id");
UPDATE "webhook_progress" SET "planned_seq" = 0 WHERE "planned_seq" < 0;
DELETE FROM "push_progress" p WHERE NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."id" = p."conversation_id");
UPDATE "push_progress" SET "planned_seq" = 0 WHERE "planned_seq" < 0;
UPDATE "message_search_progress" SET "indexed_seq" = 0 WHERE "indexed_seq" < 0;
UPDATE "conversation_retention" SET "expired_seq" = 0 WHERE "expired_seq" < 0;
DELETE FROM "push_notices" n WHERE n."actor_id" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = n."actor_id");

-- An act says what became of a report; nobody was asked about one that is open. A user that is reported is who it is about.
UPDATE "reports" SET "status" = CASE WHEN "action" = 'dismiss' THEN 'DISMISSED' ELSE 'RESOLVED' END
  WHERE "status" <> 'OPEN' AND ("status" = 'DISMISSED') <> ("action" = 'dismiss');
UPDATE "reports" SET "resolved_by" = NULL, "note" = NULL
  WHERE "status" = 'OPEN' AND num_nonnulls("resolved_by", "note") > 0;
DELETE FROM "reports" r WHERE r."target_type" = 'user' AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = r."target_id");
UPDATE "reports" SET "target_user_id" = "target_id"
  WHERE "target_type" = 'user' AND "target_user_id" IS DISTINCT FROM "target_id";

-- One that was over before it began held nobody off.
UPDATE "users" SET "suspended_at" = NULL, "suspended_until" = NULL, "suspension_reason" = NULL
  WHERE "suspended_until" < "suspended_at";
UPDATE "conversations" SET "created_by" = NULL WHERE "type" = 'DIRECT' AND "created_by" IS NOT NULL;
-- No member sees what lies before number 1.
DELETE FROM "messages" WHERE "seq" < 1;

-- All that takes long is done by here: what follows waits for the locks of tables, and keeps others waiting meanwhile. In the order
-- in which the server goes through them: users, conversations, messages.
ALTER TABLE "users"
  ADD CONSTRAINT "users_suspension_ends_after_it_begins" CHECK ("suspended_until" >= "suspended_at") NOT VALID;

ALTER TABLE "conversations"
  ADD CONSTRAINT "conversations_made_by_of_groups" CHECK ("type" = 'GROUP' OR "created_by" IS NULL) NOT VALID;

ALTER TABLE "messages"
  ADD CONSTRAINT "messages_numbered" CHECK ("seq" >= 1) NOT VALID;

ALTER TABLE "message_search_progress"
  ADD CONSTRAINT "message_search_progress_seq" CHECK ("indexed_seq" >= 0) NOT VALID;

ALTER TABLE "conversation_retention"
  ADD CONSTRAINT "conversation_retention_expired" CHECK ("expired_seq" >= 0) NOT VALID;

ALTER TABLE "push_progress"
  ADD CONSTRAINT "push_progress_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "push_progress_seq" CHECK ("planned_seq" >= 0) NOT VALID;

ALTER TABLE "push_notices"
  ADD CONSTRAINT "push_notices_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID;

ALTER TABLE "reports"
  ADD CONSTRAINT "reports_status_by_action" CHECK (("status" = 'DISMISSED') = ("action" IS NOT DISTINCT FROM 'dismiss')) NOT VALID,
  ADD CONSTRAINT "reports_open_is_unanswered" CHECK ("status" <> 'OPEN' OR num_nonnulls("resolved_by", "note") = 0) NOT VALID,
  ADD CONSTRAINT "reports_of_user_are_about_it" CHECK ("target_type" <> 'user' OR "target_user_id" IS NOT DISTINCT FROM "target_id") NOT VALID;

-- A check that compares NULL is passed by it: arrays of which something is required are never NULL.
ALTER TABLE "api_keys" ALTER COLUMN "scopes" SET NOT NULL;
ALTER TABLE "webhooks" ALTER COLUMN "events" SET NOT NULL,
  ADD CONSTRAINT "webhooks_events_known" CHECK ("events" <@ ARRAY[
    'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created']) NOT VALID;

-- New messages are none of these: they are found behind the writer.
ALTER TABLE "webhook_events"
  ADD CONSTRAINT "webhook_events_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "webhook_events_type_known" CHECK ("type" IN (
    'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created')) NOT VALID,
  ADD CONSTRAINT "webhook_events_of_two" CHECK (
    "type" NOT IN ('friend.accepted', 'member.joined', 'member.left') OR "user_id" IS NOT NULL) NOT VALID;

ALTER TABLE "webhook_progress"
  ADD CONSTRAINT "webhook_progress_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "webhook_progress_seq" CHECK ("planned_seq" >= 0) NOT VALID;

ALTER TABLE "webhook_deliveries"
  ADD CONSTRAINT "webhook_deliveries_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "webhook_deliveries_type_known" CHECK ("type" IN (
    'message.created', 'message.updated', 'message.deleted', 'user.created', 'user.deleted', 'friend.accepted',
    'conversation.created', 'member.joined', 'member.left', 'report.created', 'webhook.test')) NOT VALID,
  ADD CONSTRAINT "webhook_deliveries_counts" CHECK ("attempts" >= 0) NOT VALID,
  ADD CONSTRAINT "webhook_deliveries_leased_while_waiting" CHECK ("lease_id" IS NULL OR "next_at" IS NOT NULL) NOT VALID;
