import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Pause } from '../../common/async/pause.js';
import { Clock } from '../../common/clock.js';
import { newId } from '../../common/identifier.js';
import { Configuration } from '../../config/configuration.js';
import { ExpoProvider, MAX_RECEIPTS } from '../providers/expo.js';
import type { PushResult, Verdict } from '../providers/push-provider.js';
import { Breaker } from './breaker.js';
import { PushQueueRepository, type DueTicket } from './push-queue.repository.js';
import { shortReason } from './turn.js';

const MAX_REST_MS = 60_000;
/** After that Expo has forgotten what became of what it took. */
const MAX_FAILING_MS = 24 * 3_600_000;

/**
 * Asks Expo what became of what it took: only then it knows whether the phone's own service knows the token. Asked a quarter of
 * an hour later, as Expo wants it; Expo forgets after a day.
 */
@Injectable()
export class ExpoReceipts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Push');
  private readonly pause = new Pause();
  private readonly breaker = new Breaker();
  private stopped = false;
  /** Refusals of the app's own keys, and answers that were not believed. */
  alarms = 0;
  /** Refusals by what they mean; what was taken was counted when it was. */
  readonly counts = new Map<Verdict, number>();
  private running: Promise<void> | undefined;
  /** Since when Expo cannot be asked, by the clock, and when it could not the last time, in milliseconds of `performance.now()`. */
  private failingSince: number | undefined;
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly repository: PushQueueRepository,
    private readonly expo: ExpoProvider,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    // What it takes and has no answer to when it ends, nobody asks for again.
    if (this.configuration.isOperator === true) return;
    this.running ??= this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.pause.cutShort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        while (!this.stopped && (await this.ask()) === MAX_RECEIPTS);
      } catch (error) {
        this.logger.warn(`receipts of Expo are not asked for at the moment: ${(error as Error).message}`);
      }
      if (this.stopped) return;
      await this.pause.wait(this.restMs, { keepsAlive: false });
    }
  }

  private get restMs(): number {
    return Math.min(MAX_REST_MS, this.configuration.timings.pushReceiptMs);
  }

  /** How many were asked for. */
  private async ask(): Promise<number> {
    const tickets = await this.repository.takeTickets(MAX_RECEIPTS);
    if (tickets.length === 0) return 0;
    const deadline = performance.now() + this.configuration.timings.pushRequestMs;
    return (await this.askFor(tickets, deadline)) ? tickets.length : 0;
  }

  /** Answers whether all of it was answered. Never rejects: what cannot be noted is asked for again, and is nothing to others. */
  private async askFor(tickets: readonly DueTicket[], deadline: number): Promise<boolean> {
    try {
      return await this.askOrHalve(tickets, deadline);
    } catch (error) {
      this.logger.warn(`receipts of Expo are not noted at the moment: ${(error as Error).message}`);
      await this.repository
        .putTicketsBack(tickets, this.configuration.timings.pushReceiptMs)
        .catch(({ message }: Error) => this.logger.warn(`receipts of Expo are not asked for again: ${message}`));
      return false;
    }
  }

  /** Asks once more in halves, until then, where it is refused as a whole: one ticket that Expo does not take is nothing to others. */
  private async askOrHalve(tickets: readonly DueTicket[], deadline: number): Promise<boolean> {
    const receipts = await this.expo.receipts(tickets.map(({ id }) => id));
    if (receipts === 'refused' && performance.now() < deadline) {
      // Asked for once more, it would be refused once more.
      if (tickets.length === 1) return true;
      const half = Math.ceil(tickets.length / 2);
      const isAnswered = await this.askFor(tickets.slice(0, half), deadline);
      return (await this.askFor(tickets.slice(half), deadline)) && isAnswered;
    }
    if (receipts === undefined || receipts === 'refused') {
      await this.putBack(tickets);
      return false;
    }
    this.failingSince = undefined;
    const answered = tickets.flatMap((ticket) => {
      const result = receipts.get(ticket.id);
      return result === undefined ? [] : [{ ticket, result }];
    });
    await this.remove(answered);
    return true;
  }

  /** Keeps them for later, unless there has been no answer for so long that Expo knows of none any more. */
  private async putBack(tickets: readonly DueTicket[]): Promise<void> {
    const { pushReceiptMs, pushRequestMs } = this.configuration.timings;
    const now = this.clock.now();
    // A failure is of those before it only where nothing can have been answered in between: mostly nobody is to be asked about.
    const sinceLastMs = performance.now() - this.failedAt;
    if (sinceLastMs > 2 * (pushReceiptMs + this.restMs + pushRequestMs)) this.failingSince = undefined;
    this.failedAt = performance.now();
    this.failingSince ??= now;
    if (now - this.failingSince < MAX_FAILING_MS) await this.repository.putTicketsBack(tickets, pushReceiptMs);
  }

  private async remove(answered: readonly { ticket: DueTicket; result: PushResult }[]): Promise<void> {
    const isBelieved = this.breaker.admit(
      answered.map(({ ticket: { deviceId, userId }, result: { verdict } }) => ({
        deviceId,
        userId,
        isRemoval: verdict === 'remove',
      })),
    );
    const refused = answered.filter(({ result }) => result.verdict !== 'sent');
    if (refused.length === 0) return;
    for (const { result } of refused) this.counts.set(result.verdict, (this.counts.get(result.verdict) ?? 0) + 1);
    const entries = refused.map(({ ticket, result }) => ({
      id: newId(),
      deviceId: ticket.deviceId,
      conversationId: null,
      seq: null,
      outcome: 'failed' as const,
      reason: shortReason(result.reason),
    }));
    await this.repository.log(entries);
    const alarm = refused.find(({ result }) => result.verdict === 'alarm');
    const dead = refused.filter(({ result }) => result.verdict === 'remove').map(({ ticket }) => ticket);
    if (alarm !== undefined || (dead.length > 0 && !isBelieved)) this.alarms += 1;
    if (alarm !== undefined)
      this.logger.error(`the phones' services refuse Expo's keys of this app: ${shortReason(alarm.result.reason)}`);
    if (dead.length === 0) return;
    if (isBelieved) await this.repository.forget(dead);
    else this.logger.error('Expo calls more than a fifth of the tokens none: none is removed, see docs/push.md');
  }
}
