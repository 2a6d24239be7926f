/**
 * What stands between two users, as SQL: the one place that says who is what to whom. Parameters are expressions of type
 * uuid. The views are in the migrations.
 *
 * `OFFSET 0`: each pair is looked up by its key. Without it PostgreSQL may take a page for more pairs than it has, and read
 * all friendships or blocks there are to answer for twenty.
 */

/** Either of the two blocks the other. */
export function areBlocked(one: string, other: string): string {
  return `EXISTS (SELECT 1 FROM blocked_pairs bp WHERE bp.user_id = ${one} AND bp.other_id = ${other} OFFSET 0)`;
}

export function areFriends(one: string, other: string): string {
  return `EXISTS (SELECT 1 FROM friend_pairs fp WHERE fp.user_id = ${one} AND fp.friend_id = ${other} OFFSET 0)`;
}

/**
 * The sender may write to the receiver: no block either way, and friends where the policy asks for that.
 * @param anyone an expression: true where the policy lets anyone write
 */
export function mayMessage(sender: string, receiver: string, anyone: string): string {
  return `(NOT ${areBlocked(sender, receiver)} AND (${anyone} OR ${areFriends(sender, receiver)}))`;
}

/** The other one has never written to this user, and the two were never friends. */
export function isStranger(other: string, user: string): string {
  return `NOT EXISTS (SELECT 1 FROM shown_pairs sp WHERE sp.viewer_id = ${user} AND sp.shown_id = ${other} OFFSET 0)`;
}

/**
 * The viewer is shown whether the subject is online. Friends are, who shares a group, and whom the subject has written to;
 * or everybody. Nobody across a block, and oneself gets no event.
 * @param everyone an expression: true skips the look at what the two share.
 */
export function isPresenceShown(viewer: string, subject: string, everyone: string): string {
  return `(${subject} <> ${viewer} AND NOT ${areBlocked(viewer, subject)}
    AND (${everyone} OR ${areFriends(viewer, subject)} OR EXISTS (
      SELECT 1 FROM shown_co_members cm WHERE cm.viewer_id = ${viewer} AND cm.shown_id = ${subject} OFFSET 0
    )))`;
}

/**
 * `isPresenceShown` as a list for one viewer, where not everybody is: a query of `id` and `is_friend`, each once. Blocks are
 * not looked at.
 */
export function contactsShownTo(viewer: string): string {
  return `SELECT contact.id, bool_or(contact.is_friend) AS is_friend FROM (
      SELECT fp.friend_id AS id, true AS is_friend FROM friend_pairs fp WHERE fp.user_id = ${viewer}
      UNION ALL
      SELECT cm.shown_id, false FROM shown_co_members cm WHERE cm.viewer_id = ${viewer}
    ) AS contact WHERE contact.id <> ${viewer} GROUP BY contact.id`;
}

/**
 * The inverse of `isPresenceShown`: whom the subject's presence is shown to, as columns of arrays of ids. The members of
 * `conversationIds` and the users of `friendIds` are, or everybody, but for the users of `blockedIds` and the subject itself.
 * @param maxMembers of a conversation: those of larger ones are not sent changes of presence
 */
export function presenceAudience(subject: string, maxMembers: string): string {
  return `ARRAY(
      SELECT m.conversation_id::text FROM memberships m
      WHERE m.user_id = ${subject} AND m.is_shown AND m.member_count <= ${maxMembers}
    ) AS "conversationIds",
    ARRAY(SELECT fp.friend_id::text FROM friend_pairs fp WHERE fp.user_id = ${subject}) AS "friendIds",
    ARRAY(SELECT bp.other_id::text FROM blocked_pairs bp WHERE bp.user_id = ${subject}) AS "blockedIds"`;
}

/**
 * The viewer is shown how far the member has read: in groups all are shown all, in a direct conversation only those who
 * have shown themselves there; nobody across a block.
 * @param member alias of a row of `conversation_members`
 */
export function areReceiptsShown(viewer: string, member: string): string {
  return `(${member}.user_id = ${viewer} OR (${member}.is_shown AND NOT ${areBlocked(viewer, `${member}.user_id`)}))`;
}

/**
 * The inverse of `areReceiptsShown`: who of a conversation is not shown how far the member has read, as an array of ids.
 * @param isShown an expression: `is_shown` of the member
 * @param others a query of the others that are in the conversation, by `user_id`
 */
export function receiptsHiddenFrom(member: string, isShown: string, others: string): string {
  return `ARRAY(
    SELECT bp.other_id::text FROM blocked_pairs bp JOIN (${others}) o ON o.user_id = bp.other_id WHERE bp.user_id = ${member}
    UNION
    SELECT o.user_id::text FROM (${others}) o WHERE NOT ${isShown}
  )`;
}
