// npm run bench -- --only=hostile [--scene=C6,B4] [--quick]: one party misbehaves, others go on. See bench/README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { sleep } from './client.mjs';
import { Stage } from './stage.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const option = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const isQuick = process.argv.includes('--quick');
const CALM_SECONDS = isQuick ? 4 : 10;
const AFTER_SECONDS = isQuick ? 10 : 30;
const PAIRS = 4;
const MESSAGES_PER_SECOND = 20;
/** Others' p95 while one party misbehaves. */
const BAR_MS = 250;
/** What a process may keep of an attack, half a minute later: the allocator and V8 give back late, but not never. */
const MAX_KEPT_MB = 128;
const MAX_PEAK_MB = 512;
/** How long an attack may take beyond its time until it is ended. */
const ATTACK_TIMEOUT_SECONDS = 30;

export async function runHostile() {
  const wanted = option('scene')?.toUpperCase().split(',');
  const scenes = [];
  for (const name of readdirSync(join(here, 'scenes')).sort()) {
    const path = join(here, 'scenes', name);
    const { scene } = await import(path);
    if (wanted === undefined || wanted.some((word) => scene.id.toUpperCase().startsWith(word)))
      scenes.push({ path, scene });
  }
  if (scenes.length === 0) throw new Error(`there is no scene ${option('scene')}`);
  const stage = new Stage();
  const children = new Set();
  const finish = async () => {
    for (const child of children) child.kill('SIGKILL');
    await stage.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void finish().then(() => (stage.remove(), process.exit(130))));
  const verdicts = [];
  try {
    for (const { path, scene } of scenes) verdicts.push(await play(stage, path, scene, children));
  } finally {
    await finish();
  }
  console.log('\nVERDICT');
  for (const { id, title, failures } of verdicts)
    console.log(
      `${failures.length === 0 ? 'held  ' : 'BROKEN'}  ${id.padEnd(12)} ${title}${failures.map((failure) => `\n          ${failure}`).join('')}`,
    );
  const isHeld = verdicts.every(({ failures }) => failures.length === 0);
  if (isHeld) stage.remove();
  else console.log(`\nthe server's log: ${stage.logFile}`);
  return isHeld;
}

async function play(stage, path, scene, children) {
  const start = (module) => {
    const child = fork(join(here, module), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const seconds = scene.seconds ?? (isQuick ? 5 : 10);
  console.log(`\n${scene.id}  ${scene.title}`);
  await stage.start(scene.environment);
  try {
    const pairs = await stage.pairs(PAIRS);
    const facts = await scene.prepare(stage);
    await stage.database.query('ANALYZE');

    const honest = start('honest.mjs');
    let report = '';
    honest.stdout.on('data', (chunk) => (report += chunk));
    honest.send({ url: stage.url, pairs, perSecond: MESSAGES_PER_SECOND });
    await once(honest, 'message');
    await sleep(2_000); // plans, caches and the compiler warm up
    honest.send({ phase: 'calm' });
    await sleep(CALM_SECONDS * 1_000);
    const calmFacts = await scene.beside?.(stage, facts);
    const before = { rss: stage.rss(), cpu: stage.cpu() };
    stage.peakRss = before.rss;

    honest.send({ phase: 'attack' });
    const began = performance.now();
    const attacker = start('attacker.mjs');
    attacker.send({ scene: path, url: stage.url, facts, seconds });
    const timer = setTimeout(() => attacker.send('stop'), (seconds + ATTACK_TIMEOUT_SECONDS) * 1_000);
    let result = { codes: { 'no result': 1 } };
    attacker.on('message', (message) => (result = message));
    const exited = once(attacker, 'exit');
    const watched = scene.watch === undefined ? undefined : watch(stage, scene, exited);
    const attackFacts = await scene.beside?.(stage, facts);
    await exited;
    clearTimeout(timer);
    const took = (performance.now() - began) / 1_000;
    const cpu = stage.cpu() - before.cpu;

    honest.send({ phase: 'after' });
    const atLast = await scene.after?.(stage, facts, result);
    await sleep(AFTER_SECONDS * 1_000);
    const kept = stage.rss();
    const peak = stage.peakRss;
    const died = stage.died;
    honest.send({ end: true });
    const [code] = await once(honest, 'close');
    if (code !== 0) throw new Error(`the honest pairs ended with ${code}`);
    const { phases, refusals, acknowledged, lost } = JSON.parse(report);

    const mega = (bytes) => Math.round(bytes / 1024 / 1024);
    const time = (value) => (value === 'Infinity' ? 'never' : `${Number(value).toFixed(1)} ms`);
    const say = (what, ...values) => console.log(`    ${what.padEnd(28)} ${values.join('   ')}`);
    for (const [name, { count, p50, p95, worst, undelivered }] of Object.entries(phases)) {
      if (name === 'warm') continue;
      say(
        `others, ${name}`,
        `p50 ${time(p50)}`,
        `p95 ${time(p95)}`,
        `worst ${time(worst)}`,
        `(${count}${undelivered === 0 ? '' : `, ${undelivered} undelivered`})`,
      );
    }
    if (Object.keys(refusals).length > 0) say('others were refused', JSON.stringify(refusals));
    say('the attacker got', JSON.stringify(result.codes), `in ${took.toFixed(1)} s`);
    say('server CPU meanwhile', `${cpu.toFixed(2)} s`);
    say(
      'RSS before / peak / after',
      `${mega(before.rss)} / ${mega(peak)} / ${mega(kept)} MB`,
      `(${AFTER_SECONDS} s after)`,
    );
    say('acknowledged / lost', `${acknowledged} / ${lost}`);
    const more = { stage, facts, result, cpu, took, calmFacts, attackFacts, atLast, watched: await watched };
    const own = scene.judge?.(more) ?? [];
    for (const { what, value } of own) say(what, value);

    const failures = own
      .filter(({ isHeld }) => !isHeld)
      .map(({ what, value, bar }) => `${what}: ${value}, the bar is ${bar}`);
    const expect = (isHeld, text) => isHeld || failures.push(text);
    expect(died === undefined, `the process ended (${died})`);
    expect(Number(phases.attack?.p95) < BAR_MS, `others' p95 ${time(phases.attack?.p95)}, the bar is ${BAR_MS} ms`);
    expect(lost === 0, `of ${acknowledged} acknowledged messages ${lost} are lost`);
    expect(
      peak - before.rss < MAX_PEAK_MB * 1024 * 1024,
      `RSS rose by ${mega(peak - before.rss)} MB, the bar is ${MAX_PEAK_MB}`,
    );
    expect(
      kept - before.rss < MAX_KEPT_MB * 1024 * 1024,
      `RSS is ${mega(kept - before.rss)} MB higher ${AFTER_SECONDS} s later, the bar is ${MAX_KEPT_MB}`,
    );
    return { id: scene.id, title: scene.title, failures };
  } finally {
    await stage.stop();
  }
}

/** The largest of what a scene watches while the attacker lives. */
async function watch(stage, scene, exited) {
  let isOver = false;
  void exited.then(() => (isOver = true));
  let largest = 0;
  while (!isOver) {
    largest = Math.max(largest, await scene.watch(stage));
    await sleep(100);
  }
  return largest;
}
