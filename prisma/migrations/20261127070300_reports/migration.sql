-- What users report, each with a copy of what it is about, as its reporter was shown it: whatever happens to that later.
-- No foreign key to what is reported: messages have none (migration `guards`), and a report outlives its target.
CREATE TABLE "reports" (
    "id" UUID NOT NULL,
    "reporter_id" UUID NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" UUID NOT NULL,
    "target_user_id" UUID,
    "conversation_id" UUID,
    "reason" TEXT NOT NULL,
    "comment" TEXT,
    "copy" JSONB,
    "status" TEXT NOT NULL DEFAULT 'OPEN',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ(3),
    "resolved_by" UUID,
    "action" TEXT,
    "note" TEXT,

    CONSTRAINT "reports_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "reports_target_type" CHECK ("target_type" IN ('message', 'user', 'conversation')),
    CONSTRAINT "reports_reason" CHECK ("reason" IN ('SPAM', 'HARASSMENT', 'VIOLENCE', 'SEXUAL', 'SELF_HARM', 'ILLEGAL', 'OTHER')),
    CONSTRAINT "reports_status" CHECK ("status" IN ('OPEN', 'DISMISSED', 'RESOLVED')),
    CONSTRAINT "reports_action" CHECK ("action" IN ('dismiss', 'delete_message', 'suspend_user', 'ban_user')),
    CONSTRAINT "reports_resolved_as_a_whole" CHECK (("status" = 'OPEN') = ("resolved_at" IS NULL) AND ("status" = 'OPEN') = ("action" IS NULL)),
    CONSTRAINT "reports_copy_while_open" CHECK ("status" <> 'OPEN' OR "copy" IS NOT NULL),
    CONSTRAINT "reports_texts_bounded" CHECK (length("comment") <= 2000 AND length("note") <= 2000)
);

-- Once per reporter and target, as long as it is open.
CREATE UNIQUE INDEX "reports_open_of_reporter" ON "reports" ("reporter_id", "target_type", "target_id") WHERE "status" = 'OPEN';
-- The queue, and what else is open about the same.
CREATE INDEX "reports_status_id_idx" ON "reports" ("status", "id");
CREATE INDEX "reports_open_of_target" ON "reports" ("target_type", "target_id") WHERE "status" = 'OPEN';
CREATE INDEX "reports_target_user_id_idx" ON "reports" ("target_user_id");
CREATE INDEX "reports_reporter_id_id_idx" ON "reports" ("reporter_id", "id");
CREATE INDEX "reports_to_forget" ON "reports" ("resolved_at") WHERE "copy" IS NOT NULL AND "resolved_at" IS NOT NULL;

ALTER TABLE "reports"
  ADD CONSTRAINT "reports_reporter_id_fkey" FOREIGN KEY ("reporter_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT "reports_target_user_id_fkey" FOREIGN KEY ("target_user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT "reports_resolved_by_fkey" FOREIGN KEY ("resolved_by") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
