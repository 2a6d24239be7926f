/**
 * What the database calls an attachment whose files are to be removed, and then its row. The value is older than its name
 * here: processes of the version before, which still run while servers are replaced one after the other, write and look
 * for it (docs/adr/0008). Statements name it as a literal, which the partial index over these rows needs.
 */
export const PENDING_DELETION = 'DOOMED';

export type AttachmentState = 'EXPECTED' | 'STORING' | 'READY' | typeof PENDING_DELETION;
