-- Keys by which programs call, and the users that they act as.
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_keys_secret_is_hashed" CHECK (octet_length("secret_hash") = 32),
    CONSTRAINT "api_keys_scopes_known" CHECK (
      "scopes" <@ ARRAY['messages:write', 'users:read', 'users:write', 'conversations:read', 'conversations:write', 'webhooks:write']
        AND cardinality("scopes") > 0)
);
CREATE UNIQUE INDEX "api_keys_secret_hash_key" ON "api_keys"("secret_hash");
CREATE INDEX "api_keys_created_by_id_idx" ON "api_keys"("created_by", "id");
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_created_by_fkey"
  FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "api_key_sessions" (
    "session_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,

    CONSTRAINT "api_key_sessions_pkey" PRIMARY KEY ("session_id")
);
CREATE INDEX "api_key_sessions_key_id_idx" ON "api_key_sessions"("key_id");
ALTER TABLE "api_key_sessions" ADD CONSTRAINT "api_key_sessions_session_id_fkey"
  FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "api_key_sessions" ADD CONSTRAINT "api_key_sessions_key_id_fkey"
  FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "bots" (
    "user_id" UUID NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bots_pkey" PRIMARY KEY ("user_id")
);
CREATE INDEX "bots_created_by_user_id_idx" ON "bots"("created_by", "user_id");
ALTER TABLE "bots" ADD CONSTRAINT "bots_user_id_fkey"
  FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "bots" ADD CONSTRAINT "bots_created_by_fkey"
  FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
