import { describe, expect, it } from '@jest/globals';
import { Chance, ME } from '../sync/model-server.js';
import { Device, type Fault, file, settled, World } from './device.js';

const RUNS = Number(process.env.CLIENT_KILL_RUNS ?? 80);
const ONLY = process.env.CLIENT_KILL_SEED;
const LANES = ['c0', 'c8', 'c9'];

/** Types, loses connections, dies at any step and starts again, until everything is sent; then returns what is wrong. */
async function live(seed: number): Promise<string[]> {
  const chance = new Chance(seed);
  const world = new World(chance);
  for (const id of LANES) if (!world.server.rooms.has(id)) world.server.createRoom(id);
  /** By lane, in the order of typing. */
  const typed = new Map<string, string[]>(LANES.map((lane) => [lane, []]));
  const durable = new Set<string>();
  let count = 0;
  for (let life = 0; life < 5; life += 1) {
    const device = await Device.start(world, life === 4 ? Number.POSITIVE_INFINITY : 1 + chance.below(60));
    for (let deed = 0; deed < 12 && device.isAlive; deed += 1) {
      const lane = chance.pick(LANES);
      if (chance.is(45)) {
        const text = `t${count++}`;
        typed.get(lane)?.push(text);
        const files = chance.is(15) ? [file(text)] : [];
        void device.send(text, text, lane, files).then(() => device.isAlive && durable.add(text));
        continue;
      }
      const fault = chance.pick<Fault | undefined>(['lost', 'unanswered', { code: 'OVERLOADED' }, undefined]);
      const deeds = [
        () => device.connect(),
        () => device.connect(),
        () => device.disconnect(),
        () => device.receive(),
        () => void (device.storageFailures = chance.below(3)),
        () => void world.faults.push(fault),
        () => world.clock.advance(chance.below(15_000)),
      ];
      await chance.pick(deeds)();
    }
    if (life < 4) device.kill();
    else {
      world.faults.length = 0;
      for (let turn = 0; turn < 8; turn += 1) {
        await device.connect();
        await world.clock.advance(40_000);
      }
      await settled();
      // A file that was not copied yet when the process died is gone; its message says so.
      const left = device.outbox
        .getSnapshot()
        .filter(({ clientId, lastError }) => durable.has(clientId) || lastError?.code !== 'UNREADABLE_FILE');
      if (left.length > 0) return [`the outbox holds ${JSON.stringify(left)}`];
    }
  }
  return LANES.flatMap((lane) => {
    const own =
      world.server.rooms.get(lane)?.messages.filter(({ senderId, clientId }) => senderId === ME && clientId !== null) ??
      [];
    const stored = own.map(({ content }) => content?.split(' ')[0] ?? '');
    const order = typed.get(lane) ?? [];
    return [
      ...stored.filter((text, index) => stored.indexOf(text) !== index).map((text) => `${text} is there twice`),
      ...order.filter((text) => durable.has(text) && !stored.includes(text)).map((text) => `${text} is lost`),
      ...stored
        .filter((text, index) => index > 0 && order.indexOf(text) < order.indexOf(stored[index - 1] ?? ''))
        .map((text) => `${text} was overtaken`),
    ];
  });
}

describe('a process that is killed at any step', () => {
  it('has sent once, and in order, whatever the user typed and saw kept', async () => {
    const seeds = ONLY === undefined ? Array.from({ length: RUNS }, (_, index) => index) : [Number(ONLY)];
    for (const seed of seeds) expect([seed, ...(await live(seed))]).toEqual([seed]);
  }, 600_000);
});
