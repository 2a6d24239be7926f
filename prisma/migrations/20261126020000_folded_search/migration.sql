-- The search index keeps text as search compares it (`foldText` and `indexedText` in src/messages/search-text.ts), so that what is found
-- depends on no locale of the database. All messages are indexed anew behind the path of messages; until then a search
-- reads the newest of them itself and says how far the index is (docs/adr/0005-search-behind-the-writer.md).
TRUNCATE "message_search", "message_search_progress";

DROP INDEX "message_search_words";
DROP INDEX "message_search_parts";

ALTER TABLE "message_search" RENAME COLUMN "content" TO "folded";

-- Words are looked for as parts of the text, so one index serves all searches, at a third of the cost of both.
CREATE INDEX "message_search_parts" ON "message_search" USING gin ("conversation_id", "folded" gin_trgm_ops);
