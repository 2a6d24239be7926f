-- Where notifications go. A device belongs to the session that registered it and goes with it; an address (a token, or the
-- endpoint of a browser) is of one device alone, so that who registers it last has it.
CREATE TABLE "push_devices" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "device_id" TEXT NOT NULL,
    "session_id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "p256dh" TEXT,
    "auth" TEXT,
    "environment" TEXT,
    "preview" TEXT NOT NULL,
    "locale" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "registered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "follows_from" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "push_devices_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "push_devices_id_bounded" CHECK (length("device_id") BETWEEN 1 AND 64),
    CONSTRAINT "push_devices_platform" CHECK ("platform" IN ('expo', 'fcm', 'apns', 'web')),
    CONSTRAINT "push_devices_preview" CHECK ("preview" IN ('full', 'sender', 'none')),
    -- The index of addresses takes no longer ones.
    CONSTRAINT "push_devices_address_bounded" CHECK (octet_length("address") BETWEEN 1 AND 2000),
    CONSTRAINT "push_devices_keys_of_web" CHECK (("platform" = 'web') = ("p256dh" IS NOT NULL) AND ("platform" = 'web') = ("auth" IS NOT NULL)),
    CONSTRAINT "push_devices_environment_of_apns" CHECK (
      CASE "platform" WHEN 'apns' THEN "environment" IS NOT NULL AND "environment" IN ('production', 'sandbox') ELSE "environment" IS NULL END)
);

CREATE UNIQUE INDEX "push_devices_user_id_device_id_key" ON "push_devices"("user_id", "device_id");
CREATE UNIQUE INDEX "push_devices_platform_address_key" ON "push_devices"("platform", "address");
CREATE INDEX "push_devices_session_id_idx" ON "push_devices"("session_id");

ALTER TABLE "push_devices"
  ADD CONSTRAINT "push_devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  ADD CONSTRAINT "push_devices_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was decided for a device in the last day, for its owner: why did it ring, why not.
CREATE TABLE "push_log" (
    "device_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "conversation_id" UUID,
    "seq" INTEGER,
    "outcome" TEXT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "push_log_pkey" PRIMARY KEY ("device_id","id"),
    CONSTRAINT "push_log_outcome" CHECK ("outcome" IN ('sent', 'skipped', 'failed', 'waiting'))
);

CREATE INDEX "push_log_at_idx" ON "push_log"("at");

ALTER TABLE "push_log"
  ADD CONSTRAINT "push_log_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "push_devices"("id") ON DELETE CASCADE ON UPDATE CASCADE;
