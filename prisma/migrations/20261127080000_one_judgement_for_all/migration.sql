-- The functions of 20261126160200_one_judgement once more, for databases that have 20261126153000_looked_up_by_key only now: it
-- was missing for a time, and brings back what they were before.

-- What becomes of a message, and of the one that it answers all that is needed to show it. `visible_from` is null where the
-- sender is no member.
CREATE OR REPLACE FUNCTION "judged_message"(
  "conversation" uuid, "sender" uuid, "client_key" uuid, "reply" uuid, "visible_from" integer, "is_refused" boolean
) RETURNS TABLE (
  "outcome" text, "earlier_id" uuid, "reply_seq" integer, "reply_sender_id" uuid, "reply_kind" text, "reply_content" text,
  "reply_deleted_at" timestamptz, "reply_blind_ids" uuid[], "reply_hidden" json, "reply_system" jsonb
) LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT
    CASE
      WHEN earlier."id" IS NOT NULL THEN 'repeated'
      WHEN "visible_from" IS NULL THEN 'not_found'
      WHEN "is_refused" THEN 'refused'
      WHEN "reply" IS NOT NULL AND r."id" IS NULL THEN 'reply_unknown'
      ELSE 'stored'
    END,
    earlier."id", r."seq", r."sender_id", r."kind"::text, left(r."content", 200), r."deleted_at",
    CASE WHEN "reply" IS NOT NULL THEN (
      SELECT array_agg(m."user_id") FROM "conversation_members" m
      WHERE m."conversation_id" = "conversation" AND m."left_at" IS NULL AND m."visible_from_seq" > r."seq")
    END,
    CASE WHEN "reply" IS NOT NULL THEN (
      SELECT json_object_agg(h."user_id", h."hidden_at")
      FROM "hidden_messages" h JOIN "conversation_members" m
        ON m."conversation_id" = "conversation" AND m."user_id" = h."user_id" AND m."left_at" IS NULL
          AND m."visible_from_seq" <= r."seq"
      WHERE h."message_id" = "reply")
    END,
    CASE WHEN "reply" IS NOT NULL THEN shown_event(r."system") END
  FROM (SELECT 1) AS one
  -- OFFSET 0: looked up by these keys and no others, whatever the statistics say. A plan made while the tables were empty, or
  -- not yet analyzed (a new installation, a restored one), read all earlier messages of the conversation instead.
  LEFT JOIN LATERAL (
    SELECT m."id" FROM "messages" m WHERE m."sender_id" = "sender" AND m."client_id" = "client_key" OFFSET 0
  ) earlier ON true
  LEFT JOIN LATERAL (
    SELECT m.* FROM "messages" m WHERE m."id" = "reply" OFFSET 0
  ) r ON r."conversation_id" = "conversation" AND r."seq" >= "visible_from"
$$;

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
    SELECT p."conversation_id", p."sender_id", c."last_seq", c."last_message_at", s.*
    FROM (SELECT DISTINCT i."conversation_id", i."sender_id" FROM input i) p
    JOIN "conversations" c ON c."id" = p."conversation_id"
    CROSS JOIN LATERAL judged_sender(c."id", c."type", c."low_id", c."high_id", p."sender_id", "friends_only") s
  ), judged AS MATERIALIZED (
    SELECT i.*, s."last_seq", s."last_message_at", s."is_shown", j.*
    FROM input i
    LEFT JOIN senders s ON s."conversation_id" = i."conversation_id" AND s."sender_id" = i."sender_id"
    CROSS JOIN LATERAL judged_message(
      i."conversation_id", i."sender_id", i."client_id", i."reply_id", s."visible_from", s."is_refused") j
  ), numbered AS MATERIALIZED (
    SELECT j.*,
      j."last_seq" + (row_number() OVER (PARTITION BY j."conversation_id" ORDER BY j."n"))::integer AS "new_seq",
      moment_after(j."last_message_at") AS "at"
    FROM judged j WHERE j."outcome" = 'stored'
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
  SELECT j."n"::integer, j."outcome", COALESCE(j."earlier_id", j."id"), n."new_seq", n."at",
    j."reply_seq", j."reply_sender_id", j."reply_kind", j."reply_content", j."reply_deleted_at",
    j."reply_blind_ids", j."reply_hidden", NOT j."is_shown", j."reply_system"
  FROM judged j LEFT JOIN numbered n ON n."n" = j."n";
END $$;

-- The same for one message, which may have attachments: plain statements, since a batch's takes longer to begin than these
-- take to run.
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
  place_type conversation_type;
  low uuid;
  high uuid;
  last integer;
  last_at timestamptz;
  visible_from integer;
  is_refused boolean;
BEGIN
  "position" := 1;
  SELECT c."type", c."low_id", c."high_id", c."last_seq", c."last_message_at" INTO place_type, low, high, last, last_at
    FROM "conversations" c WHERE c."id" = "conversation" FOR NO KEY UPDATE;

  -- Without an answer most of the judgement falls away when it is planned.
  IF "reply" IS NULL THEN
    SELECT j."outcome", COALESCE(j."earlier_id", "message_id"), NOT s."is_shown"
      INTO "outcome", "id", "begins"
      FROM (SELECT 1) AS one
      LEFT JOIN LATERAL judged_sender("conversation", place_type, low, high, "sender", "friends_only") s ON true
      CROSS JOIN LATERAL judged_message("conversation", "sender", "client_key", NULL, s."visible_from", s."is_refused") j;
  ELSE
    SELECT j."outcome", COALESCE(j."earlier_id", "message_id"), NOT s."is_shown", j."reply_seq", j."reply_sender_id",
        j."reply_kind", j."reply_content", j."reply_deleted_at", j."reply_blind_ids", j."reply_hidden", j."reply_system"
      INTO "outcome", "id", "begins", "reply_seq", "reply_sender_id",
        "reply_kind", "reply_content", "reply_deleted_at", "reply_blind_ids", "reply_hidden", "reply_system"
      FROM (SELECT 1) AS one
      LEFT JOIN LATERAL judged_sender("conversation", place_type, low, high, "sender", "friends_only") s ON true
      CROSS JOIN LATERAL judged_message("conversation", "sender", "client_key", "reply", s."visible_from", s."is_refused") j;
  END IF;
  IF "outcome" <> 'stored' THEN RETURN; END IF;

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

  "seq" := last + 1;
  "created_at" := moment_after(last_at);
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
