import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../../../common/async/background-loop.js';
import { StepSize } from '../../../common/async/step-size.js';
import { newId, NIL_ID } from '../../../common/identifier.js';
import { Configuration } from '../../../config/configuration.js';
import type { Transaction } from '../../../database/database.js';
import { EventBus } from '../../../events/event-bus.js';
import { Metrics } from '../../../observability/metrics.js';
import { WebhookSender } from '../sending/webhook-sender.js';
import { type Payload, WebhookPayloads } from './webhook-payloads.js';
import { type ActiveWebhook, type NotedEvent, WebhookPlanningRepository } from './webhook-planning.repository.js';

/** Conversations of one step, and messages of each. */
const MAX_STEP = 32;
const MAX_MESSAGES = 20;
const MAX_EVENTS = 100;
/** The rest after a step is so many times as long as the step: at most a fifth of a core. */
const REST_TIMES = 4;
/** What is remembered; beyond it the database is asked, as at the start. */
const MAX_NOTED = 100_000;
/** How often all conversations are walked, for what a process that died, or that had too much to remember, left unplanned. */
const WALK_INTERVAL_MS = 10 * 60_000;
const WALK_STRETCH = 2_000;

/**
 * Turns what happened into deliveries, behind the path of a message: nobody waits for it, and it may lag, stop or be killed. New
 * messages it is given as events, which cost a message an entry in a set, and finds by how far each conversation is planned what
 * it was not given; everything else triggers wrote down with the change (docs/adr/0034-webhooks-behind-the-writer.md). Several
 * processes may plan at once: each thing is planned once.
 */
