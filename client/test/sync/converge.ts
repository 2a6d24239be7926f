// npm run converge -w client [-- --runs=1000 --seed=N]: lives of a device, of which the suite has a few, by the ten thousands.
import process from 'node:process';
import { type Fed, liveThrough } from './lives.js';

const option = (name: string, otherwise: number): number =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);

const runs = option('runs', 100_000);
const first = option('seed', Math.floor(Math.random() * 1_000_000_000));
const fed: Fed = new Map();
const broken: string[] = [];
for (let seed = first; seed < first + runs; seed += 1) {
  try {
    liveThrough(seed, fed);
  } catch (error) {
    const { message } = error as Error;
    broken.push(message);
    if (broken.length <= 10) process.stdout.write(`${message}\n`);
  }
}
let inputs = 0;
for (const [kind, times] of fed) if (!kind.includes(' ')) inputs += times;
process.stdout.write(
  `${runs} lives from seed ${first} on, ${inputs} inputs: ` +
    (broken.length === 0 ? 'each ends as the server is\n' : `${broken.length} BROKEN; CLIENT_SYNC_SEED shows one\n`),
);
if (process.argv.includes('--inputs'))
  process.stdout.write(`${JSON.stringify([...fed].sort((a, b) => a[1] - b[1]))}\n`);
process.exit(broken.length === 0 ? 0 : 1);
