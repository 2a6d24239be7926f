import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { AttachmentLinks } from '../../attachments/serving/attachment-urls.js';
import type { RequestHead } from '../../auth/sessions/session-cookies.js';
import { AccessTokenStrategy } from '../../auth/tokens/access-token.strategy.js';
import { MAX_PAGE_SIZE, type Page, type PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { ConversationView, ReceiptView } from '../../views/conversations.view.js';
import { DirectConversationsService } from '../../conversations/direct/direct-conversations.service.js';
import { ReadGate } from '../../limits/reads/read-gate.js';
import { MessageReader, type WrittenPage, type WrittenQuery } from '../../messages/reading/message-reader.js';
import type { MessageView } from '../../views/messages.view.js';
import { UsersService } from '../../users/users.service.js';
import type { OwnUserView, UserView } from '../../views/users.view.js';

/**
 * What a client can look at in a dialect whose events also read; beside `ChatCommands`, all that a dialect may call.
 * Every method throws what its service throws: DomainError NOT_FOUND for what the caller may not see.
 */
@Injectable()
export class ChatQueries {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly direct: DirectConversationsService,
    private readonly messages: MessageReader,
    private readonly users: UsersService,
    private readonly attachments: AttachmentsService,
    private readonly links: AttachmentLinks,
    private readonly accessTokens: AccessTokenStrategy,
    private readonly gate: ReadGate,
  ) {}

  /** The caller itself, as nobody else sees it. */
  requireOwn(principal: Principal): Promise<OwnUserView> {
    return this.users.requireOwn(principal);
  }

  user(principal: Principal, userId: string): Promise<UserView> {
    return this.gate.run(principal, () => this.users.get(principal, userId));
  }

  /** As the caller sees them; those of nobody are left out. */
  usersSeen(principal: Principal, userIds: readonly string[]): Promise<Map<string, UserView>> {
    return this.users.viewsSeenBy(principal.userId, userIds);
  }

  /** What everybody may know of them: no presence. */
  usersNamed(userIds: readonly string[]): Promise<Map<string, UserView>> {
    return this.users.viewsOf(userIds);
  }

  /** All others, by username; none across a block. */
  directory(principal: Principal, page: PageQuery): Promise<Page<UserView>> {
    return this.gate.run(principal, () => this.users.directory(principal, page));
  }

  /** The ids of those who are online and whose presence the caller is shown; at most 1,000. */
  online(principal: Principal): Promise<string[]> {
    return this.gate.run(principal, () => this.users.online(principal));
  }

  /** The caller's uploads that no message uses yet, by the whole URLs that name them, however long ago those were given. */
  async unusedUploads({ userId }: Principal, urls: readonly string[]): Promise<Map<string, string>> {
    const named = urls.flatMap((url) => {
      const id = this.links.attachmentOf(url)?.toLowerCase();
      return id === undefined ? [] : [[url, id] as const];
    });
    if (named.length === 0) return new Map();
    const unused = await this.attachments.unusedOf(
      userId,
      named.map(([, id]) => id),
    );
    return new Map(named.filter(([, id]) => unused.has(id)));
  }

  /** The two of a direct conversation; undefined for a group. For what its members received. */
  pairOf(conversationId: string): Promise<readonly [string, string] | undefined> {
    return this.direct.pairOf(conversationId);
  }

  /** The caller's direct conversation with somebody, where there is one. */
  findDirect(principal: Principal, otherUserId: string): Promise<string | undefined> {
    return this.gate.runSmall(principal, () => this.direct.find(principal, otherUserId));
  }

  /** Found or created. */
  openDirect(principal: Principal, otherUserId: string): Promise<{ conversationId: string; created: boolean }> {
    return this.direct.open(principal, otherUserId);
  }

  conversation(principal: Principal, conversationId: string): Promise<ConversationView> {
    return this.gate.run(principal, () => this.conversations.view(principal, conversationId));
  }

  /** The caller's direct conversations, newest activity first. */
  directConversations(principal: Principal, page: PageQuery): Promise<Page<ConversationView>> {
    return this.gate.run(principal, () => this.conversations.list(principal, page, 'DIRECT'));
  }

  /** The first hundred members' cursors: of a direct conversation, both. */
  async receipts(principal: Principal, conversationId: string): Promise<ReceiptView[]> {
    const page = await this.gate.run(principal, () =>
      this.conversations.receipts(principal, conversationId, { limit: MAX_PAGE_SIZE }),
    );
    return page.items;
  }

  /** What is written in a conversation and still there for the caller: no tombstones, no SYSTEM messages. */
  listWritten(principal: Principal, conversationId: string, query: WrittenQuery): Promise<WrittenPage> {
    return this.gate.run(principal, () => this.messages.listWritten(principal, conversationId, query));
  }

  /** How many of those, by others, the caller has not read; at most 1,000. */
  unread(principal: Principal, conversationId: string): Promise<number> {
    return this.gate.run(principal, () => this.messages.unread(principal, conversationId));
  }

  message(principal: Principal, messageId: string): Promise<MessageView> {
    return this.gate.runSmall(principal, () => this.messages.view(principal, messageId));
  }

  /** The newest message of each conversation that is still there for the caller, by conversation. */
  newest(principal: Principal, conversations: readonly ConversationView[]): Promise<Map<string, MessageView>> {
    return this.messages.newest(principal, conversations);
  }

  /** Messages of all the caller's direct conversations, newest first. */
  recentDirect(principal: Principal, limit: number, skip: number): Promise<MessageView[]> {
    return this.gate.run(principal, () => this.messages.recentDirect(principal, limit, skip));
  }

  /**
   * The access token that the caller came with, for a client that cannot read its own cookie. Never a new one: a token
   * that could renew itself would be good for as long as its session, whoever found it, and its reuse would never be seen.
   */
  accessToken(request: RequestHead): string {
    return this.accessTokens.tokenOf(request);
  }
}