@Injectable()
export class WebhookPlanner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private conversations = new Set<string>();
  private walkedTo = NIL_ID;
  private walkAt = 0;
  /** Smaller after a failure: if one of them is the reason, the others soon go without it. */
  private readonly stepSize = new StepSize(MAX_STEP);
  private eventsSize = MAX_EVENTS;
  private isIdle = false;
  /** False where there was no webhook when it was last looked: then messages wake nothing. */
  private isActive = true;
  private readonly loop = new BackgroundLoop(
    () => this.planNoted(),
    ({ message }) => this.logger.warn(`nothing is planned for webhooks at the moment: ${message}`),
  );

  constructor(
    private readonly repository: WebhookPlanningRepository,
    private readonly payloads: WebhookPayloads,
    private readonly sender: WebhookSender,
    private readonly configuration: Configuration,
    metrics: Metrics,
    events: EventBus,
  ) {
    metrics.gauge(
      'parley_webhook_unplanned',
      'Conversations that webhooks have not looked at yet.',
      () => this.conversations.size,
    );
    events.subscribe('messages.created', ({ messages }) => {
      for (const { message } of messages) this.note(message.conversationId);
      this.wake();
    });
    // What triggers wrote down for these; what else they did is found within `webhookRestMs`.
    for (const name of ['message.changed', 'conversation.joined', 'friend-request.accepted', 'user.changed'] as const)
      events.subscribe(name, () => this.wake());
  }

  onApplicationBootstrap(): void {
    // It ends in a moment, and does not send what it plans either.
    if (this.configuration.isOperator === true) return;
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  /** A webhook was made, or is another now. */
  changed(): void {
    this.isActive = true;
    this.loop.wake();
  }

  /** There may be something to plan sooner than it was known. */
  private wake(): void {
    if (!this.loop.isAwake) this.loop.wake();
  }

  private note(conversationId: string): void {
    if (this.conversations.size < MAX_NOTED) this.conversations.add(conversationId);
    // Forgotten: found when all are walked.
    else if (!this.conversations.has(conversationId)) this.walkAt = 0;
  }

  private async planNoted(): Promise<number> {
    const began = performance.now();
    this.isActive = await this.turn();
    const took = performance.now() - began;
    if (!this.isActive) await this.gather(this.configuration.timings.webhookRestMs);
    else if (this.isIdle && !this.loop.isAwake) await this.loop.rest(this.configuration.timings.webhookRestMs);
    // What happens within this time is planned together, and others have the processor meanwhile.
    await this.gather(Math.max(this.configuration.timings.webhookPlanPauseMs, took * REST_TIMES));
    return 0;
  }

  /** Whether there is any webhook to plan for. */
  private async turn(): Promise<boolean> {
    const noted = this.conversations;
    this.conversations = new Set();
    // Noted before it is asked: a webhook that is not there now follows nothing of what was noted until here.
    if (!(await this.isAnyActive(noted))) {
      this.walkAt = 0;
      return false;
    }
    const step: string[] = [];
    for (const id of noted) {
      if (step.length < this.stepSize.value) step.push(id);
      else this.note(id);
    }
    let areEventsLeft: boolean;
    try {
      areEventsLeft = await this.planEvents();
      for (const id of await this.planMessages(step)) this.note(id);
      this.stepSize.succeeded();
    } catch (error) {
      for (const id of step) this.note(id);
      this.stepSize.failed();
      throw error;
    }
    await this.walk();
    this.isIdle = !areEventsLeft && this.conversations.size === 0;
    return true;
  }

  private async isAnyActive(noted: ReadonlySet<string>): Promise<boolean> {
    try {
      return await this.repository.isAnyActive();
    } catch (error) {
      for (const id of noted) this.note(id);
      throw error;
    }
  }

  /** Whether there are more of them. */
  private async planEvents(): Promise<boolean> {
    const size = this.eventsSize;
    // Until these are planned.
    this.eventsSize = Math.max(1, size >> 2);
    const taken = await this.repository.step(async (transaction) => {
      const events = await this.repository.takeEvents(transaction, size);
      if (events.length === 0) return 0;
      const webhooks = await this.repository.active(transaction);
      const followed = events.filter(({ type }) => webhooks.some((webhook) => webhook.events.includes(type)));
      const payloads = [
        ...(await this.payloads.ofMessages(transaction, followed.flatMap(ofMessage))),
        ...(await this.payloads.ofOthers(
          transaction,
          followed.filter((event) => ofMessage(event).length === 0),
        )),
      ];
      await this.deliver(transaction, webhooks, payloads);
      return events.length;
    });
    this.eventsSize = Math.min(MAX_EVENTS, size * 2);
    if (taken > 0) this.sender.wake();
    return taken === size;
  }

  /** Answers of which conversations there is more. */
  private async planMessages(conversationIds: readonly string[]): Promise<string[]> {
    if (conversationIds.length === 0) return [];
    const { remaining, planned } = await this.repository.step(async (transaction) => {
      const webhooks = await this.repository.active(transaction);
      const followers = webhooks.filter(({ events }) => events.includes('message.created'));
      const [first] = followers
        .map(({ followsFrom }) => followsFrom)
        .sort((one, other) => one.getTime() - other.getTime());
      if (first === undefined) return { remaining: [], planned: 0 };
      const turns = await this.repository.lock(transaction, conversationIds, first);
      const messages = await this.repository.next(transaction, turns, MAX_MESSAGES);
      const payloads = await this.payloads.ofMessages(
        transaction,
        messages
          .filter(({ isSystem, createdAt }) => !isSystem && createdAt >= first)
          .map(({ id, createdAt }) => ({ type: 'message.created' as const, messageId: id, at: createdAt })),
      );
      await this.deliver(transaction, followers, payloads);
      const reached = new Map(messages.map(({ conversationId, seq }) => [conversationId, seq]));
      if (reached.size > 0) await this.repository.noteProgress(transaction, reached);
      const held = new Set(turns.map(({ conversationId }) => conversationId));
      const counts = new Map<string, number>();
      for (const { conversationId } of messages) counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
      const more = [...counts].filter(([, count]) => count === MAX_MESSAGES).map(([id]) => id);
      // What was written while nobody followed messages may be a million, of which nothing is sent.
      const times = new Map(messages.map(({ conversationId, createdAt }) => [conversationId, createdAt]));
      const behind = more.filter((id) => (times.get(id) ?? first) < first);
      if (behind.length > 0) await this.repository.skip(transaction, behind, first);
      // What another process is planning comes round again.
      return { remaining: [...more, ...conversationIds.filter((id) => !held.has(id))], planned: payloads.length };
    });
    if (planned > 0) this.sender.wake();
    return remaining;
  }

  private async deliver(
    transaction: Transaction,
    webhooks: readonly ActiveWebhook[],
    payloads: readonly Payload[],
  ): Promise<void> {
    const deliveries = payloads.flatMap(({ type, at, data, userId, otherUserId = null }) => {
      const payload = JSON.stringify({ type, timestamp: at.toISOString(), data });
      return webhooks
        .filter(({ events, followsFrom }) => events.includes(type) && at >= followsFrom)
        .map(({ id }) => ({ id: newId(), webhookId: id, type, payload, userId, otherUserId }));
    });
    if (deliveries.length > 0) await this.repository.add(transaction, deliveries);
  }

  /** A stretch of all conversations, where a walk is due or under way. */
  private async walk(): Promise<void> {
    if (performance.now() < this.walkAt) return;
    const followsFrom = await this.repository.messagesFollowedFrom();
    if (followsFrom === undefined) return;
    const { conversationIds, reached } = await this.repository.unplanned(this.walkedTo, WALK_STRETCH, followsFrom);
    for (const id of conversationIds) this.note(id);
    if (reached !== null) {
      this.walkedTo = reached;
      return this.wake();
    }
    this.walkedTo = NIL_ID;
    this.walkAt = performance.now() + WALK_INTERVAL_MS;
  }

  /** Nothing but the shutdown ends this wait, and the first webhook where there was none. */
  private async gather(ms: number): Promise<void> {
    const wasActive = this.isActive;
    const until = performance.now() + ms;
    const isOver = (): boolean => this.loop.isStopped || this.isActive !== wasActive;
    for (let left = ms; left > 0 && !isOver(); left = until - performance.now()) await this.loop.rest(left);
  }
}

function ofMessage({
  type,
  subjectId,
  at,
}: NotedEvent): { type: 'message.updated' | 'message.deleted'; messageId: string; at: Date }[] {
  return type === 'message.updated' || type === 'message.deleted' ? [{ type, messageId: subjectId, at }] : [];
}
