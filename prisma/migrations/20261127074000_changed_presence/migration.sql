-- Which transaction last made somebody come or go, so that a process that may have missed it finds it without a clock; and how
-- often that was, so that of two events which arrive the other way round the older one is known.
ALTER TABLE "last_seen" ADD COLUMN "changed_xid" xid8 NOT NULL DEFAULT '3'::xid8,
  ADD COLUMN "changes" integer NOT NULL DEFAULT 0;
CREATE INDEX "last_seen_changed" ON "last_seen" ("changed_xid") WHERE "changed_xid" > '3'::xid8;
