-- Who has shown itself to whom in their direct conversation: by writing there, or by becoming friends. Somebody else is
-- a stranger.
CREATE VIEW "shown_pairs" AS
  SELECT c."low_id" AS "viewer_id", c."high_id" AS "shown_id"
  FROM "conversations" c JOIN "conversation_members" m
    ON m."conversation_id" = c."id" AND m."user_id" = c."high_id" AND m."is_shown"
  WHERE c."type" = 'DIRECT'
  UNION ALL
  SELECT c."high_id", c."low_id"
  FROM "conversations" c JOIN "conversation_members" m
    ON m."conversation_id" = c."id" AND m."user_id" = c."low_id" AND m."is_shown"
  WHERE c."type" = 'DIRECT';
