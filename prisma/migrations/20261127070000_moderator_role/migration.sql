-- Between who uses the server and who runs it. By itself: the transaction that adds a value may not use it.
ALTER TYPE "user_role" ADD VALUE 'MODERATOR' BEFORE 'ADMIN';
