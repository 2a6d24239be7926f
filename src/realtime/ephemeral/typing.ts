import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { ConversationAccess, MAX_LIVE_AUDIENCE } from '../../conversations/conversation-access.js';
import type { DomainEvents } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { Contacts } from '../../friends/contacts/contacts.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { Broadcaster } from '../delivery/broadcaster.js';

type TypingChange = DomainEvents['typing.changed'];

interface Typist {
  /** Those who must not see it: members who blocked the typist or whom it blocked. */
  hiddenFrom: readonly string[];
  relayedAt: number;
  /** Runs out `typingExpiryMs` after the typist last said so. */
  expiry: NodeJS.Timeout;
}

/** Stopped less than `typingThrottleMs` after it was shown: whoever types on is shown when that time is over. */
interface Pause {
  end: NodeJS.Timeout;
  typesOn: Principal | undefined;
}

/** So much longer than its own process another one waits for the end of a typist's typing. */
const ELSEWHERE_MARGIN_MS = 1_000;

/** Who is typing where (contract, section 6). Kept nowhere: it ends by itself, and with the process. */
@Injectable()
export class Typing implements OnApplicationShutdown, OnModuleInit {
  // All by user and conversation.
  private readonly typists = new Map<string, Typist>();
  private readonly pauses = new Map<string, Pause>();
  /** Those about to be shown, still being looked up. One that is stopped meanwhile is taken out, and not shown. */
  private readonly starting = new Map<string, symbol>();
  /** Typists of other processes: where one of those dies, or stands still, their typing ends all the same. */
  private readonly elsewhere = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly events: EventBus,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
    private readonly access: ConversationAccess,
    private readonly contacts: Contacts,
    private readonly broadcaster: Broadcaster,
    private readonly limiter: RateLimiter,
  ) {}

  /** Behind the relay, which subscribes when it is made: a message is there before its sender stops typing it. */
  onModuleInit(): void {
    this.events.subscribeToAll('typing.changed', (changed) => {
      this.emit(changed);
      this.watch(changed);
    });
    this.events.subscribeToAll('messages.created', ({ messages }) => {
      for (const { message, group } of messages) {
        this.stop(message.senderId, message.conversationId);
        if (group?.leftId !== undefined) this.stop(group.leftId, message.conversationId);
      }
    });
    // Whom a block hides from the other is looked up anew when it types on.
    this.events.subscribeToAll('block.created', ({ blockerId, blockedId }) => {
      this.gone(blockerId);
      this.gone(blockedId);
    });
  }

  /** @throws DomainError NOT_FOUND where the caller is no member, RATE_LIMITED. */
  async set(principal: Principal, conversationId: string, isTyping: boolean): Promise<void> {
    await this.limiter.consume('typing', principal.userId);
    const key = `${principal.userId} ${conversationId}`;
    const known = this.typists.get(key);
    if (!isTyping) {
      this.stop(principal.userId, conversationId);
      if (known === undefined) await this.access.membership(principal, conversationId);
      return;
    }
    if (known !== undefined && this.clock.now() - known.relayedAt < this.configuration.timings.typingThrottleMs) {
      known.expiry.refresh();
      return;
    }
    const pause = this.pauses.get(key);
    if (pause === undefined) await this.show(principal, conversationId);
    else pause.typesOn = principal;
  }

  /** Ends it at once where the typist types no more, sends or is gone. */
  stop(userId: string, conversationId: string): void {
    const key = `${userId} ${conversationId}`;
    this.starting.delete(key);
    const pause = this.pauses.get(key);
    if (pause !== undefined) pause.typesOn = undefined;
    const typist = this.typists.get(key);
    if (typist === undefined) return;
    clearTimeout(typist.expiry);
    this.typists.delete(key);
    this.relay(userId, conversationId, false, typist.hiddenFrom);
    const left = typist.relayedAt + this.configuration.timings.typingThrottleMs - this.clock.now();
    if (left > 0) {
      const end = setTimeout(() => this.endPause(key, conversationId), left).unref();
      this.pauses.set(key, { end, typesOn: undefined });
    }
  }

  /** The user has no connection to this process any more. */
  gone(userId: string): void {
    for (const keys of [this.starting, this.pauses, this.typists]) {
      for (const key of [...keys.keys()])
        if (key.startsWith(`${userId} `)) this.stop(userId, key.slice(userId.length + 1));
    }
  }

  onApplicationShutdown(): void {
    for (const { expiry } of this.typists.values()) clearTimeout(expiry);
    for (const { end } of this.pauses.values()) clearTimeout(end);
    for (const end of this.elsewhere.values()) clearTimeout(end);
    for (const kept of [this.starting, this.pauses, this.typists, this.elsewhere]) kept.clear();
  }

  private emit({ hiddenFrom, ...typing }: TypingChange): void {
    const except = [typing.userId, ...hiddenFrom];
    this.broadcaster.toOpenConversation(typing.conversationId, 'typing', typing, except);
  }

  private watch(changed: TypingChange): void {
    const key = `${changed.userId} ${changed.conversationId}`;
    clearTimeout(this.elsewhere.get(key));
    this.elsewhere.delete(key);
    if (!changed.isTyping || this.typists.has(key)) return;
    const end = setTimeout(() => {
      this.elsewhere.delete(key);
      this.emit({ ...changed, isTyping: false });
    }, this.configuration.timings.typingExpiryMs + ELSEWHERE_MARGIN_MS).unref();
    this.elsewhere.set(key, end);
  }

  private async show(principal: Principal, conversationId: string): Promise<void> {
    const key = `${principal.userId} ${conversationId}`;
    const attempt = Symbol();
    // Where many type at once, the first is shown.
    if (!this.starting.has(key)) this.starting.set(key, attempt);
    let isCurrent = false;
    const hiddenFrom = await this.hiddenFrom(principal, conversationId).finally(() => {
      isCurrent = this.starting.get(key) === attempt;
      if (isCurrent) this.starting.delete(key);
    });
    if (!isCurrent || hiddenFrom === null) return;
    clearTimeout(this.typists.get(key)?.expiry);
    const expiry = setTimeout(
      () => this.stop(principal.userId, conversationId),
      this.configuration.timings.typingExpiryMs,
    ).unref();
    this.typists.set(key, { relayedAt: this.clock.now(), hiddenFrom, expiry });
    this.relay(principal.userId, conversationId, true, hiddenFrom);
  }

  private endPause(key: string, conversationId: string): void {
    const typesOn = this.pauses.get(key)?.typesOn;
    this.pauses.delete(key);
    // A user who is no member any more is not shown, and gets no error either: this answers no request.
    if (typesOn !== undefined) this.show(typesOn, conversationId).catch(() => undefined);
  }

  private relay(userId: string, conversationId: string, isTyping: boolean, hiddenFrom: readonly string[]): void {
    this.events.publish('typing.changed', { conversationId, userId, isTyping, hiddenFrom });
  }

  /** Null where the conversation is too large to show anybody typing. */
  private async hiddenFrom(principal: Principal, conversationId: string): Promise<string[] | null> {
    const { memberCount } = await this.access.membership(principal, conversationId);
    if (memberCount > MAX_LIVE_AUDIENCE) return null;
    const memberIds = await this.access.memberIds(conversationId);
    return [...(await this.contacts.blockedPeers(principal.userId, memberIds))];
  }
}
