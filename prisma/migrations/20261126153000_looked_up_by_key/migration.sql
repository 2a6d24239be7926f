-- A plan made while the tables were empty, or not yet analyzed (a new installation, a restored one), looked a quoted message
-- up by its conversation and not by its id: every message of a batch then read all earlier ones of its conversation, until
-- the first ANALYZE.
CREATE OR REPLACE FUNCTION "store_messages"(
  "ids" uuid[], "conversation_ids" uuid[], "sender_ids" uuid[], "client_ids" uuid[], "contents" text[], "reply_ids" uuid[],
  "friends_only" boolean
) RETURNS TABLE (
  "position" integer, "outcome" text, "id" uuid, "seq" integer, "created_at" timestamptz,
  "reply_seq" integer, "reply_sender_id" uuid, "reply_kind" text, "reply_content" text, "reply_deleted_at" timestamptz,
  "reply_blind_ids" uuid[], "reply_hidden" json, "begins" boolean, "reply_system" jsonb
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
#variable_conflict use_column
BEGIN
  PERFORM 1 FROM "conversations" c WHERE c."id" = ANY ("conversation_ids") ORDER BY c."id" FOR NO KEY UPDATE;

  RETURN QUERY
  WITH input AS (
    SELECT * FROM unnest("ids", "conversation_ids", "sender_ids", "client_ids", "contents", "reply_ids")
      WITH ORDINALITY AS t("id", "conversation_id", "sender_id", "client_id", "content", "reply_id", "n")
  ), senders AS MATERIALIZED (
    SELECT p."conversation_id", p."sender_id", c."last_seq", c."last_message_at", m."visible_from_seq", m."is_shown",
      c."type" = 'DIRECT' AND (
        EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = c."low_id" AND b."blocked_id" = c."high_id")
        OR EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = c."high_id" AND b."blocked_id" = c."low_id")
        OR ("friends_only" AND NOT EXISTS (
          SELECT 1 FROM "friendships" f
          WHERE f."low_id" = c."low_id" AND f."high_id" = c."high_id" AND f."removed_at" IS NULL))
      ) AS "refused"
    FROM (SELECT DISTINCT i."conversation_id", i."sender_id" FROM input i) p
    JOIN "conversations" c ON c."id" = p."conversation_id"
    JOIN "conversation_members" m
      ON m."conversation_id" = p."conversation_id" AND m."user_id" = p."sender_id" AND m."left_at" IS NULL
  ), judged AS MATERIALIZED (
    SELECT i.*, s."last_seq", s."last_message_at", s."is_shown", earlier."id" AS "earlier_id",
      r."seq" AS "r_seq", r."sender_id" AS "r_sender_id", r."kind" AS "r_kind", r."content" AS "r_content", r."deleted_at" AS "r_deleted_at",
      r."system" AS "r_system",
      CASE
        WHEN earlier."id" IS NOT NULL THEN 'repeated'
        WHEN s."sender_id" IS NULL THEN 'not_found'
        WHEN s."refused" THEN 'refused'
        WHEN i."reply_id" IS NOT NULL AND r."id" IS NULL THEN 'reply_unknown'
        ELSE 'stored'
      END AS "judgement"
    FROM input i
    LEFT JOIN senders s ON s."conversation_id" = i."conversation_id" AND s."sender_id" = i."sender_id"
    -- OFFSET 0: looked up by these keys and no others, whatever the statistics say.
    LEFT JOIN LATERAL (
      SELECT m."id" FROM "messages" m WHERE m."sender_id" = i."sender_id" AND m."client_id" = i."client_id" OFFSET 0
    ) earlier ON true
    LEFT JOIN LATERAL (
      SELECT m.* FROM "messages" m WHERE m."id" = i."reply_id" OFFSET 0
    ) r ON r."conversation_id" = i."conversation_id" AND r."seq" >= s."visible_from_seq"
  ), numbered AS MATERIALIZED (
    SELECT j.*,
      j."last_seq" + (row_number() OVER (PARTITION BY j."conversation_id" ORDER BY j."n"))::integer AS "new_seq",
      -- Never before the message it follows, whatever the clock does.
      GREATEST(date_trunc('milliseconds', clock_timestamp()), j."last_message_at") AS "at"
    FROM judged j WHERE j."judgement" = 'stored'
  ), stored AS (
    INSERT INTO "messages" ("id", "conversation_id", "seq", "sender_id", "client_id", "kind", "content", "reply_to_id", "created_at")
    SELECT n."id", n."conversation_id", n."new_seq", n."sender_id", n."client_id", 'TEXT', n."content", n."reply_id", n."at"
    FROM numbered n
  ), newest AS (
    SELECT DISTINCT ON (n."conversation_id") n.* FROM numbered n ORDER BY n."conversation_id", n."new_seq" DESC
  ), conversation_update AS (
    UPDATE "conversations" c SET
      "last_seq" = n."new_seq", "last_message_id" = n."id", "last_message" = left(n."content", 200),
      "last_message_at" = n."at", "last_message_by" = n."sender_id", "last_message_kind" = 'TEXT',
      "last_system" = NULL, "changed_xid" = pg_current_xact_id()
    FROM newest n WHERE c."id" = n."conversation_id"
  ), cursor_update AS (
    UPDATE "conversation_members" m SET
      "last_read_seq" = n."seq", "last_delivered_seq" = n."seq", "last_own_seq" = n."seq", "is_shown" = true,
      "receipt_xid" = pg_current_xact_id()
    FROM (
      SELECT n."conversation_id", n."sender_id", max(n."new_seq") AS "seq" FROM numbered n GROUP BY 1, 2
    ) n
    WHERE m."conversation_id" = n."conversation_id" AND m."user_id" = n."sender_id"
  )
  SELECT j."n"::integer, j."judgement", COALESCE(j."earlier_id", j."id"), n."new_seq", n."at",
    j."r_seq", j."r_sender_id", j."r_kind"::text, left(j."r_content", 200), j."r_deleted_at",
    CASE WHEN j."r_seq" IS NOT NULL THEN (
      SELECT array_agg(m."user_id") FROM "conversation_members" m
      WHERE m."conversation_id" = j."conversation_id" AND m."left_at" IS NULL AND m."visible_from_seq" > j."r_seq")
    END,
    CASE WHEN j."r_seq" IS NOT NULL THEN (
      SELECT json_object_agg(h."user_id", h."hidden_at")
      FROM "hidden_messages" h JOIN "conversation_members" m
        ON m."conversation_id" = j."conversation_id" AND m."user_id" = h."user_id" AND m."left_at" IS NULL
          AND m."visible_from_seq" <= j."r_seq"
      WHERE h."message_id" = j."reply_id")
    END,
    NOT j."is_shown", shown_event(j."r_system")
  FROM judged j LEFT JOIN numbered n ON n."n" = j."n";
