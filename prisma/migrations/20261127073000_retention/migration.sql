-- How long conversations keep their messages, and how far each has let them go. No column of conversations: every message writes
-- those rows.
CREATE TABLE "conversation_retention" (
    "conversation_id" UUID NOT NULL,
    "days" INTEGER,
    "expired_seq" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "conversation_retention_pkey" PRIMARY KEY ("conversation_id"),
    CONSTRAINT "conversation_retention_days" CHECK ("days" BETWEEN 0 AND 36500)
);
CREATE INDEX "conversation_retention_set" ON "conversation_retention"("conversation_id") WHERE "days" > 0;
ALTER TABLE "conversation_retention" ADD CONSTRAINT "conversation_retention_conversation_id_fkey"
  FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
