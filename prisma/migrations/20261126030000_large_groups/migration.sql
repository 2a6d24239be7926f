-- How many members a conversation has is asked whenever something happens in it: counting them costs as much as they are.
ALTER TABLE "conversations" ADD COLUMN "member_count" INTEGER NOT NULL DEFAULT 0;

-- Nothing changed as clients see it: a stamp would send every conversation to everybody anew.
ALTER TABLE "conversations" DISABLE TRIGGER "stamp_change";
UPDATE "conversations" c SET "member_count" = counted."count"
FROM (
  SELECT "conversation_id", count(*)::integer AS "count" FROM "conversation_members" WHERE "left_at" IS NULL GROUP BY 1
) AS counted WHERE c."id" = counted."conversation_id";
ALTER TABLE "conversations" ENABLE TRIGGER "stamp_change";

-- Kept by triggers, so that no writer can forget it. None of them fires when cursors move: that is the path of a message.
CREATE FUNCTION "count_joined"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "conversations" c SET "member_count" = c."member_count" + j."count"
  FROM (SELECT "conversation_id", count(*)::integer AS "count" FROM joined WHERE "left_at" IS NULL GROUP BY 1) AS j
  WHERE c."id" = j."conversation_id";
  RETURN NULL;
END $$;
CREATE TRIGGER "count_joined" AFTER INSERT ON "conversation_members"
  REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION "count_joined"();

CREATE FUNCTION "count_removed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "conversations" c SET "member_count" = c."member_count" - r."count"
  FROM (SELECT "conversation_id", count(*)::integer AS "count" FROM removed WHERE "left_at" IS NULL GROUP BY 1) AS r
  WHERE c."id" = r."conversation_id";
  RETURN NULL;
END $$;
CREATE TRIGGER "count_removed" AFTER DELETE ON "conversation_members"
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION "count_removed"();

CREATE FUNCTION "count_left_or_back"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "conversations" SET "member_count" = "member_count" + CASE WHEN NEW."left_at" IS NULL THEN 1 ELSE -1 END
  WHERE "id" = NEW."conversation_id";
  RETURN NULL;
END $$;
CREATE TRIGGER "count_left_or_back" AFTER UPDATE OF "left_at" ON "conversation_members" FOR EACH ROW
  WHEN ((OLD."left_at" IS NULL) <> (NEW."left_at" IS NULL)) EXECUTE FUNCTION "count_left_or_back"();

-- Members in the order in which they are listed. No column of it changes when a cursor moves, so those updates stay local.
CREATE INDEX "conversation_members_present" ON "conversation_members" ("conversation_id", "joined_at", "user_id")
  WHERE "left_at" IS NULL;
