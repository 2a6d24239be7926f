import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Audit } from '../../../audit/audit.js';
import { BackgroundLoop } from '../../../common/async/background-loop.js';
import { Periodic } from '../../../common/async/periodic.js';
import { Clock } from '../../../common/clock.js';
import { newId } from '../../../common/identifier.js';
import { Configuration } from '../../../config/configuration.js';
import type { MessageView } from '../../../views/messages.view.js';
import { hiddenQuotation } from '../../../messages/reading/quotation.js';
import { Metrics } from '../../../observability/metrics.js';
import { DELIVERY_WINDOW_DAYS, type DisabledReason } from '../webhook-events.js';
import { retryDelayMs } from './retries.js';
import { WebhookNotices } from './webhook-notices.js';
import { WebhookPoster } from './webhook-poster.js';
import { type LeasedDelivery, WebhookQueueRepository } from './webhook-queue.repository.js';

/** Requests to one receiver at the same time, of one process. */
const MAX_CONCURRENT = 8;
const MIN_REST_MS = 20;
/** A receiver that failed so often in a row is asked again after a while, by one request. */
const MAX_FAILURES = 3;
const MAX_BREAK_MS = 60_000;
/** A webhook that fails for so long is disabled. */
const FAILING_TIMEOUT_MS = 5 * 86_400_000;
/** What may wait for one webhook; one that has more is disabled. */
export const MAX_PENDING = 100_000;
const SWEEP_INTERVAL_MS = 60_000;
const SWEEP_BATCH = 2_000;
/** How long a server that stops waits for what is with receivers. */
const END_TIMEOUT_MS = 3_000;

/** What is known of one receiver, in this process. */
interface Receiver {
  inFlight: number;
  failures: number;
  /** Nothing is sent before; milliseconds of `performance.now()`. */
  pausedUntil: number;
}

/** How a request to a receiver ended, as metrics name it. */
const OUTCOMES = ['delivered', 'failed', 'given_up'] as const;
type Outcome = (typeof OUTCOMES)[number];

/**
 * Sends what was planned for webhooks. Several processes share the work by leases; each receiver has room of its own, so that one
 * which is slow or dead holds up no other. At least once: what a process that died was sending is sent again, under its id.
 */
