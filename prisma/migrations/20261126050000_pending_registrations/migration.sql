-- Who registered and has not yet proved that the address is theirs. A table of its own, and no user: nobody finds,
-- befriends or writes to such a registration, it keeps neither address nor username from anybody, and it goes by itself.
CREATE TABLE "pending_registrations" (
  "id"              UUID           NOT NULL,
  "email"           TEXT           NOT NULL,
  "username"        TEXT           NOT NULL,
  "display_name"    TEXT           NOT NULL,
  "password_hash"   TEXT           NOT NULL,
  "requested_from"  TEXT           NOT NULL,
  "code_hash"       BYTEA,
  "code_expires_at" TIMESTAMPTZ(3),
  "guesses"         INTEGER        NOT NULL DEFAULT 0,
  "guessers"        JSONB          NOT NULL DEFAULT '{}',
  "created_at"      TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at"      TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "pending_registrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "pending_registrations_email_idx" ON "pending_registrations" ("email");
CREATE INDEX "pending_registrations_username_idx" ON "pending_registrations" ("username");
CREATE INDEX "pending_registrations_expires_at_idx" ON "pending_registrations" ("expires_at");

-- Guesses at a code are counted by the address that they come from.
ALTER TABLE "one_time_codes" ADD COLUMN "requested_from" TEXT, ADD COLUMN "guessers" JSONB NOT NULL DEFAULT '{}';
DELETE FROM "one_time_codes" WHERE "purpose" = 'VERIFY_EMAIL';

-- Accounts that were never verified but are in use (verification was switched off meanwhile) stay as they are.
UPDATE "users" u SET "email_verified_at" = "created_at"
WHERE "email" IS NOT NULL AND "email_verified_at" IS NULL AND "deleted_at" IS NULL
  AND ("last_seen_at" IS NOT NULL
    OR EXISTS (SELECT 1 FROM "sessions" s WHERE s."user_id" = u."id")
    OR EXISTS (SELECT 1 FROM "messages" m WHERE m."sender_id" = u."id")
    OR EXISTS (SELECT 1 FROM "friend_requests" f WHERE f."sender_id" = u."id"));

-- The others were never anybody's: they become registrations that wait for their proof, and what others did with the
-- user that they were is left as with any deleted account.
CREATE TEMPORARY TABLE "unproved_users" ON COMMIT DROP AS
  SELECT "id" FROM "users" WHERE "email" IS NOT NULL AND "email_verified_at" IS NULL AND "deleted_at" IS NULL;
INSERT INTO "pending_registrations" ("id", "email", "username", "display_name", "password_hash", "requested_from", "created_at", "expires_at")
  SELECT gen_random_uuid(), u."email", u."username", u."display_name", u."password_hash", 'unknown', u."created_at", now() + interval '7 days'
  FROM "users" u JOIN "unproved_users" USING ("id") WHERE u."password_hash" IS NOT NULL;
UPDATE "friend_requests" SET "status" = 'CANCELLED', "responded_at" = now()
  WHERE "status" = 'PENDING' AND "receiver_id" IN (SELECT "id" FROM "unproved_users");
DELETE FROM "blocks" WHERE "blocked_id" IN (SELECT "id" FROM "unproved_users");
UPDATE "conversation_members" m SET "left_at" = now() FROM "conversations" c
  WHERE c."id" = m."conversation_id" AND c."type" = 'GROUP' AND m."left_at" IS NULL
    AND m."user_id" IN (SELECT "id" FROM "unproved_users");
DELETE FROM "one_time_codes" WHERE "user_id" IN (SELECT "id" FROM "unproved_users");
UPDATE "users" SET "email" = NULL, "username" = 'deleted-' || "id", "display_name" = 'Deleted user', "avatar_url" = NULL,
    "password_hash" = NULL, "deleted_at" = now()
  WHERE "id" IN (SELECT "id" FROM "unproved_users");
