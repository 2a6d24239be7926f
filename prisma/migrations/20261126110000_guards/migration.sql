-- What must hold is a constraint. First the rows of earlier days are brought to it, the same way wherever this runs; what
-- nobody could have seen goes, what people see stays. `NOT VALID` here and `VALIDATE` in the next migration, so that no
-- large table is looked through under a lock that keeps everybody out.
--
-- The hottest tables have no foreign keys where a row is written with every message, since these cost two fifths of the
-- database's time there (docs/adr/0003-message-writer.md): `messages`, whose conversation is locked and whose sender is a
-- member in the statement that stores it; `conversations.last_message_id` and `last_message_by`, which that statement sets;
-- `message_search` and `message_search_progress`, which are made anew from messages at any time; `presences`, which end by
-- themselves. Nothing refers to `messages` by `id` alone: it could not be divided by conversation then.

-- Nothing changed as clients see it, but where a row could not be shown before: no stamps.
ALTER TABLE "users" DISABLE TRIGGER "stamp_change";
ALTER TABLE "friend_requests" DISABLE TRIGGER "stamp_change";
ALTER TABLE "conversations" DISABLE TRIGGER "stamp_change";
ALTER TABLE "conversation_members" DISABLE TRIGGER "stamp_receipt";
ALTER TABLE "messages" DISABLE TRIGGER "stamp_change";

-- Users: of several accounts whose addresses differ by case alone, the one that has it in lower case keeps it, else the
-- oldest gets it. The others lose it, and are logged in to by username.
UPDATE "users" u SET
  "email" = CASE WHEN lowered."place" = 1 AND NOT EXISTS (SELECT 1 FROM "users" o WHERE o."email" = lowered."email")
    THEN lowered."email" END
FROM (
  SELECT "id", translate("email", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') AS "email",
    row_number() OVER (
      PARTITION BY translate("email", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') ORDER BY "created_at", "id"
    ) AS "place"
  FROM "users" WHERE "email" ~ '[A-Z]'
) AS lowered WHERE u."id" = lowered."id";
-- A username that is taken in lower case gets the end of its id.
UPDATE "users" u SET
  "username" = lowered."username" || CASE WHEN lowered."place" = 1
    AND NOT EXISTS (SELECT 1 FROM "users" o WHERE o."username" = lowered."username") THEN '' ELSE '_' || right(u."id"::text, 12) END
FROM (
  SELECT "id", translate("username", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') AS "username",
    row_number() OVER (
      PARTITION BY translate("username", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') ORDER BY "created_at", "id"
    ) AS "place"
  FROM "users" WHERE "username" ~ '[A-Z]'
) AS lowered WHERE u."id" = lowered."id";
UPDATE "users" SET "email" = NULL, "email_verified_at" = NULL, "password_hash" = NULL, "avatar_url" = NULL
  WHERE "deleted_at" IS NOT NULL AND num_nonnulls("email", "email_verified_at", "password_hash", "avatar_url") > 0;
UPDATE "users" SET "email_verified_at" = NULL WHERE "email" IS NULL AND "email_verified_at" IS NOT NULL;

DELETE FROM "refresh_tokens" WHERE octet_length("hash") <> 32;
DELETE FROM "one_time_codes" WHERE "guesses" < 0 OR jsonb_typeof("guessers") <> 'object';
DELETE FROM "pending_registrations" WHERE "guesses" < 0 OR jsonb_typeof("guessers") <> 'object'
  OR "email" ~ '[A-Z]' OR "username" ~ '[A-Z]';
UPDATE "pending_registrations" SET "code_hash" = NULL, "code_expires_at" = NULL
  WHERE ("code_hash" IS NULL) <> ("code_expires_at" IS NULL);

-- Friends: what names nobody, or somebody and itself, goes. A pair in the wrong order is turned, where its row in the
-- right order is not there already.
DELETE FROM "friend_requests" r WHERE r."sender_id" = r."receiver_id"
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = r."sender_id")
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = r."receiver_id");
UPDATE "friend_requests" SET "responded_at" = CASE WHEN "status" <> 'PENDING' THEN "created_at" END
  WHERE ("status" = 'PENDING') <> ("responded_at" IS NULL);
DELETE FROM "friendships" f WHERE f."low_id" = f."high_id"
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = f."low_id")
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = f."high_id")
  OR (f."low_id" > f."high_id"
    AND EXISTS (SELECT 1 FROM "friendships" o WHERE o."low_id" = f."high_id" AND o."high_id" = f."low_id"));
