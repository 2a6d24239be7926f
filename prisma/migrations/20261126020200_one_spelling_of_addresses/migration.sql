-- E-mail addresses are compared in one Unicode form (`normalEmail` in src/common/visible-text.ts). Where several accounts
-- have one address in different forms, the one that has it in this form keeps it, else the oldest gets it; the others keep
-- theirs, and are logged in to by username.
UPDATE "users" SET "email" = "normal"."email"
FROM (
  SELECT DISTINCT ON (normalize("email", NFKC)) "id", normalize("email", NFKC) AS "email"
  FROM "users" WHERE "email" IS NOT NULL AND "email" IS NOT NFKC NORMALIZED ORDER BY normalize("email", NFKC), "created_at", "id"
) AS "normal"
WHERE "users"."id" = "normal"."id"
  AND NOT EXISTS (SELECT 1 FROM "users" AS "other" WHERE "other"."email" = "normal"."email");
