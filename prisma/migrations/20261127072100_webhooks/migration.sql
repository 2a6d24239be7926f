-- Webhooks, and their outbox. Nothing is written by the statements that store messages: new messages are found behind the
-- writer, by how far each conversation is planned. All rarer events are written down by triggers, in the transaction of the
-- change itself, so that there is none without the other, whatever part of the server, or which process, makes it.
CREATE TABLE "webhooks" (
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT[],
    "secret" TEXT NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "follows_from" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failing_since" TIMESTAMPTZ(3),
    "disabled_at" TIMESTAMPTZ(3),
    "disabled_reason" TEXT,
    "is_notice_due" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "webhooks_reason_where_disabled" CHECK (("disabled_at" IS NULL) = ("disabled_reason" IS NULL)),
    CONSTRAINT "webhooks_reason_known" CHECK ("disabled_reason" IN ('GONE', 'FAILING', 'BACKLOG', 'ADMINISTRATOR')),
    CONSTRAINT "webhooks_events_not_empty" CHECK (cardinality("events") > 0)
);
CREATE INDEX "webhooks_created_by_id_idx" ON "webhooks"("created_by", "id");
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_created_by_fkey"
  FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "webhook_events" (
    "id" BIGSERIAL NOT NULL,
    "type" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "user_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_events_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "webhook_progress" (
    "conversation_id" UUID NOT NULL,
    "planned_seq" INTEGER NOT NULL,

    CONSTRAINT "webhook_progress_pkey" PRIMARY KEY ("conversation_id")
);

CREATE TABLE "webhook_deliveries" (
    "id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "user_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3),
    "lease_id" UUID,
    "delivered_at" TIMESTAMPTZ(3),
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_error" TEXT,
    "last_duration_ms" INTEGER,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "webhook_deliveries_sent_once" CHECK ("delivered_at" IS NULL OR "next_at" IS NULL)
);
CREATE INDEX "webhook_deliveries_webhook_id_id_idx" ON "webhook_deliveries"("webhook_id", "id");
CREATE INDEX "webhook_deliveries_created_at_idx" ON "webhook_deliveries"("created_at");
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries"("webhook_id", "next_at", "id") WHERE "next_at" IS NOT NULL;
CREATE INDEX "webhook_deliveries_of_user" ON "webhook_deliveries"("user_id", "id") WHERE "user_id" IS NOT NULL;
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_fkey"
  FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whether anybody wants to know. There are few webhooks, and mostly none.
CREATE FUNCTION "is_event_followed"("event_type" text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM "webhooks" w WHERE w."disabled_at" IS NULL AND "event_type" = ANY (w."events"))
$$;

CREATE FUNCTION "note_message_event"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  event_type text := CASE WHEN NEW."deleted_at" IS NULL THEN 'message.updated' ELSE 'message.deleted' END;
BEGIN
  -- Messages that grow too old go by the thousand: whoever keeps copies has been sent when they were written.
  IF is_event_followed(event_type) AND current_setting('parley.retention', true) IS DISTINCT FROM 'on' THEN
    INSERT INTO "webhook_events" ("type", "subject_id") VALUES (event_type, NEW."id");
  END IF;
  RETURN NULL;
END $$;
-- Edits and deletions; neither reactions nor previews of links are news to a receiver.
CREATE TRIGGER "note_webhook_event" AFTER UPDATE OF "edited_at", "deleted_at" ON "messages" FOR EACH ROW
  WHEN (NEW."edited_at" IS DISTINCT FROM OLD."edited_at" OR NEW."deleted_at" IS DISTINCT FROM OLD."deleted_at")
  EXECUTE FUNCTION "note_message_event"();

CREATE FUNCTION "note_user_event"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  event_type text := CASE WHEN NEW."deleted_at" IS NULL THEN 'user.created' ELSE 'user.deleted' END;
BEGIN
  IF is_event_followed(event_type) THEN
    INSERT INTO "webhook_events" ("type", "subject_id") VALUES (event_type, NEW."id");
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "note_webhook_event_of_new" AFTER INSERT ON "users" FOR EACH ROW EXECUTE FUNCTION "note_user_event"();
CREATE TRIGGER "note_webhook_event" AFTER UPDATE OF "deleted_at" ON "users" FOR EACH ROW
  WHEN (OLD."deleted_at" IS NULL AND NEW."deleted_at" IS NOT NULL) EXECUTE FUNCTION "note_user_event"();

CREATE FUNCTION "note_friendship_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_event_followed('friend.accepted') THEN
    INSERT INTO "webhook_events" ("type", "subject_id", "user_id") VALUES ('friend.accepted', NEW."low_id", NEW."high_id");
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "note_webhook_event_of_new" AFTER INSERT ON "friendships" FOR EACH ROW
  WHEN (NEW."removed_at" IS NULL) EXECUTE FUNCTION "note_friendship_event"();
CREATE TRIGGER "note_webhook_event" AFTER UPDATE OF "removed_at" ON "friendships" FOR EACH ROW
  WHEN (OLD."removed_at" IS NOT NULL AND NEW."removed_at" IS NULL) EXECUTE FUNCTION "note_friendship_event"();

CREATE FUNCTION "note_conversation_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_event_followed('conversation.created') THEN
    INSERT INTO "webhook_events" ("type", "subject_id") VALUES ('conversation.created', NEW."id");
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "note_webhook_event" AFTER INSERT ON "conversations" FOR EACH ROW EXECUTE FUNCTION "note_conversation_event"();

-- Members of groups. Those whom a group begins with have not joined it: `conversation.created` names them.
CREATE FUNCTION "note_member_event"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  event_type text := CASE WHEN NEW."left_at" IS NULL THEN 'member.joined' ELSE 'member.left' END;
BEGIN
  IF is_event_followed(event_type) AND EXISTS (
    SELECT 1 FROM "conversations" c
    WHERE c."id" = NEW."conversation_id" AND c."type" = 'GROUP' AND (TG_OP = 'UPDATE' OR c."created_at" < NEW."joined_at")
  ) THEN
    INSERT INTO "webhook_events" ("type", "subject_id", "user_id") VALUES (event_type, NEW."conversation_id", NEW."user_id");
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "note_webhook_event_of_new" AFTER INSERT ON "conversation_members" FOR EACH ROW
  WHEN (NEW."left_at" IS NULL) EXECUTE FUNCTION "note_member_event"();
CREATE TRIGGER "note_webhook_event" AFTER UPDATE OF "left_at" ON "conversation_members" FOR EACH ROW
  WHEN ((OLD."left_at" IS NULL) <> (NEW."left_at" IS NULL)) EXECUTE FUNCTION "note_member_event"();
