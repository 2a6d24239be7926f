CREATE TYPE "attachment_state" AS ENUM ('EXPECTED', 'STORING', 'READY', 'DOOMED');

-- A row is here before the first byte of its file is kept, and until the last one is gone: no crash leaves a file that
-- nobody knows of.
CREATE TABLE "attachments" (
  "id"              UUID               NOT NULL,
  "owner_id"        UUID               NOT NULL,
  "state"           "attachment_state" NOT NULL,
  "name"            TEXT               NOT NULL,
  "kind"            "message_kind",
  "mime_type"       TEXT,
  "size"            INTEGER,
  "width"           INTEGER,
  "height"          INTEGER,
  "blurhash"        TEXT,
  "message_id"      UUID,
  "conversation_id" UUID,
  "is_avatar"       BOOLEAN            NOT NULL DEFAULT false,
  "announced_size"  INTEGER,
  "storing_since"   TIMESTAMPTZ(3),
  "swept_at"        TIMESTAMPTZ(3),
  "created_at"      TIMESTAMPTZ(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "attachments_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "attachments_ready" CHECK ("state" <> 'READY' OR ("kind" IS NOT NULL AND "mime_type" IS NOT NULL AND "size" IS NOT NULL)),
  CONSTRAINT "attachments_used_once" CHECK ("message_id" IS NULL OR NOT "is_avatar")
);
CREATE INDEX "attachments_owner_id_id_idx" ON "attachments" ("owner_id", "id");
CREATE INDEX "attachments_message_id_idx" ON "attachments" ("message_id") WHERE "message_id" IS NOT NULL;
-- What the sweep looks for: everything that is not in use.
CREATE INDEX "attachments_unused" ON "attachments" ("created_at") WHERE "message_id" IS NULL AND NOT "is_avatar";
CREATE INDEX "attachments_doomed" ON "attachments" ("id") WHERE "state" = 'DOOMED';
CREATE INDEX "attachments_announced" ON "attachments" ("created_at") WHERE "announced_size" IS NOT NULL AND "swept_at" IS NULL;

-- What a message carries, in its order, as it was when it was sent: null for nearly all.
ALTER TABLE "messages" ADD COLUMN "attachments" JSONB;

-- A picture that stops being somebody's avatar is of no use any more, whoever replaced it and how.
CREATE FUNCTION "doom_avatar"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "attachments" SET "state" = 'DOOMED' WHERE "id" = substr(OLD."avatar_url", 10)::uuid AND "is_avatar";
  RETURN NULL;
END $$;
CREATE TRIGGER "doom_avatar" AFTER UPDATE OF "avatar_url" ON "users" FOR EACH ROW
  WHEN (OLD."avatar_url" LIKE '/avatars/%' AND OLD."avatar_url" IS DISTINCT FROM NEW."avatar_url")
  EXECUTE FUNCTION "doom_avatar"();
CREATE TRIGGER "doom_avatar" AFTER UPDATE OF "avatar_url" ON "conversations" FOR EACH ROW
  WHEN (OLD."avatar_url" LIKE '/avatars/%' AND OLD."avatar_url" IS DISTINCT FROM NEW."avatar_url")
  EXECUTE FUNCTION "doom_avatar"();

-- `store_messages` for one message: the same judgement in the same order, and besides it takes attachments. A statement
-- made for batches takes longer to begin than all of this takes. `uploads` are the ids of the sender's own uploads, each
-- to be used by no other message; `attached` is what the message will show.
CREATE FUNCTION "store_message"(
  "message_id" uuid, "conversation" uuid, "sender" uuid, "client_key" uuid, "text" text, "reply" uuid,
  "message_kind" message_kind, "uploads" uuid[], "attached" jsonb, "friends_only" boolean,
  OUT "position" integer, OUT "outcome" text, OUT "id" uuid, OUT "seq" integer, OUT "created_at" timestamptz,
  OUT "reply_seq" integer, OUT "reply_sender_id" uuid, OUT "reply_kind" text, OUT "reply_content" text,
  OUT "reply_deleted_at" timestamptz
) LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
  place record;
  earlier uuid;
  visible_from integer;
  refused boolean;
BEGIN
  "position" := 1;
  "id" := "message_id";
  SELECT c."type", c."low_id", c."high_id", c."last_seq", c."last_message_at" INTO place
    FROM "conversations" c WHERE c."id" = "conversation" FOR NO KEY UPDATE;

  SELECT
      (SELECT m."id" FROM "messages" m WHERE m."sender_id" = "sender" AND m."client_id" = "client_key"),
      (SELECT m."visible_from_seq" FROM "conversation_members" m
        WHERE m."conversation_id" = "conversation" AND m."user_id" = "sender" AND m."left_at" IS NULL),
      place."type" = 'DIRECT' AND (
        EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = place."low_id" AND b."blocked_id" = place."high_id")
        OR EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = place."high_id" AND b."blocked_id" = place."low_id")
        OR ("friends_only" AND NOT EXISTS (
          SELECT 1 FROM "friendships" f
          WHERE f."low_id" = place."low_id" AND f."high_id" = place."high_id" AND f."removed_at" IS NULL)))
    INTO earlier, visible_from, refused;
  IF earlier IS NOT NULL THEN "outcome" := 'repeated'; "id" := earlier; RETURN; END IF;
  IF visible_from IS NULL THEN "outcome" := 'not_found'; RETURN; END IF;
  IF refused THEN "outcome" := 'refused'; RETURN; END IF;

  IF "reply" IS NOT NULL THEN
    SELECT r."seq", r."sender_id", r."kind"::text, left(r."content", 200), r."deleted_at"
      INTO "reply_seq", "reply_sender_id", "reply_kind", "reply_content", "reply_deleted_at"
      FROM "messages" r WHERE r."id" = "reply" AND r."conversation_id" = "conversation" AND r."seq" >= visible_from;
    IF NOT FOUND THEN "outcome" := 'reply_unknown'; RETURN; END IF;
  END IF;

  IF "uploads" IS NOT NULL THEN
    -- In the order of their ids, so that two messages that want the same never wait for each other.
    PERFORM 1 FROM "attachments" a WHERE a."id" = ANY ("uploads") ORDER BY a."id" FOR UPDATE;
    IF (SELECT count(*) FROM "attachments" a
        WHERE a."id" = ANY ("uploads") AND a."owner_id" = "sender" AND a."state" = 'READY'
          AND a."message_id" IS NULL AND NOT a."is_avatar") < cardinality("uploads")
    THEN "outcome" := 'attachment_unknown'; RETURN; END IF;
    UPDATE "attachments" a SET "message_id" = "store_message"."message_id", "conversation_id" = "conversation"
      WHERE a."id" = ANY ("uploads");
  END IF;

  "outcome" := 'stored';
  "seq" := place."last_seq" + 1;
  -- Never before the message it follows, whatever the clock does.
  "created_at" := GREATEST(date_trunc('milliseconds', clock_timestamp()), place."last_message_at");
  INSERT INTO "messages" ("id", "conversation_id", "seq", "sender_id", "client_id", "kind", "content", "attachments", "reply_to_id", "created_at")
    VALUES ("message_id", "conversation", "seq", "sender", "client_key", "message_kind", "text", "attached", "reply", "created_at");
  UPDATE "conversations" c SET
      "last_seq" = "store_message"."seq", "last_message_id" = "store_message"."message_id", "last_message" = left("text", 200),
      "last_message_at" = "store_message"."created_at", "last_message_by" = "sender", "last_message_kind" = "message_kind",
      "changed_xid" = pg_current_xact_id()
    WHERE c."id" = "conversation";
  UPDATE "conversation_members" m SET
      "last_read_seq" = "store_message"."seq", "last_delivered_seq" = "store_message"."seq", "receipt_xid" = pg_current_xact_id()
    WHERE m."conversation_id" = "conversation" AND m."user_id" = "sender";
END $$;
