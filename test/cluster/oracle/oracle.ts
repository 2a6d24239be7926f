import { Random, sleep } from '../../chaos/random.js';
import { until } from '../../support/story.js';
import { Faults } from './faults.js';
import { Ledger, STALL_MS } from './ledger.js';
import { Stage, type StagedProcess } from './stage.js';
import { Verdict } from './verdict.js';
import { Workload } from './workload.js';

/** How many acts there are to each fault, about. */
const ACTS_A_FAULT = 12;
const BURST = 5;
const SETTLED_TIMEOUT_MS = 60_000;
const LAG_WATCH_MS = 100;

export interface OracleOptions {
  readonly databaseUrl: string;
  readonly seed: number;
  readonly steps: number;
  readonly report: (line: string) => void;
}

export interface OracleResult {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** From the end of the last fault until every client had everything. */
  readonly convergedMs: number;
  /** Where the processes' logs are; undefined where nothing was wrong. */
  readonly logs: string | undefined;
}

/** Three processes, and users at work on them while everything around them breaks; then whether everybody has what is stored. */
export async function runOracle({ databaseUrl, seed, steps, report }: OracleOptions): Promise<OracleResult> {
  const random = new Random(seed);
  const ledger = new Ledger(report);
  const stage = await Stage.build({ databaseUrl });
  const watch = new AbortController();
  const watching = stage.processes.map((one) => watchLag(one, ledger, watch.signal));
  let convergedMs = 0;
  try {
    const workload = await Workload.prepare(stage, ledger, random.fork());
    const verdict = new Verdict(stage, workload, ledger);
    const faults = new Faults(stage, ledger, random.fork());
    await until('everybody is there', () => workload.devices.every(({ isSettled }) => isSettled), SETTLED_TIMEOUT_MS);
    ledger.note('everybody is there');
    for (let step = 0; step < steps; step += 1) {
      if (random.next() < 1 / ACTS_A_FAULT) faults.begin();
      await workload.step();
      await sleep(random.between(0, 150));
    }
    await faults.finish();
    await stage.heal();
    ledger.note('nothing is broken any more');
    await workload.finish();
    convergedMs = await verdict.converged('after all faults');
    ledger.note(`everybody has everything, ${convergedMs} ms later`);
    await calm(stage, workload, verdict, ledger);
    await verdict.stored();
    workload.close();
  } catch (error) {
    ledger.violation(`broken off: ${(error as Error).stack}`);
  }
  ledger.close();
  watch.abort();
  await Promise.all(watching);
  await stage.close();
  const { violations, counts } = ledger;
  if (violations.length === 0) stage.forget();
  return {
    violations,
    counts: Object.fromEntries(counts),
    convergedMs,
    logs: violations.length === 0 ? undefined : stage.directory,
  };
}

/**
 * One process of a busy machine may stand still while the others go on: what it stored comes to them later than they wait for what
 * is missing.
 */
async function watchLag({ name, directUrl }: StagedProcess, ledger: Ledger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const from = Date.now();
    await fetch(`${directUrl}/health/live`, { signal })
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
    const to = Date.now();
    if (to - from > STALL_MS && !signal.aborted) ledger.stalled(name, from, to);
    await sleep(LAG_WATCH_MS);
  }
}

/** Where nothing is broken everything comes live: nobody has to sync. */
async function calm(stage: Stage, workload: Workload, verdict: Verdict, ledger: Ledger): Promise<void> {
  // By then every process knows what it missed of the last fault. What is read for that ends once the lease of each process that
  // was killed has, and on a busy machine later.
  await sleep(3_000);
  const knowsAll = async ({ directUrl }: StagedProcess): Promise<boolean> =>
    /^parley_cluster_catching_up\S* 0$/m.test(await (await fetch(`${directUrl}/metrics`)).text());
  await until(
    'no process reads what it missed any more',
    async () => (await Promise.all(stage.processes.map(knowsAll))).every(Boolean),
    SETTLED_TIMEOUT_MS,
  );
  const before = workload.devices.map(({ syncs }) => syncs);
  await workload.burst(BURST);
  await verdict.converged('where nothing is broken');
  const asked = workload.devices.filter(({ syncs }, index) => syncs !== before[index]);
  for (const { name } of asked) ledger.violation(`${name} is asked to sync although nothing is broken`);
}
