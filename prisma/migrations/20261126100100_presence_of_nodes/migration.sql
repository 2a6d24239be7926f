-- One lease a process instead of one for each of its users: what is written all the time no longer grows with them.
-- These two tables are worth nothing after a crash: each process notices within seconds that its lease is gone, and says
-- anew whom it holds.
CREATE UNLOGGED TABLE "presence_nodes" (
  "node_id"    UUID           NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "presence_nodes_pkey" PRIMARY KEY ("node_id")
);
-- Whom a process holds a connection of. No foreign key: a row without its node is as good as none, and the sweep finds it.
CREATE UNLOGGED TABLE "presences" (
  "user_id" UUID NOT NULL,
  "node_id" UUID NOT NULL,
  CONSTRAINT "presences_pkey" PRIMARY KEY ("user_id", "node_id")
);
CREATE INDEX "presences_node_id_idx" ON "presences" ("node_id");

-- When a user was online last before now; null before its first departure. It changes with every coming and going: kept
-- apart from `users`, which is wide, has many indexes, and lies above presence.
CREATE TABLE "last_seen" (
  "user_id"      UUID           NOT NULL,
  "at"           TIMESTAMPTZ(3),
  -- Its user was deleted: nothing is noted any more.
  "is_forgotten" BOOLEAN        NOT NULL DEFAULT false,
  CONSTRAINT "last_seen_pkey" PRIMARY KEY ("user_id"),
  CONSTRAINT "last_seen_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "last_seen_forgotten" CHECK ("at" IS NULL OR NOT "is_forgotten")
) WITH (fillfactor = 70);
INSERT INTO "last_seen" ("user_id", "at", "is_forgotten")
  SELECT "id", CASE WHEN "deleted_at" IS NULL THEN "last_seen_at" END, "deleted_at" IS NOT NULL FROM "users"
  WHERE "last_seen_at" IS NOT NULL OR "deleted_at" IS NOT NULL;
-- Whoever a server that did not end well still held was there until its lease was renewed last; leases lasted 20 seconds.
INSERT INTO "last_seen" ("user_id", "at")
  SELECT l."user_id", LEAST(max(l."expires_at") - interval '20 seconds', now())
  FROM "presence_leases" l JOIN "users" u ON u."id" = l."user_id" AND u."deleted_at" IS NULL GROUP BY l."user_id"
  ON CONFLICT ("user_id") DO UPDATE SET "at" = GREATEST("last_seen"."at", excluded."at");
DROP TABLE "presence_leases";
ALTER TABLE "users" DROP COLUMN "last_seen_at";

CREATE VIEW "online_users" AS
  SELECT p."user_id" FROM "presences" p JOIN "presence_nodes" n USING ("node_id") WHERE n."expires_at" > now();
