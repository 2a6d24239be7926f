-- Uploads that go on after a break. The row of one is here before its first byte, like any other's, with the size that was
-- announced; `expires_at` is what makes it one, and stays once the file is complete.
ALTER TABLE "attachments"
  ADD COLUMN "expires_at"      TIMESTAMPTZ(3),
  ADD COLUMN "upload_metadata" TEXT,
  ADD COLUMN "storing_by"      TEXT,
  ADD CONSTRAINT "attachments_resumable" CHECK ("expires_at" IS NULL OR "announced_size" IS NOT NULL);
-- What is unfinished, of one user and of all: it is summed before another one begins.
CREATE INDEX "attachments_unfinished" ON "attachments" ("owner_id") INCLUDE ("announced_size", "expires_at")
  WHERE "expires_at" IS NOT NULL AND "state" IN ('EXPECTED', 'STORING');
-- What a user's files take, from the index alone.
CREATE INDEX "attachments_usage" ON "attachments" ("owner_id") INCLUDE ("size") WHERE "state" = 'READY';
