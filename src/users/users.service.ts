import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../attachments/attachments.service.js';
import { type Avatar, requireOneAvatar } from '../attachments/avatar.js';
import type { UsageView } from '../views/attachments.view.js';
import { DomainError } from '../common/errors.js';
import { decodeCursor, isShortText, type Page, type PageQuery, pageOf } from '../common/pagination.js';
import { foldText } from '../common/text/fold-text.js';
import type { Principal } from '../common/access/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import type { UpdateProfile, UserSearch } from './dto/users.dto.js';
import { isReserved } from './usernames.js';
import { UsersRepository } from './users.repository.js';
import { type OwnUserRow, type OwnUserView, ownUserView, type UserView, userView } from '../views/users.view.js';

/** Users in the list of who is online. */
const MAX_ONLINE_LISTED = 1_000;

/** Sorts before every username. */
const BEFORE_ALL = '';

/** Profiles (contract, section 3). */
@Injectable()
export class UsersService {
  /** Whether presence is shown to all. */
  private readonly everyone: boolean;

  constructor(
    private readonly database: Database,
    private readonly repository: UsersRepository,
    private readonly events: EventBus,
    private readonly attachments: AttachmentsService,
    private readonly limiter: RateLimiter,
    configuration: Configuration,
  ) {
    this.everyone = configuration.presenceAudience === 'everyone';
  }

  async requireOwn({ userId }: Pick<Principal, 'userId'>): Promise<OwnUserView> {
    const row = await this.repository.findOwn(userId);
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
    if (Object.values(changes).every((value) => value === undefined)) return this.requireOwn(principal);
    await this.limiter.consume('profileChanges', principal.userId);
    if (changes.username !== undefined && isReserved(changes.username)) throw new DomainError('USERNAME_TAKEN');
    requireOneAvatar(changes);
    const { before, row, avatar } = await this.database.transaction(async (transaction) => {
      const before = await this.repository.lockOwn(transaction, principal.userId);
      const avatar = await this.attachments.chosenAvatar(transaction, principal, changes, before?.avatarId ?? null);
      return { before, row: await this.write(transaction, principal, changes, avatar), avatar };
    });
    if (before === undefined || row === undefined) throw new DomainError('NOT_FOUND');
    const view = ownUserView(row);
    if (JSON.stringify(view) !== JSON.stringify(ownUserView(before)))
      this.events.publish('user.changed', { userId: principal.userId, isDeleted: false });
    if (avatar !== undefined) this.attachments.sweep();
    return view;
  }

  /** @throws DomainError USERNAME_TAKEN */
  private async write(
    transaction: Transaction,
    { userId }: Principal,
    { username, displayName }: UpdateProfile,
    avatar: Avatar | undefined,
  ): Promise<OwnUserRow | undefined> {
    const foldedName = displayName === undefined ? undefined : foldText(displayName);
    const row = await this.repository.change(transaction, userId, { username, displayName, foldedName, avatar });
    if (row === 'taken') throw new DomainError('USERNAME_TAKEN');
    return row;
  }

  /** Others whose username or display name begins so, by username; none across a block, whoever set it. */
  async search({ userId }: Principal, { search, cursor, limit }: UserSearch): Promise<Page<UserView>> {
    const key = decodeCursor<[string]>(cursor, [isShortText]);
    const folded = foldText(search);
    if (folded === '') return { items: [], nextCursor: null };
    const beginning = { beginning: search, folded };
    const [named, others] = await Promise.all([
      key === null ? this.repository.findNamed(userId, folded, this.everyone) : [],
      this.repository.search(userId, beginning, key?.[0] ?? BEFORE_ALL, limit + 1, this.everyone),
    ]);
    // Behind the one who is called exactly so come all others.
    return pageOf(
      [...named, ...others],
      limit,
      (row) => [row.username === folded ? BEFORE_ALL : row.username],
      userView,
    );
  }

  /** All others, by username; none across a block. */
  async directory({ userId }: Principal, { cursor, limit }: PageQuery): Promise<Page<UserView>> {
    const [after] = decodeCursor<[string]>(cursor, [isShortText]) ?? [BEFORE_ALL];
    const rows = await this.repository.directory(userId, after, limit + 1, this.everyone);
    return pageOf(rows, limit, (row) => [row.username], userView);
  }

  /** The ids of those who are online and whose presence the caller is shown; at most `MAX_ONLINE_LISTED`. */
  online({ userId }: Principal): Promise<string[]> {
    return this.everyone
      ? this.repository.online(userId, MAX_ONLINE_LISTED)
      : this.repository.onlineContacts(userId, MAX_ONLINE_LISTED);
  }

  /** @throws DomainError NOT_FOUND also where that user blocked the caller; whom the caller blocked is still shown. */
  async get({ userId }: Principal, otherUserId: string): Promise<UserView> {
    const row = await this.repository.findShown(userId, otherUserId, this.everyone);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    if (otherUserId !== userId) return userView(row);
    const { email } = await this.requireOwn({ userId });
    return { ...userView(row), email };
  }

  /** As those see it who are shown its presence; as itself where it is the viewer. */
  async changed(userIds: readonly string[], viewerId: string): Promise<UserView[]> {
    if (userIds.length === 0) return [];
    const users = await this.viewsSeenBy(viewerId, userIds);
    const own = userIds.includes(viewerId) ? await this.requireOwn({ userId: viewerId }) : undefined;
    return userIds.flatMap((userId) => (userId === viewerId ? (own ?? []) : (users.get(userId) ?? [])));
  }

  /** As those see it who are shown its presence. */
  async withPresence(userId: string): Promise<UserView | undefined> {
    const row = await this.repository.findWithPresence(userId);
    return row && userView(row);
  }

  /** For other features, which checked access themselves. Deleted users come as placeholders; ids of nobody are left out. */
  async viewsOf(userIds: readonly string[]): Promise<Map<string, UserView>> {
    if (userIds.length === 0) return new Map();
    const rows = await this.repository.byIds(userIds);
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
    const rows = await this.repository.forViewers(viewerIds, userIds);
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
    const rows = await this.repository.withHiddenFrom(viewerIds, userIds);
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
    return (await this.repository.countMissing(userIds)) === 0;
  }
}
