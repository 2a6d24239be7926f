import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { NIL_ID } from '../../common/identifier.js';
import { BackgroundLoop } from '../../common/async/background-loop.js';
import { StepSize } from '../../common/async/step-size.js';
import { Configuration } from '../../config/configuration.js';
import type { DomainEvents } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { Metrics } from '../../observability/metrics.js';
import { Attention } from '../../presence/attention.js';
import { type Planned, PushPlanningRepository } from './push-planning.repository.js';
import { PushSender } from '../sending/push-sender.js';

/** One statement: bounded, so that neither a sender nor a reader waits long for a core; of less after one that failed. */
const MAX_STEP = 64;
/** The rest after a step is so many times as long as the step: at most a fifth of a core. */
const REST_TIMES = 4;
/** What is remembered of each kind; beyond it the database is asked, as at the start. */
const MAX_NOTED = 100_000;
/** Devices of one page of the walk; fewer after one that failed. */
const MAX_WALK_PAGE = 200;
/** The walk waits while more than this is noted: planning has fallen behind, and does not need more to do. */
const MAX_NOTED_BESIDE_WALK = 1_000;
/** Where there always is, a page is looked at all the same this often. */
const MAX_WALK_REST_MS = 30_000;

/** What is to be looked at, of one kind. */
class Noted extends Set<string> {
  readonly stepSize = new StepSize(MAX_STEP);
}

/** A look at all devices for what is not planned, page by page. */
interface Walk {
  after: string;
  /** Whether readers are noted as well: all who have something to read, so that each of their devices has a turn. */
  isOfReaders: boolean;
}

/**
 * Plans notifications behind the path of a message: nobody waits for it, and it may lag, stop or be killed. What happens in
 * this process it is given as events, which cost a message an entry in a set; what a process that ended left unplanned
 * it finds by how far each conversation is planned, at the start and, where there are others, again and again
 * (docs/adr/0031-push-behind-the-writer.md). Several processes may plan at once.
 */
