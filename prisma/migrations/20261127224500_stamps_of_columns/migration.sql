-- PostgreSQL reads the text of a trigger's condition anew in each statement that writes to its table, unless the trigger is of
-- columns that the statement does not name: with every message that was the text of two conditions about the sender's membership.

-- What is left of this condition is short, and false where who writes has set the stamp itself.
CREATE OR REPLACE FUNCTION "stamp_receipt"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."last_read_seq" IS DISTINCT FROM OLD."last_read_seq" OR NEW."last_delivered_seq" IS DISTINCT FROM OLD."last_delivered_seq" THEN
    NEW."receipt_xid" := pg_current_xact_id();
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER "stamp_receipt" ON "conversation_members";
CREATE TRIGGER "stamp_receipt" BEFORE UPDATE OF "last_read_seq", "last_delivered_seq" ON "conversation_members"
  FOR EACH ROW WHEN (NEW."receipt_xid" = OLD."receipt_xid") EXECUTE FUNCTION "stamp_receipt"();

DROP TRIGGER "stamp_change" ON "conversation_members";
CREATE TRIGGER "stamp_change"
  BEFORE UPDATE OF "role", "joined_at", "visible_from_seq", "left_at", "muted_until", "archived_at", "pinned_at" ON "conversation_members"
  FOR EACH ROW WHEN (NEW."role" IS DISTINCT FROM OLD."role" OR NEW."joined_at" IS DISTINCT FROM OLD."joined_at"
    OR NEW."visible_from_seq" IS DISTINCT FROM OLD."visible_from_seq" OR NEW."left_at" IS DISTINCT FROM OLD."left_at"
    OR NEW."muted_until" IS DISTINCT FROM OLD."muted_until" OR NEW."archived_at" IS DISTINCT FROM OLD."archived_at"
    OR NEW."pinned_at" IS DISTINCT FROM OLD."pinned_at")
  EXECUTE FUNCTION "stamp_change"();
