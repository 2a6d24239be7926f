/** PostgreSQL cannot run here. The message is the one line that the start prints. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}