@Injectable()
export class PushPlanner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PushPlanner.name);
  private readonly conversations = new Noted();
  private readonly requests = new Noted();
  private readonly readers = new Noted();
  /** Users who muted something, or unmuted it, blocked somebody or answered: what there is to read may be more as well. */
  private readonly choosers = new Noted();
  private readonly changed = new Noted();
  /** Users who were taken to look, on a connection or a process that was dead. */
  private readonly absent = new Noted();
  /** Whether the database may know of something that is not noted here. */
  private hasForgotten = true;
  private walk: Walk | undefined;
  private walkPage = MAX_WALK_PAGE;
  /** In milliseconds of `performance.now()`. */
  private lastPageAt = Number.NEGATIVE_INFINITY;
  private readonly loop = new BackgroundLoop(
    () => this.planNoted(),
    ({ message }) => this.logger.warn(`nobody is notified of anything new at the moment: ${message}`),
  );
  /** Beside planning, which neither waits for a page of it nor fails with one. */
  private readonly walking = new BackgroundLoop(
    () => this.walkOn(),
    ({ message }) => this.logger.warn(`what was left unplanned is not found at the moment: ${message}`),
  );

  constructor(
    private readonly repository: PushPlanningRepository,
    private readonly sender: PushSender,
    private readonly configuration: Configuration,
    metrics: Metrics,
    events: EventBus,
    attention: Attention,
  ) {
    metrics.gauge(
      'parley_push_unplanned',
      'Conversations, friend requests and readers that push has not looked at yet.',
      () => this.noted,
    );
    attention.onLoss((userId) => this.note(this.absent, userId));
    events.subscribe('messages.created', (event) => this.created(event));
    events.subscribe('friend-request.sent', ({ request }) => this.note(this.requests, request.id));
    events.subscribe('friend-request.accepted', ({ request }) => this.note(this.requests, request.id));
    // It was shown, maybe, and there is nothing to answer any more; and of a block nothing of the other one.
    for (const ended of ['friend-request.accepted', 'friend-request.rejected', 'friend-request.cancelled'] as const)
      events.subscribe(ended, ({ request }) => this.note(this.choosers, request.receiverId));
    events.subscribe('block.created', ({ blockerId }) => this.note(this.choosers, blockerId));
    events.subscribe('receipt.moved', ({ kind, userId }) => {
      if (kind === 'read') this.note(this.readers, userId);
    });
    events.subscribe('message.hidden', ({ userId }) => this.note(this.readers, userId));
    events.subscribe('message.changed', ({ message, deleted }) => {
      if (deleted) this.note(this.changed, message.conversationId);
    });
    // Emptied for their age: their text goes from the lock screen, and they are unread no more.
    events.subscribe('messages.expired', ({ conversationId, userIds }) => {
      if (userIds === undefined) this.note(this.changed, conversationId);
      else for (const userId of userIds) this.note(this.readers, userId);
    });
    events.subscribe('conversation.changed', ({ userIds }) => {
      for (const userId of userIds ?? []) this.note(this.choosers, userId);
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
    this.walking.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.walking.stop(), this.loop.stop()]);
  }

  private get noted(): number {
    const noted = [this.conversations, this.requests, this.readers, this.choosers, this.changed, this.absent];
    return noted.reduce((sum, { size }) => sum + size, 0);
  }

  private created({ messages }: DomainEvents['messages.created']): void {
    for (const { message, group } of messages) {
      this.note(this.conversations, message.conversationId);
      // A sender has read what is before its message.
      this.note(this.readers, message.senderId);
      if (group?.leftId !== undefined) this.note(this.readers, group.leftId);
    }
  }

  private note(noted: Set<string>, id: string): void {
    if (noted.size < MAX_NOTED) noted.add(id);
    else if (!noted.has(id) && !this.hasForgotten) {
      this.hasForgotten = true;
      this.walking.start();
      this.walking.wake();
    }
    this.loop.start();
  }

  /** What happens within a pause is planned together. */
  private async planNoted(): Promise<number | undefined> {
    if (this.noted === 0) return undefined;
    await this.loop.rest(this.configuration.timings.pushPlanPauseMs);
    if (this.loop.isStopped) return undefined;
    const began = performance.now();
    await this.step();
    return (performance.now() - began) * REST_TIMES;
  }

  /** Each kind has its turn, also where that of another one fails. */
  private async step(): Promise<void> {
    const { pushIdleDelayMs, pushClearDelayMs } = this.configuration.timings;
    const errors: unknown[] = [];
    const turn = (noted: Noted, plan: (ids: readonly string[]) => Promise<Planned>): Promise<unknown> =>
      this.turn(noted, plan).catch((error: unknown) => errors.push(error));
    await turn(this.conversations, (ids) => this.repository.planConversations(ids, pushIdleDelayMs));
    await turn(this.requests, (ids) => this.repository.planRequests(ids, pushIdleDelayMs));
    await turn(this.readers, (ids) => this.repository.refresh(ids, [], 1, pushClearDelayMs));
    await turn(this.choosers, (ids) => this.repository.refresh(ids, [], 0, pushClearDelayMs));
    await turn(this.changed, (ids) => this.repository.refresh([], ids, 1, pushClearDelayMs));
    await turn(this.absent, (ids) => this.repository.reconsider(ids));
    if (errors.length > 0) throw errors[0];
  }

  /** Looks at some of what is noted. What happens from here on is noted anew; what fails is noted again. */
  private async turn(noted: Noted, plan: (ids: readonly string[]) => Promise<Planned>): Promise<void> {
    const ids: string[] = [];
    for (const id of noted) {
      noted.delete(id);
      ids.push(id);
      if (ids.length === noted.stepSize.value) break;
    }
    if (ids.length === 0) return;
    try {
      const { dueAt } = await plan(ids);
      noted.stepSize.succeeded();
      if (dueAt !== null) this.sender.wake();
    } catch (error) {
      for (const id of ids) noted.add(id);
      noted.stepSize.failed();
      throw error;
    }
  }

  /** A page of what an earlier process, another one, or this one when there was too much to remember, left unplanned. */
  private async walkOn(): Promise<number | undefined> {
    const { pushPlanPauseMs, pushWalkMs } = this.configuration.timings;
    if (this.noted > MAX_NOTED_BESIDE_WALK && performance.now() < this.lastPageAt + MAX_WALK_REST_MS)
      return pushPlanPauseMs;
    if (this.walk === undefined) {
      this.walk = { after: NIL_ID, isOfReaders: this.hasForgotten };
      this.hasForgotten = false;
    }
    const began = (this.lastPageAt = performance.now());
    try {
      this.walk = await this.lookAtPage(this.walk);
      this.walkPage = Math.min(this.walkPage * 2, MAX_WALK_PAGE);
    } catch (error) {
      // What takes longer than a statement may is less in a smaller page.
      this.walkPage = Math.ceil(this.walkPage / 2);
      throw error;
    } finally {
      await this.walking.rest((performance.now() - began) * REST_TIMES);
    }
    if (this.walk !== undefined || this.hasForgotten) return 0;
    // Processes that were started together do not all look at the same moment.
    return this.configuration.isAlone ? undefined : pushWalkMs * (1 - Math.random() / 2);
  }

  /** Notes what is unplanned of the next devices. Returns where the walk goes on; nothing where it has ended. */
  private async lookAtPage({ after, isOfReaders }: Walk): Promise<Walk | undefined> {
    const deviceIds = await this.repository.devicesAfter(after, this.walkPage);
    const last = deviceIds.at(-1);
    if (last === undefined) return undefined;
    const { conversationIds, requestIds, userIds } = await this.repository.forgotten(deviceIds);
    for (const id of conversationIds) this.note(this.conversations, id);
    for (const id of requestIds) this.note(this.requests, id);
    if (isOfReaders) for (const id of userIds) this.note(this.readers, id);
    return { after: last, isOfReaders };
  }
}
