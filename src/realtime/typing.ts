import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { Clock } from '../common/clock.js';
import { ConversationAccess, LARGEST_LIVE_AUDIENCE } from '../conversations/conversation-access.js';
import { Contacts } from '../friends/contacts.js';
import { Broadcaster } from './broadcaster.js';

/** A sender is relayed at most this often. */
const THROTTLE_MS = 2_000;
/** Who says nothing more has stopped typing. */
const EXPIRY_MS = 6_000;

interface Typist {
  userId: string;
  relayedAt: number;
  /** Those who must not see it: members who blocked the typist or whom it blocked. */
  hiddenFrom: readonly string[];
  expiry: NodeJS.Timeout;
}

/** Who is typing where (contract, section 6). Kept nowhere: it ends by itself, and with the process. */
@Injectable()
export class Typing implements OnApplicationShutdown {
  private readonly typists = new Map<string, Typist>();

  constructor(
    private readonly clock: Clock,
    private readonly access: ConversationAccess,
    private readonly contacts: Contacts,
    private readonly broadcaster: Broadcaster,
  ) {}

  /** @throws DomainError NOT_FOUND where the caller is no member. */
  async set(principal: Principal, conversationId: string, isTyping: boolean): Promise<void> {
    const key = `${principal.userId} ${conversationId}`;
    const known = this.typists.get(key);
    if (!isTyping) {
      if (known === undefined) await this.access.membership(principal, conversationId);
      else this.stop(principal.userId, conversationId);
      return;
    }
    if (known !== undefined && this.clock.now() - known.relayedAt < THROTTLE_MS) {
      known.expiry.refresh();
      return;
    }
    const hiddenFrom = await this.hiddenFrom(principal, conversationId);
    if (hiddenFrom === null) return;
    clearTimeout(this.typists.get(key)?.expiry);
    const expiry = setTimeout(() => this.stop(principal.userId, conversationId), EXPIRY_MS).unref();
    this.typists.set(key, { userId: principal.userId, relayedAt: this.clock.now(), hiddenFrom, expiry });
    this.relay(principal.userId, conversationId, true, hiddenFrom);
  }

  /** Ends it at once where the typist types, sends or is gone. */
  stop(userId: string, conversationId: string): void {
    const key = `${userId} ${conversationId}`;
    const typist = this.typists.get(key);
    if (typist === undefined) return;
    clearTimeout(typist.expiry);
    this.typists.delete(key);
    this.relay(userId, conversationId, false, typist.hiddenFrom);
  }

  /** The user has no connection to this process any more. */
  gone(userId: string): void {
    for (const [key, typist] of this.typists) {
      if (typist.userId === userId) this.stop(userId, key.slice(userId.length + 1));
    }
  }

  onApplicationShutdown(): void {
    for (const { expiry } of this.typists.values()) clearTimeout(expiry);
    this.typists.clear();
  }

  private relay(userId: string, conversationId: string, isTyping: boolean, hiddenFrom: readonly string[]): void {
    this.broadcaster.toOpenConversation(conversationId, 'typing', { conversationId, userId, isTyping }, [
      userId,
      ...hiddenFrom,
    ]);
  }

  /** Null where the conversation is too large to show anybody typing. */
  private async hiddenFrom(principal: Principal, conversationId: string): Promise<string[] | null> {
    await this.access.membership(principal, conversationId);
    const memberIds = await this.access.memberIds(conversationId, LARGEST_LIVE_AUDIENCE + 1);
    if (memberIds.length > LARGEST_LIVE_AUDIENCE) return null;
    return [...(await this.contacts.blockedPeers(principal.userId, memberIds))];
  }
}
