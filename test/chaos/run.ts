// npm run chaos [-- --seed=N --mode=embedded|external|both --seconds=60]
// npm run chaos -- --cluster [--seed=N --steps=1000]: three processes with one database and one Redis
import process from 'node:process';
import { runClusterChaos } from '../cluster/oracle/run.js';
import { runChaos } from './chaos.js';
import type { Mode } from './house.js';

const option = (name: string): string | undefined =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

const seed = Number(option('seed') ?? Math.floor(Math.random() * 1_000_000));
const seconds = Number(option('seconds') ?? 60);
const wanted = option('mode') ?? 'both';
const modes: Mode[] = wanted === 'embedded' || wanted === 'external' ? [wanted] : ['embedded', 'external'];
const print = (line: string): void => void process.stdout.write(`${line}\n`);

if (process.argv.includes('--cluster')) {
  const steps = Number(option('steps') ?? 1_000);
  process.exit((await runClusterChaos(seed, steps, print)) ? 0 : 1);
}

let isWhole = true;
for (const mode of modes) {
  print(
    `seed ${seed}, ${mode} database, ${seconds} s   (again: npm run chaos -- --seed=${seed} --mode=${mode} --seconds=${seconds})`,
  );
  const { violations, faults, acknowledged, logs } = await runChaos({
    seed,
    mode,
    seconds,
    report: (line) => print(`  ${line}`),
  });
  for (const violation of violations) print(`  VIOLATION ${violation}`);
  if (violations.length > 0) isWhole = false;
  print(
    violations.length === 0
      ? `whole: ${faults} faults, ${acknowledged} acknowledged acts, nothing lost, doubled or astray`
      : `BROKEN: ${violations.length} violations after ${faults} faults and ${acknowledged} acknowledged acts; logs in ${logs}`,
  );
}
process.exit(isWhole ? 0 : 1);
