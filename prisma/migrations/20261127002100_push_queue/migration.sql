-- When a device is looked at next (null: when something happens), by whom, and how it took what it was sent. Who holds the
-- lease of a device alone sends to it, so that what it gets last is what was decided last; a lease that has run out is
-- anybody's. While it is held, due_at is its end, unless something happened meanwhile.
ALTER TABLE "push_devices"
  ADD COLUMN "due_at" TIMESTAMPTZ(3),
  ADD COLUMN "leased_until" TIMESTAMPTZ(3),
  ADD COLUMN "lease_id" UUID,
  ADD COLUMN "attempts" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "badge" INTEGER,
  ADD COLUMN "suspicions" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "suspected_at" TIMESTAMPTZ(3),
  ADD CONSTRAINT "push_devices_lease" CHECK (("leased_until" IS NULL) = ("lease_id" IS NULL)),
  ADD CONSTRAINT "push_devices_counts" CHECK ("attempts" >= 0 AND "suspicions" >= 0 AND "badge" >= 0);
CREATE INDEX "push_devices_platform_due_at_idx" ON "push_devices"("platform", "due_at") WHERE "due_at" IS NOT NULL;

-- What a device is to be shown, and what it shows: a row for each conversation (and for each friend request), however many
-- messages there are. `since`: something waits to be decided about from then on, the messages from first_seq; null: nothing does.
CREATE TABLE "push_notices" (
    "device_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "actor_id" UUID,
    "first_seq" INTEGER,
    "since" TIMESTAMPTZ(3),
    "decide_at" TIMESTAMPTZ(3),
    "shown_seq" INTEGER,
    "sounded_at" TIMESTAMPTZ(3),
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "push_notices_pkey" PRIMARY KEY ("device_id","kind","subject_id"),
    CONSTRAINT "push_notices_kind" CHECK ("kind" IN ('message', 'conversation', 'friend_request', 'friend_accepted')),
    CONSTRAINT "push_notices_waiting" CHECK (("since" IS NULL) = ("decide_at" IS NULL)),
    CONSTRAINT "push_notices_of_message" CHECK ("kind" NOT IN ('message', 'conversation') OR "first_seq" IS NOT NULL)
);
CREATE INDEX "push_notices_changed_at_idx" ON "push_notices"("changed_at");
ALTER TABLE "push_notices"
  ADD CONSTRAINT "push_notices_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "push_devices"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Up to which sequence number the messages of a conversation are planned. Messages commit in the order of their numbers, so
-- this skips none; written in the transaction that plans them. No row: nobody there has a device, or nothing happened since.
CREATE TABLE "push_progress" (
    "conversation_id" UUID NOT NULL,
    "planned_seq" INTEGER NOT NULL,

    CONSTRAINT "push_progress_pkey" PRIMARY KEY ("conversation_id")
);

-- What Expo took, and is asked for a quarter of an hour later whether the phone's own service took it as well.
CREATE TABLE "push_tickets" (
    "id" TEXT NOT NULL,
    "device_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "ask_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "push_tickets_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "push_tickets_ask_at_idx" ON "push_tickets"("ask_at");
CREATE INDEX "push_tickets_device_id_idx" ON "push_tickets"("device_id");
ALTER TABLE "push_tickets"
  ADD CONSTRAINT "push_tickets_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "push_devices"("id") ON DELETE CASCADE ON UPDATE CASCADE;
