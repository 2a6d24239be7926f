import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { NIL_ID } from '../common/identifier.js';
import { AttachmentsService } from '../attachments/attachments.service.js';
import { Audit } from '../audit/audit.js';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { Pause } from '../common/async/pause.js';
import { SerialQueue } from '../common/async/serial-queue.js';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { Metrics } from '../observability/metrics.js';
import { RetentionRepository } from './retention.repository.js';
import type { RetentionView } from './retention.view.js';

/** Messages of one transaction. */
const MAX_STEP = 200;
const STRETCH = 1_000;
/** The rest after a step is so many times as long as the step: at most a fifth of a core. */
const REST_TIMES = 4;
const INTERVAL_MS = 3_600_000;
const RETRY_MS = 60_000;

/**
 * Lets messages go that are older than the server, or their conversation, keeps them (contract, section 9): their content and files,
 * and whatever was known of them. Their numbers stay. Small batches with rests between them, so that it may run beside full load;
 * it may be killed, and several processes may do it at once.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly passes = new SerialQueue();
  private readonly loop = new BackgroundLoop(
    () => this.pass().then(() => INTERVAL_MS),
    ({ message }) => this.logger.warn(`messages that are too old stay for now: ${message}`),
    { minMs: RETRY_MS, maxMs: RETRY_MS },
  );
  /** Between two steps of a pass. */
  private readonly stepPause = new Pause();
  private emptied = 0;

  constructor(
    private readonly database: Database,
    private readonly repository: RetentionRepository,
    private readonly attachments: AttachmentsService,
    private readonly audit: Audit,
    private readonly events: EventBus,
    private readonly configuration: Configuration,
    metrics: Metrics,
  ) {
    metrics.counter('parley_retention_messages_total', 'Messages that were emptied for their age.', () => this.emptied);
  }

  onApplicationBootstrap(): void {
    // It ends in a moment, and its events reach no client where the server is alone.
    if (this.configuration.isOperator === true) return;
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    const stopping = this.loop.stop();
    this.stepPause.cutShort();
    await stopping;
  }

  /** @throws DomainError NOT_FOUND */
  async view(conversationId: string): Promise<RetentionView> {
    const row = await this.repository.find(conversationId);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return this.retentionView(row.days);
  }

  /** @param days null: as long as the server does; 0: for ever. @throws DomainError NOT_FOUND */
  async set(
    { userId }: Principal,
    conversationId: string,
    days: number | null,
    ip: string | undefined,
  ): Promise<RetentionView> {
    await this.database.transaction(async (transaction) => {
      if (!(await this.repository.set(transaction, conversationId, days))) throw new DomainError('NOT_FOUND');
      await this.audit.record(transaction, {
        actorId: userId,
        action: 'conversation.retention',
        targetType: 'conversation',
        targetId: conversationId,
        ip,
        details: { days },
      });
    });
    this.loop.wake();
    return this.retentionView(days);
  }

  private retentionView(days: number | null): RetentionView {
    const kept = days ?? this.configuration.retentionDays ?? 0;
    return { days, effectiveDays: kept === 0 ? null : kept };
  }

  /** All that is too old now. One at a time. */
  pass(): Promise<void> {
    return this.passes.run(() => this.passNow());
  }

  private async passNow(): Promise<void> {
    const days = this.configuration.retentionDays ?? null;
    if (days === null && !(await this.repository.isAnySet())) return;
    for (let after = NIL_ID; !this.loop.isStopped; ) {
      const { conversationIds, reached } = await this.rested(() => this.repository.due(after, STRETCH, days));
      for (const id of conversationIds) await this.expire(id, days);
      if (reached === null) return;
      after = reached;
    }
  }

  private async expire(conversationId: string, days: number | null): Promise<void> {
    let isAnyEmptied = false;
    try {
      while (!this.loop.isStopped) {
        const { isDone, count } = await this.rested(() =>
          this.repository.step(async (transaction) => {
            const next = await this.repository.lockNext(transaction, conversationId, days, MAX_STEP);
            if (next === undefined) return { isDone: true, count: 0 };
            const emptied = await this.repository.empty(transaction, conversationId, next);
            return { isDone: next.to - next.from + 1 < MAX_STEP, count: emptied };
          }),
        );
        this.emptied += count;
        isAnyEmptied ||= count > 0;
        if (isDone) return;
      }
    } finally {
      if (isAnyEmptied) {
        // Once for all of them: who is connected asks for what changed, who is not does so when it comes.
        this.events.publish('messages.expired', { conversationId });
        this.attachments.sweep();
      }
    }
  }

  private async rested<Result>(work: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await work();
    if (!this.loop.isStopped)
      await this.stepPause.wait((performance.now() - began) * REST_TIMES, { keepsAlive: false });
    return result;
  }
}
