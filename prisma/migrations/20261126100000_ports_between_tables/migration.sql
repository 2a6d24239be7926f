-- Statements name only tables of their own room and of rooms below it (scripts/check-statements.mjs). What a lower room has
-- to ask of a higher one stands in a view, as a port stands in the code: the lower room names the view alone.

-- Whoever set the block. A pair that blocks each other is there twice.
CREATE OR REPLACE VIEW "blocked_pairs" AS
  SELECT "blocker_id" AS "user_id", "blocked_id" AS "other_id", true AS "is_blocker" FROM "blocks"
  UNION ALL
  SELECT "blocked_id", "blocker_id", false FROM "blocks";

-- Who is a member of a conversation in which the other is shown (conversation_members.is_shown): of what the two share,
-- enough to be shown the other's presence.
CREATE VIEW "shown_co_members" AS
  SELECT v."user_id" AS "viewer_id", s."user_id" AS "shown_id"
  FROM "conversation_members" v JOIN "conversation_members" s USING ("conversation_id")
  WHERE v."left_at" IS NULL AND s."left_at" IS NULL AND s."is_shown";

-- In which conversations a user is a member, or was one; whether the others there are shown it; and how many they are.
CREATE VIEW "memberships" AS
  SELECT m."user_id", m."conversation_id", c."member_count", m."left_at" IS NULL AND m."is_shown" AS "is_shown"
  FROM "conversation_members" m JOIN "conversations" c ON c."id" = m."conversation_id";

-- Messages that are nobody's to read: tombstones, and what the server says itself.
CREATE VIEW "uncounted_messages" AS
  SELECT "conversation_id", "seq" FROM "messages" WHERE "deleted_at" IS NOT NULL OR "kind" = 'SYSTEM';

-- Messages that a user deleted for itself alone. `is_counted`: they would be there to be read otherwise.
CREATE VIEW "hidden_places" AS
  SELECT h."user_id", h."conversation_id", h."seq", h."message_id",
    m."deleted_at" IS NULL AND m."kind" <> 'SYSTEM' AS "is_counted"
  FROM "hidden_messages" h LEFT JOIN "messages" m ON m."id" = h."message_id";

-- Who wrote where.
CREATE VIEW "written_places" AS
  SELECT "conversation_id", "seq", "sender_id" FROM "messages";

-- Who made a group was to be read from its first message. Who made a direct conversation was never kept.
ALTER TABLE "conversations" ADD COLUMN "created_by" UUID;
-- Nothing changed as clients see it: a stamp would send every group to everybody anew.
ALTER TABLE "conversations" DISABLE TRIGGER "stamp_change";
UPDATE "conversations" c SET "created_by" = m."sender_id"
  FROM "messages" m WHERE m."conversation_id" = c."id" AND m."seq" = 1 AND c."type" = 'GROUP';
ALTER TABLE "conversations" ENABLE TRIGGER "stamp_change";
