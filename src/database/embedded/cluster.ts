import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile, stat, truncate } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { create, SUPERUSER } from './cluster-directory.js';
import { keptPassword, passwordFile } from './cluster-password.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isCluster, isSameDirectory, readIfPresent } from './file-access.js';
import { disown, isAlien, isAlive, isRunning } from './postmaster-process.js';
import { Runner } from './program-runner.js';

/** How long a cluster may be silent: neither answering nor saying that it starts, recovers or shuts down. */
export const SILENCE_MS = 30_000;
const MIN_CONNECTIONS = 100;
/** For what is no pool's: its guard, questions whether it is there, tools of the operator. */
const SPARE_CONNECTIONS = 20;
const LOOPBACK = '127.0.0.1';
/** What the shortest of the platforms takes. */
const MAX_SOCKET_PATH_BYTES = 103;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** A postmaster fills its file at once: one that is empty for longer is of one that was killed in that moment. */
const EMPTY_FILE_MS = 5_000;
/** How long it may recover after a crash. */
const RECOVERY_MS = 10 * 60_000;

interface Postmaster {
  pid: number;
  port: number | undefined;
  /** Undefined where it has no Unix socket. */
  socketDirectory: string | undefined;
  isStopping: boolean;
}

export interface ClusterOptions {
  /** The cluster. Its parent also gets `postgres.log` and `postgres-password`. */
  readonly directory: string;
  readonly log: (line: string) => void;
  /** False, for tests alone: faster, and a power cut may destroy the cluster. */
  readonly durable?: boolean;
  /** How many are to be had at once. */
  readonly connections?: number;
}

/** The cluster on disk and its postmaster, whichever process started it. */
export class Cluster {
  port = 0;
  /** Where connections go: the directory of its Unix socket, which costs less than TCP, or an address of this machine. */
  private host = LOOPBACK;
  /** Pools know the port: a restart must not change it. */
  portIsFixed = false;
  /** Whether it may be ended: this process started it, or holds its lock. */
  isOurs = false;
  private pid: number | undefined;
  private child: ChildProcess | undefined;
  private canHaveSockets = true;
  /** Where in the log the last postmaster's lines begin. */
  private logStart = 0;

  private constructor(
    /** Where the password and the log are. */
    readonly home: string,
    readonly directory: string,
    private readonly runner: Runner,
    private readonly password: string,
    private readonly durable: boolean,
    private readonly connections: number,
    private readonly log: (line: string) => void,
  ) {}

  static async open({ directory, log, durable = true, connections = 0 }: ClusterOptions): Promise<Cluster> {
    const home = resolve(directory, '..');
    mkdirSync(home, { recursive: true });
    const named = join(realpathSync(home), basename(resolve(directory)));
    const place = existsSync(named) ? realpathSync(named) : named;
    const runner = await Runner.find(place);
    const password = keptPassword(home, place);
    if (!isCluster(place)) create(place, runner, password, durable, log);
    runner.takeOwnership(place);
    return new Cluster(home, place, runner, password, durable, connections, log);
  }

  connectionString(database: string): string {
    return `postgresql://${SUPERUSER}:${this.password}@${encodeURIComponent(this.host)}:${this.port}/${database}`;
  }

  /** Returns when the cluster answers; true where it ran already. */
  async ensureRunning(signal?: AbortSignal): Promise<boolean> {
    let lastAnswerAt = Date.now();
    const giveUp = Date.now() + RECOVERY_MS;
    let adopted = true;
    this.child = undefined;
    for (let trial = 0; ; trial += 1) {
      signal?.throwIfAborted();
      const postmaster = this.readPostmaster();
      if (postmaster?.isStopping === true) {
        // It may wait for connections for ever, and lets nobody in: only another one helps.
        this.pid = postmaster.pid;
        await this.shutDown();
        this.child = undefined;
        lastAnswerAt = Date.now();
      } else if (postmaster !== undefined && postmaster.port !== undefined) {
        const { port } = postmaster;
        const answer = await this.ask(this.portIsFixed ? this.host : LOOPBACK, port);
        if (answer === 'ready') {
          if (this.portIsFixed && this.port !== port) {
            throw new EmbeddedPostgresError(`another process started it on port ${port}`);
          }
          // Pools know the host as well.
          if (!this.portIsFixed) {
            // Read anew: it writes where its socket is after its port, and both before it answers.
            const socketDirectory = this.readPostmaster()?.socketDirectory;
            const isReachable = socketDirectory !== undefined && (await this.ask(socketDirectory, port)) === 'ready';
            this.host = isReachable ? socketDirectory : LOOPBACK;
          }
          this.port = port;
          this.pid = postmaster.pid;
          return adopted;
        }
        if (answer === 'busy') lastAnswerAt = Date.now();
      }
      if (postmaster === undefined && !isRunning(this.child)) {
        if (this.child !== undefined) this.explainExit();
        this.child = undefined;
        if (await this.isFree()) {
          adopted = false;
          this.child = await this.launch();
          this.isOurs = true;
          this.pid = this.child.pid;
        }
      }
      if (Date.now() - lastAnswerAt > SILENCE_MS || Date.now() > giveUp) {
        throw new EmbeddedPostgresError(`PostgreSQL does not answer; see ${this.logFile}`);
      }
      await sleep(trial < 20 ? 25 : 100);
    }
  }

