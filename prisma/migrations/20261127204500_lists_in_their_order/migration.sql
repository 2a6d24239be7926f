-- Friends and blocks are listed by time: a page is walked from where it begins, and costs a page.
--
-- Every row has a time after '-infinity'. The condition is there for what it keeps away: where statistics say that one column
-- alone names a row, PostgreSQL may look a pair up by any index that begins with it, and read all friends of a user at each
-- message (migration `pairs_by_their_second`). An index whose condition the statement does not repeat it never takes.
CREATE INDEX "friendships_of_low" ON "friendships" ("low_id", "since", "high_id")
  WHERE "removed_at" IS NULL AND "since" > '-infinity';
CREATE INDEX "friendships_of_high" ON "friendships" ("high_id", "since", "low_id")
  WHERE "removed_at" IS NULL AND "since" > '-infinity';
CREATE INDEX "blocks_of_blocker" ON "blocks" ("blocker_id", "created_at", "blocked_id") WHERE "created_at" > '-infinity';

-- Reports about one user are listed in the order of their ids, and the audit log by the type of what an act was upon.
CREATE INDEX "reports_target_user_id_id_idx" ON "reports" ("target_user_id", "id");
DROP INDEX "reports_target_user_id_idx";
CREATE INDEX "audit_log_target_type_at_id_idx" ON "audit_log" ("target_type", "at", "id");
