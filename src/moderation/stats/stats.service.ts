import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { StatsRepository } from './stats.repository.js';
import type { StatsView } from './stats.view.js';

/** For so long the numbers that were counted are the answer, however many ask. */
const KEPT_MS = 30_000;

@Injectable()
export class Stats {
  private counted: { until: number; view: Promise<StatsView> } | undefined;

  constructor(
    private readonly repository: StatsRepository,
    private readonly clock: Clock,
  ) {}

  get(): Promise<StatsView> {
    const now = this.clock.now();
    if (this.counted !== undefined && this.counted.until > now) return this.counted.view;
    const view = this.repository
      .count(new Date(now))
      .then((counts) => ({ at: new Date(now).toISOString(), ...counts }));
    const counted = { until: now + KEPT_MS, view };
    this.counted = counted;
    view.catch(() => {
      if (this.counted === counted) this.counted = undefined;
    });
    return view;
  }
}
