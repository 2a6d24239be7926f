import { MAX_UNREAD } from '../../views/conversations.view.js';

/** Unread messages are looked for among this many, the newest, of a conversation. */
const MAX_UNREAD_WINDOW = 5_000;

/**
 * An SQL expression: how many messages of a conversation one of its members would find unread, at most `MAX_UNREAD`. Those
 * are the messages after its cursor that are there for it to read: not deleted, not hidden by itself, no SYSTEM ones.
 *
 * Sequence numbers are dense and sending moves the sender's own cursor, so all after the cursor is others'. What does not
 * count is subtracted: it is rare, and has an index of its own. The window bounds the work where somebody deleted
 * everything.
 *
 * @param conversation alias of a row of `conversations`
 * @param own alias of the member's row of `conversation_members`
 */
export function unreadCount(conversation: string, own: string): string {
  const cursor = `GREATEST(${own}.last_read_seq, ${own}.visible_from_seq - 1, ${conversation}.last_seq - ${MAX_UNREAD_WINDOW})`;
  return `(CASE WHEN ${conversation}.last_seq <= ${cursor} THEN 0 ELSE GREATEST(0, LEAST(${MAX_UNREAD},
      ${conversation}.last_seq - ${cursor} - (
        SELECT count(*)::integer FROM uncounted_messages uncounted
        WHERE uncounted.conversation_id = ${conversation}.id AND uncounted.seq > ${cursor}
      ) - (
        SELECT count(*)::integer FROM hidden_places hidden
        WHERE hidden.user_id = ${own}.user_id AND hidden.conversation_id = ${conversation}.id AND hidden.seq > ${cursor}
          AND hidden.is_counted
      ))) END)`;
}