UPDATE "friendships" SET "low_id" = "high_id", "high_id" = "low_id" WHERE "low_id" > "high_id";
DELETE FROM "blocks" b WHERE b."blocker_id" = b."blocked_id"
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = b."blocker_id")
  OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = b."blocked_id");

-- Members of nothing, and members that are nobody.
DELETE FROM "conversation_members" m
  WHERE NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."id" = m."conversation_id")
    OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = m."user_id");
UPDATE "conversation_members" SET "last_read_seq" = GREATEST("last_read_seq", 0), "last_own_seq" = GREATEST("last_own_seq", 0),
    "last_delivered_seq" = GREATEST("last_read_seq", "last_delivered_seq", 0), "visible_from_seq" = GREATEST("visible_from_seq", 1)
  WHERE "last_read_seq" < 0 OR "last_own_seq" < 0 OR "last_delivered_seq" < "last_read_seq" OR "visible_from_seq" < 1;

-- Conversations. A direct one that is of no pair of two users, or of a pair that has another one, becomes a group, so that
-- nobody loses what was written there; a group without a title gets one.
UPDATE "conversations" SET "low_id" = NULL, "high_id" = NULL WHERE "type" = 'GROUP' AND num_nonnulls("low_id", "high_id") > 0;
UPDATE "conversations" c SET "type" = 'GROUP', "low_id" = NULL, "high_id" = NULL
  WHERE c."type" = 'DIRECT' AND (c."low_id" IS NULL OR c."high_id" IS NULL OR c."low_id" = c."high_id"
    OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = c."low_id")
    OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = c."high_id")
    OR (c."low_id" > c."high_id"
      AND EXISTS (SELECT 1 FROM "conversations" o WHERE o."low_id" = c."high_id" AND o."high_id" = c."low_id")));
UPDATE "conversations" SET "low_id" = "high_id", "high_id" = "low_id" WHERE "type" = 'DIRECT' AND "low_id" > "high_id";
UPDATE "conversations" SET "title" = NULL WHERE "type" = 'DIRECT' AND "title" IS NOT NULL;
UPDATE "conversations" SET "title" = 'Group' WHERE "type" = 'GROUP' AND "title" IS NULL;
UPDATE "conversations" c SET "created_by" = NULL
  WHERE c."created_by" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = c."created_by");
UPDATE "conversations" c SET "last_seq" = GREATEST(c."last_seq", 0), "member_count" = GREATEST(c."member_count", 0)
  WHERE c."last_seq" < 0 OR c."member_count" < 0;
UPDATE "conversations" SET "last_system" = NULL WHERE "last_system" IS NOT NULL AND "last_message_kind" IS DISTINCT FROM 'SYSTEM';

-- Messages.
UPDATE "messages" SET "content" = NULL, "attachments" = NULL, "reply_to_id" = NULL
  WHERE "deleted_at" IS NOT NULL AND num_nonnulls("content", "attachments", "reply_to_id") > 0;
UPDATE "messages" SET "system" = NULL WHERE "kind" <> 'SYSTEM' AND "system" IS NOT NULL;
UPDATE "messages" SET "client_id" = CASE WHEN "kind" <> 'SYSTEM' THEN "id" END WHERE ("kind" = 'SYSTEM') <> ("client_id" IS NULL);

