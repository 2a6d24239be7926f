import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../../common/async/periodic.js';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { Metrics } from '../../observability/metrics.js';
import { SharedAttention } from '../../presence/shared-attention.js';
import { ApnsProvider } from '../providers/apns.js';
import { ExpoProvider } from '../providers/expo.js';
import { FcmProvider } from '../providers/fcm.js';
import type { Verdict } from '../providers/push-provider.js';
import { WebProvider } from '../providers/web.js';
import { ExpoReceipts } from './expo-receipts.js';
import { PushLane } from './push-lane.js';
import { PushQueueRepository } from './push-queue.repository.js';

const SWEEP_INTERVAL_MS = 10 * 60_000;
const SWEEP_BATCH = 2_000;

/** Sends what was planned, by four lanes that know nothing of each other. Several processes share the work by leases. */
@Injectable()
export class PushSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Push');
  private readonly lanes: readonly PushLane[];
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.deleteOld(),
    ({ message }) => this.logger.warn(`old entries of push stay for now: ${message}`),
  );

  constructor(
    expo: ExpoProvider,
    fcm: FcmProvider,
    apns: ApnsProvider,
    web: WebProvider,
    private readonly repository: PushQueueRepository,
    private readonly configuration: Configuration,
    attention: SharedAttention,
    clock: Clock,
    metrics: Metrics,
    receipts: ExpoReceipts,
  ) {
    this.lanes = [expo, fcm, apns, web].map(
      (provider) => new PushLane(provider, repository, configuration, attention, clock),
    );
    const ofLanes = (value: (lane: PushLane) => number) => () =>
      this.lanes.map((lane) => ({ labels: { platform: lane.platform }, value: value(lane) }));
    metrics.gauges(
      'parley_push_devices_due',
      'Devices that a notification waits to be sent to, whether it was tried before or not.',
      ['platform'],
      ofLanes(({ waiting }) => waiting.due),
      'max',
    );
    metrics.gauges(
      'parley_push_oldest_due_seconds',
      'For how long the first of them waits.',
      ['platform'],
      ofLanes(({ waiting }) => waiting.oldestMs / 1_000),
      'max',
    );
    metrics.counters(
      'parley_push_alarms_total',
      'Refusals of this server itself, and answers that were not believed, since the start: somebody has to look.',
      ['platform'],
      ofLanes(({ alarms, platform }) => alarms + (platform === 'expo' ? receipts.alarms : 0)),
    );
    metrics.counters(
      'parley_push_expired_total',
      'Notifications that were given up since the start, since they had waited for a day.',
      ['platform'],
      ofLanes(({ expired }) => expired),
    );
    metrics.counters(
      'parley_push_answers_total',
      'Answers of providers since the start, by what they mean; refusals in receipts of Expo as well.',
      ['platform', 'verdict'],
      () =>
        this.lanes.flatMap(({ platform, counts }) => {
          const later: ReadonlyMap<Verdict, number> = platform === 'expo' ? receipts.counts : new Map();
          return [...new Set([...counts.keys(), ...later.keys()])].map((verdict) => ({
            labels: { platform, verdict },
            value: (counts.get(verdict) ?? 0) + (later.get(verdict) ?? 0),
          }));
        }),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    // Nobody is connected to it: it does not know who looks at what would ring.
    if (this.configuration.isOperator === true) return;
    // Where there is no other process, what is leased now was leased by one that died.
    if (this.configuration.isAlone)
      await this.repository
        .releaseAll()
        .catch((error: Error) => this.logger.warn(`leases of an earlier process end by themselves: ${error.message}`));
    for (const lane of this.lanes) lane.start();
    this.sweep.startLater();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.sweep.stop(), ...this.lanes.map((lane) => lane.stop())]);
  }

  /** Something may be due sooner than it was known. */
  wake(): void {
    for (const lane of this.lanes) lane.wake();
  }

  private async deleteOld(): Promise<void> {
    while (!this.sweep.isStopped && (await this.repository.deleteOld(SWEEP_BATCH)) === SWEEP_BATCH);
  }
}
