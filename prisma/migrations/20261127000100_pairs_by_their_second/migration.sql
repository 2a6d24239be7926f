-- A pair is looked up by both its columns. Where statistics are of a time when the second one alone seemed to name a row
-- (one group, and everybody in it), PostgreSQL takes the index of that column, and reads all conversations of a member,
-- all friends, all who blocked somebody. Indexes of both columns find one row whatever the statistics say.
CREATE INDEX "conversation_members_user_id_conversation_id_idx" ON "conversation_members" ("user_id", "conversation_id");
CREATE INDEX "friendships_high_id_low_id_idx" ON "friendships" ("high_id", "low_id");
CREATE INDEX "blocks_blocked_id_blocker_id_idx" ON "blocks" ("blocked_id", "blocker_id");
DROP INDEX "conversation_members_user_id_idx";
DROP INDEX "friendships_high_id_idx";
DROP INDEX "blocks_blocked_id_idx";
