import { Injectable } from '@nestjs/common';
import type { Avatar } from '../../attachments/avatar.js';
import type { Transaction } from '../../database/database.js';
import { areBlocked, areFriends, isStranger } from '../../relations/relations.js';
import type { HistoryVisibility, MemberRole } from '../../views/conversations.view.js';
import type { SystemEventView } from '../../views/system-event.view.js';

export interface GroupMember {
  userId: string;
  role: MemberRole;
}

/** What stands between who adds and who is added. */
export interface Addition {
  /** Either blocks the other. */
  isBlocked: boolean;
  isFriend: boolean;
  isStranger: boolean;
  /** Left the group by itself. */
  hasLeft: boolean;
  /** A block stands between it and one who made or runs the group. */
  isBlockedByGroup: boolean;
}

/** What is changed of a group; undefined: nothing. */
export interface GroupChanges {
  title?: string | undefined;
  avatar?: Avatar | undefined;
  historyVisibility?: HistoryVisibility | undefined;
}

/** The rows of groups: every statement is part of a transaction that holds the group's lock, or makes the group. */
@Injectable()
export class GroupsRepository {
  async create(
    transaction: Transaction,
    group: { id: string; title: string; ownerId: string; memberIds: readonly string[] },
  ): Promise<void> {
    await transaction.query(`INSERT INTO conversations (id, type, title, created_by) VALUES ($1, 'GROUP', $2, $3)`, [
      group.id,
      group.title,
      group.ownerId,
    ]);
    await transaction.query(
      `INSERT INTO conversation_members (conversation_id, user_id, role)
       SELECT $1, id, CASE WHEN id = $2 THEN 'OWNER' ELSE 'MEMBER' END::member_role FROM unnest($3::uuid[]) AS id`,
      [group.id, group.ownerId, [group.ownerId, ...group.memberIds]],
    );
  }

  /** How a group is shown now. */
  async findShown(
    transaction: Transaction,
    id: string,
  ): Promise<{ title: string; avatarId: string | null } | undefined> {
    const [group] = await transaction.query<{ title: string; avatarId: string | null }>(
      'SELECT title, avatar_id AS "avatarId" FROM conversations WHERE id = $1',
      [id],
    );
    return group;
  }

  /** False where nothing changed. */
  async change(transaction: Transaction, id: string, changes: GroupChanges): Promise<boolean> {
    const changed = await transaction.query(
      `UPDATE conversations SET title = changed.title, history_visibility = changed.history_visibility,
         avatar_id = changed.avatar_id, avatar_url = changed.avatar_url
       FROM (
         SELECT COALESCE($2, title) AS title, COALESCE($3::history_visibility, history_visibility) AS history_visibility,
           CASE WHEN $4 THEN $5 ELSE avatar_id END AS avatar_id, CASE WHEN $4 THEN $6 ELSE avatar_url END AS avatar_url
         FROM conversations WHERE id = $1
       ) AS changed
       WHERE id = $1 AND (conversations.title, conversations.history_visibility, conversations.avatar_id, conversations.avatar_url)
         IS DISTINCT FROM (changed.title, changed.history_visibility, changed.avatar_id, changed.avatar_url)
       RETURNING id`,
      [
        id,
        changes.title ?? null,
        changes.historyVisibility ?? null,
        changes.avatar !== undefined,
        changes.avatar?.avatarId ?? null,
        changes.avatar?.avatarUrl ?? null,
      ],
    );
    return changed.length > 0;
  }

  /** @param seq the message that says so: what was written before is seen by the group's setting */
  async addMembers(transaction: Transaction, id: string, userIds: readonly string[], seq: number): Promise<void> {
    // Somebody who comes back starts anew: what was written in between stays unseen.
    await transaction.query(
      `INSERT INTO conversation_members AS m
         (conversation_id, user_id, visible_from_seq, last_read_seq, last_delivered_seq, last_own_seq)
       SELECT c.id, u.id, CASE c.history_visibility WHEN 'FROM_START' THEN 1 ELSE $3 END, $3, $3, $3
       FROM conversations c, unnest($2::uuid[]) AS u(id) WHERE c.id = $1
       ON CONFLICT (conversation_id, user_id) DO UPDATE SET
         role = 'MEMBER', joined_at = now(), left_at = NULL, visible_from_seq = excluded.visible_from_seq,
         last_read_seq = excluded.last_read_seq, last_delivered_seq = excluded.last_delivered_seq,
         last_own_seq = excluded.last_own_seq, left_by_choice = false,
         muted_until = NULL, archived_at = NULL, pinned_at = NULL`,
      [id, userIds, seq],
    );
  }

