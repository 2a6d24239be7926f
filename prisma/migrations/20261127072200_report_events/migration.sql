-- A report is one of the events of webhooks, as the others are (migration `webhooks`).
CREATE FUNCTION "note_report_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_event_followed('report.created') THEN
    INSERT INTO "webhook_events" ("type", "subject_id", "user_id") VALUES ('report.created', NEW."id", NEW."target_user_id");
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "note_webhook_event" AFTER INSERT ON "reports" FOR EACH ROW EXECUTE FUNCTION "note_report_event"();
