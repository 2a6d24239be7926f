-- An uploaded avatar is named by its attachment's id, as everything else is, and no longer by a piece of a URL that nothing
-- held to anything. `avatar_url` is left for pictures that lie elsewhere; `/avatars/<id>` is made where a picture is shown.
ALTER TABLE "users" ADD COLUMN "avatar_id" UUID;
ALTER TABLE "conversations" ADD COLUMN "avatar_id" UUID;
DROP TRIGGER "doom_avatar" ON "users";
DROP TRIGGER "doom_avatar" ON "conversations";
DROP FUNCTION "doom_avatar"();
-- As it was, and it knows the new column.
DROP TRIGGER "stamp_change" ON "users";
CREATE TRIGGER "stamp_change" BEFORE UPDATE ON "users" FOR EACH ROW
  WHEN ((NEW."username", NEW."display_name", NEW."avatar_id", NEW."avatar_url", NEW."deleted_at")
    IS DISTINCT FROM (OLD."username", OLD."display_name", OLD."avatar_id", OLD."avatar_url", OLD."deleted_at"))
  EXECUTE FUNCTION "stamp_change"();

-- What is shown stays the same: no stamps. Of several rows that name one picture, which no release wrote, the oldest keeps
-- it, and a user before a group.
ALTER TABLE "users" DISABLE TRIGGER "stamp_change";
ALTER TABLE "conversations" DISABLE TRIGGER "stamp_change";
WITH named AS (
  SELECT "id", true AS "is_user", "avatar_url", "created_at" FROM "users" WHERE "avatar_url" LIKE '/avatars/%'
  UNION ALL
  SELECT "id", false, "avatar_url", "created_at" FROM "conversations" WHERE "avatar_url" LIKE '/avatars/%' AND "type" = 'GROUP'
), holders AS (
  SELECT DISTINCT ON (a."id") n."id", n."is_user", a."id" AS "avatar_id"
  FROM named n JOIN "attachments" a ON '/avatars/' || a."id" = n."avatar_url"
  WHERE a."is_avatar" AND a."state" = 'READY' AND a."kind" = 'IMAGE' AND a."message_id" IS NULL
  ORDER BY a."id", n."is_user" DESC, n."created_at", n."id"
), users_update AS (
  UPDATE "users" u SET "avatar_id" = h."avatar_id", "avatar_url" = NULL FROM holders h WHERE h."is_user" AND u."id" = h."id"
)
UPDATE "conversations" c SET "avatar_id" = h."avatar_id", "avatar_url" = NULL
FROM holders h WHERE NOT h."is_user" AND c."id" = h."id";
ALTER TABLE "users" ENABLE TRIGGER "stamp_change";
ALTER TABLE "conversations" ENABLE TRIGGER "stamp_change";

-- A URL of ours that leads nowhere is a picture less, and sync says so.
UPDATE "users" SET "avatar_url" = NULL WHERE "avatar_url" LIKE '/%';
UPDATE "conversations" SET "avatar_url" = NULL WHERE "avatar_url" LIKE '/%' OR ("type" = 'DIRECT' AND "avatar_url" IS NOT NULL);
-- Of pictures that were replaced only the state said so.
UPDATE "attachments" a SET "is_avatar" = false, "state" = 'DOOMED'
WHERE a."is_avatar"
  AND NOT EXISTS (SELECT 1 FROM "users" u WHERE u."avatar_id" = a."id")
  AND NOT EXISTS (SELECT 1 FROM "conversations" c WHERE c."avatar_id" = a."id");

-- For whoever deletes an attachment. Each holds a picture of its own, and no second one of its kind the same.
CREATE UNIQUE INDEX "users_avatar_id_key" ON "users" ("avatar_id") WHERE "avatar_id" IS NOT NULL;
CREATE UNIQUE INDEX "conversations_avatar_id_key" ON "conversations" ("avatar_id") WHERE "avatar_id" IS NOT NULL;