  async takeOut(transaction: Transaction, id: string, userId: string, byChoice: boolean): Promise<void> {
    await transaction.query(
      `UPDATE conversation_members SET left_at = now(), left_by_choice = $3
       WHERE conversation_id = $1 AND user_id = $2`,
      [id, userId, byChoice],
    );
  }

  async setRole(transaction: Transaction, id: string, userId: string, role: MemberRole): Promise<void> {
    await transaction.query(
      'UPDATE conversation_members SET role = $3::member_role WHERE conversation_id = $1 AND user_id = $2',
      [id, userId, role],
    );
  }

  async findMember(transaction: Transaction, id: string, userId: string): Promise<GroupMember | undefined> {
    const [member] = await transaction.query<GroupMember>(
      `SELECT user_id AS "userId", role FROM conversation_members
       WHERE conversation_id = $1 AND user_id = $2 AND left_at IS NULL`,
      [id, userId],
    );
    return member;
  }

  /** Those among these users who are members. */
  async membersAmong(transaction: Transaction, id: string, userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT user_id AS id FROM conversation_members
       WHERE conversation_id = $1 AND user_id = ANY ($2) AND left_at IS NULL`,
      [id, userIds],
    );
    return new Set(rows.map(({ id: userId }) => userId));
  }

  /**
   * Those among these users who are in so many groups or more. First counts all rows of their memberships, by the index alone:
   * almost nobody has so many.
   */
  async inManyGroups(
    transaction: Transaction,
    userIds: readonly string[],
    count: number,
  ): Promise<ReadonlySet<string>> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT asked.id FROM unnest($1::uuid[]) AS asked(id)
       WHERE EXISTS (SELECT FROM conversation_members m WHERE m.user_id = asked.id OFFSET $2::integer - 1)
         AND EXISTS (
           SELECT FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
           WHERE m.user_id = asked.id AND m.left_at IS NULL AND c.type = 'GROUP' OFFSET $2::integer - 1
         )`,
      [userIds, count],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Who owns the group once its owner has left: the member of longest standing with the highest role. */
  async findNextOwner(transaction: Transaction, id: string): Promise<string | undefined> {
    const [next] = await transaction.query<{ id: string }>(
      `SELECT user_id AS id FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL
       ORDER BY role = 'ADMIN' DESC, joined_at, user_id LIMIT 1`,
      [id],
    );
    return next?.id;
  }

  /** All groups that the user is a member of, locked in one order until the transaction ends. */
  async lockAllOf(transaction: Transaction, userId: string): Promise<string[]> {
    const groups = await transaction.query<{ id: string }>(
      `SELECT c.id FROM conversations c JOIN conversation_members m ON m.conversation_id = c.id
       WHERE m.user_id = $1 AND m.left_at IS NULL AND c.type = 'GROUP' ORDER BY c.id FOR UPDATE OF c`,
      [userId],
    );
    return groups.map(({ id }) => id);
  }

  /** What stands between the one who adds and these users. @param id null for a group that is being made */
  additions(
    transaction: Transaction,
    actorId: string,
    id: string | null,
    userIds: readonly string[],
  ): Promise<Addition[]> {
    return transaction.query<Addition>(
      `SELECT ${areBlocked('$1::uuid', 'added.id')} AS "isBlocked", ${areFriends('$1::uuid', 'added.id')} AS "isFriend",
         ${isStranger('added.id', '$1::uuid')} AS "isStranger",
         EXISTS (
           SELECT 1 FROM conversation_members f
           WHERE f.conversation_id = $2 AND f.user_id = added.id AND f.left_by_choice
         ) AS "hasLeft",
         EXISTS (
           SELECT 1 FROM blocked_pairs b JOIN conversation_members r
             ON r.conversation_id = $2 AND r.user_id = b.other_id AND r.left_at IS NULL
               AND (r.role <> 'MEMBER' OR r.user_id = (SELECT c.created_by FROM conversations c WHERE c.id = $2))
           WHERE b.user_id = added.id
         ) AS "isBlockedByGroup"
       FROM unnest($3::uuid[]) AS added(id)`,
      [actorId, id, userIds],
    );
  }

  /** Adds what happened to history. */
  async appendSystemMessage(
    transaction: Transaction,
    conversationId: string,
    messageId: string,
    event: SystemEventView,
  ): Promise<{ seq: number; createdAt: Date }> {
    const [row] = await transaction.query<{ seq: number; created_at: Date }>(
      'SELECT * FROM append_system_message($1, $2, $3::jsonb)',
      [messageId, conversationId, JSON.stringify(event)],
    );
    if (row === undefined) throw new Error('append_system_message answered nothing');
    return { seq: row.seq, createdAt: row.created_at };
  }
}
