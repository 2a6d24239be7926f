-- What a user reacted to and hid is exported page by page: each page begins where the last one ended, and is read in order.
CREATE INDEX "message_reactions_user_id_message_id_idx" ON "message_reactions" ("user_id", "message_id");
DROP INDEX "message_reactions_user_id_idx";
CREATE INDEX "hidden_messages_user_id_message_id_idx" ON "hidden_messages" ("user_id", "message_id");
