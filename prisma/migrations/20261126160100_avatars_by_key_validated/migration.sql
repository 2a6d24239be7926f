-- In a transaction of its own: looking through the tables now keeps nobody from reading or writing them.
ALTER TABLE "users"
  VALIDATE CONSTRAINT "users_avatar_id_fkey",
  VALIDATE CONSTRAINT "users_avatar",
  VALIDATE CONSTRAINT "users_deleted_is_nobody";
ALTER TABLE "conversations"
  VALIDATE CONSTRAINT "conversations_avatar_id_fkey",
  VALIDATE CONSTRAINT "conversations_avatar";
ALTER TABLE "attachments"
  VALIDATE CONSTRAINT "attachments_avatar_is_image";