@Injectable()
export class WebhookSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  /** One of each process. */
  private readonly leaseId = newId();
  private readonly receivers = new Map<string, Receiver>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly loop = new BackgroundLoop(
    () => this.turn(),
    ({ message }) => this.logger.warn(`nothing is sent to webhooks at the moment: ${message}`),
  );
  /** Each from 0 on, so that a rate of the first is one. */
  private readonly counts = new Map(OUTCOMES.map((outcome) => [outcome, 0]));
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.sweepNow(),
    ({ message }) => this.logger.warn(`old deliveries of webhooks stay for now: ${message}`),
  );
  /** Apart from all else: a mailbox may be slow. */
  private readonly mailing: Periodic = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.notices.send(() => this.mailing.isStopped),
    ({ message }) => this.logger.warn(`administrators are not mailed at the moment: ${message}`),
  );

  constructor(
    private readonly repository: WebhookQueueRepository,
    private readonly poster: WebhookPoster,
    private readonly notices: WebhookNotices,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
    metrics: Metrics,
  ) {
    metrics.counters(
      'parley_webhook_attempts_total',
      'Requests to webhooks since the start, by how they ended.',
      ['outcome'],
      () => [...this.counts].map(([outcome, value]) => ({ labels: { outcome }, value })),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    // It ends in a moment, and may know neither what receivers and mailboxes this server reaches nor how.
    if (this.configuration.isOperator === true) return;
    // Where there is no other process, what is leased now was leased by one that died.
    if (this.configuration.isAlone)
      await this.repository
        .release(null)
        .catch((error: Error) => this.logger.warn(`leases of an earlier process end by themselves: ${error.message}`));
    this.loop.start();
    this.sweep.start();
    this.mailing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    const mailed = this.mailing.stop();
    await Promise.all([this.sweep.stop(), this.loop.stop()]);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_TIMEOUT_MS);
    });
    // A mail server that does not answer is waited for no longer than a receiver.
    await Promise.race([Promise.all([mailed, ...this.underWay]), late]);
    clearTimeout(timer);
    await this.notices.giveBackAll().catch(() => undefined);
    // What is not answered by now is sent again soon, by whoever is there.
    if (this.underWay.size > 0) await this.repository.release(this.leaseId).catch(() => undefined);
  }

  /** Something may be due sooner than it was known. */
  wake(): void {
    this.loop.wake();
  }

  /** A webhook leads elsewhere, or was enabled again: what failed before is not held against it. */
  changed(webhookId: string): void {
    const receiver = this.receivers.get(webhookId);
    if (receiver !== undefined) Object.assign(receiver, { failures: 0, pausedUntil: 0 });
    this.wake();
  }

  /** Answers how long there is nothing to do. */
  private async turn(): Promise<number> {
    const { webhookLeaseMs, webhookRestMs } = this.configuration.timings;
    const taken = await this.repository.take(this.leaseId, MAX_CONCURRENT, this.roomTaken(), webhookLeaseMs);
    for (const delivery of taken) this.begin(delivery);
    if (taken.length > 0) return MIN_REST_MS;
    // What is due for those waits for a request to end, which wakes this, or for the end of a pause.
    const full = [...this.roomTaken()].filter(([, count]) => count >= MAX_CONCURRENT).map(([id]) => id);
    const nextMs = (await this.repository.nextInMs(full)) ?? webhookRestMs;
    return Math.max(MIN_REST_MS * 5, Math.min(webhookRestMs, nextMs, this.pauseEndsInMs()));
  }

  /** By webhook; all of it where nothing is to be sent to it now. One that fails is asked by one request at a time. */
  private roomTaken(): Map<string, number> {
    const now = performance.now();
    const taken = new Map<string, number>();
    for (const [id, { inFlight, failures, pausedUntil }] of this.receivers) {
      if (pausedUntil > now) taken.set(id, MAX_CONCURRENT);
      else taken.set(id, failures >= MAX_FAILURES ? Math.max(inFlight, 0) + MAX_CONCURRENT - 1 : inFlight);
    }
    return taken;
  }

  /** How long until the next of those pauses ends that are under way. */
  private pauseEndsInMs(): number {
    const now = performance.now();
    const left = [...this.receivers.values()].map(({ pausedUntil }) => pausedUntil - now).filter((ms) => ms > 0);
    return Math.min(...left, Number.POSITIVE_INFINITY);
  }

  private begin(delivery: LeasedDelivery): void {
    const receiver = this.receiverOf(delivery.webhookId);
    receiver.inFlight += 1;
    const work = this.send(delivery, receiver)
      // Its lease ends by itself, and it is sent again under the same id.
      .catch((error: Error) => this.logger.warn(`what was sent to a webhook could not be noted: ${error.message}`))
      .finally(() => {
        receiver.inFlight -= 1;
        this.underWay.delete(work);
        this.wake();
      });
    this.underWay.add(work);
  }

  private async send(delivery: LeasedDelivery, receiver: Receiver): Promise<void> {
    if (delivery.isOfDeletedMessage) {
      this.count('given_up');
      return this.repository.giveUp(delivery, this.leaseId, 'the message is gone');
    }
    const result = await this.poster.post(withoutDeletedQuotation(delivery));
    if (result.error === null) {
      receiver.failures = 0;
      this.count('delivered');
      return this.repository.delivered(delivery, this.leaseId, result);
    }
    const isGone = result.status === 410;
    const delayMs = this.delayOf(delivery, result.retryAfterMs);
    // Before the attempt is noted: a delivery is given up by a webhook that is disabled alone, so one that is led elsewhere in between
    // keeps it, and so does one whose process is killed in between.
    if (isGone) await this.disable(delivery.webhookId, 'GONE', delivery.url);
    const failingSince = await this.repository.failed(delivery, this.leaseId, result, delayMs, isGone);
    const isOfFormerUrl = failingSince === undefined;
    this.count(delayMs === undefined || (isGone && !isOfFormerUrl) ? 'given_up' : 'failed');
    if (isOfFormerUrl) return;
    // Requests that were under way together fail as one.
    if (receiver.pausedUntil <= performance.now()) {
      receiver.failures += 1;
      const breakMs = this.configuration.timings.webhookBreakMs * 2 ** Math.min(receiver.failures - MAX_FAILURES, 10);
      if (receiver.failures >= MAX_FAILURES) receiver.pausedUntil = performance.now() + Math.min(MAX_BREAK_MS, breakMs);
    }
    // A single failure, days after another one with nothing in between, is no failure for days.
    if (!isGone && delivery.attempts > 1 && this.clock.now() - failingSince.getTime() > FAILING_TIMEOUT_MS)
      await this.disable(delivery.webhookId, 'FAILING', delivery.url);
  }

  private delayOf({ attempts }: LeasedDelivery, askedMs: number): number | undefined {
    return retryDelayMs(attempts, askedMs, Math.random(), this.configuration.timings.webhookRetryMs);
  }

  private async disable(id: string, reason: DisabledReason, ofUrl?: string): Promise<void> {
    const url = await this.repository.transaction(async (transaction) => {
      const disabled = await this.repository.disable(transaction, id, reason, ofUrl);
      if (disabled !== undefined)
        await this.audit.record(transaction, {
          actorId: null,
          action: 'webhook.disable',
          targetType: 'webhook',
          targetId: id,
          details: { url: disabled, reason },
        });
      return disabled;
    });
    if (url === undefined) return;
    this.logger.warn(`a webhook was disabled (${reason}): ${new URL(url).host}`);
    this.mailing.soon();
  }

  private receiverOf(webhookId: string): Receiver {
    const known = this.receivers.get(webhookId);
    if (known !== undefined) return known;
    const receiver = { inFlight: 0, failures: 0, pausedUntil: 0 };
    // Those that were removed are of no use any more.
    for (const [other, { inFlight, failures }] of this.receivers)
      if (this.receivers.size > 100 && inFlight === 0 && failures === 0) this.receivers.delete(other);
    this.receivers.set(webhookId, receiver);
    return receiver;
  }

  private count(outcome: Outcome): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  /** Counts up to so much of each, which may take longer than a statement may: where it fails, nothing else of the sweep does. */
  private async disableOverfull(): Promise<void> {
    for (const id of await this.repository.overfull(MAX_PENDING)) await this.disable(id, 'BACKLOG');
  }

  private async sweepNow(): Promise<void> {
    await this.disableOverfull().catch(({ message }: Error) =>
      this.logger.warn(`webhooks that have too much waiting stay enabled for now: ${message}`),
    );
    await this.repository.deleteFormerSecrets();
    // What was sent repeats messages: it is kept no longer than they are.
    const days = Math.min(DELIVERY_WINDOW_DAYS, this.configuration.retentionDays ?? DELIVERY_WINDOW_DAYS);
    while (!this.sweep.isStopped && (await this.repository.deleteOld(days, SWEEP_BATCH)) === SWEEP_BATCH);
  }
}

/** What a message quotes is shown as the API shows it by now: the message itself is not gone with it. */
function withoutDeletedQuotation(delivery: LeasedDelivery): LeasedDelivery {
  if (delivery.quotedDeletedAt === null) return delivery;
  const event = JSON.parse(delivery.payload) as { data: { message: MessageView } };
  const { message } = event.data;
  if (message.replyTo !== null)
    message.replyTo = hiddenQuotation(message.replyTo, delivery.quotedDeletedAt.toISOString());
  return { ...delivery, payload: JSON.stringify(event) };
}
