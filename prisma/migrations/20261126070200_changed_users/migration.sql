-- Sync tells profiles that changed. Those from before this migration are told once: nobody was told of their changes so far.
ALTER TABLE "users" ADD COLUMN "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id();
-- A new user has not changed: whoever meets it is told it with what they meet in. 3 is older than every transaction.
ALTER TABLE "users" ALTER COLUMN "changed_xid" SET DEFAULT '3'::xid8;

-- Coming and going changes the row all the time, and is no change of the profile.
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "users" FOR EACH ROW
  WHEN ((NEW."username", NEW."display_name", NEW."avatar_url", NEW."deleted_at")
    IS DISTINCT FROM (OLD."username", OLD."display_name", OLD."avatar_url", OLD."deleted_at"))
  EXECUTE FUNCTION "stamp_change"();

CREATE INDEX "users_changed" ON "users" ("changed_xid") WHERE "changed_xid" > '3'::xid8;
