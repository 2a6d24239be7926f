-- One emoji as people see it is one reaction: those that were stored without the selector that makes them emoji get it
-- (`normalReaction` in src/messages/reaction.ts). All other spellings were refused so far.
WITH "respelled" AS (
  DELETE FROM "message_reactions"
  WHERE "emoji" = ANY (string_to_array('©®‼⁉™ℹ↔↕↖↗↘↙↩↪⌨⏏⏭⏮⏯⏱⏲⏸⏹⏺Ⓜ▪▫▶◀◻◼☀☁☂☃☄☎☑☘☝☠☢☣☦☪☮☯☸☹☺♀♂♟♠♣♥♦♨♻♾⚒⚔⚕⚖⚗⚙⚛⚜⚠⚧⚰⚱⛈⛏⛑⛓⛩⛰⛱⛴⛷⛸⛹✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❣❤➡⤴⤵⬅⬆⬇〰〽㊗㊙🅰🅱🅾🅿🈂🈷🌡🌤🌥🌦🌧🌨🌩🌪🌫🌬🌶🍽🎖🎗🎙🎚🎛🎞🎟🏋🏌🏍🏎🏔🏕🏖🏗🏘🏙🏚🏛🏜🏝🏞🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳🕴🕵🕶🕷🕸🕹🖇🖊🖋🖌🖍🖐🖥🖨🖱🖲🖼🗂🗃🗄🗑🗒🗓🗜🗝🗞🗡🗣🗨🗯🗳🗺🛋🛍🛎🛏🛠🛡🛢🛣🛤🛥🛩🛰🛳', NULL))
  RETURNING "message_id", "user_id", "emoji", "created_at"
), "stored" AS (
  -- Who had reacted with both keeps one.
  INSERT INTO "message_reactions" ("message_id", "user_id", "emoji", "created_at")
  SELECT "message_id", "user_id", "emoji" || chr(65039), "created_at" FROM "respelled"
  ON CONFLICT ("message_id", "emoji", "user_id") DO NOTHING
)
-- Clients are told by sync, like any other change.
UPDATE "messages" SET "version" = "version" + 1
WHERE "id" IN (SELECT "message_id" FROM "respelled") AND "deleted_at" IS NULL;
