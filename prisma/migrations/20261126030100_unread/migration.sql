-- Unread messages are counted by subtraction: of all after the cursor those that nobody is to read. Few messages are in
-- this index, so counting costs nearly nothing, and storing a message nothing at all.
CREATE INDEX "messages_uncounted" ON "messages" ("conversation_id", "seq") WHERE "deleted_at" IS NOT NULL OR "kind" = 'SYSTEM';

-- Where in its conversation a hidden message is, so that those after a cursor are found without the messages themselves.
ALTER TABLE "hidden_messages" ADD COLUMN "seq" INTEGER;
UPDATE "hidden_messages" h SET "seq" = m."seq" FROM "messages" m WHERE m."id" = h."message_id";
DELETE FROM "hidden_messages" WHERE "seq" IS NULL;
ALTER TABLE "hidden_messages" ALTER COLUMN "seq" SET NOT NULL;

CREATE FUNCTION "place_hidden_message"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT m."seq" INTO NEW."seq" FROM "messages" m WHERE m."id" = NEW."message_id";
  RETURN NEW;
END $$;
CREATE TRIGGER "place_hidden_message" BEFORE INSERT ON "hidden_messages" FOR EACH ROW
  WHEN (NEW."seq" IS NULL) EXECUTE FUNCTION "place_hidden_message"();

DROP INDEX "hidden_messages_user_id_idx";
CREATE INDEX "hidden_messages_user_id_conversation_id_seq_idx" ON "hidden_messages" ("user_id", "conversation_id", "seq");
