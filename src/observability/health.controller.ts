import { Controller, Get, HttpCode, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../http/decorators/public.decorator.js';
import { FreeSpace } from '../common/free-space.js';
import { Lifecycle } from '../common/stopping/lifecycle.js';
import { Database } from '../database/database.js';
import { Degradation } from './degradation.js';
import { LivenessView, ReadinessView } from './health.view.js';
import { Metrics } from './metrics.js';

const CHECK_TIMEOUT_MS = 2_000;
/** How long what the database answered holds. */
const MAX_ANSWER_AGE_MS = 250;

/** For whatever watches this process (contract, section 9). */
@ApiTags('operations')
@Public()
@Controller('health')
export class HealthController {
  private asked: { at: number; answer: Promise<boolean> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
    private readonly freeSpace: FreeSpace,
    private readonly degradation: Degradation,
    metrics: Metrics,
  ) {
    const help = 'Whether it can serve (1) or not (0), as /health/ready says, but for processes that are to end.';
    metrics.gauge('parley_ready', help, async () => Number(await this.canServe()), 'min');
    const shared =
      '1 where what several processes should count together was, when it was asked for last; 1 of one process.';
    metrics.gauge('parley_limits_shared', shared, () => Number(this.degradation.isUp('limits') !== false), 'min');
  }

  /** Whether the process runs. */
  @Get('live')
  @HttpCode(200)
  live(): LivenessView {
    return { status: 'ok' };
  }

  /**
   * Whether it can serve: 503 while the database is away or a disk is full, and from the moment it began to end. Without Redis, or
   * without one of the processes that share its port, it can, and is `degraded`: were it not ready, one hiccup would take every
   * process away at once.
   */
  @Get('ready')
  @ApiOkResponse({ type: ReadinessView })
  @ApiServiceUnavailableResponse({ type: ReadinessView })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessView> {
    const database = (await this.databaseAnswers()) ? 'up' : 'down';
    const disk = this.isDiskFull ? 'full' : 'ok';
    const isReady = database === 'up' && disk === 'ok' && !this.lifecycle.isLeaving;
    response.status(isReady ? 200 : 503);
    const checks: ReadinessView['checks'] = { database, disk };
    for (const part of ['redis', 'workers'] as const) {
      const isUp = this.degradation.isUp(part);
      if (isUp !== undefined) checks[part] = isUp ? 'up' : 'down';
    }
    // Named only where something is wrong: it is as of the last that was counted.
    if (this.degradation.isUp('limits') === false) checks.limits = 'down';
    const isDegraded = checks.redis === 'down' || checks.workers === 'down';
    return { status: isReady ? (isDegraded ? 'degraded' : 'ok') : 'error', checks };
  }

  private get isDiskFull(): boolean {
    return this.freeSpace.isLow || this.database.lacksResources;
  }

  /** What is known without a statement: one that failed lately is what asks for a new connection. */
  private async canServe(): Promise<boolean> {
    return !this.isDiskFull && (await inTime(this.database.takesConnections()));
  }

  /** One question for all who ask within a moment: whoever asks often, without a token, takes no connection from messages. */
  private databaseAnswers(): Promise<boolean> {
    const now = performance.now();
    if (this.asked === undefined || now - this.asked.at > MAX_ANSWER_AGE_MS)
      this.asked = { at: now, answer: this.askDatabase() };
    return this.asked.answer;
  }

  /** A connection that lives may answer while new ones are refused, and with them a part of all requests. */
  private askDatabase(): Promise<boolean> {
    const answer = this.database.query('SELECT 1').then(
      () => this.database.takesConnections(),
      () => false,
    );
    return inTime(answer);
  }
}

/** False where the answer takes too long. */
function inTime(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}
