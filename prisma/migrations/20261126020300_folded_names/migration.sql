-- Names are looked up as people read them (`foldText` in src/common/fold-text.ts), whatever the database's locale. Names of
-- before are folded by the server behind its start (src/users/folded-names.ts); until then they are looked up as before.
ALTER TABLE "users" ADD COLUMN "folded_name" TEXT;

CREATE INDEX "users_folded_name_prefix" ON "users" ("folded_name" text_pattern_ops);
CREATE INDEX "users_unfolded" ON "users" ("id") WHERE "folded_name" IS NULL AND "deleted_at" IS NULL;