-- A file that says one of message and conversation, or a conversation that there is not, is shown nowhere: the sweep takes
-- it. Of one whose owner there is not even the row cannot stay; its bytes are left in the store.
UPDATE "attachments" a SET "message_id" = NULL, "conversation_id" = NULL, "state" = 'DOOMED'
  WHERE (a."message_id" IS NULL) <> (a."conversation_id" IS NULL)
    OR (a."conversation_id" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."id" = a."conversation_id"));
DELETE FROM "attachments" a WHERE NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = a."owner_id");
UPDATE "attachments" SET "width" = NULLIF(GREATEST("width", 0), 0), "height" = NULLIF(GREATEST("height", 0), 0),
    "size" = GREATEST("size", 0), "announced_size" = GREATEST("announced_size", 0)
  WHERE "width" <= 0 OR "height" <= 0 OR "size" < 0 OR "announced_size" < 0;

-- Reactions and hidden messages say which conversation they are in.
ALTER TABLE "message_reactions" ADD COLUMN "conversation_id" UUID;
UPDATE "message_reactions" r SET "conversation_id" = m."conversation_id" FROM "messages" m WHERE m."id" = r."message_id";
DELETE FROM "message_reactions" r
  WHERE r."conversation_id" IS NULL OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = r."user_id")
    OR NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."id" = r."conversation_id");
ALTER TABLE "message_reactions" ALTER COLUMN "conversation_id" SET NOT NULL;
CREATE FUNCTION "place_reaction"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT m."conversation_id" INTO NEW."conversation_id" FROM "messages" m WHERE m."id" = NEW."message_id";
  RETURN NEW;
END $$;
CREATE TRIGGER "place_reaction" BEFORE INSERT ON "message_reactions" FOR EACH ROW
  WHEN (NEW."conversation_id" IS NULL) EXECUTE FUNCTION "place_reaction"();
UPDATE "hidden_messages" h SET "conversation_id" = m."conversation_id", "seq" = m."seq"
  FROM "messages" m WHERE m."id" = h."message_id" AND (m."conversation_id", m."seq") IS DISTINCT FROM (h."conversation_id", h."seq");
DELETE FROM "hidden_messages" h
  WHERE NOT EXISTS (SELECT 1 FROM "messages" m WHERE m."id" = h."message_id")
    OR NOT EXISTS (SELECT 1 FROM "users" u WHERE u."id" = h."user_id");

ALTER TABLE "users" ENABLE TRIGGER "stamp_change";
ALTER TABLE "friend_requests" ENABLE TRIGGER "stamp_change";
ALTER TABLE "conversations" ENABLE TRIGGER "stamp_change";
ALTER TABLE "conversation_members" ENABLE TRIGGER "stamp_receipt";
ALTER TABLE "messages" ENABLE TRIGGER "stamp_change";

ALTER TABLE "users"
  ADD CONSTRAINT "users_email_lower" CHECK ("email" !~ '[A-Z]') NOT VALID,
  ADD CONSTRAINT "users_username_lower" CHECK ("username" !~ '[A-Z]') NOT VALID,
  ADD CONSTRAINT "users_deleted_is_nobody" CHECK ("deleted_at" IS NULL OR ("email" IS NULL AND "password_hash" IS NULL AND "avatar_url" IS NULL)) NOT VALID,
  ADD CONSTRAINT "users_verified_has_email" CHECK ("email_verified_at" IS NULL OR "email" IS NOT NULL) NOT VALID;

ALTER TABLE "refresh_tokens"
  ADD CONSTRAINT "refresh_tokens_hash_whole" CHECK (octet_length("hash") = 32) NOT VALID;

ALTER TABLE "one_time_codes"
  ADD CONSTRAINT "one_time_codes_guesses" CHECK ("guesses" >= 0 AND jsonb_typeof("guessers") = 'object') NOT VALID;

ALTER TABLE "pending_registrations"
  ADD CONSTRAINT "pending_registrations_email_lower" CHECK ("email" !~ '[A-Z]' AND "username" !~ '[A-Z]') NOT VALID,
  ADD CONSTRAINT "pending_registrations_code" CHECK (("code_hash" IS NULL) = ("code_expires_at" IS NULL)) NOT VALID,
  ADD CONSTRAINT "pending_registrations_guesses" CHECK ("guesses" >= 0 AND jsonb_typeof("guessers") = 'object') NOT VALID;