-- `attachments.is_avatar` says in the attachment's own row that a key points at it, so that whoever waited for that row's
-- lock sees it (a snapshot taken before would show no key yet), and so that the sweep's index leaves used pictures out.
-- Only this trigger writes it. A picture that nobody points at any more is of no use, whoever replaced it and how.
CREATE FUNCTION "use_avatar"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'DELETE' AND NEW."avatar_id" IS NOT NULL THEN
    UPDATE "attachments" SET "is_avatar" = true
      WHERE "id" = NEW."avatar_id" AND "state" = 'READY' AND "kind" = 'IMAGE' AND "message_id" IS NULL AND NOT "is_avatar";
    IF NOT FOUND THEN
      RAISE EXCEPTION 'attachment % is no unused image', NEW."avatar_id"
        USING ERRCODE = 'check_violation', CONSTRAINT = 'avatar_is_unused_image', TABLE = TG_TABLE_NAME;
    END IF;
  END IF;
  IF TG_OP <> 'INSERT' AND OLD."avatar_id" IS NOT NULL THEN
    UPDATE "attachments" SET "is_avatar" = false, "state" = 'DOOMED' WHERE "id" = OLD."avatar_id";
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "use_avatar_of_new" AFTER INSERT ON "users" FOR EACH ROW
  WHEN (NEW."avatar_id" IS NOT NULL) EXECUTE FUNCTION "use_avatar"();
CREATE TRIGGER "use_avatar" AFTER UPDATE OF "avatar_id" ON "users" FOR EACH ROW
  WHEN (OLD."avatar_id" IS DISTINCT FROM NEW."avatar_id") EXECUTE FUNCTION "use_avatar"();
CREATE TRIGGER "use_avatar_no_more" AFTER DELETE ON "users" FOR EACH ROW
  WHEN (OLD."avatar_id" IS NOT NULL) EXECUTE FUNCTION "use_avatar"();
CREATE TRIGGER "use_avatar_of_new" AFTER INSERT ON "conversations" FOR EACH ROW
  WHEN (NEW."avatar_id" IS NOT NULL) EXECUTE FUNCTION "use_avatar"();
CREATE TRIGGER "use_avatar" AFTER UPDATE OF "avatar_id" ON "conversations" FOR EACH ROW
  WHEN (OLD."avatar_id" IS DISTINCT FROM NEW."avatar_id") EXECUTE FUNCTION "use_avatar"();
CREATE TRIGGER "use_avatar_no_more" AFTER DELETE ON "conversations" FOR EACH ROW
  WHEN (OLD."avatar_id" IS NOT NULL) EXECUTE FUNCTION "use_avatar"();

ALTER TABLE "users" DROP CONSTRAINT "users_deleted_is_nobody";
ALTER TABLE "users"
  ADD CONSTRAINT "users_avatar_id_fkey" FOREIGN KEY ("avatar_id") REFERENCES "attachments" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "users_avatar" CHECK ("avatar_url" IS NULL OR ("avatar_id" IS NULL AND "avatar_url" NOT LIKE '/%')) NOT VALID,
  ADD CONSTRAINT "users_deleted_is_nobody" CHECK ("deleted_at" IS NULL
    OR num_nonnulls("email", "password_hash", "avatar_id", "avatar_url") = 0) NOT VALID;
ALTER TABLE "conversations"
  ADD CONSTRAINT "conversations_avatar_id_fkey" FOREIGN KEY ("avatar_id") REFERENCES "attachments" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "conversations_avatar" CHECK (CASE "type"
    WHEN 'DIRECT' THEN "avatar_id" IS NULL AND "avatar_url" IS NULL
    ELSE "avatar_url" IS NULL OR ("avatar_id" IS NULL AND "avatar_url" NOT LIKE '/%') END) NOT VALID;
ALTER TABLE "attachments"
  ADD CONSTRAINT "attachments_avatar_is_image" CHECK (NOT "is_avatar" OR ("state" = 'READY' AND "kind" = 'IMAGE')) NOT VALID;
