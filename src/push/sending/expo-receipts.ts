import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Pause } from '../../common/async/pause.js';
import { newId } from '../../common/identifier.js';
import { Configuration } from '../../config/configuration.js';
import { ExpoProvider, MAX_RECEIPTS } from '../providers/expo.js';
import type { PushResult, Verdict } from '../providers/push-provider.js';
import { Breaker } from './breaker.js';
import { PushQueueRepository, type DueTicket } from './push-queue.repository.js';
import { shortReason } from './turn.js';

const MAX_REST_MS = 60_000;

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

  constructor(
    private readonly repository: PushQueueRepository,
    private readonly expo: ExpoProvider,
    private readonly configuration: Configuration,
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
      await this.pause.wait(Math.min(MAX_REST_MS, this.configuration.timings.pushReceiptMs), { keepsAlive: false });
    }
  }

  /** How many were asked for. */
  private async ask(): Promise<number> {
    const tickets = await this.repository.takeTickets(MAX_RECEIPTS);
    if (tickets.length === 0) return 0;
    const receipts = await this.expo.receipts(tickets.map(({ id }) => id));
    if (receipts === undefined) {
      await this.repository.putTicketsBack(tickets, this.configuration.timings.pushReceiptMs);
      return 0;
    }
    const answered = tickets.flatMap((ticket) => {
      const result = receipts.get(ticket.id);
      return result === undefined ? [] : [{ ticket, result }];
    });
    await this.remove(answered);
    return tickets.length;
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
