-- What a client called the attempt that spent a refresh token, so that it may repeat it however late: a phone that lost the
-- answer and was in the background since holds nothing but the token that is spent. Null for clients that name none.
ALTER TABLE "refresh_tokens"
  ADD COLUMN "attempt_id" UUID,
  ADD CONSTRAINT "refresh_tokens_attempt" CHECK ("attempt_id" IS NULL OR "spent_at" IS NOT NULL);
