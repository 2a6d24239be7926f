import { type Random, sleep } from '../../chaos/random.js';
import type { Ledger } from './ledger.js';
import type { Stage, StagedProcess } from './stage.js';

const WEIGHTS = {
  'kill -9': 3,
  SIGSTOP: 3,
  'Redis cut': 3,
  'Redis unreachable': 3,
  'black hole to Redis': 3,
  'nothing reaches Redis': 3,
  'nothing comes from Redis': 3,
  'slow to Redis': 2,
  'narrow to Redis': 2,
  'Redis begins empty': 2,
  'Redis stands still': 2,
  'CLIENT KILL': 3,
  'small output buffers': 2,
  'database cut': 2,
  'database stalled': 2,
  'clients cut': 3,
  'clients stalled': 2,
  'nothing reaches clients': 2,
} as const;

type Fault = keyof typeof WEIGHTS;

/** More at once would be no cluster any more. */
const MAX_AT_ONCE = 2;
/** A process is in one trouble at a time, and all share one Redis. */
const OF_ALL: ReadonlySet<Fault> = new Set([
  'Redis begins empty',
  'Redis stands still',
  'CLIENT KILL',
  'small output buffers',
]);

/** What befalls a stage, drawn from a seed. */
export class Faults {
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly stage: Stage,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {}

  /** Begins one, unless there are enough. */
  begin(): void {
    const fault = this.random.weighted(WEIGHTS);
    const process = this.random.one(this.stage.processes) as StagedProcess;
    const length = this.random.between(300, 7_000);
    const place = OF_ALL.has(fault) ? 'Redis' : process.name;
    if (this.underWay.size >= MAX_AT_ONCE || this.underWay.has(place)) return;
    const end = this.ledger.beginFault(place === 'Redis' ? fault : `${fault} of ${process.name}`);
    const work = this.inflict(fault, process, length)
      .catch((error: unknown) => this.ledger.violation(`${fault}: ${String(error)}`))
      .finally(() => {
        end();
        this.underWay.delete(place);
      });
    this.underWay.set(place, work);
  }

  async finish(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private async inflict(fault: Fault, process: StagedProcess, length: number): Promise<void> {
    const { redis } = this.stage;
    const { toClients, toRedis, toDatabase } = process;
    switch (fault) {
      case 'kill -9':
        await process.kill();
        await sleep(length / 3);
        return process.start();
      case 'SIGSTOP':
        process.suspend();
        await sleep(length);
        return process.resume();
      case 'Redis cut':
        return toRedis.cut();
      case 'Redis unreachable':
        toRedis.refuse();
        await sleep(length);
        return toRedis.heal();
      case 'black hole to Redis':
        toRedis.hold('toServer', 'toClient');
        await sleep(length);
        return toRedis.heal();
      case 'nothing reaches Redis':
        toRedis.hold('toServer');
        await sleep(length);
        return toRedis.heal();
      case 'nothing comes from Redis':
        toRedis.hold('toClient');
        await sleep(length);
        return toRedis.heal();
      case 'slow to Redis':
        toRedis.delay(this.random.between(100, 800));
        await sleep(length);
        return toRedis.heal();
      case 'narrow to Redis':
        toRedis.throttle(this.random.between(500, 8_000));
        await sleep(length);
        return toRedis.heal();
      case 'Redis begins empty':
        await redis.kill();
        await sleep(length / 2);
        return redis.startAgain();
      case 'Redis stands still':
        redis.signal('SIGSTOP');
        await sleep(length);
        return redis.signal('SIGCONT');
      case 'CLIENT KILL':
        await redis.command('CLIENT', 'KILL', 'TYPE', this.random.next() < 0.5 ? 'pubsub' : 'normal');
        return;
      case 'small output buffers':
        await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 2kb 1kb 1');
        await sleep(length);
        await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60');
        return;
      case 'database cut':
        return toDatabase.cut();
      case 'database stalled':
        toDatabase.hold('toServer', 'toClient');
        await sleep(length / 3);
        return toDatabase.heal();
      case 'clients cut':
        return toClients.cut();
      case 'clients stalled':
        toClients.hold('toServer', 'toClient');
        await sleep(length / 2);
        return toClients.heal();
      case 'nothing reaches clients':
        toClients.hold('toClient');
        await sleep(length / 2);
        return toClients.heal();
    }
  }
}
