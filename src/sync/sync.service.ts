import { Injectable } from '@nestjs/common';
import { DEFAULT_PAGE_SIZE } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { ConversationReader } from '../conversations/reading/conversation-reader.js';
import { friendRequestView } from '../views/friends.view.js';
import { MessageReader } from '../messages/reading/message-reader.js';
import { MAX_ANSWER_TEXT_BYTES } from '../messages/reading/message-row.js';
import { UsersService } from '../users/users.service.js';
import {
  decodeSyncCursor,
  encodeSyncCursor,
  type SyncCursor,
  type SyncPosition,
  type SyncStage,
} from './sync-cursor.js';
import { type Finding, type Present, SyncRepository } from './sync.repository.js';
import type { SyncResetView, SyncView } from '../views/sync.view.js';

/** 8,000 characters of four bytes. */
const MAX_MESSAGE_BYTES = 32_000;

/**
 * What changed since a client was last here (contract, section 5). Never skips a change, whatever order transactions
 * commit in and however long one stays open: docs/adr/0004-sync-by-snapshot.md.
 */
@Injectable()
export class SyncService {
  constructor(
    private readonly repository: SyncRepository,
    private readonly conversations: ConversationReader,
    private readonly messages: MessageReader,
    private readonly users: UsersService,
  ) {}

  /** A cursor for everything from now on, with the conversations to listen to, both of one moment. One statement. */
  async present(
    userId: string,
  ): Promise<{ cursor: string; snapshot: string; conversationIds: string[]; joined: Present['joined'] }> {
    const { database, snapshot, conversationIds, joined } = await this.repository.present(userId);
    return {
      cursor: encodeSyncCursor({ database, userId, lower: snapshot, upper: null, position: null }),
      snapshot,
      conversationIds,
      joined,
    };
  }

  /** @throws DomainError VALIDATION_FAILED for a cursor that is not one. */
  async sync(
    principal: Principal,
    { cursor, limit = DEFAULT_PAGE_SIZE }: { cursor?: string | null | undefined; limit?: number | undefined },
  ): Promise<SyncView | SyncResetView> {
    if (cursor === undefined || cursor === null || cursor === '') return this.start(principal, null, limit);
    const at = decodeSyncCursor(cursor);
    if (at.userId !== principal.userId) return { reset: true };
    return at.lower === null ? this.start(principal, at, limit) : this.proceed(principal, at, at.lower, limit);
  }

  /** The conversation list by pages; everything later is counted from the snapshot of its first page. */
  private async start(principal: Principal, at: SyncCursor | null, limit: number): Promise<SyncView | SyncResetView> {
    const { database, snapshot, conversationIds } = await this.repository.present(principal.userId);
    if (at !== null && at.database !== database) return { reset: true };
    const upper = at?.upper ?? snapshot;
    const last = at?.position?.key[0];
    const rest = last === undefined ? conversationIds : conversationIds.filter((id) => id > last);
    const page = rest.slice(0, limit);
    const hasMore = rest.length > limit;
    return {
      ...EMPTY,
      cursor: encodeSyncCursor({
        database,
        userId: principal.userId,
        lower: hasMore ? null : upper,
        upper: hasMore ? upper : null,
        position: hasMore ? { stage: 'conversations', key: page.slice(-1) } : null,
      }),
      // What changed while the pages were being read comes with the next call.
      hasMore: hasMore || at !== null,
      conversations: await this.conversations.views(principal, page),
    };
  }

  private async proceed(
    principal: Principal,
    at: SyncCursor,
    lower: string,
    limit: number,
  ): Promise<SyncView | SyncResetView> {
    const { userId } = principal;
    const { isUpperRounded = false } = at;
    const bound = isUpperRounded ? null : at.upper;
    const changes = await this.repository.changes(userId, lower, bound, at.position, limit + 1);
    if (changes.database !== at.database || !changes.isKnown) return { reset: true };
    const upper = at.upper ?? changes.snapshot;
    const page = changes.found.slice(0, await this.fitting(changes.found, limit));
    const last = changes.found.length > page.length ? page.at(-1) : undefined;
    return {
      ...(await this.viewsOf(principal, page)),
      cursor: encodeSyncCursor(
        last === undefined
          ? { database: at.database, userId, lower: upper, upper: null, position: null }
          : { database: at.database, userId, lower, upper, isUpperRounded, position: positionOf(last) },
      ),
      // Several pages are of one moment: what happened since the first of them is for one more call.
      hasMore: last !== undefined || at.upper !== null,
    };
  }

  /** How many findings one answer holds: `limit`, or fewer where messages among them are very long. */
  private async fitting(found: readonly Finding[], limit: number): Promise<number> {
    const first = found.findIndex(({ stage }) => stage === 'messages');
    const messages = first === -1 ? [] : found.slice(first, limit).filter(({ stage }) => stage === 'messages');
    // So few always fit.
    if (messages.length * MAX_MESSAGE_BYTES <= MAX_ANSWER_TEXT_BYTES) return Math.min(limit, found.length);
    const fitting = await this.messages.fitting(messages.map(({ id }) => id));
    // What comes behind messages comes with them only where all of these fit.
    return fitting < messages.length ? first + fitting : Math.min(limit, found.length);
  }

  private async viewsOf(
    principal: Principal,
    found: readonly Finding[],
  ): Promise<Omit<SyncView, 'cursor' | 'hasMore'>> {
    if (found.length === 0) return EMPTY;
    const of = (stage: SyncStage): Finding[] => found.filter((finding) => finding.stage === stage);
    const idsOf = (stage: SyncStage): string[] => of(stage).map(({ id }) => id);
    const [conversations, messages, receipts, friendships, friendUsers, requests, users] = await Promise.all([
      this.conversations.views(principal, idsOf('conversations')),
      this.messages.byIds(principal.userId, idsOf('messages')),
      this.repository.receipts(
        principal.userId,
        of('receipts').map(({ id, otherId }) => ({ conversationId: id, userId: otherId ?? '' })),
      ),
      this.repository.friendships(principal.userId, idsOf('friends')),
      this.users.viewsSeenBy(principal.userId, idsOf('friends')),
      this.repository.friendRequests(idsOf('requests')),
      this.users.changed(idsOf('users'), principal.userId),
    ]);
    return {
      conversations,
      leftConversationIds: idsOf('left'),
      messages: messages.sort((a, b) =>
        a.conversationId < b.conversationId ? -1 : a.conversationId > b.conversationId ? 1 : a.seq - b.seq,
      ),
      receipts,
      friendRequests: requests.map(friendRequestView),
      friends: friendships.flatMap(({ friendId, since, removedAt }) => {
        const user = friendUsers.get(friendId);
        return user === undefined
          ? []
          : [{ user, since: since.toISOString(), removedAt: removedAt?.toISOString() ?? null }];
      }),
      users,
    };
  }
}

const EMPTY: Omit<SyncView, 'cursor' | 'hasMore'> = {
  conversations: [],
  leftConversationIds: [],
  messages: [],
  receipts: [],
  friendRequests: [],
  friends: [],
  users: [],
};

function positionOf({ stage, id, otherId, seq, boundary }: Finding): SyncPosition {
  switch (stage) {
    case 'receipts':
      return { stage, key: [id, otherId ?? ''] };
    case 'messages':
      return { stage, key: [otherId ?? '', seq ?? 0, boundary ?? 0] };
    default:
      return { stage, key: [id] };
  }
}
