-- A transaction of its own: looking through the table keeps nobody out.
ALTER TABLE "webhook_deliveries" VALIDATE CONSTRAINT "webhook_deliveries_other_user_id_fkey";
