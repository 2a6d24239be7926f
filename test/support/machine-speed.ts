import process from 'node:process';

const STEPS = 50_000_000;
/** On a machine that bounds in milliseconds of the processor are meant for. */
const EXPECTED_MS = 100;

/** How many times as long as there the same work takes the processor here, at least 1: what a bound is multiplied with. */
export function slowness(): number {
  const before = process.cpuUsage();
  let sum = 0;
  for (let step = 0; step < STEPS; step += 1) sum = (sum + step * 7) | 0;
  const { user, system } = process.cpuUsage(before);
  // So that the loop is for something.
  if (Number.isNaN(sum)) throw new Error('the sum of numbers is none');
  return Math.max(1, (user + system) / 1_000 / EXPECTED_MS);
}
