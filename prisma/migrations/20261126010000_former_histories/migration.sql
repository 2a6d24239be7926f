-- The first three migrations were edited after they had landed. This brings databases that were made by their former
-- texts (former.sha256) to what today's texts make; it changes nothing in any other.

CREATE UNLOGGED TABLE IF NOT EXISTS "presence_leases" (
    "user_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "presence_leases_pkey" PRIMARY KEY ("user_id","node_id")
);

CREATE INDEX IF NOT EXISTS "message_reactions_user_id_idx" ON "message_reactions" ("user_id");
CREATE INDEX IF NOT EXISTS "messages_system_idx" ON "messages" ("conversation_id", "seq") WHERE "kind" = 'SYSTEM';

CREATE TABLE IF NOT EXISTS "ended_identities" (
  "session_id" UUID           NOT NULL,
  "ended_at"   TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "ended_identities_pkey" PRIMARY KEY ("session_id")
);

ALTER TABLE "attachments"
  ADD COLUMN IF NOT EXISTS "announced_size" INTEGER,
  ADD COLUMN IF NOT EXISTS "storing_since" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "swept_at" TIMESTAMPTZ(3);
CREATE INDEX IF NOT EXISTS "attachments_announced" ON "attachments" ("created_at")
  WHERE "announced_size" IS NOT NULL AND "swept_at" IS NULL;