  /** Whether the postmaster was asked to end, by whomever, and waits until its last connection does. */
  async isStopping(): Promise<boolean> {
    // A file that cannot be read now is read at the next look.
    const content = await readFile(this.pidFile, 'utf8').catch(() => '');
    return Number(content.split('\n', 1)[0]) === this.pid && isStopping(content);
  }

  /** Empties its log where that has grown too large: PostgreSQL appends to it, and goes on from its beginning. */
  async limitLog(): Promise<void> {
    // What cannot be looked at now is looked at again.
    const size = await stat(this.logFile).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= MAX_LOG_BYTES) return;
    this.logStart = 0;
    await truncate(this.logFile).catch(() => undefined);
  }

  /** Fast shutdown, then an immediate one. Either way nothing that was committed is lost. */
  async shutDown(): Promise<void> {
    const { pid } = this;
    for (const [signal, timeoutMs] of [
      ['SIGINT', 5_000],
      ['SIGQUIT', 10_000],
    ] as const) {
      // A child that has only begun does not look like PostgreSQL yet; of any other process the number may be reused.
      if (pid === undefined || !isAlive(pid) || (!isRunning(this.child) && isAlien(pid, this.directory))) return;
      try {
        process.kill(pid, signal);
      } catch {
        return;
      }
      for (const deadline = Date.now() + timeoutMs; Date.now() < deadline && isAlive(pid); ) await sleep(20);
    }
  }

  /** Immediate shutdown without waiting for it: all that a process can still do while it exits. */
  abandon(): void {
    const { pid } = this;
    if (!this.isOurs || pid === undefined || !isAlive(pid)) return;
    if (!isRunning(this.child) && isAlien(pid, this.directory)) return;
    try {
      process.kill(pid, 'SIGQUIT');
    } catch {
      // It ended in this moment.
    }
  }

  private get logFile(): string {
    return join(this.home, 'postgres.log');
  }

  /** None where there can be none: on Windows, under a long path, on a file system without sockets. */
  private get socketSetting(): string {
    const isTooLong = Buffer.byteLength(join(this.directory, '.s.PGSQL.65535')) > MAX_SOCKET_PATH_BYTES;
    const isUsable = process.platform !== 'win32' && !isTooLong && !this.directory.includes('"');
    return isUsable && this.canHaveSockets ? `"${this.directory}"` : '';
  }

  private get pidFile(): string {
    return join(this.directory, 'postmaster.pid');
  }

  /** The live postmaster of this directory, if any: of this machine, or of this container. */
  private readPostmaster(): Postmaster | undefined {
    const content = readIfPresent(this.pidFile) ?? '';
    const lines = content.split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid) || isAlien(pid, this.directory)) return undefined;
    const port = Number(lines[3]);
    return {
      pid,
      port: Number.isInteger(port) && port > 0 ? port : undefined,
      socketDirectory: lines[4] === '' ? undefined : lines[4],
      isStopping: isStopping(content),
    };
  }

  /**
   * Whether a postmaster may be started, where none is seen; what a dead one left that would keep it from that is put aside.
   * The number in postmaster.pid means nothing in another container, which shares only the directory: its socket does.
   * @throws EmbeddedPostgresError where somebody listens on a socket of the directory
   */
  private async isFree(): Promise<boolean> {
    const path = this.pidFile;
    const sockets = readdirSync(this.directory).filter((name) => /^\.s\.PGSQL\.\d+$/.test(name));
    for (const name of sockets) {
      if (!(await isListenedOn(join(this.directory, name)))) continue;
      // It may have started since.
      if (this.readPostmaster() !== undefined) return false;
      throw new EmbeddedPostgresError(
        `DATA_DIR ${this.home} is in use by another running server, perhaps in another container`,
      );
    }
    const content = readIfPresent(path);
    if (content === undefined) return true;
    if (content === '') {
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age < EMPTY_FILE_MS) return false;
      this.log(`${path} is empty: its PostgreSQL was killed while it started`);
      rmSync(path, { force: true });
      return true;
    }
    const pid = Number.parseInt(content, 10);
    if (pid > 1 && isAlive(pid) && isAlien(pid, this.directory)) {
      this.log(`${path} is stale: process ${pid} is another program`);
      disown(path, content);
    }
    return true;
  }

  private async ask(host: string, port: number): Promise<'ready' | 'busy' | 'silent'> {
    const client = new pg.Client({
      host,
      port,
      user: SUPERUSER,
      password: this.password,
      database: 'postgres',
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return isSameDirectory(rows[0]?.data_directory ?? '', this.directory) ? 'ready' : 'silent';
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === '28P01') {
        throw new EmbeddedPostgresError(`the password in ${passwordFile(this.home)} does not open ${this.directory}`);
      }
      // 57P03: it starts, recovers or shuts down; 53300: all connections are in use.
      return code === '57P03' || code === '57P01' || code === '53300' ? 'busy' : 'silent';
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async launch(): Promise<ChildProcess> {
    if (!this.portIsFixed) this.port = await freePort();
    const settings = {
      port: this.port,
      listen_addresses: LOOPBACK,
      unix_socket_directories: this.socketSetting,
      max_connections: Math.max(MIN_CONNECTIONS, this.connections + SPARE_CONNECTIONS),
      shared_buffers: '128MB',
      synchronous_commit: 'on',
      // So much is kept and used again: no commit waits for a new file of the log to be filled and flushed.
      min_wal_size: '256MB',
      max_wal_size: '1GB',
      fsync: this.durable ? 'on' : 'off',
      full_page_writes: this.durable ? 'on' : 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      jit: 'off',
      log_checkpoints: 'off',
      log_min_messages: 'warning',
      log_min_error_statement: 'panic',
    };
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      if (fstatSync(log).size > MAX_LOG_BYTES) ftruncateSync(log);
      this.logStart = fstatSync(log).size;
      // Detached: Ctrl-C in a terminal reaches the foreground group, and must reach the server alone.
      // A file, not a pipe: a dead parent must never block PostgreSQL's log.
      const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const child = this.runner.spawn('postgres', ['-D', this.directory, ...flags], log);
      child.on('error', () => undefined);
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  /** Throws what PostgreSQL gave as its reason to end, unless that passes by itself. */
  private explainExit(): void {
    const said = readFileSync(this.logFile).subarray(this.logStart).toString('utf8');
    // A connection that comes while it starts is answered with a FATAL of its own.
    const reason =
      said.match(/PANIC: +(.*)(?:\n.*DETAIL: +(.*))?/) ??
      said.match(/FATAL: +(?!the database system is )(.*)(?:\n.*DETAIL: +(.*))?/);
    const text = reason === null ? 'PostgreSQL ended at once' : [reason[1], reason[2]].filter(Boolean).join(' ');
    // Processes of a killed postmaster that are still leaving; a postmaster that another server just started.
    if (/shared memory block|lock file .* (already exists|is empty)/.test(text)) return;
    if (/could not (bind|create any TCP)/.test(text) && !this.portIsFixed) return;
    // Some shared and network file systems cannot hold one. TCP does as well.
    if (/could not create any Unix-domain sockets/.test(text) && this.canHaveSockets) {
      this.canHaveSockets = false;
      return;
    }
    throw new EmbeddedPostgresError(`${text}; see ${this.logFile}`);
  }
}

/** Whether a process, of whatever container, listens on a Unix socket. */
function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: 2_000 });
    const end = (isListening: boolean): void => {
      socket.destroy();
      resolve(isListening);
    };
    socket.once('connect', () => end(true));
    // A process that does not accept for so long is there all the same.
    socket.once('timeout', () => end(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'EAGAIN'));
  });
}

/** The eighth line of postmaster.pid says what the postmaster is doing. */
function isStopping(content: string): boolean {
  return content.split('\n')[7]?.trim() === 'stopping';
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const bound = server.address();
  await new Promise((closed) => server.close(closed));
  if (bound === null || typeof bound === 'string') throw new EmbeddedPostgresError('no free port on 127.0.0.1');
  return bound.port;
}
