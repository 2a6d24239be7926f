import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../attachments/attachments.service.js';
import { type Avatar, requireOneAvatar } from '../attachments/avatar.js';
import type { UsageView } from '../attachments/attachments.view.js';
import { DomainError } from '../common/errors.js';
import { decodeCursor, isShortText, type Page, type PageQuery, pageOf } from '../common/pagination.js';
import { foldText } from '../common/text/fold-text.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database, type Transaction, violatedConstraint } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { areBlocked } from '../relations/relations.js';
import type { UpdateProfile, UserSearch } from './dto/users.dto.js';
import { isReserved } from './usernames.js';
import {
  IS_ONLINE,
  OWN_USER_COLUMNS,
  type OwnUserRow,
  type OwnUserView,
  ownUserView,
  PRESENCE_COLUMNS,
  presenceColumns,
  USER_COLUMNS,
  type UserRow,
  type UserView,
  userView,
} from './users.view.js';

/** Profiles (contract, section 3). */
@Injectable()
export class UsersService {
  /** Whether presence is shown to all. */
  private readonly everyone: boolean;

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly attachments: AttachmentsService,
    private readonly limiter: RateLimiter,
    configuration: Configuration,
  ) {
    this.everyone = configuration.presenceAudience === 'everyone';
  }

  async own({ userId }: Pick<Principal, 'userId'>): Promise<OwnUserView> {
    const [row] = await this.database.query<OwnUserRow>(
      `SELECT ${OWN_USER_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL`,
      [userId],
    );
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return ownUserView(row);
  }

  usage(principal: Pick<Principal, 'userId'>): Promise<UsageView> {
    return this.attachments.usageOf(principal);
  }

  /**
   * A change that changes nothing emits nothing.
   * @throws DomainError USERNAME_TAKEN, VALIDATION_FAILED (`avatarId`)
   */
  async update(principal: Principal, changes: UpdateProfile): Promise<OwnUserView> {
    if (Object.values(changes).every((value) => value === undefined)) return this.own(principal);
    await this.limiter.consume('profileChanges', principal.userId);
    if (changes.username !== undefined && isReserved(changes.username)) throw new DomainError('USERNAME_TAKEN');
    requireOneAvatar(changes);
    const { before, row, avatar } = await this.database.transaction(async (transaction) => {
      const [before] = await transaction.query<OwnUserRow>(
        `SELECT ${OWN_USER_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
        [principal.userId],
      );
      const avatar = await this.attachments.chosenAvatar(transaction, principal, changes);
      return { before, row: await this.write(transaction, principal, changes, avatar), avatar };
    });
    if (before === undefined || row === undefined) throw new DomainError('NOT_FOUND');
    const view = ownUserView(row);
    if (JSON.stringify(view) !== JSON.stringify(ownUserView(before)))
      this.events.publish('user.changed', { userId: principal.userId, isDeleted: false });
    if (avatar !== undefined) this.attachments.sweep();
    return view;
  }

  private async write(
    transaction: Transaction,
    { userId }: Principal,
    { username, displayName }: UpdateProfile,
    avatar: Avatar | undefined,
  ): Promise<OwnUserRow | undefined> {
    const [row] = await transaction
      .query<OwnUserRow>(
        `UPDATE users SET
           username = COALESCE($2, username),
           display_name = COALESCE($3, display_name),
           folded_name = COALESCE($4, folded_name),
           avatar_id = CASE WHEN $5 THEN $6 ELSE avatar_id END,
           avatar_url = CASE WHEN $5 THEN $7 ELSE avatar_url END
         WHERE id = $1 AND deleted_at IS NULL
         RETURNING ${OWN_USER_COLUMNS}`,
        [
          ...[userId, username ?? null, displayName ?? null],
          displayName === undefined ? null : foldText(displayName),
          ...[avatar !== undefined, avatar?.avatarId ?? null, avatar?.avatarUrl ?? null],
        ],
      )
      .catch((error: unknown) => {
        throw violatedConstraint(error) === 'users_username_key' ? new DomainError('USERNAME_TAKEN') : error;
      });
    return row;
  }

  /** Others whose username or display name begins so, by username; none across a block, whoever set it. */
  async search({ userId }: Principal, { search, cursor, limit }: UserSearch): Promise<Page<UserView>> {
    const [after] = decodeCursor<[string]>(cursor, [isShortText]) ?? [''];
    const folded = foldText(search);
    if (folded === '') return { items: [], nextCursor: null };
    const rows = await this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$6::boolean')} FROM users
       WHERE (username LIKE $2 OR folded_name LIKE $2 OR (folded_name IS NULL AND lower(display_name) LIKE lower($3)))
         AND username > $4
         AND id <> $1 AND deleted_at IS NULL
         AND NOT ${areBlocked('$1::uuid', 'users.id')}
       ORDER BY username LIMIT $5`,
      [userId, prefixPattern(folded), prefixPattern(search), after, limit + 1, this.everyone],
    );
    return pageOf(rows, limit, (row) => [row.username], userView);
  }

  /** All others, by username; none across a block. */
  async directory({ userId }: Principal, { cursor, limit }: PageQuery): Promise<Page<UserView>> {
    const [after] = decodeCursor<[string]>(cursor, [isShortText]) ?? [''];
    const rows = await this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$4::boolean')} FROM users
       WHERE username > $2 AND id <> $1 AND deleted_at IS NULL
         AND NOT ${areBlocked('$1::uuid', 'users.id')}
       ORDER BY username LIMIT $3`,
      [userId, after, limit + 1, this.everyone],
      'users_directory',
    );
    return pageOf(rows, limit, (row) => [row.username], userView);
  }

  /** The ids of those who are online and whose presence the caller is shown; at most 1,000. */
  async online({ userId }: Principal): Promise<string[]> {
    const rows = await this.database.reads.query<{ id: string; isOnline: boolean | null }>(
      `SELECT id, "isOnline" FROM (
         SELECT users.id, ${presenceColumns('$1::uuid', '$2::boolean')} FROM users
         WHERE id IN (SELECT user_id FROM online_users) AND deleted_at IS NULL
       ) AS present WHERE "isOnline" LIMIT 1000`,
      [userId, this.everyone],
      'users_online',
    );
    return rows.map(({ id }) => id);
  }

  /** @throws DomainError NOT_FOUND also where that user blocked the caller; whom the caller blocked is still shown. */
  async get({ userId }: Principal, otherUserId: string): Promise<UserView> {
    const [row] = await this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$3::boolean')} FROM users
       WHERE id = $2 AND deleted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = $1 AND b.is_blocker)`,
      [userId, otherUserId, this.everyone],
    );
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return userView(row);
  }

  /** As those see it who are shown its presence; as itself where it is the viewer. */
  async changed(userIds: readonly string[], viewerId: string): Promise<UserView[]> {
    if (userIds.length === 0) return [];
    const users = await this.viewsSeenBy(viewerId, userIds);
    const own = userIds.includes(viewerId) ? await this.own({ userId: viewerId }) : undefined;
    return userIds.flatMap((userId) => (userId === viewerId ? (own ?? []) : (users.get(userId) ?? [])));
  }

  /** As those see it who are shown its presence. */
  async withPresence(userId: string): Promise<UserView | undefined> {
    const [row] = await this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${PRESENCE_COLUMNS} FROM users WHERE id = $1`,
      [userId],
      'user_with_presence',
    );
    return row && userView(row);
  }

  /** For other features, which checked access themselves. Deleted users come as placeholders; ids of nobody are left out. */
  async viewsOf(userIds: readonly string[]): Promise<Map<string, UserView>> {
    if (userIds.length === 0) return new Map();
    const rows = await this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS} FROM users WHERE id = ANY ($1::uuid[])`,
      [userIds],
      'users_by_ids',
    );
    return new Map(rows.map((row) => [row.id, userView(row)]));
  }

  /**
   * The same with the presence that each viewer is shown: by viewer, then by user.
   * @param shared all of them share a conversation, so that nothing but a block hides one from another.
   */
  async viewsFor(
    viewerIds: readonly string[],
    userIds: readonly string[],
    shared: boolean,
  ): Promise<Map<string, Map<string, UserView>>> {
    const views = new Map(viewerIds.map((viewerId) => [viewerId, new Map<string, UserView>()]));
    if (userIds.length === 0 || viewerIds.length === 0) return views;
    if (shared || this.everyone) return this.sharedViews(viewerIds, userIds);
    const rows = await this.database.query<UserRow & { viewerId: string }>(
      `SELECT viewer.id AS "viewerId", ${USER_COLUMNS}, ${presenceColumns('viewer.id', '$3::boolean')}
       FROM users CROSS JOIN unnest($1::uuid[]) AS viewer(id) WHERE users.id = ANY ($2::uuid[])`,
      [viewerIds, userIds, false],
      'users_for_viewers',
    );
    for (const row of rows) views.get(row.viewerId)?.set(row.id, userView(row));
    return views;
  }

  /**
   * Where all are shown the presence of all, but for oneself and across a block: each user is read and made a view of
   * once, however many viewers there are.
   */
  private async sharedViews(
    viewerIds: readonly string[],
    userIds: readonly string[],
  ): Promise<Map<string, Map<string, UserView>>> {
    const rows = await this.database.query<UserRow & { hiddenFrom: string[] }>(
      `SELECT ${USER_COLUMNS}, (SELECT seen.at FROM last_seen seen WHERE seen.user_id = users.id) AS "lastSeenAt",
         ${IS_ONLINE} AS "isOnline",
         ARRAY(
           SELECT b.other_id::text FROM blocked_pairs b WHERE b.user_id = users.id AND b.other_id = ANY ($1::uuid[])
         ) AS "hiddenFrom"
       FROM users WHERE users.id = ANY ($2::uuid[])`,
      [viewerIds, userIds],
      'users_shared',
    );
    const common = new Map(rows.map((row) => [row.id, userView(row)]));
    const withoutPresence = new Map<string, UserView[]>();
    for (const row of rows) {
      for (const viewerId of [row.id, ...row.hiddenFrom]) {
        const hidden = withoutPresence.get(viewerId) ?? [];
        hidden.push(userView({ ...row, isOnline: null }));
        withoutPresence.set(viewerId, hidden);
      }
    }
    return new Map(
      viewerIds.map((viewerId) => {
        const hidden = withoutPresence.get(viewerId);
        return [
          viewerId,
          hidden === undefined ? common : new Map([...common, ...hidden.map((view) => [view.id, view] as const)]),
        ];
      }),
    );
  }

  /** `viewsFor` one viewer. */
  async viewsSeenBy(viewerId: string, userIds: readonly string[], shared = false): Promise<Map<string, UserView>> {
    return (await this.viewsFor([viewerId], userIds, shared)).get(viewerId) ?? new Map();
  }

  /** Whether there are all these users, and none was deleted. */
  async exist(...userIds: readonly string[]): Promise<boolean> {
    const [row] = await this.database.query<{ missing: number }>(
      `SELECT count(*) AS missing FROM unnest($1::uuid[]) AS wanted(id)
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = wanted.id AND deleted_at IS NULL)`,
      [userIds],
      'users_exist',
    );
    return row?.missing === 0;
  }
}

function prefixPattern(prefix: string): string {
  return `${prefix.replace(/[\\%_]/g, '\\$&')}%`;
}
