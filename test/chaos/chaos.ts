import type pg from 'pg';
import { Faults } from './faults.js';
import { House, type Mode } from './house.js';
import { Ledger } from './ledger.js';
import { Mirror } from './mirror.js';
import { Oracle } from './oracle.js';
import { Random, sleep } from './random.js';
import { Workload } from './workload.js';

const MIN_FAULTS = 4;

export interface ChaosOptions {
  readonly seed: number;
  readonly mode: Mode;
  /** How long faults befall the server; longer on a slow machine, until there were some. */
  readonly seconds: number;
  readonly report: (line: string) => void;
  /** What is done to the rows behind everybody's back once nothing was wrong, so that there is something to find. */
  readonly sabotage?: (database: pg.Client) => Promise<void>;
}

export interface Verdict {
  readonly violations: readonly string[];
  /** What the sabotage broke, as far as it is found; nothing where something was wrong before it. */
  readonly sabotageFound: readonly string[];
  readonly faults: number;
  readonly acknowledged: number;
  /** Where the logs are; undefined where nothing was wrong. */
  readonly logs: string | undefined;
}

/** Users at work while everything around them breaks; then whether everything is as it was answered to them. */
export async function runChaos({ seed, mode, seconds, report, sabotage }: ChaosOptions): Promise<Verdict> {
  const random = new Random(seed);
  const house = await House.build(mode);
  const ledger = new Ledger();
  const sabotageFound: string[] = [];
  let faults = 0;
  try {
    const workload = await Workload.prepare(house.url, ledger, random.fork());
    const mirrors = workload.clients.map((client) => new Mirror(client, ledger, random.fork()));
    // From before the first message on.
    const working = [workload.run(), ...mirrors.map((mirror) => mirror.run())];
    const trouble = new Faults(house, random.fork(), report);
    const befalling = trouble.run();
    await sleep(seconds * 1_000);
    trouble.end(MIN_FAULTS);
    faults = await befalling;

    await house.restarting;
    house.clients.heal();
    house.network?.heal();
    // Everything runs again: whoever waits is answered, or has waited long enough.
    await sleep(1_000);
    workload.end();
    for (const mirror of mirrors) mirror.end();
    await Promise.all(working);
    await workload.settle();
    await house.stopServer();
    await house.start();
    const judge = async (): Promise<void> => {
      await Promise.all(mirrors.map((mirror) => mirror.compare()));
      await new Oracle(house, ledger).judge(workload.clients);
    };
    await judge();
    if (sabotage !== undefined && ledger.violations.length === 0) {
      const database = await house.database();
      await sabotage(database);
      await database.end();
      await judge();
      sabotageFound.push(...ledger.violations.splice(0));
    }
    workload.close();
    const resets = mirrors.reduce((sum, mirror) => sum + mirror.resets, 0);
    report(`acts ${JSON.stringify(ledger.counts)}${resets === 0 ? '' : `, ${resets} resets of sync`}`);
  } catch (error) {
    ledger.violation(`broken off: ${(error as Error).stack}`);
  }
  await house.close();
  const violations = [...house.violations, ...ledger.violations];
  if (violations.length === 0) house.remove();
  return {
    violations,
    sabotageFound,
    faults,
    acknowledged: Object.values(ledger.counts).reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    logs: violations.length === 0 ? undefined : house.directory,
  };
}
