-- What moderators, administrators and operators did, and to whom. Rows are added, and nothing else.
--
-- No foreign key to users: its check of a deleted user locks rows here, which takes the right to update them. Rows of users
-- are never deleted, so none is missed.
CREATE TABLE "audit_log" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" UUID,
    "reason" TEXT,
    "ip" TEXT,
    "details" JSONB,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_log_action_bounded" CHECK (length("action") BETWEEN 1 AND 64),
    CONSTRAINT "audit_log_target_type_bounded" CHECK (length("target_type") BETWEEN 1 AND 64),
    CONSTRAINT "audit_log_reason_bounded" CHECK (length("reason") <= 2000),
    CONSTRAINT "audit_log_details_are_an_object" CHECK (jsonb_typeof("details") = 'object')
);

-- Listed by time, of all, of one actor, of one target, of one action.
CREATE INDEX "audit_log_at_id_idx" ON "audit_log"("at", "id");
CREATE INDEX "audit_log_actor_id_at_id_idx" ON "audit_log"("actor_id", "at", "id");
CREATE INDEX "audit_log_target_id_at_id_idx" ON "audit_log"("target_id", "at", "id");
CREATE INDEX "audit_log_action_at_id_idx" ON "audit_log"("action", "at", "id");

CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Whoever asks, also where no row would be changed. ALWAYS: not to be skipped by session_replication_role.
CREATE TRIGGER "audit_log_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_log"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
ALTER TABLE "audit_log" ENABLE ALWAYS TRIGGER "audit_log_append_only";

-- An owner may take rights from itself, and does. It may also grant them again and drop the trigger: who must not be able to
-- do that must not be the owner (docs/operations.md).
REVOKE UPDATE, DELETE, TRUNCATE ON "audit_log" FROM PUBLIC, CURRENT_USER;