ALTER TABLE "friend_requests"
  ADD CONSTRAINT "friend_requests_sender_id_fkey" FOREIGN KEY ("sender_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "friend_requests_receiver_id_fkey" FOREIGN KEY ("receiver_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "friend_requests_of_two" CHECK ("sender_id" <> "receiver_id") NOT VALID,
  ADD CONSTRAINT "friend_requests_answered" CHECK (("status" = 'PENDING') = ("responded_at" IS NULL)) NOT VALID;

ALTER TABLE "friendships"
  ADD CONSTRAINT "friendships_low_id_fkey" FOREIGN KEY ("low_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "friendships_high_id_fkey" FOREIGN KEY ("high_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "friendships_low_first" CHECK ("low_id" < "high_id") NOT VALID;

ALTER TABLE "blocks"
  ADD CONSTRAINT "blocks_blocker_id_fkey" FOREIGN KEY ("blocker_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "blocks_blocked_id_fkey" FOREIGN KEY ("blocked_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "blocks_of_two" CHECK ("blocker_id" <> "blocked_id") NOT VALID;

ALTER TABLE "conversations"
  ADD CONSTRAINT "conversations_low_id_fkey" FOREIGN KEY ("low_id") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversations_high_id_fkey" FOREIGN KEY ("high_id") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversations_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversations_direct_is_pair" CHECK (CASE "type"
    WHEN 'DIRECT' THEN "low_id" IS NOT NULL AND "high_id" IS NOT NULL AND "low_id" < "high_id" AND "title" IS NULL
    ELSE "low_id" IS NULL AND "high_id" IS NULL AND "title" IS NOT NULL END) NOT VALID,
  ADD CONSTRAINT "conversations_counts" CHECK ("last_seq" >= 0 AND "member_count" >= 0) NOT VALID,
  ADD CONSTRAINT "conversations_last_system" CHECK ("last_system" IS NULL OR "last_message_kind" = 'SYSTEM') NOT VALID;

ALTER TABLE "conversation_members"
  ADD CONSTRAINT "conversation_members_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversation_members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversation_members_cursors" CHECK ("last_read_seq" >= 0 AND "last_read_seq" <= "last_delivered_seq" AND "last_own_seq" >= 0) NOT VALID,
  ADD CONSTRAINT "conversation_members_visible_from" CHECK ("visible_from_seq" >= 1) NOT VALID;

ALTER TABLE "messages"
  ADD CONSTRAINT "messages_system_has_event" CHECK (("kind" = 'SYSTEM') = ("system" IS NOT NULL AND "system" ?& '{type,actorId,userIds}')) NOT VALID,
  ADD CONSTRAINT "messages_key" CHECK (("kind" = 'SYSTEM') = ("client_id" IS NULL)) NOT VALID,
  ADD CONSTRAINT "messages_deleted_is_empty" CHECK ("deleted_at" IS NULL OR ("content" IS NULL AND "attachments" IS NULL AND "reply_to_id" IS NULL)) NOT VALID;

ALTER TABLE "attachments"
  ADD CONSTRAINT "attachments_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "attachments_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "attachments_place" CHECK (("message_id" IS NULL) = ("conversation_id" IS NULL)) NOT VALID,
  ADD CONSTRAINT "attachments_sizes" CHECK ("size" >= 0 AND "announced_size" >= 0 AND "width" > 0 AND "height" > 0) NOT VALID;

ALTER TABLE "message_reactions"
  ADD CONSTRAINT "message_reactions_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "message_reactions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID;

ALTER TABLE "hidden_messages"
  ADD CONSTRAINT "hidden_messages_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "hidden_messages_conversation_id_seq_fkey" FOREIGN KEY ("conversation_id", "seq") REFERENCES "messages" ("conversation_id", "seq") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID;
