-- What the first link of a message leads to: { url, title, description, siteName, imageId }; { removed: true } where its
-- author took it away. Null for nearly all messages, and then without a byte.
ALTER TABLE messages ADD COLUMN link_preview jsonb;
