CREATE TYPE "code_purpose" AS ENUM ('VERIFY_EMAIL', 'RESET_PASSWORD');

-- At most one code of a kind for a user: a new one replaces the one before.
CREATE TABLE "one_time_codes" (
  "user_id"    UUID           NOT NULL,
  "purpose"    "code_purpose" NOT NULL,
  "hash"       BYTEA          NOT NULL,
  "guesses"    INTEGER        NOT NULL DEFAULT 0,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "one_time_codes_pkey" PRIMARY KEY ("user_id", "purpose"),
  CONSTRAINT "one_time_codes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "one_time_codes_expires_at_idx" ON "one_time_codes" ("expires_at");

CREATE TABLE "foreign_identities" (
  "issuer"     TEXT           NOT NULL,
  "subject"    TEXT           NOT NULL,
  "user_id"    UUID           NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "foreign_identities_pkey" PRIMARY KEY ("issuer", "subject"),
  CONSTRAINT "foreign_identities_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "foreign_identities_user_id_idx" ON "foreign_identities" ("user_id");

-- Accounts from before there was a verification are as good as verified: nobody is locked out by switching it on.
UPDATE "users" SET "email_verified_at" = "created_at" WHERE "email" IS NOT NULL AND "email_verified_at" IS NULL;

-- What a deleted account leaves behind is found by these.
CREATE INDEX "message_reactions_user_id_idx" ON "message_reactions" ("user_id");
CREATE INDEX "messages_system_idx" ON "messages" ("conversation_id", "seq") WHERE "kind" = 'SYSTEM';

-- Of a trusted issuer's user whose account was deleted: a hash of who it was, so that its old tokens do not bring it back.
CREATE TABLE "ended_identities" (
  "session_id" UUID           NOT NULL,
  "ended_at"   TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "ended_identities_pkey" PRIMARY KEY ("session_id")
);
