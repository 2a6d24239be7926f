import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Configuration } from '../config/configuration.js';
import { LIMITS } from '../config/limits.js';
import { Workers } from './workers.js';

/** Says that it listens, and ends when it is to. */
const ORDERLY = `
process.on('message', ({ type }) => type === 'stop' && process.exit(0));
process.send({ type: 'listening', url: 'http://localhost:1' });
`;

describe('workers', () => {
  let directory: string;
  let forked: Worker[];
  let workers: Workers | undefined;
  /** No process can be forked in a directory that is not there. */
  const failForks = (): void => cluster.setupPrimary({ cwd: join(directory, 'nowhere') });
  const note = (worker: Worker): number => forked.push(worker);

  const start = async (program: string, signal?: AbortSignal): Promise<void> => {
    const entry = join(directory, 'worker.mjs');
    writeFileSync(entry, `import process from 'node:process';\n${program}`);
    const configuration = { limits: LIMITS, workers: 2, port: 1, drainSeconds: 0 } as unknown as Configuration;
    workers = await Workers.start({ entry, configuration, settings: {} }, signal);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'workers-'));
    forked = [];
    workers = undefined;
    cluster.on('fork', note);
  });

  afterEach(async () => {
    await workers?.stop(false).catch(() => undefined);
    cluster.off('fork', note);
    cluster.setupPrimary({ cwd: process.cwd() });
    rmSync(directory, { recursive: true, force: true });
  });

  it('do not start where one of them cannot be forked', async () => {
    cluster.once('fork', failForks);
    await expect(start(ORDERLY)).rejects.toThrow(/could not be forked \(.*ENOENT/);
    expect(forked).toHaveLength(2);
  });

  it('remove at their start what a server that was killed left', async () => {
    const left = mkdtempSync(join(tmpdir(), 'parley-'));
    const [made, socket] = [join(left, 'made.sock'), join(left, 'frames.sock')];
    const server = createServer().listen(made);
    await once(server, 'listening');
    // Under this name Node does not know it, and leaves it there.
    renameSync(made, socket);
    utimesSync(socket, 0, 0);
    server.close();
    await once(server, 'close');
    try {
      await start(ORDERLY);
      expect(existsSync(left)).toBe(false);
    } finally {
      rmSync(left, { recursive: true, force: true });
    }
  });

  it('are tried again where one could not be forked in the place of another that ended', async () => {
    await start(ORDERLY);
    failForks();
    forked[1]?.process.kill('SIGKILL');
    const [failed] = (await once(cluster, 'fork')) as [Worker];
    expect(failed.process.pid).toBeUndefined();
    cluster.setupPrimary({ cwd: process.cwd() });
    const [next] = (await once(cluster, 'message')) as [Worker, unknown];
    expect(next.process.pid).toBeDefined();
    await expect(workers?.stop(true)).resolves.toBeUndefined();
  });

  it('start no other one once they are to stop, also where the first one listens before it ends', async () => {
    const stop = new AbortController();
    cluster.once('message', () => stop.abort());
    const started = start(
      `
      process.once('message', () => {
        process.send({ type: 'listening', url: 'http://localhost:1' });
        process.on('message', () => undefined);
        setTimeout(() => process.exit(0), 50);
      });
      process.send({ type: 'ready' });
      `,
      stop.signal,
    );
    await expect(started).rejects.toThrow('This operation was aborted');
    expect(forked).toHaveLength(1);
  });

  it('end in order also where they could not receive the first message that says so', async () => {
    await start(`
      import cluster from 'node:cluster';
      // What comes before anything listens to the process goes to this alone.
      cluster.worker.once('message', () => process.on('message', ({ type }) => type === 'stop' && process.exit(0)));
      process.send({ type: 'listening', url: 'http://localhost:1' });
    `);
    await expect(workers?.stop(true)).resolves.toBeUndefined();
  });
});
