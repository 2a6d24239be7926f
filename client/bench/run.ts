// npm run bench -w client: what the cache costs a slow phone. In Chromium, its CPU slowed four times.
import process from 'node:process';
import type { CDPSession, Page } from 'playwright-core';
import { Pages } from '../test/support/pages.js';
import type { BenchPage } from './page.js';

declare const page: BenchPage;

const SLOWED = 4;
const RUNS = 7;
const LIMITS = { list: 150, open: 250, bubble: 16, heapMegabytes: 20 };

const pages = await Pages.start();
try {
  await pages.bundle('bench', 'bench/page.tsx', {}, { production: true });
  const context = await pages.context();
  const filling = await pages.open(context, 'bench');
  const messages = await filling.evaluate(() => page.fill());
  await filling.close();

  const figures: Record<keyof typeof LIMITS, number[]> = { list: [], open: [], bubble: [], heapMegabytes: [] };
  for (let run = 0; run < RUNS; run += 1) {
    const opened: Page = await pages.open(context, 'bench');
    const session = await context.newCDPSession(opened);
    const before = await heapMegabytes(session);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
    figures.list.push(await opened.evaluate(() => page.showList()));
    for (const number of [150, 20, 80])
      figures.open.push(await opened.evaluate((number) => page.openConversation(number), number));
    for (let tap = 0; tap < 5; tap += 1) figures.bubble.push(await opened.evaluate(() => page.send()));
    figures.heapMegabytes.push((await heapMegabytes(session)) - before);
    await opened.close();
  }
  process.stdout.write(`${messages} cached messages, CPU slowed ${SLOWED} times, median and worst of each\n`);
  for (const [name, values] of Object.entries(figures)) {
    const sorted = values.sort((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
    const limit = LIMITS[name as keyof typeof LIMITS];
    const verdict = median <= limit ? 'holds' : 'TOO MUCH';
    process.stdout.write(
      `${name.padEnd(14)} ${median.toFixed(1).padStart(7)} ${(sorted.at(-1) ?? NaN).toFixed(1).padStart(7)}  at most ${limit}: ${verdict}\n`,
    );
  }
} finally {
  await pages.stop();
}

/** What the page itself holds, after a collection of the garbage. */
async function heapMegabytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 1_048_576;
}
