-- Files that something beside their message keeps: the copy of a report. Such a file is not removed with its message.
-- No foreign key to the keeper, which lies above files and gives up what it kept.
CREATE TABLE "kept_attachments" (
    "keeper_id" UUID NOT NULL,
    "attachment_id" UUID NOT NULL,

    CONSTRAINT "kept_attachments_pkey" PRIMARY KEY ("keeper_id", "attachment_id")
);

CREATE INDEX "kept_attachments_attachment_id_idx" ON "kept_attachments" ("attachment_id");

ALTER TABLE "kept_attachments"
  ADD CONSTRAINT "kept_attachments_attachment_id_fkey" FOREIGN KEY ("attachment_id") REFERENCES "attachments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What copies name that were made before, as far as it is there.
INSERT INTO "kept_attachments" ("keeper_id", "attachment_id")
SELECT DISTINCT r.id, a.id
FROM "reports" r
CROSS JOIN LATERAL jsonb_array_elements(r.copy -> 'messages') AS m(message)
CROSS JOIN LATERAL jsonb_array_elements(m.message -> 'attachments') AS f(file)
JOIN "attachments" a ON a.id = (f.file ->> 'id')::uuid AND a.state = 'READY'
WHERE r.copy IS NOT NULL;
