-- Secrets that a webhook had before: what is sent is signed with them too, until its receiver has had the time to take the new one.
CREATE TABLE "webhook_former_secrets" (
    "webhook_id" UUID NOT NULL,
    "secret" TEXT NOT NULL,
    "signs_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_former_secrets_pkey" PRIMARY KEY ("webhook_id", "secret")
);

ALTER TABLE "webhook_former_secrets"
  ADD CONSTRAINT "webhook_former_secrets_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
