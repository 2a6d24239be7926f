-- Three things that were left to the code: a group has one owner at most, whoever is a member has not left, and a deleted
-- message says nothing of what it linked to.

-- Of several owners the one of longest standing stays; sync says so.
UPDATE "conversation_members" m SET "role" = 'ADMIN'
FROM (
  SELECT "conversation_id", "user_id", row_number() OVER (PARTITION BY "conversation_id" ORDER BY "joined_at", "user_id") AS "place"
  FROM "conversation_members" WHERE "role" = 'OWNER' AND "left_at" IS NULL
) AS owners
WHERE owners."place" > 1 AND m."conversation_id" = owners."conversation_id" AND m."user_id" = owners."user_id";
UPDATE "conversation_members" SET "left_by_choice" = false WHERE "left_by_choice" AND "left_at" IS NULL;
UPDATE "messages" SET "link_preview" = NULL WHERE "deleted_at" IS NOT NULL AND "link_preview" IS NOT NULL;

CREATE UNIQUE INDEX "conversation_members_one_owner" ON "conversation_members" ("conversation_id")
  WHERE "role" = 'OWNER' AND "left_at" IS NULL;
ALTER TABLE "conversation_members"
  ADD CONSTRAINT "conversation_members_left" CHECK ("left_at" IS NOT NULL OR NOT "left_by_choice") NOT VALID;
ALTER TABLE "messages" DROP CONSTRAINT "messages_deleted_is_empty";
ALTER TABLE "messages"
  ADD CONSTRAINT "messages_deleted_is_empty" CHECK ("deleted_at" IS NULL
    OR num_nonnulls("content", "attachments", "link_preview", "reply_to_id") = 0) NOT VALID;
