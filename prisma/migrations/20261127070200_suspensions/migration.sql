-- Until when an account may not be used: it begins with `suspended_at`; without an end it is a ban. It ends by itself, since
-- who asks compares the time, and leaves what it was until it is lifted or another begins.
ALTER TABLE "users"
  ADD COLUMN "suspended_at" TIMESTAMPTZ(3),
  ADD COLUMN "suspended_until" TIMESTAMPTZ(3),
  ADD COLUMN "suspension_reason" TEXT,
  ADD CONSTRAINT "users_suspension_has_a_beginning"
    CHECK ("suspended_at" IS NOT NULL OR ("suspended_until" IS NULL AND "suspension_reason" IS NULL)),
  ADD CONSTRAINT "users_suspension_reason_bounded" CHECK (length("suspension_reason") <= 2000);

-- Few rows, listed by moderators: who is suspended or was, and who has a role.
CREATE INDEX "users_suspended" ON "users" ("id") WHERE "suspended_at" IS NOT NULL;
CREATE INDEX "users_with_a_role" ON "users" ("id") WHERE "role" <> 'USER'::"user_role";

-- One row, whose number rises with every act that ends sessions of others, in its transaction. Processes look at it: what ends
-- sessions may be none of them (an operator's command), or may die between its commit and its event.
CREATE TABLE "session_endings" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "revision" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "session_endings_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "session_endings_one_row" CHECK ("id")
);
INSERT INTO "session_endings" DEFAULT VALUES;
