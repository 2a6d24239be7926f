-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "user_role" AS ENUM ('USER', 'ADMIN');

-- CreateEnum
CREATE TYPE "friend_request_status" AS ENUM ('PENDING', 'ACCEPTED', 'REJECTED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "conversation_type" AS ENUM ('DIRECT', 'GROUP');

-- CreateEnum
CREATE TYPE "member_role" AS ENUM ('OWNER', 'ADMIN', 'MEMBER');

-- CreateEnum
CREATE TYPE "history_visibility" AS ENUM ('FROM_JOIN', 'FROM_START');

-- CreateEnum
CREATE TYPE "message_kind" AS ENUM ('TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'SYSTEM');

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT,
    "email_verified_at" TIMESTAMPTZ(3),
    "username" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "avatar_url" TEXT,
    "password_hash" TEXT,
    "role" "user_role" NOT NULL DEFAULT 'USER',
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "device_name" TEXT,
    "ip" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refresh_tokens" (
    "hash" BYTEA NOT NULL,
    "session_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "spent_at" TIMESTAMPTZ(3),

    CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "friend_requests" (
    "id" UUID NOT NULL,
    "sender_id" UUID NOT NULL,
    "receiver_id" UUID NOT NULL,
    "status" "friend_request_status" NOT NULL DEFAULT 'PENDING',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "responded_at" TIMESTAMPTZ(3),
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "friend_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "friendships" (
    "low_id" UUID NOT NULL,
    "high_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "friendships_pkey" PRIMARY KEY ("low_id","high_id")
);

-- CreateTable
CREATE TABLE "blocks" (
    "blocker_id" UUID NOT NULL,
    "blocked_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blocks_pkey" PRIMARY KEY ("blocker_id","blocked_id")
);

-- CreateTable
CREATE TABLE "conversations" (
    "id" UUID NOT NULL,
    "type" "conversation_type" NOT NULL,
    "title" TEXT,
    "avatar_url" TEXT,
    "low_id" UUID,
    "high_id" UUID,
    "history_visibility" "history_visibility" NOT NULL DEFAULT 'FROM_JOIN',
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "last_message_id" UUID,
    "last_message" TEXT,
    "last_message_at" TIMESTAMPTZ(3),
    "last_message_by" UUID,
    "last_message_kind" "message_kind",
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "conversations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "conversation_members" (
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "member_role" NOT NULL DEFAULT 'MEMBER',
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "visible_from_seq" INTEGER NOT NULL DEFAULT 1,
    "left_at" TIMESTAMPTZ(3),
    "last_read_seq" INTEGER NOT NULL DEFAULT 0,
    "last_delivered_seq" INTEGER NOT NULL DEFAULT 0,
    "muted_until" TIMESTAMPTZ(3),
    "archived_at" TIMESTAMPTZ(3),
    "pinned_at" TIMESTAMPTZ(3),
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "receipt_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "conversation_members_pkey" PRIMARY KEY ("conversation_id","user_id")
);

-- CreateTable
CREATE TABLE "messages" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "sender_id" UUID NOT NULL,
    "client_id" UUID,
    "kind" "message_kind" NOT NULL,
    "content" TEXT,
    "system" JSONB,
    "reply_to_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "edited_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_reactions" (
    "message_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "emoji" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_reactions_pkey" PRIMARY KEY ("message_id","emoji","user_id")
);

-- CreateTable
CREATE TABLE "hidden_messages" (
    "user_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "hidden_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "hidden_messages_pkey" PRIMARY KEY ("message_id","user_id")
);

-- CreateTable
CREATE TABLE "message_search" (
    "message_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "message_search_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "message_search_progress" (
    "conversation_id" UUID NOT NULL,
    "indexed_seq" INTEGER NOT NULL,

    CONSTRAINT "message_search_progress_pkey" PRIMARY KEY ("conversation_id")
);

-- CreateTable
CREATE TABLE "presence_leases" (
    "user_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "presence_leases_pkey" PRIMARY KEY ("user_id","node_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE INDEX "refresh_tokens_session_id_idx" ON "refresh_tokens"("session_id");

-- CreateIndex
CREATE INDEX "friend_requests_sender_id_id_idx" ON "friend_requests"("sender_id", "id");

-- CreateIndex
CREATE INDEX "friend_requests_receiver_id_id_idx" ON "friend_requests"("receiver_id", "id");

-- CreateIndex
CREATE INDEX "friendships_high_id_idx" ON "friendships"("high_id");

-- CreateIndex
CREATE INDEX "blocks_blocked_id_idx" ON "blocks"("blocked_id");

-- CreateIndex
CREATE UNIQUE INDEX "conversations_low_id_high_id_key" ON "conversations"("low_id", "high_id");

-- CreateIndex
CREATE INDEX "conversation_members_user_id_idx" ON "conversation_members"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "messages_conversation_id_seq_key" ON "messages"("conversation_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "messages_sender_id_client_id_key" ON "messages"("sender_id", "client_id");

-- CreateIndex
CREATE INDEX "hidden_messages_user_id_idx" ON "hidden_messages"("user_id");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ---------------------------------------------------------------------------

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Leases are worth nothing after a crash: each process renews its own within seconds.
ALTER TABLE "presence_leases" SET UNLOGGED;

-- These rows are updated all the time and their changing columns are in no index: room on the page keeps updates local.
ALTER TABLE "conversations" SET (fillfactor = 70);
ALTER TABLE "conversation_members" SET (fillfactor = 70);

CREATE INDEX "users_username_prefix" ON "users" ("username" text_pattern_ops);
CREATE INDEX "users_display_name_prefix" ON "users" (lower("display_name") text_pattern_ops);

-- Two requests between two people, in whichever direction, are never pending at once.
CREATE UNIQUE INDEX "friend_requests_one_pending"
  ON "friend_requests" (LEAST("sender_id", "receiver_id"), GREATEST("sender_id", "receiver_id"))
  WHERE "status" = 'PENDING';

-- Sync finds new messages by their sequence number; only changed ones need an index, and most messages never change.
CREATE INDEX "messages_changed" ON "messages" ("conversation_id", "changed_xid") WHERE "version" > 1;

CREATE INDEX "message_search_words" ON "message_search" USING gin ("conversation_id", to_tsvector('simple', "content"));
CREATE INDEX "message_search_parts" ON "message_search" USING gin ("conversation_id", "content" gin_trgm_ops);

-- Every change of a synced row is stamped with its transaction's number. A statement that stamps by itself (the path of
-- a message) does not pay for the trigger.
CREATE FUNCTION "stamp_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."changed_xid" := pg_current_xact_id();
  RETURN NEW;
END $$;

CREATE FUNCTION "stamp_receipt"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."receipt_xid" := pg_current_xact_id();
  RETURN NEW;
END $$;

CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "friend_requests" FOR EACH ROW EXECUTE FUNCTION "stamp_change"();
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "friendships" FOR EACH ROW EXECUTE FUNCTION "stamp_change"();
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "messages" FOR EACH ROW EXECUTE FUNCTION "stamp_change"();
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "conversations" FOR EACH ROW
  WHEN (NEW."changed_xid" = OLD."changed_xid") EXECUTE FUNCTION "stamp_change"();
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "conversation_members" FOR EACH ROW
  WHEN ((NEW."role", NEW."joined_at", NEW."visible_from_seq", NEW."left_at", NEW."muted_until", NEW."archived_at", NEW."pinned_at")
    IS DISTINCT FROM
    (OLD."role", OLD."joined_at", OLD."visible_from_seq", OLD."left_at", OLD."muted_until", OLD."archived_at", OLD."pinned_at"))
  EXECUTE FUNCTION "stamp_change"();
CREATE TRIGGER "stamp_receipt" BEFORE UPDATE ON "conversation_members" FOR EACH ROW
  WHEN (NEW."receipt_xid" = OLD."receipt_xid" AND (NEW."last_read_seq", NEW."last_delivered_seq")
    IS DISTINCT FROM (OLD."last_read_seq", OLD."last_delivered_seq"))
  EXECUTE FUNCTION "stamp_receipt"();

-- Stores a batch of messages of any conversations: one call, one transaction, one commit (docs/adr/0003-message-writer.md).
--
-- The first statement takes the conversations' locks in id order, so that batches never deadlock. The second begins after
-- them with a snapshot of its own: the sequence numbers, members and earlier messages it sees are those that the locks
-- protect, whichever process wrote them. That is why these two statements are a function and not one statement.
-- A conversation that somebody else keeps locked for long makes the call fail (lock_timeout) rather than wait with it.
--
-- Each message has its own outcome:
--   stored         id, seq and created_at are its own
--   repeated       this sender has used the client id before: id is that earlier message's
--   not_found      no such conversation, or the sender is no member
--   refused        a direct conversation across a block, or (friends_only) without a friendship
--   reply_unknown  the message it replies to is not in this conversation, or not the sender's to see
CREATE FUNCTION "store_messages"(
  "ids" uuid[], "conversation_ids" uuid[], "sender_ids" uuid[], "client_ids" uuid[], "contents" text[], "reply_ids" uuid[],
  "friends_only" boolean
) RETURNS TABLE (
  "position" integer, "outcome" text, "id" uuid, "seq" integer, "created_at" timestamptz,
  "reply_seq" integer, "reply_sender_id" uuid, "reply_kind" text, "reply_content" text, "reply_deleted_at" timestamptz
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
#variable_conflict use_column
BEGIN
  PERFORM 1 FROM "conversations" c WHERE c."id" = ANY ("conversation_ids") ORDER BY c."id" FOR NO KEY UPDATE;

  RETURN QUERY
  WITH input AS (
    SELECT * FROM unnest("ids", "conversation_ids", "sender_ids", "client_ids", "contents", "reply_ids")
      WITH ORDINALITY AS t("id", "conversation_id", "sender_id", "client_id", "content", "reply_id", "n")
  ), senders AS MATERIALIZED (
    SELECT p."conversation_id", p."sender_id", c."last_seq", c."last_message_at", m."visible_from_seq",
      c."type" = 'DIRECT' AND (
        EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = c."low_id" AND b."blocked_id" = c."high_id")
        OR EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = c."high_id" AND b."blocked_id" = c."low_id")
        OR ("friends_only" AND NOT EXISTS (
          SELECT 1 FROM "friendships" f
          WHERE f."low_id" = c."low_id" AND f."high_id" = c."high_id" AND f."removed_at" IS NULL))
      ) AS "refused"
    FROM (SELECT DISTINCT i."conversation_id", i."sender_id" FROM input i) p
    JOIN "conversations" c ON c."id" = p."conversation_id"
    JOIN "conversation_members" m
      ON m."conversation_id" = p."conversation_id" AND m."user_id" = p."sender_id" AND m."left_at" IS NULL
  ), judged AS MATERIALIZED (
    SELECT i.*, s."last_seq", s."last_message_at", earlier."id" AS "earlier_id",
      r."seq" AS "r_seq", r."sender_id" AS "r_sender_id", r."kind" AS "r_kind", r."content" AS "r_content", r."deleted_at" AS "r_deleted_at",
      CASE
        WHEN earlier."id" IS NOT NULL THEN 'repeated'
        WHEN s."sender_id" IS NULL THEN 'not_found'
        WHEN s."refused" THEN 'refused'
        WHEN i."reply_id" IS NOT NULL AND r."id" IS NULL THEN 'reply_unknown'
        ELSE 'stored'
      END AS "judgement"
    FROM input i
    LEFT JOIN senders s ON s."conversation_id" = i."conversation_id" AND s."sender_id" = i."sender_id"
    LEFT JOIN "messages" earlier ON earlier."sender_id" = i."sender_id" AND earlier."client_id" = i."client_id"
    LEFT JOIN "messages" r
      ON r."id" = i."reply_id" AND r."conversation_id" = i."conversation_id" AND r."seq" >= s."visible_from_seq"
  ), numbered AS MATERIALIZED (
    SELECT j.*,
      j."last_seq" + (row_number() OVER (PARTITION BY j."conversation_id" ORDER BY j."n"))::integer AS "new_seq",
      -- Never before the message it follows, whatever the clock does.
      GREATEST(date_trunc('milliseconds', clock_timestamp()), j."last_message_at") AS "at"
    FROM judged j WHERE j."judgement" = 'stored'
  ), stored AS (
    INSERT INTO "messages" ("id", "conversation_id", "seq", "sender_id", "client_id", "kind", "content", "reply_to_id", "created_at")
    SELECT n."id", n."conversation_id", n."new_seq", n."sender_id", n."client_id", 'TEXT', n."content", n."reply_id", n."at"
    FROM numbered n
  ), newest AS (
    SELECT DISTINCT ON (n."conversation_id") n.* FROM numbered n ORDER BY n."conversation_id", n."new_seq" DESC
  ), conversation_update AS (
    UPDATE "conversations" c SET
      "last_seq" = n."new_seq", "last_message_id" = n."id", "last_message" = left(n."content", 200),
      "last_message_at" = n."at", "last_message_by" = n."sender_id", "last_message_kind" = 'TEXT',
      "changed_xid" = pg_current_xact_id()
    FROM newest n WHERE c."id" = n."conversation_id"
  ), cursor_update AS (
    UPDATE "conversation_members" m SET
      "last_read_seq" = n."seq", "last_delivered_seq" = n."seq", "receipt_xid" = pg_current_xact_id()
    FROM (
      SELECT n."conversation_id", n."sender_id", max(n."new_seq") AS "seq" FROM numbered n GROUP BY 1, 2
    ) n
    WHERE m."conversation_id" = n."conversation_id" AND m."user_id" = n."sender_id"
  )
  SELECT j."n"::integer, j."judgement", COALESCE(j."earlier_id", j."id"), n."new_seq", n."at",
    j."r_seq", j."r_sender_id", j."r_kind"::text, left(j."r_content", 200), j."r_deleted_at"
  FROM judged j LEFT JOIN numbered n ON n."n" = j."n";
END $$;

-- Appends what the server itself says (`SYSTEM` messages), within the transaction that makes it true. The caller's
-- transaction must hold, or may take, the conversation's lock.
CREATE FUNCTION "append_system_message"("message_id" uuid, "conversation" uuid, "actor_id" uuid, "text" text, "event" jsonb)
RETURNS TABLE ("seq" integer, "created_at" timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  next_seq integer;
  moment timestamptz;
BEGIN
  UPDATE "conversations" c SET
    "last_seq" = c."last_seq" + 1, "last_message_id" = "message_id", "last_message" = left("text", 200),
    "last_message_at" = GREATEST(date_trunc('milliseconds', clock_timestamp()), c."last_message_at"),
    "last_message_by" = "actor_id", "last_message_kind" = 'SYSTEM', "changed_xid" = pg_current_xact_id()
  WHERE c."id" = "conversation"
  RETURNING c."last_seq", c."last_message_at" INTO next_seq, moment;

  INSERT INTO "messages" ("id", "conversation_id", "seq", "sender_id", "kind", "content", "system", "created_at")
  VALUES ("message_id", "conversation", next_seq, "actor_id", 'SYSTEM', "text", "event", moment);

  UPDATE "conversation_members" m SET
    "last_read_seq" = next_seq, "last_delivered_seq" = next_seq, "receipt_xid" = pg_current_xact_id()
  WHERE m."conversation_id" = "conversation" AND m."user_id" = "actor_id" AND m."left_at" IS NULL;

  RETURN QUERY SELECT next_seq, moment;
END $$;
