-- One row: where this database was when a server last looked, so that a restored one is known as such; and what it has been
-- since its last restore, which every cursor of sync names (src/database/database-identity.ts).
CREATE TABLE "database_identity" (
  "id"       BOOLEAN NOT NULL DEFAULT true,
  "origin"   TEXT    NOT NULL,
  "restored" UUID,
  CONSTRAINT "database_identity_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "database_identity_one_row" CHECK ("id")
);
