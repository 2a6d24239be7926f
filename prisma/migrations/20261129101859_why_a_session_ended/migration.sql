-- Why a session was ended, for processes that learn of it from the database: null of those that ended before.
ALTER TABLE "sessions" ADD COLUMN "end_code" TEXT;
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_end_code_known"
  CHECK ("end_code" IN ('LOGGED_OUT', 'SESSION_REVOKED', 'REFRESH_TOKEN_REUSED', 'PASSWORD_CHANGED', 'ACCOUNT_DELETED', 'ACCOUNT_SUSPENDED'));
