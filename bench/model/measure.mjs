// The constants of the model that one process alone does not show, measured beside it in the same run.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CatchUpRepository } from '../../dist/cluster/catch-up/catch-up.repository.js';
import { cpuOf, databaseCpuOf } from '../measuring.mjs';

const BUS = fileURLToPath(new URL('./bus.mjs', import.meta.url));
const PARTS = ['publish', 'remote', 'concerned'];
const FEW = 1;
const MANY = 20;
const CONVERSATIONS = 20;
const MEMBERS = 10;
const CATCH_UPS = 10;

/** Microseconds of CPU: of a frame, and of an event in it, to whom it passes. */
export async function measureBus(stage, frames) {
  const few = await passFrames(stage, frames, FEW);
  const many = await passFrames(stage, frames, MANY);
  const line = (name) => {
    const event = Math.max(0, (many[name] - few[name]) / (MANY - FEW));
    return { frame: Math.max(0, few[name] - FEW * event), event };
  };
  const [published, remote, concerned] = PARTS.map(line);
  const redis = line('redis');
  return {
    // What is published comes back, and is received as what others publish is.
    frameSent: Math.max(0, published.frame - remote.frame),
    eventSent: Math.max(0, published.event - remote.event),
    frameReceived: remote.frame,
    remoteEvent: remote.event,
    concernedEvent: Math.max(0, concerned.event - remote.event),
    // Redis takes one in and gives out one to each process.
    redisFrame: redis.frame / (PARTS.length + 1),
    redisEvent: redis.event / (PARTS.length + 1),
  };
}

async function passFrames(stage, frames, events) {
  const channel = `bench:${randomUUID()}`;
  const children = PARTS.map((part) => {
    const child = fork(BUS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.send({ part, url: `redis://127.0.0.1:${stage.redisPort}`, channel, frames, events });
    return child;
  });
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const before = cpuOf(stage.redis.pid);
    const results = Promise.all(children.map((child) => once(child, 'message')));
    children[0].send('begin');
    const found = Object.fromEntries((await results).map(([{ part, microseconds }]) => [part, microseconds]));
    return { ...found, redis: ((cpuOf(stage.redis.pid) - before) / frames) * 1e6 };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/** 500 users, each in 20 conversations of ten. */
export async function makeCrowd(stage) {
  const users = await stage.users(500);
  for (let round = 0; round < CONVERSATIONS; round += 1) {
    const shuffled = users.toSorted(() => Math.random() - 0.5);
    for (let from = 0; from < shuffled.length; from += MEMBERS) await stage.group(shuffled.slice(from, from + MEMBERS));
  }
  await stage.database.query('ANALYZE');
  return users;
}

/** What the database takes to say what changed for a connected user, in microseconds of CPU, and what a stored message takes of its disk. */
export async function measureDatabase(stage, users) {
  const repository = new CatchUpRepository({
    background: { query: async (text, values) => (await stage.database.query(text, values)).rows },
  });
  const snapshot = await repository.snapshot();
  const ids = users.map(({ id }) => id);
  const ask = async (times) => {
    for (let number = 0; number < times; number += 1) await repository.changes(snapshot, ids);
  };
  await ask(3);
  const before = databaseCpuOf(stage.postmaster);
  await ask(CATCH_UPS);
  const catchUp = databaseCpuOf(stage.postmaster) - before;
  const [{ bytes }] = (
    await stage.database.query(
      'SELECT pg_total_relation_size($1::regclass)::float8 / greatest(1, (SELECT count(*) FROM messages)) AS bytes',
      ['messages'],
    )
  ).rows;
  return { catchUpUser: (catchUp / CATCH_UPS / users.length) * 1e6, messageBytes: bytes };
}
