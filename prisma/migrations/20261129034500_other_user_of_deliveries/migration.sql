-- What is sent of a friendship shows two users, and goes with the account of either: a delivery names the other one, too.
ALTER TABLE "webhook_deliveries" ADD COLUMN "other_user_id" UUID;
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_other_user_id_fkey"
  FOREIGN KEY ("other_user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was sent before names the other one from now on; where it shows a user who is deleted, it goes now, as it should have then.
UPDATE "webhook_deliveries" d SET "other_user_id" = u."id" FROM "users" u
  WHERE d."type" = 'friend.accepted' AND u."id" = (d."payload"::json #>> '{data,users,1,id}')::uuid;
DELETE FROM "webhook_deliveries" d USING "users" u WHERE u."id" = d."other_user_id" AND u."deleted_at" IS NOT NULL;

CREATE INDEX "webhook_deliveries_of_other_user" ON "webhook_deliveries"("other_user_id") WHERE "other_user_id" IS NOT NULL;