END $$;

CREATE OR REPLACE FUNCTION "store_message"(
  "message_id" uuid, "conversation" uuid, "sender" uuid, "client_key" uuid, "text" text, "reply" uuid,
  "message_kind" message_kind, "uploads" uuid[], "attached" jsonb, "friends_only" boolean,
  OUT "position" integer, OUT "outcome" text, OUT "id" uuid, OUT "seq" integer, OUT "created_at" timestamptz,
  OUT "reply_seq" integer, OUT "reply_sender_id" uuid, OUT "reply_kind" text, OUT "reply_content" text,
  OUT "reply_deleted_at" timestamptz, OUT "reply_blind_ids" uuid[], OUT "reply_hidden" json, OUT "begins" boolean,
  OUT "reply_system" jsonb
) LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
  place record;
  earlier uuid;
  visible_from integer;
  refused boolean;
BEGIN
  "position" := 1;
  "id" := "message_id";
  SELECT c."type", c."low_id", c."high_id", c."last_seq", c."last_message_at" INTO place
    FROM "conversations" c WHERE c."id" = "conversation" FOR NO KEY UPDATE;

  SELECT
      (SELECT m."id" FROM "messages" m WHERE m."sender_id" = "sender" AND m."client_id" = "client_key"),
      (SELECT m."visible_from_seq" FROM "conversation_members" m
        WHERE m."conversation_id" = "conversation" AND m."user_id" = "sender" AND m."left_at" IS NULL),
      place."type" = 'DIRECT' AND (
        EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = place."low_id" AND b."blocked_id" = place."high_id")
        OR EXISTS (SELECT 1 FROM "blocks" b WHERE b."blocker_id" = place."high_id" AND b."blocked_id" = place."low_id")
        OR ("friends_only" AND NOT EXISTS (
          SELECT 1 FROM "friendships" f
          WHERE f."low_id" = place."low_id" AND f."high_id" = place."high_id" AND f."removed_at" IS NULL))),
      place."type" = 'DIRECT' AND EXISTS (
        SELECT 1 FROM "conversation_members" m
        WHERE m."conversation_id" = "conversation" AND m."user_id" = "sender" AND NOT m."is_shown")
    INTO earlier, visible_from, refused, "begins";
  IF earlier IS NOT NULL THEN "outcome" := 'repeated'; "id" := earlier; RETURN; END IF;
  IF visible_from IS NULL THEN "outcome" := 'not_found'; RETURN; END IF;
  IF refused THEN "outcome" := 'refused'; RETURN; END IF;

  IF "reply" IS NOT NULL THEN
    SELECT r."seq", r."sender_id", r."kind"::text, left(r."content", 200), r."deleted_at", shown_event(r."system")
      INTO "reply_seq", "reply_sender_id", "reply_kind", "reply_content", "reply_deleted_at", "reply_system"
      FROM (SELECT m.* FROM "messages" m WHERE m."id" = "reply" OFFSET 0) r
      WHERE r."conversation_id" = "conversation" AND r."seq" >= visible_from;
    IF NOT FOUND THEN "outcome" := 'reply_unknown'; RETURN; END IF;
    SELECT
        (SELECT array_agg(m."user_id") FROM "conversation_members" m
          WHERE m."conversation_id" = "conversation" AND m."left_at" IS NULL
            AND m."visible_from_seq" > "store_message"."reply_seq"),
        (SELECT json_object_agg(h."user_id", h."hidden_at")
          FROM "hidden_messages" h JOIN "conversation_members" m
            ON m."conversation_id" = "conversation" AND m."user_id" = h."user_id" AND m."left_at" IS NULL
              AND m."visible_from_seq" <= "store_message"."reply_seq"
          WHERE h."message_id" = "reply")
      INTO "reply_blind_ids", "reply_hidden";
  END IF;

  IF "uploads" IS NOT NULL THEN
    -- In the order of their ids, so that two messages that want the same never wait for each other.
    PERFORM 1 FROM "attachments" a WHERE a."id" = ANY ("uploads") ORDER BY a."id" FOR UPDATE;
    IF (SELECT count(*) FROM "attachments" a
        WHERE a."id" = ANY ("uploads") AND a."owner_id" = "sender" AND a."state" = 'READY'
          AND a."message_id" IS NULL AND NOT a."is_avatar") < cardinality("uploads")
    THEN "outcome" := 'attachment_unknown'; RETURN; END IF;
    UPDATE "attachments" a SET "message_id" = "store_message"."message_id", "conversation_id" = "conversation"
      WHERE a."id" = ANY ("uploads");
  END IF;

  "outcome" := 'stored';
  "seq" := place."last_seq" + 1;
  -- Never before the message it follows, whatever the clock does.
  "created_at" := GREATEST(date_trunc('milliseconds', clock_timestamp()), place."last_message_at");
  INSERT INTO "messages" ("id", "conversation_id", "seq", "sender_id", "client_id", "kind", "content", "attachments", "reply_to_id", "created_at")
    VALUES ("message_id", "conversation", "seq", "sender", "client_key", "message_kind", "text", "attached", "reply", "created_at");
  UPDATE "conversations" c SET
      "last_seq" = "store_message"."seq", "last_message_id" = "store_message"."message_id", "last_message" = left("text", 200),
      "last_message_at" = "store_message"."created_at", "last_message_by" = "sender", "last_message_kind" = "message_kind",
      "last_system" = NULL, "changed_xid" = pg_current_xact_id()
    WHERE c."id" = "conversation";
  UPDATE "conversation_members" m SET
      "last_read_seq" = "store_message"."seq", "last_delivered_seq" = "store_message"."seq",
      "last_own_seq" = "store_message"."seq", "is_shown" = true, "receipt_xid" = pg_current_xact_id()
    WHERE m."conversation_id" = "conversation" AND m."user_id" = "sender";
END $$;
