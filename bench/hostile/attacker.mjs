// One party that misbehaves, in a process of its own. Is sent what it needs, reports what it got.
import process from 'node:process';
import { Tally } from './client.mjs';

const { scene: path, url, facts, seconds } = await new Promise((resolve) => process.once('message', resolve));
const { scene } = await import(path);
const got = new Tally();
const until = performance.now() + seconds * 1_000;
// An attack that takes too long reports how far it came.
process.once('message', () => process.send({ codes: { ...got.counts, 'not ended': 1 } }, () => process.exit(0)));
const notes = await scene.attack({ url, facts, got, seconds, isOver: () => performance.now() > until });
process.send({ codes: got.counts, ...notes }, () => process.exit(0));
