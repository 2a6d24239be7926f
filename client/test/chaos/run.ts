// npm run chaos -w client [-- --seed=N --seeds=20 --sends=2000]
import process from 'node:process';
import { Chaos } from './chaos.js';

const option = (name: string, otherwise: number): number =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);

const first = option('seed', 1);
const sends = option('sends', 2_000);
const isVerbose = process.argv.includes('--log');
const log = (line: string): void => void process.stdout.write(`  ${new Date().toISOString().slice(14, 23)} ${line}\n`);
let isWhole = true;
for (let seed = first; seed < first + option('seeds', 1); seed += 1) {
  const { violations, sent, ...result } = await Chaos.run({ seed, sends, ...(isVerbose ? { log } : {}) });
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
  process.stdout.write(
    violations.length === 0
      ? `seed ${seed}: whole after ${sent} sends and ${faults} faults: none lost, none doubled, every phone as the server\n`
      : `seed ${seed}: BROKEN after ${sent} sends and ${faults} faults\n${violations.map((line) => `  ${line}\n`).join('')}`,
  );
  isWhole &&= violations.length === 0;
}
process.exit(isWhole ? 0 : 1);
