// npm run chaos [-- --seed=N --mode=embedded|external|both --seconds=60]
import process from 'node:process';
import { runChaos } from './chaos.js';
import type { Mode } from './house.js';

const option = (name: string): string | undefined =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

const seed = Number(option('seed') ?? Math.floor(Math.random() * 1_000_000));
const seconds = Number(option('seconds') ?? 60);
const wanted = option('mode') ?? 'both';
const modes: Mode[] = wanted === 'embedded' || wanted === 'external' ? [wanted] : ['embedded', 'external'];
const print = (line: string): void => void process.stdout.write(`${line}\n`);

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
