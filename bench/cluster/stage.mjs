// Real processes on one PostgreSQL and one Redis, and people who need no registration.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stage } from '../hostile/stage.mjs';
import { cpuOf, databaseCpuOf, memoryOf, SERVER_NODE_OPTIONS } from '../measuring.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const profiles = process.argv.find((word) => word.startsWith('--profile='))?.slice('--profile='.length);

export class ClusterStage extends Stage {
  processes = [];

  /** PostgreSQL and Redis. The server that brought PostgreSQL is killed, which leaves it running. */
  async open() {
    await this.start({ RATE_LIMITS: 'off' });
    clearInterval(this.sampler);
    const [pid, , , port] = readFileSync(join(this.directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    this.postmaster = Number(pid);
    const password = readFileSync(join(this.directory, 'postgres-password'), 'utf8').trim();
    this.databaseUrl = `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/parley`;
    const { child } = this;
    this.child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.redisPort = await freePort();
    await this.startRedis();
  }

  async startRedis() {
    const settings = ['--port', String(this.redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.redis = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'], cwd: this.directory });
    await outputOf(this.redis, /(Ready to accept connections)/, 'redis-server');
  }

  async killRedis() {
    const exited = once(this.redis, 'exit');
    this.redis.kill('SIGKILL');
    await exited;
  }

  /** So many processes, joined by Redis or not, and nothing else of Parley. Answers their addresses. */
  async run(count, { joined }) {
    await this.halt();
    const starts = Array.from({ length: count }, async (_, index) => {
      const directory = join(this.directory, `files-${index}`);
      mkdirSync(directory, { recursive: true });
      const options = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
      const child = spawn(process.execPath, [...SERVER_NODE_OPTIONS, ...options, MAIN], {
        env: {
          PATH: process.env.PATH,
          PORT: '0',
          HOST: '127.0.0.1',
          DATA_DIR: directory,
          DATABASE_URL: this.databaseUrl,
          JWT_SECRET: this.secret,
          LOG_LEVEL: 'warn',
          ACCESS_TOKEN_SECONDS: '86400',
          RATE_LIMITS: 'off',
          DRAIN_SECONDS: '0',
          METRICS_TOKEN: 'the token of the bench',
          ...(joined ? { REDIS_URL: `redis://127.0.0.1:${this.redisPort}` } : {}),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const url = await outputOf(child, /Parley listens on +(http\S+)/, 'a server');
      return { child, url };
    });
    this.processes = await Promise.all(starts);
    return this.processes.map(({ url }) => url);
  }

  /** Ends the processes in an orderly way. */
  async halt() {
    const ending = this.processes;
    this.processes = [];
    await Promise.all(
      ending.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }),
    );
  }

  /** CPU seconds since the start: of each process, of Redis, of PostgreSQL. */
  spent() {
    return {
      servers: this.processes.map(({ child }) => cpuOf(child.pid)),
      redis: cpuOf(this.redis.pid),
      database: databaseCpuOf(this.postmaster),
    };
  }

  memory() {
    return this.processes.map(({ child }) => memoryOf(child.pid));
  }

  /** One metric of all processes together. */
  async metric(name) {
    let sum = 0;
    for (const { url } of this.processes) {
      const headers = { authorization: 'Bearer the token of the bench' };
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      for (const line of text.split('\n'))
        if (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) sum += Number(line.split(' ').at(-1));
    }
    return sum;
  }

  /** What was stored so far, and in how many commits. */
  async batches() {
    const [messages, commits] = [
      await this.metric('parley_message_batch_size_sum'),
      await this.metric('parley_message_batch_size_count'),
    ];
    return { messages, commits };
  }

  /** Messages a commit since then. */
  async batchSince(before) {
    const after = await this.batches();
    return (after.messages - before.messages) / (after.commits - before.commits);
  }

  async stop() {
    await this.halt();
    await super.stop();
    for (const kill of [() => this.redis?.kill('SIGKILL'), () => process.kill(this.postmaster, 'SIGINT')]) {
      try {
        kill();
      } catch {
        // It never started, or is gone.
      }
    }
    for (let tries = 0; tries < 100 && isAlive(this.postmaster); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isAlive(pid) {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves with what the pattern finds in its output. */
function outputOf(child, pattern, name) {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if (output === undefined) return;
      output += chunk;
      const match = pattern.exec(output);
      if (match === null) return;
      output = undefined;
      resolve(match[1]);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}: ${output}`)));
  });
}
